"""Stands before the gate of an admitted client: a long frame of a WebSocket is read to where it stays.

The library's own reader copies each byte of such a frame four times on its way from the system to a message, which
for large files is a fifth of all that the hub's event loop does with them.  Here the system writes a long frame into
memory that is its own; all else goes to the library as it came, so that what a frame may be is decided there alone.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

LONG: Final = 128 * 1024
"""Bytes of a frame from which on it is read like this."""

AT_ONCE: Final = 64 * 1024
"""So much of all else is taken from the system at once.  It is less than a long frame has: no read brings more than the
beginning of one, and all that came before it is with the library by then."""

_BINARY: Final = 0x82
"""The first byte of a frame that is a binary message by itself."""

_MASKED: Final = 0x80
_LAST: Final = 0x80
_CONTROL: Final = 0x08
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_MASK: Final = 4
_LENGTH: Final = {_TWO_BYTES: struct.Struct("!H"), _EIGHT_BYTES: struct.Struct("!Q")}


Take: TypeAlias = Callable[[bytearray, bytes], None]
"""Is given a long frame, and its mask."""


class Head(NamedTuple):
    """Of a frame: its first byte, its mask (empty where it has none), how long the head is, and what follows it."""

    first: int
    mask: bytes
    size: int
    length: int


def head_at(data: bytes, at: int) -> Head | None:
    """The head of the frame that begins there; None where not all of it has come."""
    if len(data) < at + 2:
        return None
    first, second = data[at], data[at + 1]
    length, size = second & ~_MASKED, 2
    if (wide := _LENGTH.get(length)) is not None:
        if len(data) < at + size + wide.size:
            return None
        (length,) = wide.unpack_from(data, at + size)
        size += wide.size
    masked = _MASK if second & _MASKED else 0
    if len(data) < at + size + masked:
        return None
    return Head(first, data[at + size : at + size + masked], size + masked, length)


class LongFrames(asyncio.BufferedProtocol):
    """The bytes of one connection, from the first one of its first frame on.

    ``inner`` gets all but long frames of no more than ``most`` bytes: those are given to ``take``, each with its mask,
    when all that came before is with ``inner``.  Into ``small`` (``AT_ONCE`` bytes) the system writes all else; it is
    read at once, and may serve all connections of an event loop.
    """

    def __init__(self, inner: asyncio.Protocol, take: Take, small: memoryview) -> None:
        self._inner = inner
        self._take = take
        self.most = 0
        """Nothing is read like this before it may be."""
        self._small = small
        self._head = b""
        """What has come of the head of the next frame."""
        self._passing = 0
        """How much is still to come of a frame that is for ``inner``."""
        self._in_parts = False
        """Whether the last message is not whole yet: what comes in between is for ``inner``."""
        self._long: bytearray | None = None
        self._mask = b""
        self._got = 0

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._long is not None:
            return memoryview(self._long)[self._got :]
        return self._small

    def buffer_updated(self, nbytes: int) -> None:
        if self._long is None:
            self._feed(self._head + self._small[:nbytes])
            return
        self._got += nbytes
        self._whole()

    def _feed(self, data: bytes) -> None:
        self._head = b""
        start = at = 0
        while at < len(data):
            if self._passing:
                step = min(self._passing, len(data) - at)
                self._passing -= step
                at += step
                continue
            head = head_at(data, at)
            if head is None:
                self._head = data[at:]
                break
            if self._is_long(head):
                self._pass_on(data[start:at])
                start = at = self._begin(head, data, at + head.size)
                continue
            at += head.size
            self._passing = head.length
            if not head.first & _CONTROL:
                self._in_parts = not head.first & _LAST
        self._pass_on(data[start:at])

    def _is_long(self, head: Head) -> bool:
        alone = head.first == _BINARY and not self._in_parts and head.mask
        return bool(alone) and LONG <= head.length <= self.most

    def _begin(self, head: Head, data: bytes, at: int) -> int:
        self._long, self._mask = bytearray(head.length), head.mask
        self._got = len(data) - at
        assert self._got < head.length, "a long frame has more bytes than are read at once"
        self._long[: self._got] = data[at:]
        return len(data)

    def _whole(self) -> None:
        frame = self._long
        if frame is not None and self._got == len(frame):
            self._long = None
            self._take(frame, self._mask)

    def _pass_on(self, data: bytes) -> None:
        if data:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
