"""An open file of Windows, and what the port says of what Windows says of one."""

from __future__ import annotations

import errno
import stat as mode_bits
from typing import Self

from syncagent.localfs.ports import MEMORY, Stat, clamp
from syncagent.windows import files as nt
from syncagent.windows.files import Files, Seen


def as_stat(seen: Seen, device: int) -> Stat:
    """What the port says of what Windows says."""
    if seen.is_elsewhere:
        mode = mode_bits.S_IFCHR  # neither a file, nor a folder, nor a link that we keep
    elif seen.is_folder:
        mode = mode_bits.S_IFDIR | 0o777
    else:
        mode = mode_bits.S_IFREG | (0o444 if seen.attributes & nt.READ_ONLY else 0o666)
    size = 0 if seen.is_folder else seen.size
    return Stat(device, seen.inode, size, clamp(seen.written_ns), max(seen.changed_ns, 0), mode)


class WindowsFile:
    """An open file, by its handle."""

    __slots__ = ("_device", "_files", "_handle")

    def __init__(self, files: Files, handle: int, device: int) -> None:
        self._files = files
        self._handle = handle
        self._device = device

    def stat(self) -> Stat:
        return as_stat(self._files.seen(self._handle), self._device)

    def read(self, offset: int, size: int) -> bytes:
        data = self._files.read(self._handle, offset, size)
        while data and len(data) < size:
            more = self._files.read(self._handle, offset + len(data), size - len(data))
            if not more:
                break
            data += more
        return data

    def write(self, offset: int, *parts: bytes | memoryview) -> None:
        rest = b"".join(parts)
        while rest:
            written = self._files.write(self._handle, offset, rest)
            offset, rest = offset + written, rest[written:]

    def truncate(self, size: int) -> None:
        self._files.truncate(self._handle, size)

    def adjust(self, *, mode: int | None = None, mtime_ns: int | None = None) -> None:
        attributes = 0
        if mode is not None:
            before = self._files.seen(self._handle).attributes
            wanted = before & ~nt.READ_ONLY if mode & 0o200 else before | nt.READ_ONLY
            attributes = 0 if wanted == before else wanted or nt.NORMAL
        if attributes or mtime_ns is not None:
            self._files.adjust(self._handle, written_ns=mtime_ns, attributes=attributes)

    def is_written(self) -> bool:
        try:
            # Who may not write beside us is refused as long as somebody can.
            other = self._files.open(self._handle, "", nt.READ, options=nt.NO_DIRECTORY, share=nt.SHARE_NO_WRITE)
        except OSError as error:
            return error.errno == errno.EBUSY
        self._files.close(other)
        return False

    def begin_sync(self, offset: int, size: int, memory: int = MEMORY) -> None:
        pass

    def sync(self) -> None:
        try:
            self._files.flush(self._handle)
        except PermissionError:
            # It is open for reading; what others have written is to be durable all the same.
            handle = self._files.open(self._handle, "", nt.WRITE, options=nt.NO_DIRECTORY)
            try:
                self._files.flush(handle)
            finally:
                self._files.close(handle)

    def lock(self) -> bool:
        return self._files.lock(self._handle)

    def close(self) -> None:
        if self._handle:
            self._files.close(self._handle)
            self._handle = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
