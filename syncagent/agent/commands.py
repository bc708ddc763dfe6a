"""What the running agent answers on its control socket: a table of commands by name, some of them answered here and the
others by the modules that know of it (``asking`` ``desk`` ``inbox`` ``restoring``)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Final, Protocol

import syncagent
from syncagent.agent import asking, statement
from syncagent.agent.asking import Asking
from syncagent.agent.check import Check, Grounds
from syncagent.agent.config.writing import write_settings
from syncagent.agent.copies import Copies
from syncagent.agent.debug import told, trees
from syncagent.agent.desk import Desk
from syncagent.agent.inbox import Inbox
from syncagent.agent.pausing import Pausing
from syncagent.agent.recents import told as recent_told
from syncagent.agent.restoring import Restoring
from syncagent.agent.table import OF_THE_WHOLE, Args, Streams, Table, answer, joined, number, text
from syncagent.agent.uniting import Uniting
from syncagent.agent.watching import brief, watch
from syncagent.control import Answer, Handle, UnknownCommand
from syncagent.engine.events import HealWanted, Hinted, ProofWanted
from syncagent.engine.lines import Around, Line
from syncagent.engine.status import Status
from syncagent.errors import BadConfig, RootMissing
from syncagent.model.values import replace
from syncagent.transport.pace import bytes_a_second

if TYPE_CHECKING:
    from syncagent.agent.page.ports import Subject

LONGEST_WAIT: Final = 7 * 24 * 3600.0
LONGEST_PAUSE: Final = 367 * 24 * 3600.0
RECENT_SHOWN: Final = 20
LOOK_SECONDS: Final = 0.25
STUCK_SECONDS: Final = 2.0
"""So long is a `wait` patient with what only a person can mend: it may just have been mended, and not been noticed."""


class Agent(asking.Agent, statement.Agent, Protocol):
    """What the commands need of the one who runs everything."""

    def grounds(self) -> Grounds:
        """What `check` compares.  Raises RootMissing while there is nothing to compare."""

    def around(self) -> Around:
        """What there is to know beside the engine's status."""

    @property
    def refusal(self) -> str:
        """Why only a person can mend the connection to the hub; empty when that is not so."""

    def pace(self, up: int | None, down: int | None) -> None:
        """From now on no more bytes a second than these pass."""

    def nudge(self) -> None:
        """Try to connect now; what was refused before may have been mended."""


class Commands:
    """Answers commands, as a ControlServer wants it."""

    def __init__(self, agent: Agent, stop: Callable[[], None], ask: Handle | None = None) -> None:
        """``ask`` answers what is asked of the whole agent, too; the page asks there."""
        self._agent = agent
        self._stop = stop
        self._proofs = 0
        self._ask = ask or self.handle
        self._asking = Asking(agent)
        self._restoring = Restoring(agent)
        self._desk = Desk(agent, self._subject)
        self._copies = Copies()
        self._inbox = Inbox(agent, agent.grounds, self._around, self._copies)
        self._uniting = Uniting(agent, agent.grounds, self._inbox)
        self._pausing = Pausing(agent.config.places.pause, agent)
        self._pausing.recall()
        agent.board.recents.keep_in(agent.config.places.recents)
        self._table = self.answers()
        self._followed = self._streams()

    def _subject(self) -> Subject:
        from syncagent.agent.page.inside import Inside  # noqa: PLC0415 - only when a page is opened

        return Inside(self._ask, self.follow)

    async def aclose(self) -> None:
        """Nobody is answered any more."""
        await self._desk.close()

    def answers(self) -> Table:
        """A module that answers commands of its own has its table joined here."""
        return joined(
            {
                "commands": self._offer,
                "heal": self._heal,
                "limit": self._limit,
                "log": self._log,
                "pause": self._pause,
                "plan": self._plan,
                "record": self._record,
                "resume": self._resume,
                "status": self._status,
                "stop": self._stopped,
                "sync": self._sync,
                "trees": self._trees,
                "wait": self._wait,
            },
            self._asking.answers(),
            self._desk.answers(),
            self._inbox.answers(),
            self._restoring.answers(),
            self._uniting.answers(),
        )

    def _streams(self) -> Streams:
        return {"check": self._check, "log": self._follow_log, "watch": self._watch, **self._inbox.streams()}

    async def handle(self, command: str, args: Args) -> Answer:
        """The answer to one command.  Raises UnknownCommand, and what the command raises."""
        return await answer(self._table, command, args)

    async def follow(self, command: str, args: Args) -> AsyncGenerator[Answer, None]:
        """Events, as they come.  Raises UnknownCommand."""
        if command not in self._followed:
            raise UnknownCommand(f"the agent cannot follow {command!r}")
        async with contextlib.aclosing(self._followed[command](args)) as events:
            async for event in events:
                yield event

    # --- each command -------------------------------------------------------------------------------------------

    def offered(self) -> list[str]:
        """All that is answered; who asks can find out what an agent of another version has."""
        return sorted({*self._table, *OF_THE_WHOLE})

    async def _offer(self, _: Args) -> Answer:
        return {"commands": self.offered(), "version": syncagent.__version__}

    async def _status(self, _: Args) -> Answer:
        return self._standing()

    async def _sync(self, _: Args) -> Answer:
        self._agent.manners.waive()
        self._agent.feed(Hinted(everything=True, reason="you asked for it"))
        self._agent.nudge()
        return {}

    async def _heal(self, _: Args) -> Answer:
        self._agent.feed(HealWanted())
        return {}

    async def _stopped(self, _: Args) -> Answer:
        # After the answer: the stopping agent hangs up on everyone.
        asyncio.get_running_loop().call_soon(self._stop)
        return {}

    async def _log(self, args: Args) -> Answer:
        return {"entries": self._agent.board.lines(int(number(args, "limit", 50)))}

    def _follow_log(self, args: Args) -> AsyncGenerator[Answer, None]:
        return self._agent.board.follow(int(number(args, "limit", 50)))

    def _watch(self, _: Args) -> AsyncGenerator[Answer, None]:
        return watch(self._at_a_glance, self._agent.board)

    # For those who look for a fault.

    async def _record(self, _: Args) -> Answer:
        return {"path": str(self._agent.grounds().record())}

    async def _trees(self, args: Args) -> Answer:
        return {"nodes": list(trees(self._agent.grounds().canopy, text(args, "path")))}

    async def _plan(self, _: Args) -> Answer:
        grounds = self._agent.grounds()
        return {"plan": list(told(grounds.canopy, grounds.preview()))}

    async def _check(self, args: Args) -> AsyncGenerator[Answer, None]:
        """Compare disk, Synced and hub, when what is on its way has arrived, or after ``timeout`` seconds."""
        yield {"progress": "waiting until nothing is on its way"}
        await self._wait(args)
        check = Check(self._agent.grounds(), args.get("deep") is not False)
        async with contextlib.aclosing(check.run()) as events:
            async for event in events:
                yield event

    async def _wait(self, args: Args) -> Answer:
        """Wait until it is proven, by a look at everything and a question to the hub, that all is in sync; or until it
        is plain that it cannot be, before a person has mended something."""
        self._proofs += 1
        wanted = self._proofs
        self._agent.feed(ProofWanted(wanted))
        if self._agent.refusal:
            self._agent.nudge()

        def proven(status: Status) -> bool:
            return status.in_sync and status.proven >= wanted

        loop = asyncio.get_running_loop()
        now, stuck_since = loop.time(), None
        end = now + min(number(args, "timeout", 60.0), LONGEST_WAIT)
        while not proven(self._agent.board.status) and now < end:
            if not self._stuck():
                stuck_since = None
            elif stuck_since is None:
                stuck_since = now
            elif now >= stuck_since + STUCK_SECONDS:
                break
            # Not all that this depends on is told by the board.
            await self._agent.board.until(proven, min(LOOK_SECONDS, end - now))
            now = loop.time()
        answer = self._standing()
        if proven(self._agent.board.status):
            # A look at everything, and the hub's word, count for this moment, also where the watcher sees nothing.
            answer["lines"] = [line | {"hinders": False} for line in answer["lines"]]
            return answer | {"in_sync": True}
        if answer["in_sync"]:
            answer["lines"].append(statement.plain(Line("unproven", "not proven in the time that was given")))
        return answer | {"in_sync": False}

    async def _pause(self, args: Args) -> Answer:
        """For ``seconds``, or ``until`` a moment (seconds since 1970), or else until someone resumes."""
        until = number(args, "until", 0.0) or None
        if seconds := number(args, "seconds", 0.0):
            until = time.time() + seconds
        if until is not None and not time.time() < until <= time.time() + LONGEST_PAUSE:
            raise BadConfig("a pause must end in the future, and within a year")
        await self._pausing.pause(until)
        return {"until": until}

    async def _resume(self, _: Args) -> Answer:
        await self._pausing.resume()
        self._agent.manners.waive()
        return {}

    async def _at_a_glance(self) -> Answer:
        """What a face that stays open shows."""
        board = self._agent.board
        # Before the first life, and without the folder, there are no trees to look into: what was found last holds.
        with contextlib.suppress(RootMissing):
            canopy, changed = self._agent.grounds().canopy, board.recents.copies_changed
            await self._copies.look(canopy, changed, at_rest=board.told.settled)
        return brief(self._standing()) | {
            "recent": [recent_told(one) for one in board.recents.latest(RECENT_SHOWN)],
            "conflicts": {"count": len(self._copies.paths), "paths": self._copies.paths[:RECENT_SHOWN]},
        }

    async def _limit(self, args: Args) -> Answer:
        """Change the limits, if that is wanted, for now and for later starts; what they are.  Raises BadConfig."""
        try:
            wanted = {f"max_{way}": bytes_a_second(args[way]) for way in ("up", "down") if args.get(way) is not None}
        except ValueError as reason:
            raise BadConfig(f"a limit {reason}") from None
        if wanted:
            await asyncio.to_thread(write_settings, self._agent.config.places, wanted)
            self._agent.pace(wanted.get("max_up"), wanted.get("max_down"))
        return {"limits": statement.limits(self._agent.paces), "guest": self._agent.manners.told()}

    def _stuck(self) -> str:
        """What only a person can help with: "folder", "hub" or "held"; empty when there is nothing of the kind."""
        if self._agent.board.hindrance == "folder":
            return "folder"
        if self._agent.refusal:
            return "hub"
        return "held" if self._agent.board.status.asked else ""

    def _around(self) -> Around:
        return replace(self._agent.around(), resumes=self._pausing.in_words())

    def _standing(self) -> Answer:
        return statement.statement(
            self._agent, self._around(), stuck=self._stuck(), pausing=self._pausing, trash=self._restoring.counted()
        )
