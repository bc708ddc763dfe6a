"""What the page of a running agent may ask, and what it is told: the agent's own commands, those that are for it.

Called by ``server``; knows nothing of browsers.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Final

from syncagent.agent.page.ports import Answer
from syncagent.control import UnknownCommand
from syncagent.errors import BadConfig

ASKED: Final = frozenset((
    "activity", "approve", "autostart", "commands", "config", "config.set", "conflict.diff", "conflict.keep",
    "conflict.merge", "conflicts", "heal", "held", "invite", "limit", "log", "open", "page", "pause", "pending",
    "profiles", "reject", "resume", "sync", "trash", "trash.empty", "trash.restore", "undo",
))  # fmt: skip

BY_HAND: Final = "on_"
"""How the names of settings begin that have a program started: who has come into a page must not come out of it."""

STARTED: Final = frozenset(("merge_tool",))
"""The others of which that is so."""

CHOSEN: Final = frozenset(("on_metered", "on_battery", "on_power_saver"))
"""Those that begin so and are a choice between words."""

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
        if what == "config.set" and isinstance(changes := args.get("changes"), dict):
            for key in changes:
                if (str(key).startswith(BY_HAND) and key not in CHOSEN) or key in STARTED:
                    raise BadConfig(f"{key}: what starts a program is set in config.toml, or by `syncagent config set`")
        return await self._handle(what, args)

    async def news(self) -> AsyncGenerator[Answer, None]:
        """How things stand, whenever that has changed."""
        async with contextlib.aclosing(self._follow("watch", {})) as events:
            async for event in events:
                yield event
