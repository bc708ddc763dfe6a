"""Seeds: whatever users do, and whatever goes wrong, nothing is lost and all machines end up the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim import faults as kinds
from tests.sim.runs import run, script_of, settings_of, smallest, told

SEEDS = int(os.environ.get("SYNCAGENT_SIM_SEEDS", "2000"))
FIRST = int(os.environ.get("SYNCAGENT_SIM_FIRST", "0"))
SHARES = 16


@pytest.mark.sim
@pytest.mark.timeout(0)
@pytest.mark.hazard("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N10", "N12", "N15", "N19")
@pytest.mark.parametrize("share", range(SHARES))
def test_worlds(share: int) -> None:
    for seed in range(FIRST + share, FIRST + SEEDS, SHARES):
        try:
            run(seed)
        except Exception as error:
            settings = settings_of(seed)
            script, failure = smallest(settings, script_of(settings), error)
            raise AssertionError(told(seed, failure, script)) from error


@pytest.mark.sim
def test_every_kind_of_fault_takes_effect() -> None:
    lacking = set(kinds.ALL)
    for seed in range(400):
        lacking -= run(seed).met.keys() if seed % 5 else set()
        if not lacking:
            return
    assert not lacking, "these kinds of faults have not come about in 400 seeds"


@pytest.mark.sim
@pytest.mark.hazard("N18")
def test_the_same_seed_gives_the_same_world_in_any_process() -> None:
    """What was said on the wires is in the trace, byte for byte."""
    program = "from tests.sim.runs import run; print([run(seed).schedule.trace for seed in (3, 17, 42, 118, 119)])"
    traces = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "7")
    }
    assert len(traces) == 1, traces
