"""The person at the disk in memory: durable at once, and what they displaced is told."""

from __future__ import annotations

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.model.names import RelPath


def test_each_call_tells_what_it_displaced() -> None:
    user = MemoryDisk().user
    assert user.write("a", b"1") is None
    assert user.write("a", b"2") == b"1"
    assert user.write("a", b"3", replace=True) == b"2"
    assert user.write("b", b"4") is None
    assert user.move("a", "b") == b"4"
    assert user.move("b", "c") is None
    user.mkdir("d")
    user.move("c", "d/c")
    assert user.delete("d") == {"d/c": b"3"}
    assert user.tree() == {}
    with pytest.raises(FileNotFoundError):
        user.delete("d")


def test_a_replacing_write_is_another_inode_with_the_same_mode() -> None:
    disk = MemoryDisk()
    disk.user.write("a", b"1")
    disk.user.chmod("a", 0o600)
    before = disk.stat(RelPath("a"))
    disk.user.write("a", b"2")
    assert disk.stat(RelPath("a")).inode == before.inode
    disk.user.write("a", b"3", replace=True)
    assert disk.stat(RelPath("a")).inode != before.inode
    assert disk.stat(RelPath("a")).mode == before.mode


def test_what_the_user_does_survives_a_crash_and_runs_no_hook() -> None:
    disk = MemoryDisk()
    calls: list[str] = []
    disk.before_call = lambda name, path: calls.append(name)
    user = disk.user
    user.mkdir("d")
    user.write("d/a", b"1")
    user.symlink("a", "d/l")
    user.special("p")
    user.touch("d/a", 5)
    user.move("d/a", "d/b")
    before = user.tree()
    disk.crash()
    assert user.tree() == before == {"d": None, "d/b": b"1", "d/l": "-> a", "p": b""}
    assert calls == []
    assert disk.stat(RelPath("d/b")).mtime_ns == 5


def test_what_is_spoiled_shows_by_nothing_but_its_bytes() -> None:
    disk = MemoryDisk()
    disk.user.write("a", b"123")
    before = disk.stat(RelPath("a"))
    assert disk.user.spoil("a", b"000") == b"123"
    assert disk.stat(RelPath("a")) == before
    disk.user.spoil("a", b"1", times_ns=7)
    after = disk.stat(RelPath("a"))
    assert (after.inode, after.size, after.mtime_ns, after.ctime_ns) == (before.inode, 1, 7, 7)


def test_read_and_tree_of_the_agents_own_folder() -> None:
    user = MemoryDisk().user
    user.mkdir(".syncagent")
    user.write(".syncagent/x", b"1")
    assert user.read("none") is None
    assert user.read(".syncagent") is None
    assert user.tree() == {}
    assert user.tree(own=True) == {".syncagent": None, ".syncagent/x": b"1"}


def test_another_file_system_can_be_mounted() -> None:
    disk = MemoryDisk()
    disk.user.mount("m")
    assert disk.stat(RelPath("m")).device != disk.stat(RelPath("")).device
    with pytest.raises(OSError):
        disk.list(RelPath("m"))
