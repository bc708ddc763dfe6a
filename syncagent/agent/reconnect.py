"""Keeps a connection up: when one ends, the next is begun after a pause.

The pauses have full jitter (anything between nothing and a bound that doubles from 1 s to 60 s), so that a hub that
comes back is not met by all of its agents at once (HAZARDS F13).  A minute of health starts the bound anew, and so does
a nudge: the network has changed, or the machine has woken up, and there is no reason to wait any more.  Until the first
connection of its life has held an agent asks sooner, from an eighth of a second on: it was started together with the
hub, or with the network, mostly, and was a moment quicker.  That is no herd: each comes once, when it is started.
The only module that knows the library.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from syncagent.errors import AskPerson, LinkLost, SyncAgentError

FIRST_BOUND: Final = 1.0
START_BOUND: Final = FIRST_BOUND / 8
LAST_BOUND: Final = 60.0
HEALTHY_AFTER: Final = 60.0
AFTER_REFUSAL: Final = 600.0
"""What only a person can mend is tried again so rarely, or when they nudge: the mending may be done at the hub."""

_bound: Final = wait_exponential(multiplier=FIRST_BOUND, max=LAST_BOUND)
_at_start: Final = wait_exponential(multiplier=START_BOUND, max=LAST_BOUND)


class Nudge:
    """Something that ends a pause.  Called in the event loop."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given = asyncio.Event()

    def __call__(self) -> None:
        self._given.set()

    def taken(self) -> bool:
        """Whether a nudge has come since this was last asked."""
        given = self._given.is_set()
        self._given.clear()
        return given

    async def pause(self, seconds: float) -> None:
        """Wait, or until the next nudge."""
        try:
            async with asyncio.timeout(seconds):
                await self._given.wait()
        except TimeoutError:
            pass


async def keep_connected(
    talk: Callable[[], Awaitable[None]], nudge: Nudge, chance: Callable[[], float] = random.random
) -> None:
    """Call ``talk`` again and again, for ever.

    One call is the life of one connection.  It raises a SyncAgentError when that has failed; it comes back when the
    next one may be opened at once.  Any other exception ends this too.  ``chance`` gives numbers from 0 to 1.
    """

    def pause_after(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        bound = _bound if has_held else _at_start
        return AFTER_REFUSAL if isinstance(error, AskPerson) else chance() * float(bound(state))

    clock = asyncio.get_running_loop().time
    has_held = False
    while True:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(SyncAgentError), wait=pause_after, sleep=nudge.pause, reraise=True
        ):
            with attempt:
                if nudge.taken():
                    attempt.retry_state.attempt_number = 1
                began = clock()
                try:
                    await talk()
                    if clock() - began < FIRST_BOUND:
                        raise LinkLost("the connection was closed as soon as it was open")
                finally:
                    has_held = has_held or clock() - began >= FIRST_BOUND
                    if clock() - began >= HEALTHY_AFTER:
                        attempt.retry_state.attempt_number = 1
