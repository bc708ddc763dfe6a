"""What lies in the stage after a crash: ours is removed, the user's goes back."""

from __future__ import annotations

import errno
import os

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening, Rename
from syncagent.model.names import RelPath
from tests.support.disks import Bench, memory_bench

PATHS = ["a", "d/50% of/it", "d/" + "long " * 49, "d/ü" + "ä" * 120]


def folders_of(disk: MemoryDisk, path: str) -> None:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        disk.user.mkdir("/".join(parts[:depth]))


def put_in(disk: MemoryDisk, path: RelPath, data: bytes) -> None:
    with disk.open(path, Opening.NEW) as file:
        file.write(0, data)


@pytest.mark.hazard("B5")
@pytest.mark.parametrize("path", PATHS)
def test_what_was_taken_out_by_mistake_goes_back(path: str) -> None:
    disk, bench = memory_bench()
    folders_of(disk, path)
    disk.user.write(path, b"expected")
    old = disk.stat(RelPath(path))
    slot = bench.staging.slots.held(RelPath(path), None, old)
    disk.user.write(path, b"the user's")
    disk.rename(RelPath(path), slot, Rename.NEW)
    assert bench.restart() == (path,)
    assert disk.user.read(path) == b"the user's"
    assert bench.staged() == []


@pytest.mark.parametrize("path", PATHS)
def test_what_was_to_go_goes(path: str) -> None:
    disk, bench = memory_bench()
    folders_of(disk, path)
    disk.user.write(path, b"expected")
    slot = bench.staging.slots.held(RelPath(path), None, disk.stat(RelPath(path)))
    disk.rename(RelPath(path), slot, Rename.NEW)
    assert bench.restart() == ()
    assert disk.user.read(path) is None
    assert bench.staged() == []


def exchanged(over: bytes) -> tuple[MemoryDisk, Bench]:
    """Our new file stands at ``a``; what the user had put there lies in the stage."""
    disk, bench = memory_bench()
    disk.user.write("a", b"expected")
    old = disk.stat(RelPath("a"))
    new = bench.staging.slots.new()
    put_in(disk, new, b"ours")
    slot = bench.staging.slots.held(RelPath("a"), disk.stat(new), old)
    disk.rename(new, slot, Rename.NEW)
    disk.user.write("a", over)
    disk.rename(slot, RelPath("a"), Rename.EXCHANGE)
    return disk, bench


def test_what_was_exchanged_by_mistake_is_exchanged_back() -> None:
    disk, bench = exchanged(b"the user's")
    assert bench.restart() == ("a",)
    assert disk.user.tree() == {"a": b"the user's"}
    assert bench.staged() == []


@pytest.mark.hazard("B1")
def test_two_edits_of_the_user_are_both_kept() -> None:
    disk, bench = exchanged(b"first")
    disk.user.write("a", b"second")
    [path] = bench.restart()
    assert path.startswith("a (conflict 2023-11-14 Laptop)")
    assert disk.user.tree() == {"a": b"second", path: b"first"}


@pytest.mark.hazard("B1")
def test_when_the_folder_is_gone_it_goes_to_the_nearest_one() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    disk.user.mkdir("d/e")
    disk.user.write("d/e/a", b"1")
    slot = bench.staging.slots.back(RelPath("d/e/a"))
    disk.rename(RelPath("d/e/a"), slot, Rename.NEW)
    disk.user.delete("d/e")
    [path] = bench.restart()
    assert path.startswith("d/a (conflict ")
    assert disk.user.read(path) == b"1"


def test_a_folder_half_way_through_a_rename_goes_back() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/x", b"1")
    slot = bench.staging.slots.back(RelPath("D"))
    disk.rename(RelPath("d"), slot, Rename.NEW)
    assert bench.restart() == ("D",)
    assert disk.user.tree() == {"D": None, "D/x": b"1"}


@pytest.mark.parametrize("path", ["a", "long " * 50], ids=["short", "long"])
def test_what_cannot_be_put_back_stays_and_holds_up_nothing(path: str) -> None:
    disk, bench = memory_bench()
    for name in (path, "b"):
        disk.user.write(name, b"1")
        disk.rename(RelPath(name), bench.staging.slots.back(RelPath(name)), Rename.NEW)
    stuck = next(name for name in bench.staged() if name.startswith("back.") and not name.endswith(".b"))

    def hook(name: str, path: RelPath) -> None:
        if name == "rename" and path.endswith(stuck):
            raise PermissionError(13, "no")

    disk.before_call = hook
    assert bench.restart() == ("b",)
    disk.user.write(other := "other " * 40, b"2")
    disk.rename(RelPath(other), bench.staging.slots.back(RelPath(other)), Rename.NEW)
    disk.before_call = lambda name, path: None
    assert sorted(bench.restart()) == sorted([path, other])
    assert bench.staged() == []


def test_what_is_in_use_is_left_alone() -> None:
    disk, bench = memory_bench()
    slots = bench.staging.slots
    put_in(disk, new := slots.new(), b"1")
    disk.user.write("a", b"2")
    disk.rename(RelPath("a"), held := slots.held(RelPath("x" * 250), None, None), Rename.NEW)
    assert bench.staging.sweep([]) == ()
    assert len(bench.staged()) == 3
    slots.remove(new)
    slots.remove(held)
    assert bench.staged() == []


def test_a_long_path_that_was_lost_with_the_power_still_loses_nothing() -> None:
    disk, bench = memory_bench()
    path = RelPath("x" * 250)
    disk.user.write(path, b"1")
    disk.rename(path, bench.staging.slots.held(path, None, None), Rename.NEW)
    [note] = [name for name in bench.staged() if name.startswith("path.")]
    disk.remove(RelPath(f".syncagent/stage/{note}"))
    assert bench.restart() == ("recovered",)
    assert disk.user.tree() == {"recovered": b"1"}


@pytest.mark.hazard("B8")
def test_what_could_not_be_removed_is_removed_by_the_next_sweep() -> None:
    """It was taken for what is in use, as long as the agent ran."""
    disk, bench = memory_bench()
    new = bench.staging.slots.new()
    put_in(disk, new, b"ours")

    def fails(call: str, path: RelPath) -> None:
        if call == "remove":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    disk.before_call = fails
    with pytest.raises(OSError):
        bench.staging.slots.remove(new)
    disk.before_call = lambda call, path: None
    assert bench.staging.slots.recover() == ()
    assert bench.staged() == []


@pytest.mark.hazard("B5", "B8")
@pytest.mark.parametrize("edited", [False, True])
def test_what_could_not_be_looked_at_is_decided_by_the_next_sweep(edited: bool) -> None:
    """It was taken for what is in use, as long as the agent ran."""
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    task = bench.delete("a")

    def fails(call: str, path: RelPath) -> None:
        if call == "stat" and "/held." in path:
            if edited:
                disk.user.write(path, b"edited in that moment")
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    disk.before_call = fails
    bench.run(task)
    disk.before_call = lambda call, path: None
    assert bench.staging.sweep([]) == (("a",) if edited else ())
    assert bench.staged() == []
    assert disk.user.tree() == ({"a": b"edited in that moment"} if edited else {})


@pytest.mark.hazard("B6")
def test_what_the_power_left_in_two_places_is_told_when_one_of_them_is_cleared() -> None:
    """Its ctime is a new one then, and no user has touched it."""
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    slot = bench.staging.slots.held(RelPath("a"), None, disk.stat(RelPath("a")))
    disk.link(RelPath("a"), slot)
    assert bench.restart() == ("a",)
    assert disk.user.tree() == {"a": b"1"}
    assert bench.staged() == []
