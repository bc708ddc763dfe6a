"""What the agent has to show: its status, and the latest lines of its log.  Whoever waits for a change is woken by it.

Lives in the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from syncagent.agent.recents import Recents
from syncagent.engine.effects import Answered, Note
from syncagent.engine.status import State, Status
from syncagent.transport.traffic import Traffic

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

LINES_KEPT: Final = 1000
ANSWERS_KEPT: Final = 64


class Board:
    """The latest status as the engine has it, and what hinders the agent itself."""

    def __init__(self, profile: str = "") -> None:
        # By the logger's name the lines of several profiles are told apart in one file.
        self._log = logging.getLogger(f"syncagent.agent.{profile}" if profile else "syncagent.agent")
        self.traffic = Traffic()
        """Of all connections, through all lives."""
        self.recents = Recents()
        self.changes = 0
        """How often something was told."""
        self._status = Status()
        self._hindrances: dict[str, str] = {}
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)
        self._written = 0
        self._answers: dict[int, Answered] = {}
        self.hook_troubles: dict[str, str] = {}
        """What went wrong when a command of the person's own ran last, by its setting.  It hinders nothing."""
        self._news: asyncio.Event | None = None
        """What those who wait for a change wait for; made when somebody does."""

    @property
    def status(self) -> Status:
        """In sync is said by the engine alone, and never while something hinders the agent."""
        if not self._hindrances:
            return self._status
        reason = next(iter(self._hindrances.values()))
        return dataclasses.replace(self._status, state=State.HALTED, reason=reason, in_sync=False)

    @property
    def told(self) -> Status:
        """The status as the engine told it."""
        return self._status

    @property
    def hindrances(self) -> Mapping[str, str]:
        """All that stands in the way, with the reasons."""
        return dict(self._hindrances)

    @property
    def hindrance(self) -> str:
        """What stands in the way, if anything does: "folder" or "memory"."""
        return next(iter(self._hindrances), "")

    def publish(self, status: Status) -> None:
        self._status = status
        self._tell()

    def hinder(self, what: str, reason: str) -> None:
        """``what`` stands in the way, of which the engine does not know; "" when it does so no longer."""
        if reason == self._hindrances.get(what, ""):
            return
        self._hindrances.pop(what, None)
        if reason:
            self._hindrances[what] = reason
            self.write(Note("error", reason))
        self._tell()

    def write(self, note: Note) -> None:
        """Put a line where ``log`` finds it, and into the log file."""
        text = f"{note.path}: {note.text}" if note.path else note.text
        self._log.log(_LEVELS.get(note.level, logging.INFO), "%s", text)
        self._lines.append({"time": _instant(), "level": note.level, "text": text})
        self._written += 1
        self._tell()

    def lines(self, limit: int) -> list[dict[str, Any]]:
        """The latest lines, oldest first."""
        return list(self._lines)[-limit:] if limit > 0 else []

    async def follow(self, limit: int) -> AsyncGenerator[dict[str, Any], None]:
        """The latest lines, then each new one as it is written; for ever."""
        shown = self._written
        for line in self.lines(limit):
            yield line
        while True:
            while shown == self._written:
                await self._change()
            missed, shown = self._written - shown, self._written
            for line in self.lines(missed):
                yield line

    def hook_trouble(self, name: str, reason: str) -> None:
        """``reason`` "": it went well."""
        if reason != self.hook_troubles.get(name, ""):
            self.hook_troubles.pop(name, None)
            if reason:
                self.hook_troubles[name] = reason
            self._tell()

    def answer(self, answer: Answered) -> None:
        """The engine's answer to a person's word has come."""
        self._answers[answer.number] = answer
        while len(self._answers) > ANSWERS_KEPT:  # of those that nobody waited for any more
            del self._answers[next(iter(self._answers))]
        self._tell()

    async def answered(self, number: int, seconds: float) -> Answered | None:
        """Wait for the answer to the request of this number; None when there is none within ``seconds``."""
        await self.until(lambda _: number in self._answers, seconds)
        return self._answers.pop(number, None)

    async def until(self, wanted: Callable[[Status], bool], seconds: float) -> bool:
        """Wait until the status is as ``wanted``; False when it is not within ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                while not wanted(self.status):
                    await self._change()
        except TimeoutError:
            return False
        return True

    async def beyond(self, seen: int, seconds: float) -> None:
        """Wait until there were more than ``seen`` changes, or so many seconds have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.changes <= seen:
                    await self._change()

    async def _change(self) -> None:
        self._news = self._news or asyncio.Event()
        await self._news.wait()

    def _tell(self) -> None:
        # Those who wait hold the old event; whoever comes later waits for the next change.
        self.changes += 1
        news, self._news = self._news, None
        if news is not None:
            news.set()


def _instant() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
