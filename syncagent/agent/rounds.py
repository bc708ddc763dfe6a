"""What an agent does by the clock alone: it looks through the folder, and, slowly, through all content."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from syncagent.agent.config import AgentConfig
from syncagent.agent.workers import first_of
from syncagent.engine.events import DeepLook, Event, Hinted

DEEP_SECONDS: Final = 300.0
"""Between two parts of the slow look through all content (HAZARDS E15): each is small, and hardly noticed."""


async def make_rounds(config: AgentConfig, feed: Callable[[Event], None]) -> None:
    """Feed what the time brings, for ever."""
    await first_of(_look(config.rescan_minutes * 60, feed), _look_deeply(config.deep_scan_days, feed))


async def _look(every: float, feed: Callable[[Event], None]) -> None:
    while True:
        await asyncio.sleep(every)
        feed(Hinted(everything=True, reason="the regular look"))


async def _look_deeply(days: int, feed: Callable[[Event], None]) -> None:
    while True:
        await asyncio.sleep(DEEP_SECONDS)
        if days:
            feed(DeepLook(DEEP_SECONDS / (days * 86_400)))
