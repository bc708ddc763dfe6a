"""Files that are made in the stage in advance, and taken by the tasks that want just those."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from syncagent.content.digest import content_of
from syncagent.errors import Damaged, RootMissing
from syncagent.localfs.applier import Applier
from syncagent.localfs.drafts import MOST
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.facts import FileSeen, Stamp
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done, DraftWish, StaleTask
from tests.support.disks import MTIME, Bench, memory_bench


def wish(data: bytes, like: Stamp | None = None, *, executable: bool = False, mtime_ns: int = MTIME) -> DraftWish:
    return DraftWish(content_of(data), data, executable, mtime_ns, like)


def applier(bench: Bench) -> Applier:
    return Applier(bench.disk, bench.staging, bench.abilities)


def stamp_of(bench: Bench, path: str) -> Stamp:
    fact = bench.look(path)
    assert isinstance(fact, FileSeen)
    return fact.stamp


def edited(mode: int = 0o644) -> tuple[MemoryDisk, Bench]:
    """A file ``a`` that is to be replaced."""
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    disk.user.chmod("a", mode)
    return disk, bench


def made_by(disk: MemoryDisk, bench: Bench, data: bytes = b"new") -> int:
    """Which file a task that writes ``data`` to ``a`` has put in place."""
    [outcome] = bench.run(bench.write("a", data))
    assert isinstance(outcome, Done)
    assert disk.user.read("a") == data
    assert bench.staged() == []
    return disk.stat(RelPath("a")).inode


def drafted(disk: MemoryDisk, bench: Bench) -> list[int]:
    return [disk.stat(RelPath(f"{STAGE}/{name}")).inode for name in bench.staged()]


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o664])
def test_it_is_put_in_place_as_it_is_and_has_the_mode_of_what_it_replaces(mode: int) -> None:
    disk, bench = edited(mode)
    executable = bool(mode & 0o100)
    applier(bench).draft([wish(b"new", stamp_of(bench, "a"), executable=executable)])
    [made] = drafted(disk, bench)
    assert disk.user.read("a") == b"old"
    calls: list[str] = []
    disk.before_call = lambda name, path: calls.append(name)
    [outcome] = bench.run(bench.write("a", b"new", executable=executable))
    disk.before_call = lambda name, path: None
    assert isinstance(outcome, Done)
    seen = disk.stat(RelPath("a"))
    assert (seen.inode, seen.mode & 0o777, seen.mtime_ns) == (made, mode, MTIME)
    assert "file.write" not in calls, "it was made once"
    assert calls.count("file.sync") == 0, "and is durable already"
    found = bench.look("a")
    assert isinstance(found, FileSeen)
    assert outcome.fact == replace(found, bytes_read=None)
    assert bench.staged() == []


def test_a_new_file_is_made_like_any_other() -> None:
    disk, bench = memory_bench()
    applier(bench).draft([wish(b"new")])
    [made] = drafted(disk, bench)
    assert made_by(disk, bench) == made
    assert disk.stat(RelPath("a")).mode & 0o777 == 0o644


@pytest.mark.hazard("N8")
def test_what_was_made_in_advance_outlasts_the_power_like_what_is_made_for_a_task() -> None:
    disk, bench = edited()
    applier(bench).draft([wish(b"new", stamp_of(bench, "a"))])
    made_by(disk, bench)
    disk.crash()
    assert disk.user.read("a") == b"new"
    assert disk.stat(RelPath("a")).mtime_ns == MTIME


@pytest.mark.parametrize("other", [{"mtime_ns": MTIME + 1}, {"executable": True}])
def test_one_that_is_not_just_what_a_task_writes_is_not_taken_and_goes(other: dict[str, int]) -> None:
    disk, bench = edited()
    applier(bench).draft([wish(b"new", stamp_of(bench, "a"), **other)])  # type: ignore[arg-type]
    [made] = drafted(disk, bench)
    assert made_by(disk, bench) != made


def test_the_mode_is_that_of_the_file_that_is_there_when_it_is_put_in_place() -> None:
    disk, bench = edited(0o644)
    applier(bench).draft([wish(b"new", stamp_of(bench, "a"))])
    [made] = drafted(disk, bench)
    disk.user.chmod("a", 0o600)
    assert made_by(disk, bench) != made
    assert disk.stat(RelPath("a")).mode & 0o777 == 0o600


@pytest.mark.parametrize("how", ["written", "touched", "gone"])
def test_one_that_somebody_has_laid_hands_on_is_not_taken(how: str) -> None:
    disk, bench = edited()
    applier(bench).draft([wish(b"new", stamp_of(bench, "a"))])
    [name], [made] = bench.staged(), drafted(disk, bench)
    path = f"{STAGE}/{name}"
    if how == "written":
        disk.user.write(path, b"bad", mtime_ns=MTIME)
    elif how == "touched":
        disk.user.chmod(path, 0o644)
    else:
        disk.user.delete(path)
    assert made_by(disk, bench) != made


@pytest.mark.hazard("N8")
def test_bytes_that_are_not_what_they_are_said_to_be_are_not_made() -> None:
    _, bench = memory_bench()
    with pytest.raises(Damaged):
        applier(bench).draft([DraftWish(content_of(b"new"), b"bad", False, MTIME, None)])
    assert bench.staged() == []


@pytest.mark.hazard("B1")
def test_what_a_user_has_saved_meanwhile_stays() -> None:
    disk, bench = edited()
    task = bench.write("a", b"new")
    applier(bench).draft([wish(b"new", stamp_of(bench, "a"))])
    disk.user.write("a", b"the user's")
    [outcome] = bench.run(task)
    assert isinstance(outcome, StaleTask)
    assert disk.user.read("a") == b"the user's"


def test_only_some_lie_there_and_the_oldest_go() -> None:
    disk, bench = memory_bench()
    for number in range(MOST + 2):
        applier(bench).draft([wish(b"%d" % number)])
    assert sorted(disk.user.read(f"{STAGE}/{name}") for name in bench.staged()) == [b"2", b"3", b"4", b"5"]
    applier(bench).draft([wish(b"5")])
    assert len(bench.staged()) == MOST, "of one content there is one"


def test_what_is_dropped_goes_and_the_others_stay() -> None:
    disk, bench = memory_bench()
    applier(bench).draft([wish(b"1"), wish(b"2")])
    bench.staging.drafts.drop((content_of(b"1"), content_of(b"nobody made this")))
    assert [disk.user.read(f"{STAGE}/{name}") for name in bench.staged()] == [b"2"]


def test_a_sweep_leaves_it_and_a_start_clears_it() -> None:
    _, bench = memory_bench()
    applier(bench).draft([wish(b"new")])
    bench.staging.sweep([])
    assert len(bench.staged()) == 1
    bench.restart()
    assert bench.staged() == []


@pytest.mark.hazard("B7")
def test_it_takes_no_room_that_is_left_to_others() -> None:
    _, bench = memory_bench()
    bench.staging.reserve.demand = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no room"):
        applier(bench).draft([wish(b"new")])
    assert bench.staged() == []


def full(size: int, **_: int) -> None:
    raise OSError(errno.ENOSPC, "no room")


@pytest.mark.parametrize("call", ["open", "file.write", "file.adjust", "file.sync"])
def test_when_the_disk_fails_nothing_is_left_of_it(call: str) -> None:
    disk, bench = memory_bench()

    def fail(name: str, path: RelPath) -> None:
        if name == call:
            raise OSError(errno.EIO, "it fails")

    disk.before_call = fail
    with pytest.raises(OSError, match="it fails"):
        applier(bench).draft([wish(b"new")])
    disk.before_call = lambda name, path: None
    assert bench.staged() == []
    assert bench.staging.drafts.take(content_of(b"new"), MTIME, 0o644) is None


@pytest.mark.hazard("E1")
def test_in_a_folder_that_is_another_one_nothing_is_made() -> None:
    disk, bench = memory_bench()

    def lost() -> None:
        raise RootMissing("another folder")

    with pytest.raises(RootMissing):
        Applier(disk, bench.staging, bench.abilities, lost).draft([wish(b"new")])
    assert bench.staged() == []
