"""The disk in memory: what it has beyond the port."""

from __future__ import annotations

import errno

import pytest

from syncagent.errors import RootMissing
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening, Rename
from syncagent.model.names import RelPath


def p(path: str) -> RelPath:
    return RelPath(path)


def write(disk: MemoryDisk, path: str, data: bytes, *, sync: bool = False) -> None:
    with disk.open(p(path), Opening.EDIT) as file:
        file.write(0, data)
        if sync:
            file.sync()


def test_the_hook_comes_before_every_call_and_may_change_the_disk() -> None:
    disk = MemoryDisk()
    calls: list[tuple[str, str]] = []

    def hook(name: str, path: RelPath) -> None:
        calls.append((name, path))
        if name == "file.read":
            disk.user.write("a", b"theirs")

    write(disk, "a", b"ours")
    disk.before_call = hook
    with disk.open(p("a")) as file:
        assert file.read(0, 10) == b"theirs"
    assert calls == [("open", "a"), ("file.read", "a")]


def test_a_crash_takes_what_was_not_made_durable() -> None:
    disk = MemoryDisk()
    write(disk, "safe", b"1", sync=True)
    write(disk, "no name", b"2", sync=True)
    disk.sync([p("")])
    disk.remove(p("no name"))
    write(disk, "new", b"3", sync=True)
    write(disk, "safe", b"4")
    disk.crash()
    assert disk.user.tree() == {"no name": b"2", "safe": b"1"}


def test_a_name_without_content_is_torn() -> None:
    disk = MemoryDisk()
    write(disk, "a", b"content")
    disk.sync([p("")])
    disk.crash()
    assert disk.user.tree() == {"a": b""}


def test_by_chance_it_may_survive() -> None:
    disk = MemoryDisk()
    write(disk, "a", b"1")
    disk.crash(keep=lambda: True)
    assert disk.user.tree() == {"a": b"1"}


def test_a_full_disk_takes_no_byte_and_gets_room_by_deletes() -> None:
    disk = MemoryDisk()
    disk.free = 4
    write(disk, "a", b"1234")
    with pytest.raises(OSError) as caught:
        write(disk, "b", b"5")
    assert caught.value.errno == errno.ENOSPC
    disk.remove(p("a"))
    write(disk, "b", b"1234")


def test_times_are_as_coarse_as_wished() -> None:
    disk = MemoryDisk(granularity_ns=2_000_000_000, clock=lambda: 1_700_000_003_000_000_000)
    write(disk, "a", b"1")
    before = disk.stat(p("a"))
    write(disk, "a", b"2")
    assert disk.stat(p("a")) == before
    assert before.ctime_ns == 1_700_000_002_000_000_000
    fine = MemoryDisk(clock=lambda: 1_700_000_003_000_000_000)
    write(fine, "a", b"1")
    before = fine.stat(p("a"))
    write(fine, "a", b"2")
    assert fine.stat(p("a")) != before


def test_other_spellings_of_a_name_are_the_same_when_it_folds() -> None:
    disk = MemoryDisk(fold=str.casefold)
    write(disk, "ReadMe", b"1")
    assert disk.user.read("README") == b"1"
    with pytest.raises(FileExistsError):
        disk.mkdir(p("readme"))
    disk.rename(p("readme"), p("README"), Rename.PLAIN)
    assert [name for name, _ in disk.list(p(""))] == ["ReadMe"], "as some disks do: nothing"


def test_the_root_can_go() -> None:
    disk = MemoryDisk()
    disk.root_there = False
    with pytest.raises(RootMissing):
        disk.stat(p("a"))


def test_locks_end_with_the_process() -> None:
    disk = MemoryDisk()
    assert disk.open(p("lock"), Opening.EDIT).lock()
    assert not disk.open(p("lock"), Opening.EDIT).lock()
    disk.unlock_all()
    assert disk.open(p("lock"), Opening.EDIT).lock()
