"""Two agents and a hub, as processes: what is done on one side is there on the other, live and after a time offline."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.world import Agent, World, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def start_tree(root: Path) -> None:
    (root / "docs" / "deep" / "deeper").mkdir(parents=True)
    (root / "docs" / "a.txt").write_text("alpha")
    (root / "docs" / "deep" / "b.txt").write_text("beta")
    (root / "docs" / "deep" / "deeper" / "c.txt").write_text("gamma")
    (root / "run.sh").write_text("echo hi")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("docs/a.txt")
    (root / "nowhere").symlink_to("../outside/nothing")
    (root / "empty folder").mkdir()
    (root / "empty").touch()
    (root / "café ✓.txt").write_text("ünïcödé")


START = {
    "docs": "/", "docs/deep": "/", "docs/deep/deeper": "/", "docs/a.txt": "alpha", "docs/deep/b.txt": "beta",
    "docs/deep/deeper/c.txt": "gamma", "run.sh": "*echo hi", "link": "-> docs/a.txt",
    "nowhere": "-> ../outside/nothing", "empty folder": "/", "empty": "", "café ✓.txt": "ünïcödé",
}  # fmt: skip


def edit(root: Path) -> None:
    (root / "docs" / "a.txt").write_text("alpha, edited")


def rename_folder(root: Path) -> None:
    (root / "docs").rename(root / "papers")


def delete(root: Path) -> None:
    (root / "docs" / "a.txt").unlink()


def delete_folder(root: Path) -> None:
    for path in sorted((root / "docs").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (root / "docs").rmdir()


def new_folder(root: Path) -> None:
    (root / "new" / "inner").mkdir(parents=True)
    (root / "new" / "inner" / "file").write_text("in a new folder")


def exec_bit(root: Path) -> None:
    (root / "run.sh").chmod(0o644)
    (root / "docs" / "a.txt").chmod(0o755)


def change_link(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("docs/deep")


def swap(root: Path) -> None:
    (root / "docs" / "a.txt").rename(root / "aside")
    (root / "docs" / "deep" / "b.txt").rename(root / "docs" / "a.txt")
    (root / "aside").rename(root / "docs" / "deep" / "b.txt")


def move_and_edit(root: Path) -> None:
    (root / "docs" / "a.txt").rename(root / "moved.txt")
    (root / "moved.txt").write_text("moved and edited")


def save_as_editors_do(root: Path) -> None:
    (root / "docs" / "a.txt.new").write_text("saved")
    (root / "docs" / "a.txt.new").replace(root / "docs" / "a.txt")


def file_to_folder(root: Path) -> None:
    (root / "empty").unlink()
    (root / "empty").mkdir()
    (root / "empty" / "file").write_text("where a file was")


def large(root: Path) -> None:
    (root / "large").write_bytes(bytes(range(256)) * 4096 * 3)


ACTS: list[tuple[Callable[[Path], None], dict[str, str | None]]] = [
    (edit, {"docs/a.txt": "alpha, edited"}),
    (
        rename_folder,
        {key: None for key in START if key.startswith("docs")}
        | {"papers" + key.removeprefix("docs"): value for key, value in START.items() if key.startswith("docs")},
    ),
    (delete, {"docs/a.txt": None}),
    (delete_folder, {key: None for key in START if key.startswith("docs")}),
    (new_folder, {"new": "/", "new/inner": "/", "new/inner/file": "in a new folder"}),
    (exec_bit, {"run.sh": "echo hi", "docs/a.txt": "*alpha"}),
    (change_link, {"link": "-> docs/deep"}),
    (swap, {"docs/a.txt": "beta", "docs/deep/b.txt": "alpha"}),
    (move_and_edit, {"docs/a.txt": None, "moved.txt": "moved and edited"}),
    (save_as_editors_do, {"docs/a.txt": "saved"}),
    (file_to_folder, {"empty": "/", "empty/file": "where a file was"}),
    (large, {"large": (bytes(range(256)) * 4096 * 3).decode("utf-8", "replace")}),
]
IDS = [act.__name__ for act, _ in ACTS]


def expected(changes: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in (START | changes).items() if value is not None}


def test_each_thing_that_is_done_on_one_side_is_there_on_the_other_live(world: World) -> None:
    one, other = world.agent("one"), world.agent("other")
    start_tree(one.root)
    assert world.settle() == START
    sides = [one, other]
    for number, (act, changes) in enumerate(ACTS):
        doer, watcher = sides[number % 2], sides[1 - number % 2]
        act(doer.root)
        until(lambda: watcher.tree() == expected(changes), 60, lambda: f"{IDS[number]}: {watcher.tree()}")  # noqa: B023
        assert world.settle() == expected(changes), IDS[number]
        _clear(doer.root)
        start_tree(doer.root)
        assert world.settle() == START, IDS[number]


def _clear(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        if path.relative_to(root).parts[0] == ".syncagent":
            continue
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


@pytest.mark.parametrize(("act", "changes"), ACTS, ids=IDS)
def test_each_thing_that_is_done_while_the_agent_is_off_is_there_afterwards(
    world: World, act: Callable[[Path], None], changes: dict[str, str | None]
) -> None:
    one, other = world.agent("one"), world.agent("other")
    start_tree(one.root)
    world.settle()
    one.end()
    act(one.root)
    one.start()
    assert world.settle() == expected(changes)
    assert other.tree() == expected(changes)


@pytest.mark.parametrize(("act", "changes"), ACTS, ids=IDS)
def test_what_the_others_did_meanwhile_is_caught_up_with(
    world: World, act: Callable[[Path], None], changes: dict[str, str | None]
) -> None:
    one, other = world.agent("one"), world.agent("other")
    start_tree(one.root)
    world.settle()
    one.end()
    act(other.root)
    world.settle(other)
    one.start()
    assert world.settle() == expected(changes)


@pytest.mark.hazard("D6", "D13")
def test_both_were_off_and_did_different_things(world: World) -> None:
    one, other = world.agent("one"), world.agent("other")
    start_tree(one.root)
    world.settle()
    one.end()
    other.end()
    (one.root / "docs").rename(one.root / "papers")
    (other.root / "docs" / "a.txt").write_text("edited elsewhere")
    (other.root / "new.txt").write_text("new")
    one.start()
    other.start()
    tree = world.settle()
    assert tree["papers/a.txt"] == "edited elsewhere"
    assert tree["new.txt"] == "new"
    assert not any(key.startswith("docs") for key in tree)


@pytest.mark.hazard("D1")
def test_both_edited_the_same_file_and_both_are_kept_d1(world: World) -> None:
    one, other = world.agent("one"), world.agent("other")
    one.write("report.txt", "first")
    world.settle()
    one.end()
    other.end()
    one.write("report.txt", "by one")
    other.write("report.txt", "by the other")
    one.start()
    world.settle(one)
    other.start()
    tree = world.settle()
    assert sorted(tree.values()) == ["by one", "by the other"]
    [copy] = [key for key in tree if key != "report.txt"]
    assert copy.startswith("report (conflict ")
    assert copy.endswith("other).txt")


def test_a_newcomer_gets_all_of_it(world: World) -> None:
    one = world.agent("one")
    start_tree(one.root)
    one.wait()
    world.agent("other")
    assert world.settle() == START


def test_two_that_hold_the_same_already_move_nothing(world: World) -> None:
    one = world.agent("one")
    start_tree(one.root)
    one.wait()
    other = world.agent("other", start=False)
    start_tree(other.root)
    before = {path: os.lstat(path).st_ino for path in other.root.rglob("*")}
    other.start()
    assert world.settle() == START
    for path, inode in before.items():
        assert os.lstat(path).st_ino == inode, path


def test_the_hub_goes_and_comes_back(world: World) -> None:
    one, other = world.agent("one"), world.agent("other")
    one.write("before", "1")
    world.settle()
    world.hub.end(signal.SIGKILL)
    one.write("meanwhile", "2")
    other.write("meanwhile, elsewhere", "3")
    until(lambda: one.status()["state"] == "offline", 60, lambda: str(one.status()))
    world.start_hub()
    assert world.settle() == {"before": "1", "meanwhile": "2", "meanwhile, elsewhere": "3"}


@pytest.mark.hazard("E13")
def test_an_agent_that_is_killed_in_the_middle_goes_on_where_it_was_e13(world: World) -> None:
    one, other = world.agent("one"), world.agent("other")
    for number in range(400):
        one.write(f"folder {number % 20}/file {number}", f"content {number}" * (number % 7 * 50))
    for _ in range(3):
        kill_soon(one)
        kill_soon(other)
    tree = world.settle()
    assert len(tree) == 420
    assert not any("conflict" in path for path in tree)


def kill_soon(agent: Agent) -> None:
    """Kill it as soon as it has got somewhere, and start it again."""
    before = agent.status()["applied_seq"]
    until(lambda: agent.status()["applied_seq"] != before or agent.status()["in_sync"], 60, agent.said)
    agent.end(signal.SIGKILL)
    agent.start()


def test_pausing_keeps_both_directions_back(world: World) -> None:
    one, other = world.agent("one"), world.agent("other")
    world.settle()
    one.control.call("pause")
    one.write("mine", "1")
    other.write("theirs", "2")
    other.wait()
    until(lambda: one.status()["pending"] == 2, 60, lambda: str(one.status()))
    assert one.tree() == {"mine": "1"}
    one.control.call("resume")
    assert world.settle() == {"mine": "1", "theirs": "2"}


@pytest.mark.hazard("G7")
def test_the_key_is_in_no_file_that_agents_and_hub_write_g7(world: World, tmp_path: Path) -> None:
    one = world.agent("one")
    one.write("a", "1")
    world.settle()
    one.end()
    world.hub.end()
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "key":
            assert b"canary-" not in path.read_bytes(), path
