"""One folder's manners: what is done less of for now is told to the engine, with the reason; rates go by the hours.

A person may waive the reasons that there are (`resume`, `sync`): then all is done until these have ended.  Their own
pause is another matter, kept elsewhere (``pausing``), and ends by their word alone.  In the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

from syncagent.agent.board import Board
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.guest.deciding import UNKNOWN, Conditions, Decision, decide
from syncagent.agent.guest.timetable import Does, read
from syncagent.engine.effects import Note
from syncagent.engine.events import Event, Restrained

EVERY: Final = 30.0
"""Seconds between two looks at the clock while there is a schedule: timers stand still while a machine sleeps, and
clocks are set."""


class Agent(Protocol):
    """Whose manners they are."""

    @property
    def config(self) -> AgentConfig: ...

    def feed(self, event: Event) -> None: ...

    def nudge(self) -> None: ...

    def schedule(self, up: int | None, down: int | None) -> None:
        """For now these rates hold instead of the settings'; None: the settings' do."""

    @property
    def board(self) -> Board: ...


class Manners:
    """See the module."""

    def __init__(self, agent: Agent, now: Callable[[], float] = time.time) -> None:
        self._agent = agent
        self._now = now
        self._timer: asyncio.TimerHandle | None = None
        self._told = Restrained()
        self.found = UNKNOWN
        """How it stands with the machine."""
        self.decision = Decision()

    def see(self, found: Conditions) -> None:
        """It stands like this with the machine."""
        self.found = found
        self.look()

    def look(self) -> None:
        """Decide anew: the settings, the machine or the hour have changed."""
        self._decide(self.decision.waived)

    def waive(self) -> bool:
        """None of the reasons that there are counts until it has ended; whether there were any that did."""
        counted = bool(self.decision.counting)
        self._decide(frozenset(one.key for one in self.decision.reasons))
        return counted

    def end(self) -> None:
        """Nobody goes by them any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def told(self) -> dict[str, Any]:
        """As the control socket has it."""
        found, decision = self.found, self.decision
        return {
            "does": decision.does.value,
            "reasons": [
                {"kind": one.kind, "does": one.does.value, "text": one.text, "waived": one.key in decision.waived}
                for one in decision.reasons
            ],
            "limits": {"up": decision.up, "down": decision.down},
            "metered": found.metered,
            "on_battery": found.on_battery,
            "battery_percent": found.percent,
            "power_saver": found.saver,
        }

    def _decide(self, waived: frozenset[str]) -> None:
        config, moment = self._agent.config, self._moment()
        timetable = read(config.schedule)
        before, self.decision = self.decision, decide(config, timetable, self.found, moment, waived)
        if (self.decision.up, self.decision.down) != (before.up, before.down):
            self._agent.schedule(self.decision.up, self.decision.down)
        self._tell()
        self.end()
        if timetable:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(EVERY, 60 - self._now() % 60 + 0.01), self.look)

    def _tell(self) -> None:
        decision = self.decision
        most = {Does.SYNC: None, Does.SMALL: self._agent.config.small_bytes, Does.PAUSE: 0}[decision.does]
        told = Restrained(decision.text, most)
        if told == self._told:
            return
        before, self._told = self._told, told
        self._agent.feed(told)
        if (told.most is None, told.most == 0) != (before.most is None, before.most == 0):
            self._agent.board.write(Note("info", _in_words(decision)))
        if before.most == 0:
            self._agent.nudge()

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now())  # noqa: DTZ006 - by the clock on the wall


def _in_words(decision: Decision) -> str:
    match decision.does:
        case Does.PAUSE:
            return f"paused because {decision.text}"
        case Does.SMALL:
            return f"large files wait because {decision.text}"
        case Does.SYNC:
            waived = decision.ignored
            return f"it goes on although {' and '.join(waived)}" if waived else "what there was to wait for is over"
