"""Writing past the system's own memory (``O_DIRECT``), where Linux and the file system let us.

What a large file's packs bring is read again by nobody, or soon: those who follow the sender have it from the hub's
memory.  In the system's memory it is copied once more, pages are found for it that mostly hold something else, and they
are written later, many at once, before anything that someone waits for.

The system takes whole blocks of a disk, from memory that is aligned like them: what is left of a pack, less than a
block, is for the caller to write as ever.  Nothing is durable by it that was not synced.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from collections.abc import Sequence
from typing import Final

DIRECT_FROM: Final = 1024 * 1024
"""So much is worth its way: a wait for the disk, and bytes that are copied into a buffer."""

BUFFER: Final = 4 * 1024 * 1024
_BLOCK: Final = 4096
"""Of a disk; no disk has larger ones."""


class Direct:
    """For all threads."""

    def __init__(self) -> None:
        self._free: list[mmap.mmap] = []

    def rest(self) -> None:
        """Let go of the buffers."""
        self._free.clear()

    if sys.platform == "linux":

        def write(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
            """How many bytes of ``parts``, one behind the other, are written into an open file that is empty.  0 where
            it cannot be.  Raises OSError."""
            if sum([len(part) for part in parts]) < DIRECT_FROM:
                return 0
            import fcntl  # noqa: PLC0415 - there is none on other systems

            before = fcntl.fcntl(file, fcntl.F_GETFL)
            try:
                fcntl.fcntl(file, fcntl.F_SETFL, before | os.O_DIRECT)
            except OSError:
                return 0
            try:
                buffer = self._free.pop()
            except IndexError:
                buffer = mmap.mmap(-1, BUFFER)
            try:
                return _write(file, parts, buffer)
            finally:
                self._free.append(buffer)
                fcntl.fcntl(file, fcntl.F_SETFL, before)

    else:

        def write(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
            """There is nothing of the kind here."""
            return 0


def _write(file: int, parts: Sequence[bytes | memoryview], buffer: mmap.mmap) -> int:
    done = filled = 0
    for part in parts:
        left = memoryview(part)
        while left:
            some = left[: BUFFER - filled]
            buffer[filled : filled + len(some)] = some
            filled += len(some)
            left = left[len(some) :]
            if filled == BUFFER:
                written = _write_blocks(file, buffer, filled)
                done += written
                if written < filled:
                    return done
                filled = 0
    return done + _write_blocks(file, buffer, filled - filled % _BLOCK)


def _write_blocks(file: int, buffer: mmap.mmap, size: int) -> int:
    """How many bytes were written; fewer where the rest is to go another way."""
    done = 0
    with memoryview(buffer) as view:
        while done < size and done % _BLOCK == 0:
            try:
                done += os.write(file, view[done:size])
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                break  # the file system takes the flag, and nothing else
    return done
