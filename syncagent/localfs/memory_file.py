"""An open file of a MemoryDisk, and a mark."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Self

from syncagent.localfs.memory_inodes import Inode, fault
from syncagent.localfs.ports import MEMORY, Stat
from syncagent.model.names import RelPath

if TYPE_CHECKING:
    from syncagent.localfs.memory import MemoryDisk


class MemoryFile:
    """It stays the same file when its name is moved or deleted."""

    def __init__(self, disk: MemoryDisk, inode: Inode, path: RelPath) -> None:
        self._disk = disk
        self._inode = inode
        self._path = path
        self._holds_lock = False

    def stat(self) -> Stat:
        self._disk.call("file.stat", self._path)
        return self._inode.stat()

    def read(self, offset: int, size: int) -> bytes:
        self._disk.call("file.read", self._path)
        if self._inode.is_dir:
            raise fault(errno.EISDIR, self._path)
        return bytes(self._inode.data[offset : offset + size])

    def write(self, offset: int, *parts: bytes | memoryview) -> None:
        self._disk.call("file.write", self._path)
        self._disk.user.write_into(self._inode, offset, b"".join(parts), self._path)

    def truncate(self, size: int) -> None:
        self._disk.call("file.truncate", self._path)
        self._inode.data = self._inode.data[:size].ljust(size, b"\0")
        self._inode.mtime_ns = self._inode.ctime_ns = self._disk.tick()
        self._disk.touched(self._inode)

    def adjust(self, *, mode: int | None = None, mtime_ns: int | None = None) -> None:
        self._disk.call("file.adjust", self._path)
        mode = None if mode is None else self._disk.kept_mode(mode)
        self._inode.adjust(mode, self._disk.grain(mtime_ns), self._disk.tick())
        self._disk.touched(self._inode)

    def is_written(self) -> bool:
        self._disk.call("file.is_written", self._path)
        return self._inode.writers > 0

    def begin_sync(self, offset: int, size: int, memory: int = MEMORY) -> None:
        pass

    def sync(self) -> None:
        self._disk.call("file.sync", self._path)
        self._disk.settle(self._inode)

    def lock(self) -> bool:
        self._disk.call("file.lock", self._path)
        self._holds_lock = self._holds_lock or self._disk.lock(self._inode)
        return self._holds_lock

    def close(self) -> None:
        if self._holds_lock:
            self._disk.unlock(self._inode)
            self._holds_lock = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class MemoryMark:
    """What went wrong with any sync since it was made it is told once, as the kernel tells each opening of a folder."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk
        self._told = disk.losses

    def sync(self) -> None:
        try:
            self._disk.call("sync", RelPath(""))
            if self._told != self._disk.losses:
                raise fault(errno.EIO, RelPath(""))
        except OSError:
            if self._told == self._disk.losses:
                self._disk.losses += 1  # of which the others are told, too
            self._told = self._disk.losses
            raise
        self._disk.settle_all()

    def close(self) -> None:
        pass
