"""What a MemoryDisk is made of: inodes, each as it is and as it is durable."""

from __future__ import annotations

import errno
import os
import stat as mode_bits

from syncagent.localfs.ports import Stat, clamp
from syncagent.model.names import RelPath, join


class Inode:
    """A file, folder, link or something else.  ``entries`` goes from a name's key to the name and its inode."""

    __slots__ = (
        "_durable",
        "ctime_ns",
        "data",
        "device",
        "entries",
        "links",
        "mode",
        "mtime_ns",
        "number",
        "target",
        "writers",
    )

    def __init__(self, number: int, mode: int, device: int, now_ns: int) -> None:
        self.number = number
        self.mode = mode
        self.device = device
        self.mtime_ns = now_ns
        self.ctime_ns = now_ns
        self.data = bytearray()
        self.target = ""
        self.links = 0
        self.writers = 0
        self.entries: dict[str, tuple[str, Inode]] = {}
        self._durable: tuple[bytes, dict[str, tuple[str, Inode]], int, int] = (b"", {}, mode, now_ns)

    @property
    def is_dir(self) -> bool:
        return mode_bits.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return mode_bits.S_ISLNK(self.mode)

    def get(self, key: str) -> Inode | None:
        entry = self.entries.get(key)
        return None if entry is None else entry[1]

    def stat(self) -> Stat:
        size = len(os.fsencode(self.target)) if self.is_link else len(self.data)
        return Stat(self.device, self.number, size, clamp(self.mtime_ns), self.ctime_ns, self.mode)

    def is_in_use(self) -> bool:
        """Whether somebody has it open for writing, or anything that is in it."""
        return self.writers > 0 or any(inode.is_in_use() for _, inode in self.entries.values())

    def allow(self, bits: int, path: RelPath) -> None:
        """Raises EACCES when the owner lacks one of these permission bits."""
        if self.mode & bits != bits:
            raise fault(errno.EACCES, path)

    def adjust(self, mode: int | None, mtime_ns: int | None, now_ns: int) -> None:
        if mode is not None:
            self.mode = mode_bits.S_IFMT(self.mode) | mode
        if mtime_ns is not None:
            self.mtime_ns = mtime_ns
        self.ctime_ns = now_ns

    def make_durable(self) -> None:
        self._durable = (bytes(self.data), dict(self.entries), self.mode, self.mtime_ns)

    @property
    def is_unsure(self) -> bool:
        """Whether it is a file with bytes that are not durable."""
        return mode_bits.S_ISREG(self.mode) and bytes(self.data) != self._durable[0]

    def tear(self, *, zeros: bool) -> None:
        """Its size and times got to the disk, and not its bytes: there are zeros, or fewer of them."""
        self.data = bytearray(len(self.data)) if zeros else self.data[: len(self.data) // 2]
        self.make_durable()

    def roll_back(self) -> None:
        data, entries, self.mode, self.mtime_ns = self._durable
        self.data = bytearray(data)
        self.entries = dict(entries)


def fault(number: int, path: RelPath) -> OSError:
    return OSError(number, os.strerror(number), path)


def no_cycle(moved: Inode, old: RelPath, new: RelPath) -> None:
    if moved.is_dir and f"{new}/".startswith(f"{join(old, '')}") and new != old:
        raise fault(errno.EINVAL, old)


def check_over(moved: Inode, there: Inode, path: RelPath) -> None:
    if moved.is_dir and not there.is_dir:
        raise fault(errno.ENOTDIR, path)
    if there.is_dir and not moved.is_dir:
        raise fault(errno.EISDIR, path)
    if there.entries:
        raise fault(errno.ENOTEMPTY, path)


def nothing(name: str, path: RelPath) -> None:
    """The hook that does nothing."""
