"""An open file of a disk in memory."""

from __future__ import annotations

import errno
import os

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening
from syncagent.model.names import RelPath


def test_it_stays_the_same_file_when_its_name_goes() -> None:
    disk = MemoryDisk()
    disk.user.write("a", b"hello")
    with disk.open(RelPath("a"), Opening.EDIT) as file:
        disk.user.move("a", "b")
        file.write(0, b"jello")
        assert disk.user.read("b") == b"jello"
        disk.user.delete("b")
        assert file.read(0, 9) == b"jello"


def test_its_lock_is_its_own_until_it_is_closed() -> None:
    disk = MemoryDisk()
    first, second = disk.open(RelPath("a"), Opening.EDIT), disk.open(RelPath("a"), Opening.EDIT)
    assert first.lock() and first.lock()
    assert not second.lock()
    first.close()
    assert second.lock()


def test_a_mtime_is_kept_as_the_disk_can() -> None:
    disk = MemoryDisk(granularity_ns=1_000_000_000)
    with disk.open(RelPath("a"), Opening.NEW) as file:
        file.adjust(mtime_ns=5_700_000_000)
        assert file.stat().mtime_ns == 5_000_000_000


@pytest.mark.hazard("B9")
def test_each_mark_is_told_once_of_what_went_wrong_since_it_was_made() -> None:
    disk = MemoryDisk()
    first, second = disk.mark(), disk.mark()

    def fails(call: str, path: RelPath) -> None:
        if call == "sync":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.before_call = fails
    with pytest.raises(OSError):
        first.sync()
    disk.before_call = lambda call, path: None
    third = disk.mark()
    with pytest.raises(OSError):
        second.sync()
    for mark in (first, second, third):
        mark.sync()
