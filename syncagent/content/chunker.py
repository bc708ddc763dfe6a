"""Content-defined cuts: FastCDC 2020, blocks of 16 to 256 KiB, 64 KiB on average.

Two agents find each other's blocks only if they cut alike, for ever: the figures here, and the release of the library,
are part of the protocol (golden vectors in the test).  Only an average of 2^n is used: for others, releases differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyfastcdc import FastCDC

MIN_BLOCK: Final = 16 * 1024
AVERAGE_BLOCK: Final = 64 * 1024
MAX_BLOCK: Final = 256 * 1024
ONE_BLOCK: Final = 64 * 1024
"""A file of at most this size is one block, not cut at all."""


def is_compiled() -> bool:
    """Whether the compiled cutter is in use; the library falls back to one that is 300 times slower."""
    return FastCDC.__module__.startswith("pyfastcdc.cy")


class Chunker:
    """Cuts one file that comes in pieces.  The cutter in it must not be shared between threads."""

    __slots__ = ("_cutter", "_rest")

    def __init__(self) -> None:
        self._cutter = FastCDC(AVERAGE_BLOCK, min_size=MIN_BLOCK, max_size=MAX_BLOCK)
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """The blocks that are certain by now.

        A cut depends on the MAX_BLOCK bytes after the block's start and on nothing else, so a block is certain as soon
        as that many bytes are there; what is not is kept for the next call.  All must be taken from the iterator.
        """
        buffer = self._rest + data if self._rest else data
        certain = 0
        view = memoryview(buffer)
        if len(buffer) >= MAX_BLOCK:
            for chunk in self._cutter.cut_buf(buffer):
                if chunk.offset + MAX_BLOCK > len(buffer):
                    break
                certain = chunk.offset + chunk.length
                yield view[chunk.offset : certain]
        self._rest = buffer[certain:]

    def finish(self) -> Iterator[memoryview]:
        """The blocks of what is left, when nothing follows."""
        rest, self._rest = self._rest, b""
        if rest:
            view = memoryview(rest)
            for chunk in self._cutter.cut_buf(rest):
                yield view[chunk.offset : chunk.offset + chunk.length]
