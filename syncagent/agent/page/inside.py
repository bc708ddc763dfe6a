"""What the page of a running agent may ask, and what it is told: the agent's own commands, those that are for it.

Called by ``server``; knows nothing of browsers.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Final

from syncagent.agent.page.ports import Answer
from syncagent.control import UnknownCommand

ASKED: Final = frozenset((
    "approve", "commands", "config", "config.set", "heal", "held", "invite", "limit", "log", "open", "pause",
    "pending", "profiles", "reject", "resume", "sync", "undo",
))  # fmt: skip

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
        """How things stand, whenever that has changed."""
        async with contextlib.aclosing(self._follow("watch", {})) as events:
            async for event in events:
                yield event
