"""What the page of a running agent may ask, and what it is told: the agent's own commands, those of them that are for it.

Called by ``server``; knows nothing of browsers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Final

from syncagent.agent.page.ports import Answer
from syncagent.control import UnknownCommand

ASKED: Final = frozenset((
    "approve", "commands", "held", "heal", "invite", "limit", "log", "open", "pause", "pending", "reject", "resume", "sync",
    "stop", "undo",
    "conflicts", "conflict.keep", "config.schema", "config.set", "config.show", "recent", "activity", "doctor",
))  # fmt: skip
"""What the page asks for by these names; of some the agent may not know yet."""

LISTED: Final = 200
"""What a list has at most that goes to the page with each change."""

GLANCE_SECONDS: Final = 1.0

Handle = Callable[[str, dict[str, Any]], Coroutine[Any, Any, Answer]]
Follow = Callable[[str, dict[str, Any]], AsyncGenerator[Answer, None]]


class Inside:
    """``handle`` and ``follow`` are the agent's answers to commands."""

    def __init__(self, handle: Handle, follow: Follow) -> None:
        self._handle = handle
        self._follow = follow

    async def answer(self, what: str, args: dict[str, Any]) -> Answer:
        """Raises UnknownCommand, and what the commands raise."""
        if what not in ASKED:
            raise UnknownCommand(f"a page cannot ask for {what!r}")
        return await self._handle(what, args)

    async def news(self) -> AsyncGenerator[Answer, None]:
        """How things stand, with what came and went lately."""
        told: Answer = {}
        async with contextlib.aclosing(self._glances()) as glances:
            async for glance in glances:
                now = {**glance, **_bounded(await self._handle("status", {}))}
                if now != told:
                    yield now
                    told = now

    async def _glances(self) -> AsyncGenerator[Answer, None]:
        try:
            async with contextlib.aclosing(self._follow("watch", {})) as events:
                async for event in events:
                    yield event
        except UnknownCommand:
            while True:
                yield {}
                await asyncio.sleep(GLANCE_SECONDS)


def _bounded(status: Answer) -> Answer:
    """Long lists are cut, and their lengths told."""
    counts = {key: len(value) for key, value in status.items() if isinstance(value, list)}
    cut = {key: value[:LISTED] if isinstance(value, list) else value for key, value in status.items()}
    return {**cut, "counts": counts}
