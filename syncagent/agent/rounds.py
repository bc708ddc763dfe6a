"""What an agent does by the clock alone: it looks through the folder, and, slowly, through all content."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.workers import first_of
from syncagent.engine.events import DeepLook, Event, Hinted

DEEP_SECONDS: Final = 300.0
"""Between two parts of the slow look through all content (HAZARDS E15): each is small, and hardly noticed."""


class Rounds:
    """Feeds what the time brings, as often as ``config`` says."""

    __slots__ = ("_changed", "_config", "_feed")

    def __init__(self, config: AgentConfig, feed: Callable[[Event], None]) -> None:
        self._config = config
        self._feed = feed
        self._changed = asyncio.Event()

    def go_by(self, config: AgentConfig) -> None:
        """From now on as often as ``config`` says; what has passed since the last look counts."""
        self._config = config
        self._changed.set()

    async def make(self) -> None:
        """For ever."""
        await first_of(self._look(), self._look_deeply())

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time
        last = now()
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout_at(last + self._config.rescan_minutes * 60):
                    await self._changed.wait()
            except TimeoutError:
                last = now()
                self._feed(Hinted(everything=True, reason="the regular look"))

    async def _look_deeply(self) -> None:
        while True:
            await asyncio.sleep(DEEP_SECONDS)
            if days := self._config.deep_scan_days:
                self._feed(DeepLook(DEEP_SECONDS / (days * 86_400)))
