"""How things stand, told whenever that changes, for a face that stays open: the tray, a page.

One event is a whole state, small enough to be sent often.  What is told is what is there when it is told: who is slow
misses steps, and never the last.  Lives in the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Final

from syncagent.agent.board import Board

Answer = dict[str, Any]

GATHER: Final = 0.3
"""Seconds in which what happens becomes one event: less than a person notices, more than a small edit takes."""

EVERY: Final = 5.0
"""Seconds after which it is looked again: not all that is told depends on something that happened."""

SHOWN: Final = 10
"""Rows of each list that are told; how many there are is told beside them."""

_LISTS: Final = ("held", "unreadable", "skipped")
_TICKING: Final = ("last_contact", "traffic")
"""What changes all the time is told along with the rest, and is no reason to tell: of the traffic only content is."""

BUSY: Final = 1.0
"""Seconds until it is looked again while something is carried over: bytes pass without a change of state."""


async def watch(look: Callable[[], Awaitable[Answer]], board: Board) -> AsyncGenerator[Answer, None]:
    """The state now, and each that is another one; for ever."""
    before: Answer | None = None
    while True:
        seen = board.changes
        told = await look()
        calm = {key: value for key, value in told.items() if key not in _TICKING}
        calm["carried"] = [told["traffic"][key] for key in ("content_sent", "content_received")]
        if calm != before:
            yield told
        before = calm
        await board.beyond(seen, EVERY if told["in_sync"] else BUSY)
        await asyncio.sleep(GATHER)


def brief(status: Mapping[str, Any]) -> Answer:
    """A status without what may be long: of each list the first, and how many there are."""
    short = dict(status)
    counts = {}
    for key in _LISTS:
        rows = list(status[key])
        counts[key] = len(rows)
        short[key] = rows[:SHOWN]
    said = [line for line in status["lines"] if "path" not in line]
    of_paths = [line for line in status["lines"] if "path" in line and line["hinders"]]
    short["lines"] = said + of_paths[:SHOWN]
    # How old the oldest is changes with each look; the line about it does, too.
    short["unacknowledged"] = {"count": status["unacknowledged"]["count"]}
    return short | {"counts": counts}
