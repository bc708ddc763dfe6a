"""How much goes over a connection: whole frames with their heads, as they are on the wire before TLS.

What opens a connection, and what only keeps it open, is not counted.
"""

from __future__ import annotations

from typing import Final

from syncagent.protocol.packs import KIND_AHEAD, KIND_PACK

_PACKS: Final = (bytes((KIND_PACK,)), bytes((KIND_AHEAD,)))
_MASK: Final = 4
"""Bytes more in the head of each frame that a client sends."""


class Traffic:
    """Bytes of all connections since the start.  ``content_…`` is the part of it that was packs of blocks."""

    __slots__ = ("content_received", "content_sent", "received", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self.content_sent = 0
        self.content_received = 0

    def said(self, frame: str | bytes) -> None:
        size = _size(frame) + _MASK
        self.sent += size
        if _is_content(frame):
            self.content_sent += size

    def heard(self, frame: str | bytes) -> None:
        size = _size(frame)
        self.received += size
        if _is_content(frame):
            self.content_received += size


def _is_content(frame: str | bytes) -> bool:
    return not isinstance(frame, str) and frame[:1] in _PACKS


def _size(frame: str | bytes) -> int:
    length = len(frame.encode()) if isinstance(frame, str) and not frame.isascii() else len(frame)
    return length + (2 if length < 126 else 4 if length < 65536 else 10)
