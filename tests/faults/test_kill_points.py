"""kill -9 at each call that changes something: both sides become equal, nothing is left over or sent twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS

PROJECT = Path(__file__).parents[2]
SHARE = int(os.environ.get("SYNCAGENT_KILL_POINTS", "3"))
"""So many of each scenario; 0 for all of them."""
SEED = os.environ.get("SYNCAGENT_KILL_SEED", "0")

AGENT = [name for name, scenario in SCENARIOS.items() if scenario.victim == "agent"]
HUB = [name for name, scenario in SCENARIOS.items() if scenario.victim == "hub"]


def killed(scenario: str, *more: str) -> None:
    """Processes are forked where nothing else runs: in one of their own."""
    command = [sys.executable, "-m", "tests.faults", "kill", scenario, "--share", str(SHARE), "--seed", SEED, *more]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.hazard("B5", "E13", "N1", "N2", "N5", "N6", "N13")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", AGENT)
def test_an_agent_that_is_killed_at_any_call_goes_on_as_if_nothing_had_been(scenario: str) -> None:
    killed(scenario)


@pytest.mark.hazard("F16", "E13", "N9", "N12", "N13")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", HUB)
def test_a_hub_that_is_killed_at_any_call_goes_on_as_if_nothing_had_been(scenario: str) -> None:
    killed(scenario)
