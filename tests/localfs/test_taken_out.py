"""A folder goes from the tree with all that is in it, or not at all; wherever it is stopped, nothing is lost."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from syncagent.localfs.applier import Applier
from syncagent.localfs.begun import LOOKED_FOR_NS
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Rename
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done, Failed, Outcome, StaleTask
from tests.support.disks import Bench, Killed, memory_bench

FILES = {f"d/{folder}/f{number}": f"{folder}{number}".encode() for folder in ("a", "b") for number in range(3)}


def furnished() -> tuple[MemoryDisk, Bench]:
    disk, bench = memory_bench()
    for folder in ("d", "d/a", "d/b"):
        disk.user.mkdir(folder)
    for path, data in FILES.items():
        disk.user.write(path, data)
    disk.user.write("k", b"k")
    disk.settle_all()
    return disk, bench


def files(disk: MemoryDisk) -> dict[str, bytes]:
    return {path: what for path, what in disk.user.tree().items() if isinstance(what, bytes)}


def test_a_folder_goes_by_one_rename_and_is_removed_afterwards() -> None:
    disk, bench = furnished()
    later: list[Callable[[], None]] = []
    [done] = Applier(disk, bench.staging, disk.abilities).run([bench.delete_whole("d")], later.append)
    assert isinstance(done, Done)
    assert not bench.there("d")
    assert [name.partition(".")[0] for name in bench.staged()] == ["gone"]
    for clear in later:
        clear()
    assert bench.staged() == []
    assert files(disk) == {"k": b"k"}


@pytest.mark.hazard("B3", "N3")
@pytest.mark.parametrize("path", ["a/late", "b/f1", "new/late"])
@pytest.mark.parametrize("taken", [False, True])
def test_what_is_written_in_it_after_it_went_comes_back_alone(path: str, *, taken: bool) -> None:
    """By a program that works in the folder, and does not go by its path."""
    disk, bench = furnished()
    later: list[Callable[[], None]] = []
    [done] = Applier(disk, bench.staging, disk.abilities).run([bench.delete_whole("d")], later.append)
    assert isinstance(done, Done)
    [gone] = bench.staged()
    if path.startswith("new/"):
        disk.user.mkdir(f"{STAGE}/{gone}/new")
    disk.user.write(f"{STAGE}/{gone}/{path}", b"late")
    if taken:
        disk.user.write("d", b"d")
    for clear in later:
        clear()
    assert bench.staged() == []
    there = files(disk)
    assert there.pop("k") == b"k"
    if taken:
        assert there.pop("d") == b"d"
    [(where, what)] = there.items()
    assert what == b"late"
    assert where.endswith(f"/{path}")
    assert where.startswith("d (" if taken else "d/")


@pytest.mark.hazard("B2", "B3")
@pytest.mark.parametrize("change", ["a new file", "an edit", "open for writing"])
def test_what_is_otherwise_keeps_all_of_it_where_it_is(change: str) -> None:
    disk, bench = furnished()
    task = bench.delete_whole("d")
    with disk.user.held_open("d/b/f1") if change == "open for writing" else nullcontext():
        if change == "a new file":
            disk.user.write("d/b/new", b"new")
        elif change == "an edit":
            disk.user.write("d/b/f1", b"edited")
        before = files(disk)
        [outcome] = bench.run(task)
    assert not isinstance(outcome, Done)
    if change == "a new file":
        assert isinstance(outcome, StaleTask)
        assert outcome.paths == ("d", "d/b/new")
    assert files(disk) == before
    assert bench.staged() == []


@pytest.mark.hazard("B2", "B3")
@pytest.mark.parametrize("change", ["a new file", "a new file in place of another", "an edit", "nothing"])
@pytest.mark.parametrize("late", [False, True])
def test_what_changes_after_it_was_looked_through_and_before_its_turn_came_is_found(change: str, *, late: bool) -> None:
    disk, bench = furnished()
    applier = Applier(disk, bench.staging, disk.abilities)
    begun = applier.begin([bench.delete_whole("d")])
    if change == "a new file":
        disk.user.write("d/b/new", b"new")
    elif change == "a new file in place of another":
        disk.user.write("d/b/f1", b"other", replace=True)
    elif change == "an edit":
        disk.user.write("d/b/f1", b"edited")
    if late:
        begun.looked_ns -= LOOKED_FOR_NS
    before = files(disk)
    moved: list[str] = []
    rename = disk.rename
    disk.rename = lambda old, new, how: (moved.append(old), rename(old, new, how))[1]  # type: ignore[method-assign]
    [outcome] = applier.finish(begun)
    if change == "nothing":
        assert isinstance(outcome, Done)
        return
    assert isinstance(outcome, StaleTask)
    assert files(disk) == before and bench.staged() == []
    assert ("d" in moved) == (change == "an edit" and not late), "the folders tell of all but an edit in one"


def test_a_folder_that_was_looked_through_before_its_turn_is_not_looked_through_again_before_it_goes() -> None:
    disk, bench = furnished()
    applier = Applier(disk, bench.staging, disk.abilities)
    task = bench.delete_whole("d")
    listed: list[str] = []
    list_ = disk.list
    disk.list = lambda path: (listed.append(path), list_(path))[1]  # type: ignore[method-assign]
    begun = applier.begin([task])
    assert sorted(listed) == ["d", "d/a", "d/b"]
    [outcome] = applier.finish(begun)
    assert isinstance(outcome, Done)
    assert sorted(one for one in listed if not one.startswith(STAGE)) == ["d", "d/a", "d/b"]


class Meddled(MemoryDisk):
    """Right after the folder was taken out, someone who had it open changes something in it."""

    meddle: Callable[[RelPath], None] | None = None

    def rename(self, old: RelPath, new: RelPath, how: Rename) -> None:
        super().rename(old, new, how)
        if old == "d" and self.meddle is not None:
            meddle, self.meddle = self.meddle, None
            meddle(new)


@pytest.mark.hazard("B1")
def test_what_was_changed_in_that_very_moment_comes_back_with_all_of_it() -> None:
    disk = Meddled()
    memory_bench(disk)
    for folder in ("d", "d/a", "d/b"):
        disk.user.mkdir(folder)
    for path, data in FILES.items():
        disk.user.write(path, data)
    bench = Bench(disk, disk.abilities)
    task = bench.delete_whole("d")
    disk.meddle = lambda slot: disk.user.write(f"{slot}/b/f1", b"edited")
    [outcome] = bench.run(task)
    assert isinstance(outcome, StaleTask)
    assert files(disk) == {**FILES, "d/b/f1": b"edited"}
    assert bench.staged() == []


def test_where_another_folder_has_its_name_by_then_it_comes_back_beside_it() -> None:
    disk = Meddled()
    memory_bench(disk)
    disk.user.mkdir("d")
    disk.user.mkdir("d/a")
    disk.user.write("d/a/f", b"1")
    bench = Bench(disk, disk.abilities)
    task = bench.delete_whole("d")

    def meddle(slot: RelPath) -> None:
        disk.user.write(f"{slot}/a/f", b"edited")
        disk.user.mkdir("d")

    disk.meddle = meddle
    [outcome] = bench.run(task)
    assert isinstance(outcome, StaleTask)
    assert sorted(files(disk).values()) == [b"edited"]
    assert bench.there("d")


@pytest.mark.hazard("B8", "B9")
def test_an_error_of_the_disk_brings_it_back() -> None:
    disk, bench = furnished()
    task = bench.delete_whole("d")
    calls = {"sync": 0}
    real = disk.sync

    def failing(folders: object) -> None:
        calls["sync"] += 1
        if calls["sync"] == 1:
            raise OSError(errno.EIO, "broken")
        real(folders)  # type: ignore[arg-type]

    disk.sync = failing  # type: ignore[method-assign, assignment]
    [outcome] = bench.run(task)
    assert isinstance(outcome, Failed)
    assert files(disk) == {**FILES, "k": b"k"}


@pytest.mark.hazard("B5", "N8")
def test_killed_at_any_call_it_is_there_or_gone_and_a_start_leaves_nothing_behind() -> None:
    points = kill_points()
    assert points > 10
    seen = set()
    for point in range(points):
        disk, bench = furnished()
        outcomes = run_killed(disk, bench, point)
        bench.restart()
        left = files(disk)
        seen.add(len(left))
        assert left in ({**FILES, "k": b"k"}, {"k": b"k"}), f"killed at call {point}"
        if outcomes is not None:
            assert left == {"k": b"k"}, "what was done is done"
        assert bench.staged() == []
    assert seen == {1, 7}


def run_killed(disk: MemoryDisk, bench: Bench, point: int) -> list[Outcome] | None:
    task = bench.delete_whole("d")
    count = -1

    def call(name: str) -> Callable[..., object]:
        real = getattr(disk, name)

        def counted(*args: object, **more: object) -> object:
            nonlocal count
            count += 1
            if count == point:
                raise Killed
            return real(*args, **more)

        return counted

    for name in ("rename", "remove", "sync", "mkdir", "list"):
        setattr(disk, name, call(name))
    try:
        return bench.run(task)
    except Killed:
        return None
    finally:
        for name in ("rename", "remove", "sync", "mkdir", "list"):
            delattr(disk, name)


def kill_points() -> int:
    """How many calls there are."""
    for point in range(1000):
        disk, bench = furnished()
        if run_killed(disk, bench, point) is not None:
            return point
    raise AssertionError("it never ends")
