"""Every call of a disk fails with every errno, once or for a while: the others go on, and then all is well (N19)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SHARE = os.environ.get("SYNCAGENT_ERRNOS", "10")
"""So many cases of each scenario; 0 for all of them."""
FIRST = os.environ.get("SYNCAGENT_ERRNOS_FIRST", "0")


def failed(scenario: str, *more: str) -> None:
    """Processes are forked where nothing else runs: in one of their own."""
    command = [sys.executable, "-m", "tests.faults", "errno", scenario, *more]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.hazard("A13", "A14", "B7", "B8", "B9", "N6", "N10", "N19")
@pytest.mark.timeout(600)
def test_an_agent_lives_through_errors_of_its_disk_and_heals_without_a_restart() -> None:
    failed("all-sorts", "--share", SHARE, "--first", FIRST, "--jobs", "2")


@pytest.mark.hazard("F17", "B9", "N19")
@pytest.mark.timeout(600)
def test_a_hub_lives_through_errors_of_its_disk_and_heals_without_a_restart() -> None:
    failed("hub-all-sorts", "--share", SHARE, "--first", FIRST, "--jobs", "2")


@pytest.mark.hazard("A14", "B8", "N10")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("call", ["list", "stat", "open"])
def test_too_many_open_files_never_read_as_nothing_there(call: str) -> None:
    failed("all-sorts", "--case", f"disk:{call}:EMFILE:a while:0")
