"""logind's word that the machine is going to sleep, and that it is awake.

A lock delays the sleep for the moment that we need; it is given back as soon as we are done, and taken again when the
machine is awake.  logind waits for it some seconds and no longer, whatever we do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any, Final

from syncagent.agent.guest.ports import Sleeper
from syncagent.bus.asking import NoAnswer, Others

NAME: Final = "org.freedesktop.login1"
PATH: Final = "/org/freedesktop/login1"
MANAGER: Final = "org.freedesktop.login1.Manager"

SECONDS: Final = 3.0
"""So long may what is to be done before a sleep take; logind's own limit is 5 s as a rule."""


class Logind:
    """Tells ``sleeper``."""

    def __init__(self, others: Others, sleeper: Sleeper) -> None:
        self._others = others
        self._sleeper = sleeper
        self._lock: int | None = None
        self._asleep = self._over = False
        self._turn = asyncio.Lock()
        """One after the other: a sleep may be called off at once."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        await self._others.watch_owner(NAME, self._owned)
        await self._others.listen_to(NAME, PATH, MANAGER, "PrepareForSleep", self._heard)
        await self._take()

    def end(self) -> None:
        # What is under way is not cancelled: a lock that is being given would be held by nobody, and for good.
        self._over = True
        self._release()

    def _owned(self, owner: str) -> None:
        self._release()
        if owner:
            self._do(self._take())

    def _heard(self, body: list[Any]) -> None:
        [begins] = body
        self._do(self._fall_asleep() if begins else self._wake_up())

    async def _fall_asleep(self) -> None:
        async with self._turn:
            self._asleep = True
            try:
                async with asyncio.timeout(SECONDS):
                    await self._sleeper.fall_asleep()
            except TimeoutError:
                pass
            finally:
                self._release()

    async def _wake_up(self) -> None:
        async with self._turn:
            self._asleep = False
            self._sleeper.wake_up()
            await self._take()

    async def _take(self) -> None:
        """Without a lock all else is as well: the clocks tell of a sleep when it is over."""
        if self._lock is None and not self._asleep:
            why = ["sleep", "syncagent", "to say goodbye to the hub", "delay"]
            with contextlib.suppress(NoAnswer):
                self._lock = await self._others.ask_for_handle(NAME, PATH, MANAGER, "Inhibit", "ssss", why)
        if self._over:
            self._release()

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _do(self, what: Any) -> None:
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
