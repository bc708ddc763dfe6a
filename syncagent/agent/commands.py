"""What the running agent answers on its control socket: status, watch, wait, pause, resume, sync, stop, log; what
``asking`` answers: held, approve, reject, undo; ``restoring``: trash; and ``desk``: page, pending, invite, open,
commands."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from syncagent.agent import asking
from syncagent.agent.asking import Asking
from syncagent.agent.board import Board
from syncagent.agent.check import Check, Grounds
from syncagent.agent.config.document import said_name
from syncagent.agent.config.writing import write_settings
from syncagent.agent.copies import Copies
from syncagent.agent.debug import told, trees
from syncagent.agent.desk import Desk
from syncagent.agent.inbox import Inbox
from syncagent.agent.outbox import Paces
from syncagent.agent.pausing import Pausing
from syncagent.agent.recents import told as recent_told
from syncagent.agent.restoring import Restoring
from syncagent.agent.watching import brief, watch
from syncagent.control import Answer, Handle, UnknownCommand
from syncagent.engine.events import HealWanted, Hinted, ProofWanted
from syncagent.engine.lines import Around, Line, in_sync, lines
from syncagent.engine.status import Status
from syncagent.errors import BadConfig, RootMissing
from syncagent.transport.pace import bytes_a_second

if TYPE_CHECKING:
    from syncagent.agent.page.ports import Subject

LONGEST_WAIT: Final = 7 * 24 * 3600.0
LONGEST_PAUSE: Final = 367 * 24 * 3600.0
RECENT_SHOWN: Final = 20
LOOK_SECONDS: Final = 0.25
STUCK_SECONDS: Final = 2.0
"""So long is a `wait` patient with what only a person can mend: it may just have been mended, and not been noticed."""


OFFERED: Final = (
    "activity", "approve", "autostart", "commands", "config", "config.reload", "config.set", "conflict.keep",
    "conflicts", "exclude", "excluded", "heal", "held", "history", "include", "invite", "limit", "log", "open", "page",
    "pause", "pending", "plan", "profiles", "record", "reject", "resume", "status", "stop", "sync", "trash",
    "trash.empty", "trash.restore", "trees", "undo", "wait", "why",
)  # fmt: skip
"""All that is answered; who asks can find out what an agent of another version has."""


class Agent(asking.Agent, Protocol):
    """What the commands need of the one who runs everything."""

    @property
    def last_contact(self) -> float | None: ...

    @property
    def overflows(self) -> int:
        """How often changes came faster than they could be seen one by one."""

    def grounds(self) -> Grounds:
        """What `check` compares.  Raises RootMissing while there is nothing to compare."""

    def around(self) -> Around:
        """What there is to know beside the engine's status."""

    @property
    def refusal(self) -> str:
        """Why only a person can mend the connection to the hub; empty when that is not so."""

    @property
    def config_trouble(self) -> str:
        """What is wrong with config.toml; what was read before stays in force."""

    @property
    def config_waits(self) -> tuple[str, ...]:
        """Settings that have changed, and take effect at the next start."""

    @property
    def paces(self) -> Paces: ...

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
        self._desk = Desk(agent, self._subject, OFFERED)
        self._copies = Copies()
        self._inbox = Inbox(agent, agent.grounds, self._around, self._copies)
        self._pausing = Pausing(agent.config.places.pause, agent)
        self._pausing.recall()
        agent.board.recents.keep_in(agent.config.places.recents)

    def _subject(self) -> Subject:
        from syncagent.agent.page.inside import Inside  # noqa: PLC0415 - only when a page is opened

        return Inside(self._ask, self.follow)

    async def aclose(self) -> None:
        """Nobody is answered any more."""
        await self._desk.close()

    async def handle(self, command: str, args: dict[str, Any]) -> Answer:
        """The answer to one command.  Raises UnknownCommand."""
        match command:
            case "status":
                return self._status()
            case "wait":
                return await self._wait(_number(args.get("timeout"), 60.0))
            case "held" | "approve" | "reject" | "undo" | "excluded" | "exclude" | "include":
                return await self._asking.handle(command, args)
            case "pause":
                return await self._pause(args)
            case "resume":
                await self._pausing.resume()
                return {}
            case "sync":
                self._agent.feed(Hinted(everything=True, reason="you asked for it"))
                self._agent.nudge()
                return {}
            case "page" | "pending" | "invite" | "open" | "autostart" | "commands":
                return await self._desk.handle(command, args)
            case "limit":
                return await self._limit(args.get("up"), args.get("down"))
            case "heal":
                self._agent.feed(HealWanted())
                return {}
            case "stop":
                # After the answer: the stopping agent hangs up on everyone.
                asyncio.get_running_loop().call_soon(self._stop)
                return {}
            case "log":
                return {"entries": self._agent.board.lines(int(_number(args.get("limit"), 50)))}
            case (
                "why"
                | "activity"
                | "history"
                | "conflicts"
                | "conflict.keep"
                | "trash"
                | "trash.restore"
                | "trash.empty"
            ):
                of = self._restoring if command.startswith("trash") else self._inbox
                return await of.handle(command, args)
            case "record" | "trees" | "plan":
                return self._laid_open(command, args)
        raise UnknownCommand(f"the agent does not know the command {command!r}")

    def _laid_open(self, command: str, args: dict[str, Any]) -> Answer:
        """For those who look for a fault."""
        grounds = self._agent.grounds()
        match command:
            case "record":
                return {"path": str(grounds.record())}
            case "trees":
                return {"nodes": list(trees(grounds.canopy, str(args.get("path") or "")))}
            case _:
                return {"plan": list(told(grounds.canopy, grounds.preview()))}

    async def follow(self, command: str, args: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Events, as they come.  Raises UnknownCommand."""
        match command:
            case "log":
                events = self._agent.board.follow(int(_number(args.get("limit"), 50)))
            case "activity":
                events = self._inbox.follow(args)
            case "check":
                events = self._check(args.get("deep") is not False, _number(args.get("timeout"), 60.0))
            case "watch":
                events = watch(self._at_a_glance, self._agent.board)
            case _:
                raise UnknownCommand(f"the agent cannot follow {command!r}")
        async with contextlib.aclosing(events):
            async for event in events:
                yield event

    async def _check(self, deep: bool, seconds: float) -> AsyncGenerator[Answer, None]:
        """Compare disk, Synced and hub, when what is on its way has arrived, or after so many seconds."""
        yield {"progress": "waiting until nothing is on its way"}
        await self._wait(seconds)
        check = Check(self._agent.grounds(), deep)
        async with contextlib.aclosing(check.run()) as events:
            async for event in events:
                yield event

    async def _wait(self, seconds: float) -> Answer:
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
        end = now + min(seconds, LONGEST_WAIT)
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
        answer = self._status()
        if proven(self._agent.board.status):
            # A look at everything, and the hub's word, count for this moment, also where the watcher sees nothing.
            answer["lines"] = [line | {"hinders": False} for line in answer["lines"]]
            return answer | {"in_sync": True}
        if answer["in_sync"]:
            answer["lines"].append(_plain(Line("unproven", "not proven in the time that was given")))
        return answer | {"in_sync": False}

    async def _pause(self, args: dict[str, Any]) -> Answer:
        """For ``seconds``, or ``until`` a moment (seconds since 1970), or else until someone resumes."""
        until = _number(args.get("until"), 0.0) or None
        if seconds := _number(args.get("seconds"), 0.0):
            until = time.time() + seconds
        if until is not None and not time.time() < until <= time.time() + LONGEST_PAUSE:
            raise BadConfig("a pause must end in the future, and within a year")
        await self._pausing.pause(until)
        return {"until": until}

    async def _at_a_glance(self) -> Answer:
        """What a face that stays open shows."""
        board = self._agent.board
        # Before the first life, and without the folder, there are no trees to look into: what was found last holds.
        with contextlib.suppress(RootMissing):
            if self._copies.seen != board.recents.copies_changed:  # asked every few seconds: no more than that at rest
                await self._copies.look(self._agent.grounds().canopy, board.recents.copies_changed)
        return brief(self._status()) | {
            "recent": [recent_told(one) for one in board.recents.latest(RECENT_SHOWN)],
            "conflicts": {"count": len(self._copies.paths), "paths": self._copies.paths[:RECENT_SHOWN]},
        }

    async def _limit(self, up: Any, down: Any) -> Answer:
        """Change the limits, if that is wanted, for now and for later starts; what they are.  Raises BadConfig."""
        try:
            wanted = {
                name: bytes_a_second(said) for name, said in (("max_up", up), ("max_down", down)) if said is not None
            }
        except ValueError as reason:
            raise BadConfig(f"a limit {reason}") from None
        if wanted:
            await asyncio.to_thread(write_settings, self._agent.config.places, wanted)
            self._agent.pace(wanted.get("max_up"), wanted.get("max_down"))
        return {"limits": self._limits()}

    def _limits(self) -> Answer:
        paces = self._agent.paces
        return {"up": paces.up.rate or None, "down": paces.down.rate or None}

    def _stuck(self) -> str:
        """What only a person can help with: "folder", "hub" or "held"; empty when there is nothing of the kind."""
        if self._agent.board.hindrance == "folder":
            return "folder"
        if self._agent.refusal:
            return "hub"
        return "held" if self._agent.board.status.asked else ""

    def _around(self) -> Around:
        return replace(self._agent.around(), resumes=self._pausing.in_words())

    def _status(self) -> Answer:
        status = self._agent.board.status
        around = self._around()
        said = lines(self._agent.board.told, around)
        since = status.unacknowledged_since
        traffic, config = self._agent.board.traffic, self._agent.config
        trouble, waits = self._agent.config_trouble, self._agent.config_waits
        return {
            "name": config.name,
            "profile": said_name(config.profile),
            "root": str(config.sync_root),
            "server": config.server,
            "folder": config.folder,
            "client_id": config.client_id,
            "state": status.state.value,
            "reason": status.reason,
            "stuck": self._stuck(),
            "pause": {"paused": self._pausing.paused, "until": self._pausing.until},
            "in_sync": in_sync(said),
            "lines": [_plain(line) for line in [*said, *_of_settings(trouble, waits), *_of_hooks(self._agent.board)]],
            "config": {"error": trouble, "waiting": list(waits)},
            "pending": status.pending,
            "hub_seq": status.hub_seq,
            "applied_seq": status.applied_seq,
            "files": status.files,
            "last_contact": self._agent.last_contact,
            "transfers": {"upload_bytes": status.uploading, "download_bytes": status.downloading},
            "traffic": {
                "sent": traffic.sent,
                "received": traffic.received,
                "content_sent": traffic.content_sent,
                "content_received": traffic.content_received,
            },
            "limits": self._limits(),
            "watch": {
                "degraded": bool(around.watch),
                "reason": around.watch,
                "overflows": self._agent.overflows,
            },
            "scan": {"running": status.scan is not None, "reason": status.scan or ""},
            "unacknowledged": {
                "count": status.unacknowledged,
                "oldest_seconds": None if since is None else round(max(around.now - since, 0.0), 3),
            },
            "held": [{"path": path, "reason": reason} for path, reason in status.held],
            "asked": [
                {
                    "id": one.id,
                    "direction": one.direction.value,
                    "deleted": one.deleted,
                    "overwritten": one.overwritten,
                    "since": one.since,
                    "held_by": "hub" if one.by_hub else "agent",
                    "paths": list(one.paths),
                }
                for one in status.asked
            ],
            "trash": self._restoring.counted(),
            "respect_gitignore": self._agent.config.respect_gitignore,
            "ignored": status.ignored,
            "excluded": list(status.excluded),
            "skipped": [{"path": path, "reason": reason} for path, reason in status.skipped],
            "unreadable": [{"path": path, "reason": reason} for path, reason in status.unreadable],
        }


def _of_settings(trouble: str, waits: Sequence[str]) -> Iterator[Line]:
    """What there is to say of config.toml.  It keeps nothing from being in sync."""
    if trouble:
        yield Line(
            "config", f"the settings have a mistake, and those from before stay in force: {trouble}", hinders=False
        )
    if waits:
        yield Line("restart", f"changed settings wait for the next start: {', '.join(waits)}", hinders=False)


def _of_hooks(board: Board) -> Iterator[Line]:
    for reason in board.hook_troubles.values():
        yield Line("hook", reason, hinders=False)


def _plain(line: Line) -> Answer:
    place = {} if line.path is None else {"path": line.path}
    return {"kind": line.kind, "text": line.text, "hinders": line.hinders} | place


def _number(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else otherwise
