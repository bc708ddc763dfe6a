"""What the running agent answers about single files: why, conflicts, conflict.keep, activity."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from syncagent.agent.asking import Agent as Asked
from syncagent.agent.check import Grounds
from syncagent.agent.copies import Copies
from syncagent.agent.recents import KEPT, told
from syncagent.agent.why import why
from syncagent.engine.lines import Around
from syncagent.model.acts import Decision

Answer = dict[str, Any]

SHOWN: Final = 50


class Inbox:
    """``grounds`` raises RootMissing while there is nothing to look at; ``around`` is what is known beside the engine's
    status; ``copies`` are the conflict copies, which others are told of, too."""

    def __init__(
        self, agent: Asked, grounds: Callable[[], Grounds], around: Callable[[], Around], copies: Copies
    ) -> None:
        self._agent = agent
        self._grounds = grounds
        self._around = around
        self._copies = copies

    async def handle(self, command: str, args: dict[str, Any]) -> Answer:
        """The answer to one of its commands.  Raises as these do."""
        match command:
            case "why":
                return await self.why(str(args.get("path") or ""))
            case _:
                return self.activity(_most(args.get("limit")))

    async def why(self, path: str) -> Answer:
        """How it stands with ``path``.  Raises NotAsked, RootMissing."""
        asked = {
            part.path: f"act {act.id}, {part.loss.value}, {act.direction.value}"
            for act, parts in self._agent.acts()
            if act.decision is Decision.HELD
            for part in parts
        }
        return await why(path, self._grounds(), self._around(), asked, self._agent.board.recents, time.time())

    def activity(self, most: int) -> Answer:
        """The latest changes, the oldest of them first."""
        return {"activity": [told(one) for one in reversed(self._agent.board.recents.latest(most))]}

    async def follow(self, args: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """The latest changes, then each new one."""
        async for one in self._agent.board.recents.follow(_most(args.get("limit"))):
            yield told(one)


def _most(said: Any) -> int:
    return min(said, KEPT) if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else SHOWN
