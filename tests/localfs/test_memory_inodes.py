"""Inodes: as they are, and as they are durable."""

from __future__ import annotations

import stat

import pytest

from syncagent.localfs.memory_inodes import Inode
from syncagent.model.names import RelPath


def test_an_inode_rolls_back_to_what_was_durable() -> None:
    inode = Inode(2, stat.S_IFREG | 0o644, 1, 10)
    inode.data[:] = b"1"
    inode.make_durable()
    inode.data[:] = b"22"
    inode.adjust(0o600, 5, 20)
    assert (inode.stat().size, inode.stat().mtime_ns, inode.stat().ctime_ns) == (2, 5, 20)
    inode.roll_back()
    assert (bytes(inode.data), inode.mode, inode.mtime_ns) == (b"1", stat.S_IFREG | 0o644, 10)


def test_permission_bits_of_the_owner_count() -> None:
    inode = Inode(2, stat.S_IFREG | 0o444, 1, 10)
    inode.allow(0o400, RelPath("a"))
    with pytest.raises(PermissionError):
        inode.allow(0o600, RelPath("a"))


def test_a_link_is_as_long_as_its_text() -> None:
    inode = Inode(2, stat.S_IFLNK | 0o777, 1, 10)
    inode.target = "über"
    assert inode.stat().size == 5
    assert inode.is_link
    assert not inode.is_dir
    assert inode.get("x") is None
