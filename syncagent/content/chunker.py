"""Content-defined cuts: FastCDC 2020, blocks of 64 KiB on average; of 128 KiB in large files, and of 512 KiB in
enormous ones.

Each block costs a row, an entry in recipes and messages, and about as much work at hub and agents as its bytes do
(measured), so that large files are cut more coarsely; a byte that changes costs its block on the way up and down, so
that they are not cut too coarsely.  Recipes of enormous files would not fit into a message else.

Two agents find each other's blocks only if they cut alike, for ever: the figures here, and the release of the library,
are part of the protocol (golden vectors in the test).  Only an average of 2^n is used: for others, releases differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyfastcdc import FastCDC

from syncagent.model.values import fixed

MIN_BLOCK: Final = 16 * 1024
AVERAGE_BLOCK: Final = 64 * 1024
MAX_BLOCK: Final = 256 * 1024


@fixed
class Cut:
    """How a file is cut: the bytes of its blocks, at least, on average, at most."""

    least: int
    average: int
    most: int


FINE: Final = Cut(MIN_BLOCK, AVERAGE_BLOCK, MAX_BLOCK)
MIDDLE: Final = Cut(64 * 1024, 128 * 1024, 256 * 1024)
COARSE: Final = Cut(128 * 1024, 512 * 1024, 1024 * 1024 - 64)
"""The most is what fits into a frame of 1 MiB."""

FINE_UP_TO: Final = 64 << 20
"""Bytes up to which a file is cut finely: about 1,000 blocks."""

MIDDLE_UP_TO: Final = 4 << 30
"""About 26,000 blocks."""


def cut_for(size: int) -> Cut:
    """How a file of ``size`` bytes is cut."""
    if size <= FINE_UP_TO:
        return FINE
    return MIDDLE if size <= MIDDLE_UP_TO else COARSE


ONE_BLOCK: Final = 64 * 1024
"""A file of at most this size is one block, not cut at all."""


def is_compiled() -> bool:
    """Whether the compiled cutter is in use; the library falls back to one that is 300 times slower."""
    return FastCDC.__module__.startswith("pyfastcdc.cy")


class Chunker:
    """Cuts one file that comes in pieces.  The cutter in it must not be shared between threads."""

    __slots__ = ("_cutter", "_most", "_rest")

    def __init__(self, cut: Cut = FINE) -> None:
        self._cutter = FastCDC(cut.average, min_size=cut.least, max_size=cut.most)
        self._most = cut.most
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """The blocks that are certain by now.

        A cut depends on as many bytes after the block's start as a block has at most, and on nothing else, so a block
        is certain as soon as that many bytes are there; what is not is kept for the next call.  All must be taken
        from the iterator.
        """
        rest, most = self._rest, self._most
        start = 0
        if rest:
            # Only what lies across the joint is put together: long pieces are not copied.
            joint = rest + data[:most]
            view, certain = memoryview(joint), 0
            if len(joint) >= most:
                for chunk in self._cutter.cut_buf(joint):
                    if chunk.offset >= len(rest) or chunk.offset + most > len(joint):
                        break
                    certain = chunk.offset + chunk.length
                    yield view[chunk.offset : certain]
            if certain < len(rest):
                self._rest = rest[certain:] + data
                return
            start = certain - len(rest)
        view, certain = memoryview(data)[start:], 0
        if len(view) >= most:
            for chunk in self._cutter.cut_buf(view):
                if chunk.offset + most > len(view):
                    break
                certain = chunk.offset + chunk.length
                yield view[chunk.offset : certain]
        self._rest = bytes(view[certain:])

    def finish(self) -> Iterator[memoryview]:
        """The blocks of what is left, when nothing follows."""
        rest, self._rest = self._rest, b""
        if rest:
            view = memoryview(rest)
            for chunk in self._cutter.cut_buf(rest):
                yield view[chunk.offset : chunk.offset + chunk.length]
