"""What was put back to an older state, or damaged, while it was not looked at: both sides are united, and said so."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from syncagent.model.names import RelPath, is_conflict_name
from tests.e2e.world import Agent, World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


class Backup:
    """A directory as it was."""

    def __init__(self, of: Path) -> None:
        self._of = of
        self._copy = of.with_name(f"{of.name}-backup")
        shutil.copytree(of, self._copy, symlinks=True)

    def restore(self) -> None:
        shutil.rmtree(self._of)
        shutil.copytree(self._copy, self._of, symlinks=True)


def contents(tree: dict[str, str]) -> set[str]:
    return {what for what in tree.values() if what != "/"}


def told(agent: Agent, words: str) -> bool:
    return words in agent.said()


@pytest.mark.hazard("E7", "N1", "N12")
def test_a_hub_that_was_restored_and_has_grown_again(world: World, tmp_path: Path) -> None:
    """By the time that anna comes back, her numbers mean other things; nothing but the hub's own memory can tell."""
    anna, bert = world.agent("anna"), world.agent("bert")
    for name in ("kept", "edited", "deleted", "moved"):
        anna.write(name, f"{name} 1")
    world.settle()
    world.hub.end()
    backup = Backup(tmp_path / "hub")
    world.start_hub()
    anna.write("edited", "edited 2")
    anna.write("folder/lost by the hub", "lost")
    anna.write("large and lost by the hub", "large " * 50_000)
    (anna.root / "deleted").unlink()
    (anna.root / "moved").rename(anna.root / "folder" / "moved")
    before = world.settle()
    anna.end()
    world.hub.end()
    backup.restore()
    world.start_hub()
    for number in range(30):
        bert.write(f"new {number}", f"new {number}")
    bert.wait()
    assert bert.status()["hub_seq"] > 20
    assert told(bert, "restored")
    anna.write("by anna", "while she was away")
    (anna.root / "kept").unlink()
    anna.start()
    after = world.settle()
    assert told(anna, "both sides are united")
    wanted = contents(before) | {f"new {number}" for number in range(30)} | {"while she was away"}
    assert wanted <= contents(after)
    assert contents(after) - wanted == {"edited 1", "deleted 1"}, "nothing is deleted because a hub has forgotten it"
    assert after["edited"] == "edited 1"
    assert {after[path] for path in after if is_conflict_name(RelPath(path))} == {"edited 2"}


# --- the machine stops ------------------------------------------------------------------------------------------


def spoil(path: Path, data: bytes) -> None:
    """Other bytes, under the mtime that it had."""
    seen = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def lose_power(agent: Agent) -> None:
    """Kill the agent, and let its machine be started anew."""
    agent.end(signal.SIGKILL)
    note = agent.data_dir / "alive.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "boot": "another"}))


@pytest.mark.hazard("B6", "N2", "N9", "N10")
def test_what_the_power_took_comes_back_from_the_hub_and_goes_nowhere(world: World) -> None:
    anna, _ = world.agent("anna"), world.agent("bert")
    for name in ("zeros", "shorter", "gone", "whole"):
        anna.write(name, f"{name} as it was written")
    anna.write("large", "large " * 100_000)
    before = world.settle()
    lose_power(anna)
    spoil(anna.root / "zeros", b"\0" * len("zeros as it was written"))
    spoil(anna.root / "shorter", b"short")
    spoil(anna.root / "large", b"\0" * 600_000)
    (anna.root / "gone").unlink()
    anna.start()
    assert world.settle() == before
    assert told(anna, "stopped without warning")
    assert told(anna, "kept in .syncagent/damaged")
    kept = {path.read_bytes() for path in (anna.root / ".syncagent" / "damaged").iterdir()}
    assert kept == {b"\0" * len("zeros as it was written"), b"short", b"\0" * 600_000}


@pytest.mark.hazard("B6", "E13")
def test_a_process_that_is_killed_loses_nothing_and_an_edit_is_an_edit(world: World) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    anna.write("a", "written")
    world.settle()
    anna.end(signal.SIGKILL)
    spoil(anna.root / "a", b"edited by a program that sets the mtime back")
    anna.start()
    assert world.settle()["a"] == "edited by a program that sets the mtime back"
    assert bert.tree() == anna.tree()
