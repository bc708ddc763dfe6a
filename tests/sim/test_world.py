"""Seeds: whatever users do, and whatever goes wrong, nothing is lost and all machines end up the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.world import World

SEEDS = int(os.environ.get("SYNCAGENT_SIM_SEEDS", "500"))
FIRST = int(os.environ.get("SYNCAGENT_SIM_FIRST", "0"))


def run(seed: int) -> World:
    world = World(seed, machines=2 + seed % 4 // 3, faults=seed % 5 != 0)
    world.run(acts=seed % 25)
    return world


@pytest.mark.sim
@pytest.mark.parametrize("share", range(8))
def test_worlds(share: int) -> None:
    for seed in range(FIRST + share, FIRST + SEEDS, 8):
        try:
            run(seed)
        except Exception as error:
            raise AssertionError(f"replay with: make sim FIRST={seed} SEEDS=1\n{error}") from error


@pytest.mark.sim
def test_the_same_seed_gives_the_same_world_in_any_process() -> None:
    program = "import tests.sim.test_world as t; print([t.run(seed).schedule.trace for seed in (3, 17, 42, 118)])"
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
