"""The power goes: what was told of is there, the rest is as before or is made good, and nothing is sent twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS

PROJECT = Path(__file__).parents[2]
SEEDS = os.environ.get("SYNCAGENT_POWER_CUTS", "4")
"""So many cuts of each scenario."""
FIRST = os.environ.get("SYNCAGENT_POWER_FIRST", "0")

AGENT = [name for name, scenario in SCENARIOS.items() if scenario.victim == "agent"]
HUB = [name for name, scenario in SCENARIOS.items() if scenario.victim == "hub"]


def cut(scenario: str) -> None:
    """Processes are forked where nothing else runs: in one of their own."""
    command = [sys.executable, "-m", "tests.faults", "power", scenario, "--seeds", SEEDS, "--first", FIRST]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.hazard("B5", "B6", "N1", "N2", "N5", "N9")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", AGENT)
def test_an_agent_whose_machine_loses_its_power_sends_nothing_damaged(scenario: str) -> None:
    cut(scenario)


@pytest.mark.hazard("F16", "N9", "N12")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", HUB)
def test_a_hub_whose_machine_loses_its_power_has_all_that_it_told_of(scenario: str) -> None:
    cut(scenario)
