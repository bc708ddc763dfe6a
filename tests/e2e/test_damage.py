"""What was put back to an older state, or damaged, while it was not looked at: both sides are united, and said so."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from syncagent.model.names import RelPath, is_conflict_name
from tests.e2e.world import Agent, World, until
from tests.faults.machines import at_home

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
    found = json.loads(note.read_text())
    # What the test does to its files afterwards comes before that start.
    stop = {"since_ns": found["since_ns"], "cleanly": False, "booted_ns": 2**62}
    note.write_text(json.dumps({**found, "unread": stop}))


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


# --- what the agent remembers -----------------------------------------------------------------------------------


def damage_database(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    match how:
        case "missing":
            path.unlink()
            return
        case "empty":
            data.clear()
        case "garbage":
            data[:] = b"no database " * 500
        case "truncated":
            del data[len(data) // 2 :]
        case "zero page":
            data[4096:8192] = bytes(4096)
    path.write_bytes(data)


@pytest.mark.hazard("E3", "N1", "N10")
@pytest.mark.parametrize("how", ["missing", "empty", "garbage", "truncated", "zero page"])
def test_a_damaged_database_is_begun_anew_and_nothing_is_deleted(world: World, how: str) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    for number in range(30):
        anna.write(f"folder/{number}", str(number))
    before = world.settle()
    anna.end()
    bert.write("while she was away", "1")
    bert.wait()
    (anna.root / "folder" / "7").unlink()
    damage_database(anna.data_dir / "agent.db", how)
    anna.start()
    assert world.settle() == before | {"while she was away": "1"}
    assert how == "missing" or told(anna, "had to be put aside")


@pytest.mark.hazard("E4", "N1", "N10")
def test_an_older_database_is_not_gone_by(world: World) -> None:
    """Its memory is of files that were deleted since, here and at the hub, and are there again."""
    anna, bert = world.agent("anna"), world.agent("bert")
    for name in ("kept", "edited", "deleted", "deleted and made again"):
        anna.write(name, "1")
    world.settle()
    anna.end()
    old = (anna.data_dir / "agent.db").read_bytes()
    anna.start()
    anna.write("edited", "2")
    anna.write("new", "3")
    (anna.root / "deleted").unlink()
    (anna.root / "deleted and made again").unlink()
    world.settle()
    bert.write("deleted and made again", "by bert")
    before = world.settle()
    anna.end()
    bert.write("edited", "4")
    bert.wait()
    (anna.data_dir / "agent.db").write_bytes(old)
    client_id = (anna.data_dir / "client_id").read_text()
    anna.start()
    after = world.settle()
    assert told(anna, "the database was put back to an older state")
    assert (anna.data_dir / "client_id").read_text() != client_id
    assert list(anna.data_dir.glob("agent.db.damaged-*"))
    assert {path: what for path, what in after.items() if not is_conflict_name(RelPath(path))} == before | {
        "edited": "4"
    }
    assert {after[path] for path in after if is_conflict_name(RelPath(path))} == {"2"}, "nobody knows which is newer"


@pytest.mark.hazard("E4")
def test_the_database_of_another_agent_is_not_gone_by(world: World) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    anna.write("a", "1")
    bert.write("b", "2")
    before = world.settle()
    anna.end()
    bert.end()
    shutil.copy(bert.data_dir / "agent.db", anna.data_dir / "agent.db")
    (anna.root / "a").unlink()
    anna.start()
    bert.start()
    assert world.settle() == before
    assert told(anna, "that of another agent")


@pytest.mark.hazard("E5", "N1", "N3")
def test_folder_and_database_of_an_older_moment_are_a_machine_that_was_away(world: World, tmp_path: Path) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    anna.write("edited", "1")
    anna.write("deleted", "1")
    world.settle()
    anna.end()
    snapshot = Backup(tmp_path / "anna")
    anna.start()
    anna.write("edited", "2")
    (anna.root / "deleted").unlink()
    anna.write("new", "3")
    world.settle()
    bert.write("edited", "4")
    before = world.settle()
    anna.end()
    snapshot.restore()
    anna.start()
    assert world.settle() == before
    assert not [path for path in before if is_conflict_name(RelPath(path))]


@pytest.mark.hazard("E5", "N1")
@pytest.mark.parametrize("running", [False, True])
def test_a_folder_that_was_put_back_alone_overwrites_nothing(world: World, tmp_path: Path, running: bool) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    anna.write("edited", "1")
    anna.write("same", "same")
    world.settle()
    anna.end()
    backup = Backup(anna.root)
    anna.start()
    anna.write("edited", "2")
    anna.write("new", "3")
    before = world.settle()
    if running:
        anna.root.rename(tmp_path / "away")
        until(lambda: anna.status()["state"] == "halted", 60, anna.said)
        (tmp_path / "anna" / "root-backup").rename(anna.root)
    else:
        anna.end()
        backup.restore()
        anna.start()
    after = world.settle()
    assert told(anna, "the folder was put back to an older state")
    assert {path: after[path] for path in before} == before
    assert {after[path] for path in after.keys() - before.keys()} == {"1"}, "the old content steps aside"
    assert bert.tree() == after


@pytest.mark.hazard("E1", "N1", "N10")
def test_a_folder_that_lost_its_marker_is_gone_on_with_when_a_person_says_so(world: World) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    for name in ("edited", "deleted here", "deleted there"):
        anna.write(name, "1")
    world.settle()
    anna.end()
    shutil.rmtree(anna.root / ".syncagent")
    anna.write("edited", "2")
    (anna.root / "deleted here").unlink()
    (bert.root / "deleted there").unlink()
    bert.wait()
    anna.start()
    until(lambda: "--new-folder" in anna.status()["reason"], 60, anna.said)
    assert bert.tree() == {"edited": "1", "deleted here": "1"}
    anna.end()
    anna.once = ("--new-folder",)
    anna.start()
    after = world.settle()
    assert told(anna, "this folder is a new one: both sides are united")
    assert {path: what for path, what in after.items() if not is_conflict_name(RelPath(path))} == {
        "edited": "1",
        "deleted here": "1",
        "deleted there": "1",
    }
    assert {after[path] for path in after if is_conflict_name(RelPath(path))} == {"2"}
    anna.end()
    shutil.rmtree(anna.root / ".syncagent")
    anna.start()
    until(lambda: anna.status()["state"] == "halted", 60, anna.said)


# --- copies -----------------------------------------------------------------------------------------------------


def copy_of(world: World, agent: Agent, base: Path) -> Agent:
    """A second machine, made from the first one's disk while that was off."""
    clone = world.agent(base.name, start=False)
    for mine, theirs in ((clone.data_dir, agent.data_dir), (clone.root, agent.root)):
        shutil.rmtree(mine, ignore_errors=True)
        shutil.copytree(theirs, mine, symlinks=True)
    return clone


@pytest.mark.hazard("E6", "N1", "N10")
def test_a_copy_of_an_agent_is_another_client_from_its_first_start(world: World, tmp_path: Path) -> None:
    anna, _ = world.agent("anna"), world.agent("bert")
    anna.write("a", "1")
    world.settle()
    anna.end()
    clone = copy_of(world, anna, tmp_path / "clone")
    (clone.root / "a").unlink()
    clone.write("by the copy", "2")
    anna.start()
    clone.start()
    anna.write("by anna", "3")
    assert world.settle() == {"a": "1", "by the copy": "2", "by anna": "3"}
    assert told(clone, "is a copy of")
    assert clone.status()["client_id"] != anna.status()["client_id"]


@pytest.mark.hazard("E6", "N1", "N10")
def test_two_machines_that_cannot_know_that_one_is_a_copy_are_told_apart_by_the_hub(
    world: World, tmp_path: Path
) -> None:
    """As copies of a whole virtual machine are: nothing about them differs."""
    anna, _ = world.agent("anna"), world.agent("bert")
    anna.write("a", "1")
    world.settle()
    anna.end()
    clone = copy_of(world, anna, tmp_path / "clone")
    at_home(clone.data_dir)
    anna.start()
    anna.wait()
    clone.start()
    clone.write("by the copy", "2")
    anna.write("by anna", "3")
    assert world.settle() == {"a": "1", "by the copy": "2", "by anna": "3"}
    assert told(anna, "is a copy of the other")
    assert clone.status()["client_id"] != anna.status()["client_id"]


@pytest.mark.hazard("E6")
def test_copies_that_are_never_there_at_once_lose_nothing(world: World, tmp_path: Path) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    anna.write("a", "1")
    world.settle()
    anna.end()
    clone = copy_of(world, anna, tmp_path / "clone")
    at_home(clone.data_dir)
    anna.start()
    anna.write("by anna", "2")
    (anna.root / "a").unlink()
    world.settle()
    anna.end()
    clone.write("by the copy", "3")
    clone.start()
    assert world.settle(clone, bert) == {"by anna": "2", "by the copy": "3"}
    clone.end()
    anna.start()
    assert world.settle(anna, bert) == {"by anna": "2", "by the copy": "3"}
