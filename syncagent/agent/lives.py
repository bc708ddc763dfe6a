"""What goes on through all lives of one agent, for those who ask it: what it has to show, and what people wished for.

A life ends when something fails, and another begins (``runtime``); who asks need not know.  In the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final, Protocol

from syncagent.agent.awake import SleepWatch
from syncagent.agent.board import Board
from syncagent.agent.check import Grounds
from syncagent.agent.config.identity import renewed
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.conversation import Conversation
from syncagent.agent.ground import Ground
from syncagent.agent.guest.manners import Manners
from syncagent.agent.memory import Memory
from syncagent.agent.outbox import Paces
from syncagent.agent.runtime import AgentFailed, Runtime
from syncagent.agent.tally import BeginAnew
from syncagent.engine import effects as ef
from syncagent.engine.events import Decided, Event, Exclusion, HealWanted
from syncagent.engine.lines import Around
from syncagent.engine.status import State, Status
from syncagent.errors import RootMissing
from syncagent.model.acts import Act, Part
from syncagent.model.names import RelPath
from syncagent.sqlite import DatabaseDamaged

_log: Final = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0
LAST_PAUSE: Final = 60.0
"""Seconds between a failure and the next life."""


class Life(Protocol):
    """One life, as far as it is asked about."""

    started: bool

    @property
    def ground(self) -> Ground: ...

    @property
    def conversation(self) -> Conversation: ...

    @property
    def sleep_watch(self) -> SleepWatch: ...

    @property
    def memory(self) -> Memory: ...

    @property
    def grounds(self) -> Grounds: ...

    def feed(self, event: Event) -> None: ...

    def acts(self) -> list[tuple[Act, list[Part]]]: ...

    def exclusions(self) -> list[tuple[RelPath, int]]: ...

    def nudge(self) -> None: ...

    def adopt(self, config: AgentConfig) -> None: ...


class Lives:
    """The agent, whichever life it is in."""

    def __init__(self, config: AgentConfig) -> None:
        self.config = config
        """What it goes by."""
        self.config_trouble = ""
        """What is wrong with config.toml as it is now; what was read before stays in force."""
        self.config_waits: tuple[str, ...] = ()
        """Settings that have changed, and take effect at the next start."""
        self.board = Board(config.profile)
        self.paces = Paces(config.max_up, config.max_down)
        self._rates: tuple[int, int] = (config.max_up, config.max_down)
        self._hours: tuple[int | None, int | None] = (None, None)
        self.followers: list[Callable[[AgentConfig, AgentConfig], None]] = []
        """Called with the settings before and after, when they have changed."""
        self.stop = asyncio.Event()
        self.anew = asyncio.Event()
        """The life that is now ends cleanly, and the next one begins at once."""
        self.life: Life | None = None
        self.wishes: dict[type[Event], Event] = {}
        """The last of each kind of wish that people had: a new life hears of them when it has started."""
        self.manners = Manners(self)

    def adopt(self, config: AgentConfig) -> None:
        """Go by ``config`` from now on.  What was asked of a pace by a command stays, unless that has changed, too."""
        before, self.config = self.config, config
        self.pace(
            config.max_up if config.max_up != before.max_up else None,
            config.max_down if config.max_down != before.max_down else None,
        )
        if self.life is not None:
            self.life.adopt(config)
        if config.respect_gitignore != before.respect_gitignore:
            # Which files are rules is known to all that looks and watches: what they know of the other ones is
            # forgotten as at every start.
            self.anew.set()
        self.manners.look()
        for follow in self.followers:
            follow(before, config)

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
        self._rates = (self._rates[0] if up is None else up, self._rates[1] if down is None else down)
        self._go_by_rates()

    def schedule(self, up: int | None, down: int | None) -> None:
        """By the hours these hold instead; None: what holds at all times."""
        self._hours = (up, down)
        self._go_by_rates()

    def _go_by_rates(self) -> None:
        for pace, rate, hours in zip((self.paces.up, self.paces.down), self._rates, self._hours, strict=True):
            if (wanted := rate if hours is None else hours) != pace.rate:
                pace.change(wanted)
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

    def exclusions(self) -> list[tuple[RelPath, int]]:
        """What this machine has excluded, and how many files the hub has there."""
        return self.life.exclusions() if self.life is not None and self.life.started else []

    def feed(self, event: Event) -> None:
        if not isinstance(event, Decided | Exclusion | HealWanted):  # a word on what there was in that life
            self.wishes[type(event)] = event
        if self.life is not None and self.life.started:
            self.life.feed(event)

    def nudge(self) -> None:
        if self.life is not None:
            self.life.conversation.refusal = ""
            self.life.nudge()

    async def fall_asleep(self) -> None:
        """The machine sleeps in a moment."""
        if self.life is not None and self.life.started:
            await self.life.conversation.rest("this machine goes to sleep")
            await self.life.memory.settle()

    def wake_up(self) -> None:
        """It is awake again: connect at once, and look at the disk if it has slept."""
        if self.life is not None and self.life.started:
            self.life.conversation.rise()
            self.life.nudge()
            self.life.sleep_watch.look()


async def live(agent: Lives) -> None:
    """Live one life after the other until the agent is told to stop, or is cancelled (a clean stop too).  The caller
    holds the data directory's lock.  Raises what only a person can mend: BadConfig, AlreadyRunning."""
    pause = FIRST_PAUSE
    while not agent.stop.is_set():
        agent.anew.clear()
        agent.life = life = Runtime(agent.config, agent.board, agent.wishes, paces=agent.paces)
        try:
            await life.run(agent.stop, agent.anew)
        except BeginAnew as reason:
            agent.config = renewed(agent.config)
            _log.warning("%s: both sides are united, under the client id %s", reason, agent.config.client_id)
            agent.board.write(ef.Note("warning", f"{reason}: both sides are united, and nothing is deleted"))
        except (DatabaseDamaged, AgentFailed):
            _log.exception("the agent failed, and begins anew in %g s", pause)
            failed = Status(state=State.HALTED, reason="the agent failed, and begins anew; its log tells more")
            agent.board.publish(failed)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await agent.stop.wait()
            pause = min(2 * pause, LAST_PAUSE)
