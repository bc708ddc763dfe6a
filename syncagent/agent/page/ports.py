"""What a page is about: it asks, and it is told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

Answer = dict[str, Any]


class Subject(Protocol):
    """What is behind a page: an agent that runs, or one that is to be set up."""

    async def answer(self, what: str, args: dict[str, Any]) -> Answer:
        """The answer to what the page asks.  Raises SyncAgentError; UnknownCommand for what no page may ask."""

    def news(self) -> AsyncGenerator[Answer, None]:
        """How things stand, now and whenever that changes; for ever."""
