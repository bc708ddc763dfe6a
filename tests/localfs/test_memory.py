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


@pytest.mark.parametrize("zeros", [True, False])
def test_the_power_may_leave_names_and_sizes_without_the_bytes(zeros: bool) -> None:
    disk = MemoryDisk()
    disk.user.write("a", b"durable")
    with disk.open(RelPath("a"), Opening.EDIT) as file:
        file.write(0, b"not yet, but soon")
        seen = file.stat()
    assert disk.crash(tear=lambda: zeros) == 1
    assert disk.user.read("a") == (bytes(17) if zeros else b"not yet, ")[: 17 if zeros else 8]
    assert disk.stat(RelPath("a")).mtime_ns == seen.mtime_ns


def test_a_deleted_inode_gives_its_number_to_the_next() -> None:
    disk = MemoryDisk(reuse=True)
    disk.user.write("a", b"1")
    number = disk.stat(RelPath("a")).inode
    disk.user.move("a", "b")
    disk.user.write("c", b"2")
    assert disk.stat(RelPath("c")).inode != number
    disk.user.delete("b")
    disk.user.mkdir("d")
    assert disk.stat(RelPath("d")).inode == number


def test_after_a_crash_no_two_inodes_have_one_number() -> None:
    disk = MemoryDisk(reuse=True)
    disk.user.write("a", b"1")
    disk.remove(RelPath("a"))
    disk.open(RelPath("b"), Opening.NEW).close()
    disk.root.make_durable()
    disk.root.entries.clear()
    disk.crash()
    disk.user.write("c", b"3")
    assert len({disk.stat(RelPath(name)).inode for name in ("b", "c")}) == 2


def test_room_is_not_made_by_moving() -> None:
    disk = MemoryDisk()
    disk.user.mkdir("d")
    disk.user.write("d/a", b"12345")
    disk.free = 0
    disk.user.move("d/a", "b")
    assert disk.free == 0
    disk.user.delete("b")
    assert disk.free == 5


def test_other_systems_names() -> None:
    disk = MemoryDisk(fold=str.casefold, form=str.upper, refuses=lambda name: name == "con", links=False)
    disk.user.write("a", b"1")
    assert [name for name, _ in disk.list(RelPath(""))] == ["A"]
    for attempt in (lambda: disk.mkdir(RelPath("con")), lambda: disk.symlink("x", RelPath("l"))):
        with pytest.raises(OSError):
            attempt()


def test_a_clock_that_is_set_back_gives_earlier_times() -> None:
    hour = [10**18]
    disk = MemoryDisk(clock=lambda: hour[0])
    disk.user.write("a", b"1")
    hour[0] -= 10**12
    disk.user.write("b", b"1")
    assert disk.stat(RelPath("b")).ctime_ns < disk.stat(RelPath("a")).ctime_ns
    assert disk.now_ns() < 10**18
