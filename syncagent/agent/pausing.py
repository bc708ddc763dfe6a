"""A pause, and when it is over by itself.  It outlasts the agent: who paused, and then starts the machine anew, is left
alone until they say otherwise, or until the time that they said.

The end is a moment of the day, looked for on the clock every few seconds: timers stand still while a machine sleeps.
Lives in the event loop.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from syncagent.agent.hours import clock
from syncagent.engine.events import Event, Paused
from syncagent.errors import BadConfig
from syncagent.private import write_private

EVERY: Final = 10.0
"""Seconds between two looks at the clock: at most so long after waking up a pause goes on that is over."""


class Agent(Protocol):
    """What is paused."""

    def feed(self, event: Event) -> None: ...

    def nudge(self) -> None: ...


class Pausing:
    """Whether it is paused, and until when (seconds since 1970; None: until someone resumes)."""

    def __init__(self, path: Path, agent: Agent, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._agent = agent
        self._now = now
        self._timer: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self.paused = False
        self.until: float | None = None

    def recall(self) -> None:
        """Go on with the pause that was there when the agent ended."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return  # none, or not readable: then it is better to keep the folder the same than not to
        until = kept.get("until") if isinstance(kept, dict) else None
        if not isinstance(kept, dict) or (isinstance(until, (int, float)) and until <= self._now()):
            return
        self._begin(float(until) if isinstance(until, (int, float)) else None)

    async def pause(self, until: float | None) -> None:
        """From now on.  Raises BadConfig when it holds, but could not be written down."""
        self._begin(until)
        await self._keep()

    async def resume(self) -> None:
        """Raises BadConfig as ``pause`` does."""
        self._end()
        await self._keep()

    def in_words(self) -> str:
        """When it is over by itself; empty when it is not."""
        if not self.paused or self.until is None:
            return ""
        # By the clock on the wall.
        return clock(datetime.fromtimestamp(self.until), datetime.fromtimestamp(self._now()))  # noqa: DTZ006

    def _begin(self, until: float | None) -> None:
        self.paused, self.until = True, until
        self._agent.feed(Paused(paused=True))
        self._look()

    def _end(self) -> None:
        self.paused, self.until = False, None
        self._agent.feed(Paused(paused=False))
        self._agent.nudge()

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.paused or self.until is None:
            return
        left = self.until - self._now()
        if left > 0:
            self._timer = asyncio.get_running_loop().call_later(min(left, EVERY), self._look)
        else:
            # What is written stays: it says itself that it is over.
            self._end()

    async def _keep(self) -> None:
        async with self._writing:
            text = json.dumps({"until": self.until}) if self.paused else ""
            try:
                await asyncio.to_thread(self._write, text)
            except OSError as error:
                raise BadConfig(f"{self._path} cannot be removed: {error.strerror}") from None

    def _write(self, text: str) -> None:
        if text:
            write_private(self._path, text)
        else:
            self._path.unlink(missing_ok=True)
