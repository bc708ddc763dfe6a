"""One who hears what is learnt of the machine, and one who sleeps with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from syncagent.agent.guest.deciding import UNKNOWN, Conditions


class Learner:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.found = UNKNOWN
        self._news = asyncio.Event()

    def __call__(self, **changes: bool | float | None) -> None:
        self.see(replace(self.found, **changes))  # type: ignore[arg-type]

    def see(self, found: Conditions) -> None:
        self.found = found
        self._news.set()

    async def until(self, **wanted: bool | float | None) -> None:
        async with asyncio.timeout(20):
            while any(getattr(self.found, name) != value for name, value in wanted.items()):
                self._news.clear()
                await self._news.wait()


class Dozer:
    """Notes when it is to sleep; ``slow`` never comes to an end with it."""

    def __init__(self, *, slow: bool = False) -> None:
        self.slow = slow
        self.told: list[str] = []
        self.awake = asyncio.Event()

    async def fall_asleep(self) -> None:
        self.told.append("asleep")
        self.awake.clear()
        if self.slow:
            await asyncio.Event().wait()

    def wake_up(self) -> None:
        self.told.append("awake")
        self.awake.set()
