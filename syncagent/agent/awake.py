"""Notices that this machine has slept: a pause is pointless then, an open connection doubtful, and the disk to be
looked at.  Two clocks tell, of which one goes on in a sleep; who hears of it otherwise has them looked at at once."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Final

EVERY: Final = 15.0
"""Seconds between two looks at the clocks; a machine that woke up is noticed within that (HAZARDS E10: within 30), and
at once where the system tells, or its network comes back."""

JUMP: Final = 3.0


def asleep() -> float:
    """Seconds that this machine has slept since it was started (0.0 where the system does not tell)."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    elif sys.platform == "darwin":  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    elif sys.platform == "win32":
        from syncagent.windows import clocks  # noqa: PLC0415 - no other system needs it

        return clocks.asleep()
    else:
        return 0.0


class SleepWatch:
    """Calls ``woke`` with the length of each sleep, soon after it."""

    def __init__(
        self, woke: Callable[[float], None], slept: Callable[[], float] = asleep, every: float = EVERY
    ) -> None:
        self._woke = woke
        self._slept = slept
        self._every = every
        self._before = slept()

    async def watch(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._every)
            self.look()

    def look(self) -> None:
        """Now: someone says that the machine has woken up."""
        before, self._before = self._before, self._slept()
        if self._before - before > JUMP:
            self._woke(self._before - before)
