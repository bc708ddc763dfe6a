"""When the engine is told what time it is: when it has asked to be woken, and before it hears of anything else when it
has not been told for a while.  In the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

TOLD_FOR: Final = 60.0
"""Seconds for which the engine goes by the day and the hour that it was told."""


class Loop(Protocol):
    """What it has of an event loop."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None], /) -> asyncio.TimerHandle: ...


class Alarm:
    """``tell`` tells the time; it is called by ``before``, or when the time has come for which it was ``set``."""

    __slots__ = ("_loop", "_old_at", "_tell", "_timer")

    def __init__(self, loop: Loop, tell: Callable[[], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self._old_at = loop.time() + TOLD_FOR

    def set(self, time: float | None) -> None:
        """Call at ``time``, in place of the time that was set before; None: not at all."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if time is None else self._loop.call_at(time, self._ring)

    def before(self, now: float) -> None:
        """Something is about to be told: the time is told first, if it is long since it was."""
        if now >= self._old_at:
            self._say()

    def _ring(self) -> None:
        self._timer = None
        self._say()

    def _say(self) -> None:
        self._old_at = self._loop.time() + TOLD_FOR
        self._tell()
