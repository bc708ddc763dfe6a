"""A great many deletes from one machine: the hub holds them, the rest goes on, and the keeper's word decides."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.start_hub()
    yield made
    made.end()


def keeper(hub: Path, *command: str) -> Any:
    line = [sys.executable, "-m", "syncagent", "hub", *command, "--data-dir", str(hub), "--json"]
    return json.loads(subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout)


@pytest.mark.hazard("E2", "G13", "N19")
def test_what_is_held_passes_when_it_was_approved(world: World, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    anna, bert = world.agent("anna", brake=1_000), world.agent("bert")
    for number in range(40):
        anna.write(f"f{number}.txt", f"content {number}")
    world.settle()
    for number in range(36):
        (anna.root / f"f{number}.txt").unlink()
    until(lambda: bool(keeper(hub, "held")), 60, anna.said)
    anna.write("new.txt", "new")
    until((bert.root / "new.txt").exists, 60, bert.said)
    [held] = keeper(hub, "held")
    assert (held["folder"], held["overwrites"]) == ("default", 0)
    until(lambda: len(list(bert.root.glob("f*.txt"))) == 21, 60, lambda: f"nineteen are fewer than half: {bert.tree()}")
    bert.write("f39.txt", "edited meanwhile")
    until(lambda: keeper(hub, "held")[0]["deletes"] == 17, 60, anna.said)

    assert keeper(hub, "approve", held["client"]) == {"client": held["client"], "approved": 17}
    tree = world.settle()
    assert sorted(tree) == ["f36.txt", "f37.txt", "f38.txt", "f39.txt", "new.txt"]
    assert tree["f39.txt"] == "edited meanwhile"
    assert keeper(hub, "held") == []


@pytest.mark.hazard("E2", "N1")
def test_what_was_rejected_comes_back_with_what_had_passed_before(world: World, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    anna, _ = world.agent("anna", brake=1_000), world.agent("bert")
    for number in range(40):
        anna.write(f"f{number}.txt", f"content {number}")
    before = world.settle()
    for number in range(36):
        (anna.root / f"f{number}.txt").unlink()
    until(lambda: bool(keeper(hub, "held")) and keeper(hub, "held")[0]["deletes"] == 17, 60, anna.said)
    [held] = keeper(hub, "held")
    assert keeper(hub, "reject", held["client"]) == {"client": held["client"], "rejected": 17}
    until(lambda: len(list(anna.root.glob("f*.txt"))) == 40, 120, anna.said)
    assert world.settle() == before
    assert keeper(hub, "held") == []
