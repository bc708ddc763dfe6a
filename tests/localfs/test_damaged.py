"""What is kept of damaged files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from syncagent.localfs import damaged
from syncagent.localfs.damaged import keep_damaged
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done
from tests.support.disks import Killed, memory_bench

pytestmark = pytest.mark.hazard("B6")


def kept(disk: MemoryDisk) -> list[tuple[str, bytes | str | None]]:
    """Names without the moment, and contents; oldest first."""
    tree = disk.user.tree(own=True)
    return [(path.split("-", 2)[2], tree[path]) for path in sorted(tree) if "/damaged/" in path]


def test_what_takes_the_place_of_a_damaged_file_leaves_that_aside() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/a", b"\0\0")
    disk.user.write("b", b"2")
    damage, other = replace(bench.write("d/a", b"whole"), keep=True), bench.write("b", b"3")
    assert all(isinstance(outcome, Done) for outcome in bench.run(damage, other))
    assert disk.user.tree() == {"b": b"3", "d": None, "d/a": b"whole"}
    assert kept(disk) == [("a", b"\0\0")]
    assert bench.staged() == []


@pytest.mark.hazard("N7")
def test_a_damaged_file_that_was_deleted_elsewhere_is_left_aside_too() -> None:
    """What looks like damage may be what its user wrote in the same second."""
    disk, bench = memory_bench()
    disk.user.write("a", b"\0\0")
    [outcome] = bench.run(replace(bench.delete("a"), keep=True))
    assert isinstance(outcome, Done)
    assert disk.user.tree() == {}
    assert kept(disk) == [("a", b"\0\0")]
    assert bench.staged() == []


@pytest.mark.hazard("B5")
@pytest.mark.parametrize("exchange", [True, False], ids=["exchanged", "linked and replaced"])
@pytest.mark.parametrize("name", ["a", "long " * 50], ids=["short", "long"])
def test_killed_at_every_call_nothing_of_it_is_lost(exchange: bool, name: str) -> None:
    points = 0
    while True:
        disk, bench = memory_bench(MemoryDisk(exchange=exchange))
        disk.user.write(name, b"\0\0")
        disk.settle_all()
        task = replace(bench.write(name, b"whole"), keep=True)
        if not die_at(disk, points, lambda bench=bench, task=task: bench.run(task)):
            break
        points += 1
        assert bench.restart() in ((), (name,))
        assert bench.staged() == []
        if disk.user.read(name) == b"\0\0":
            bench.run(replace(bench.write(name, b"whole"), keep=True))
        assert disk.user.tree() == {name: b"whole"}
        assert (name[:200], b"\0\0") in kept(disk)
    assert points > 10


@pytest.mark.hazard("B1")
def test_what_a_user_has_put_there_in_the_last_moment_goes_back_and_is_not_taken_for_damage() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"\0\0")
    task = replace(bench.write("a", b"whole"), keep=True)

    def step(call: str, path: RelPath) -> None:
        if call == "rename" and path.endswith(".a"):
            disk.user.write("a", b"by hand")
            disk.before_call = lambda call, path: stop(disk.user.read("a") == b"whole")

    disk.before_call = step
    with pytest.raises(Killed):
        bench.run(task)
    disk.before_call = lambda call, path: None
    disk.unlock_all()
    assert bench.restart() == ("a",)
    assert disk.user.tree() == {"a": b"by hand"}
    assert kept(disk) == [("a", b"\0\0")], "which is one too many"


def stop(now: bool) -> None:
    if now:
        raise Killed


def die_at(disk: MemoryDisk, at: int, act: Callable[[], object]) -> bool:
    """Whether the process died at this call, counted from 0, of those that ``act`` makes."""
    first = disk.calls
    disk.before_call = lambda call, path: stop(disk.calls - first > at)
    try:
        act()
    except Killed:
        return True
    finally:
        disk.before_call = lambda call, path: None
        disk.unlock_all()
    return False


def test_what_is_kept_aside_is_durable_before_anything_takes_its_place() -> None:
    """A second power cut, at any call: what is left of the damaged file is in its place, or kept, or both."""
    calls = 0
    while True:
        disk, bench = memory_bench()
        disk.user.write("a", b"\0\0")
        task = replace(bench.write("a", b"whole"), keep=True)
        left = [calls]

        def cut(call: str, path: RelPath, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        disk.before_call = cut
        with suppress(Killed):
            bench.run(task)
        disk.before_call = lambda call, path: None
        inodes = iter([True, False] * 1000 if calls % 2 else [False, True] * 1000)
        disk.crash(keep=lambda inodes=inodes: next(inodes))
        bench.restart()
        in_place = disk.user.tree().get("a")
        assert in_place in (b"\0\0", b"whole")
        if in_place == b"whole":
            assert b"\0\0" in [what for _, what in kept(disk)]
        if left[0] >= 0:
            return
        calls += 1


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("call", ["mkdir", "file.read", "file.write", "file.sync", "sync"])
def test_what_cannot_be_kept_is_not_replaced(call: str, number: int) -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"\0\0")
    task = replace(bench.write("a", b"whole"), keep=True)

    def fails(what: str, path: RelPath) -> None:
        if what == call and (path.startswith(".syncagent/damaged") or path in ("a", ".syncagent")):
            raise OSError(number, os.strerror(number), path)

    disk.before_call = fails
    [outcome] = bench.run(task)
    disk.before_call = lambda what, path: None
    assert not isinstance(outcome, Done)
    assert disk.user.tree() == {"a": b"\0\0"}
    assert bench.staged() == []


def test_the_newest_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damaged, "MOST_FILES", 3)
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    for number in range(5):
        disk.user.write("slot", b"%d" % number)
        disk.user.move("slot", f"n{number}")
        keep_damaged(disk, RelPath(f"n{number}"))
    assert [what for _, what in kept(disk)] == [b"2", b"3", b"4"]


def test_neither_many_large_ones_nor_long_names_are_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damaged, "MOST_BYTES", 10)
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    for data in (b"123456", b"12345", b"a content that alone is too long"):
        disk.user.write("slot", data)
        disk.user.move("slot", "ü" * 127)
        keep_damaged(disk, RelPath("ü" * 127))
    [(name, what)] = kept(disk)
    assert what == b"a content that alone is too long"
    assert name == "ü" * 100
