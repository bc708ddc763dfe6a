"""What goes on through all lives of one agent, for those who ask it: what it has to show, and what people wished for.

A life ends when something fails, and another begins (``runtime``); who asks need not know.  In the event loop.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from syncagent.agent.board import Board
from syncagent.agent.check import Grounds
from syncagent.agent.conversation import Conversation
from syncagent.agent.ground import Ground
from syncagent.agent.outbox import Paces
from syncagent.engine.events import Decided, Event, HealWanted
from syncagent.engine.lines import Around
from syncagent.errors import RootMissing
from syncagent.model.acts import Act, Part


class Life(Protocol):
    """One life, as far as it is asked about."""

    started: bool

    @property
    def ground(self) -> Ground: ...

    @property
    def conversation(self) -> Conversation: ...

    @property
    def grounds(self) -> Grounds: ...

    def feed(self, event: Event) -> None: ...

    def acts(self) -> list[tuple[Act, list[Part]]]: ...

    def nudge(self) -> None: ...


class Lives:
    """The agent, whichever life it is in."""

    def __init__(self, paces: Paces | None = None) -> None:
        self.board = Board()
        self.paces = paces or Paces()
        self.stop = asyncio.Event()
        self.life: Life | None = None
        self.wishes: dict[type[Event], Event] = {}
        """The last of each kind of wish that people had: a new life hears of them when it has started."""

    @property
    def last_contact(self) -> float | None:
        return self.life.conversation.last_contact if self.life is not None else None

    @property
    def refusal(self) -> str:
        return self.life.conversation.refusal if self.life is not None else ""

    @property
    def overflows(self) -> int:
        """How often changes came faster than they could be seen one by one."""
        return self.life.ground.watch.overflows if self.life is not None else 0

    def pace(self, up: int | None, down: int | None) -> None:
        """From now on no more bytes a second than these pass (0: as many as go; None: as before)."""
        for pace, rate in ((self.paces.up, up), (self.paces.down, down)):
            if rate is not None:
                pace.change(rate)
        if self.life is not None:
            self.life.conversation.paced()

    def grounds(self) -> Grounds:
        """What `check` compares.  Raises RootMissing before the first life."""
        if self.life is None or not self.life.started:
            raise RootMissing(self.board.hindrances.get("folder", "the agent has not looked at its folder yet"))
        return self.life.grounds

    def around(self) -> Around:
        """What there is to know beside the engine's status."""
        now = asyncio.get_running_loop().time()
        if self.life is None:
            return Around(now, hindrances=self.board.hindrances)
        watch, talk = self.life.ground.watch, self.life.conversation
        return Around(now, watch.degraded, watch.gathering_since, talk.heard_at, talk.patience, self.board.hindrances)

    def acts(self) -> list[tuple[Act, list[Part]]]:
        """The mass changes that a person is asked about, or has decided lately."""
        return self.life.acts() if self.life is not None else []

    def feed(self, event: Event) -> None:
        if not isinstance(event, Decided | HealWanted):  # a word on what there was in that life
            self.wishes[type(event)] = event
        if self.life is not None and self.life.started:
            self.life.feed(event)

    def nudge(self) -> None:
        if self.life is not None:
            self.life.conversation.refusal = ""
            self.life.nudge()
