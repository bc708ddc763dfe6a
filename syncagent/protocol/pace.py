"""How long the frames of large files may be: long where they leave quickly, so that each costs less; short where they
do not, so that a heartbeat or a small change never waits long behind one.

Pure; there is one for each direction of a connection.
"""

from __future__ import annotations

from typing import Final

SHORT: Final = 256 * 1024
LONG: Final = 1024 * 1024
_LOOKED_AT: Final = 2 * 1024 * 1024
"""So much has left before it is judged how quickly."""

_QUICKLY: Final = 32 * 1024 * 1024
"""Bytes a second: a long frame takes 30 milliseconds then."""


class Pace:
    """Begins with short frames."""

    __slots__ = ("_began", "_left", "frame_bytes")

    def __init__(self) -> None:
        self.frame_bytes = SHORT
        self._began: float | None = None
        self._left = 0

    def leaves(self, size: int, now: float) -> None:
        """A frame of ``size`` bytes leaves, at a time of a clock that only goes forward, right after the one before."""
        if self._began is None:
            self._began, self._left = now, 0
        elif self._left >= _LOOKED_AT:
            quickly = self._left >= _QUICKLY * (now - self._began)
            self.frame_bytes = LONG if quickly else SHORT
            self._began, self._left = now, 0
        self._left += size

    def rests(self) -> None:
        """Nothing follows for now: the time until something does says nothing."""
        self._began = None
