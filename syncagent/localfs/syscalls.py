"""The calls of the system that Python's ``os`` lacks: rename with flags, syncfs, and the beginning of a sync.

Called by ``real`` only.  Where the system has no such call, OSError with ENOSYS (syncfs) or EINVAL (rename) is raised,
as where the file system cannot; what to do instead is the caller's to know.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from syncagent.model.values import fixed
from syncagent.portions import PORTION, Part, pour

_Rename = Callable[[int, bytes, int, bytes, int], int]
_Sync = Callable[[int], int]

_ENCODING: Final = sys.getfilesystemencoding()
_ERRORS: Final = sys.getfilesystemencodeerrors()
"""What ``os.fsencode`` encodes names with; it would ask for it each time."""


@fixed
class Syscalls:
    """``no_replace`` and ``exchange`` are the flags of this system's rename."""

    _rename: _Rename | None
    _syncfs: _Sync | None
    no_replace: int
    exchange: int

    def rename(self, old_folder: int, old: str, new_folder: int, new: str, flag: int) -> None:
        """Rename between two open folders, with one flag.  Raises OSError."""
        if self._rename is None:
            raise OSError(errno.EINVAL, "this system has no rename with flags", old)
        old_name, new_name = old.encode(_ENCODING, _ERRORS), new.encode(_ENCODING, _ERRORS)
        if self._rename(old_folder, old_name, new_folder, new_name, flag) != 0:
            number = ctypes.get_errno()
            raise OSError(errno.EINVAL if number == errno.ENOSYS else number, os.strerror(number), old)

    def syncfs(self, folder: int) -> None:
        """Make everything on the file system of this open folder durable.

        Linux tells (since 5.8) of any writing that failed since ``folder`` was opened.  Raises OSError.
        """
        if self._syncfs is None:
            raise OSError(errno.ENOSYS, "this system has no syncfs")
        if self._syncfs(folder) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


_ARGUMENTS: Final = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)


def load() -> Syscalls:
    """What this system has."""
    library = ctypes.CDLL(None, use_errno=True)
    name, no_replace, exchange = ("renameatx_np", 4, 2) if sys.platform == "darwin" else ("renameat2", 1, 2)
    rename = getattr(library, name, None)
    if rename is not None:
        rename.argtypes = _ARGUMENTS
        rename.restype = ctypes.c_int
    syncfs = getattr(library, "syncfs", None)
    if syncfs is not None:
        syncfs.argtypes = (ctypes.c_int,)
        syncfs.restype = ctypes.c_int
    return Syscalls(rename, syncfs, no_replace, exchange)


_WRITE: Final = 2
"""SYNC_FILE_RANGE_WRITE: begin to write what is not being written yet, and wait for nothing."""

_range: Any = getattr(ctypes.CDLL(None, use_errno=True), "sync_file_range", None) if sys.platform == "linux" else None
if _range is not None:
    _range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


_WAIT: Final = 1
"""SYNC_FILE_RANGE_WAIT_BEFORE: wait for what is being written."""

BEHIND: Final = 8 << 20
"""So many bytes of a file may be on their way to the disk.  Whoever makes a small file durable waits until those are
there which had their place found just before: without a bound, that are hundreds of megabytes."""

_LOST: Final = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT})


def begin_sync(file: int, offset: int, size: int, memory: int) -> None:
    """Let the disk begin to write these bytes of an open file, and wait until it is not far behind with those before
    them; every ``memory`` bytes, until it has nothing of them left that is in its own memory alone.

    Raises OSError where it could not write: what the file holds is lost then, whatever a later fsync says, to which
    this is not told again (HAZARDS B9)."""
    if _range is None:
        return
    _told(_range(file, offset, size, _WRITE))
    if (before := offset - BEHIND) > 0:
        start = max(before - 2 * BEHIND, 0)
        _told(_range(file, start, before - start, _WAIT))
    if sys.platform == "linux" and offset // memory != (offset + size) // memory:
        os.fdatasync(file)


def _told(failed: int) -> None:
    if failed and (number := ctypes.get_errno()) in _LOST:
        raise OSError(number, os.strerror(number))


if sys.platform != "win32":

    def write_all(file: int, offset: int, parts: Sequence[Part]) -> None:
        """Write all of ``parts`` into an open file, one behind the other.  Raises OSError."""
        if len(parts) == 1 and len(parts[0]) <= PORTION and os.pwrite(file, parts[0], offset) == len(parts[0]):
            return

        def write(portion: Sequence[Part]) -> int:
            nonlocal offset
            written = _write(file, offset, portion)
            offset += written
            return written

        pour(parts, write)

    if sys.platform == "linux":

        def _write(file: int, offset: int, parts: Sequence[Part]) -> int:
            return os.pwritev(file, parts, offset)

    else:

        def _write(file: int, offset: int, parts: Sequence[Part]) -> int:
            return os.pwrite(file, parts[0], offset)


if sys.platform == "darwin":
    import fcntl

    def make_durable(file: int) -> None:
        """Make an open file, or the names in an open folder, durable.  ``fsync`` gives it to the drive there, which may
        keep it in its own memory."""
        try:
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(file)  # a network's file system has no other

else:

    def make_durable(file: int) -> None:
        """Make an open file, or the names in an open folder, durable."""
        os.fsync(file)
