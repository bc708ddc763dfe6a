"""Whom a command is for: one profile, all of them, or the agent as a whole; and what is asked about the settings.

Where there is one profile no command need name it.  Where there are several, what lists or waits is for all, and what
does something says what to choose from (``profile``: a name, or "all").
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final, Protocol

from syncagent.agent import together
from syncagent.agent.commands import Commands
from syncagent.agent.config.document import EVERY, profile_name, said_name
from syncagent.agent.config.proposing import Step, commit, propose, rows
from syncagent.agent.config.reading import Profile, Source
from syncagent.agent.config.settings import GROUPS, AgentConfig, Applies
from syncagent.agent.lives import Lives
from syncagent.agent.table import Args, Table, answer, flag
from syncagent.control import Answer
from syncagent.errors import BadConfig
from syncagent.model.values import replace

LISTING: Final = ("activity", "conflicts", "status", "wait", "held", "log", "watch", "recent")
FOR_ALL: Final = ("pause", "resume", "sync", "heal", "limit")
"""What may be said to all at once, where that is asked for."""
FROM_ANY: Final = ("commands", "page")
"""What is the same whoever answers, or shows where to go on."""


class Member(Protocol):
    """One profile, as far as it is asked."""

    @property
    def name(self) -> str: ...
    @property
    def read(self) -> Profile: ...
    @property
    def agent(self) -> Lives | None: ...
    @property
    def commands(self) -> Commands | None: ...
    @property
    def trouble(self) -> str: ...


class Household(Protocol):
    """All profiles."""

    source: Source
    stop: asyncio.Event
    trouble: str

    @property
    def members(self) -> Mapping[str, Member]: ...

    async def reload(self) -> None: ...


class Hearing:
    """Answers commands for all profiles, as a ControlServer wants it."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._table = self.answers()

    def answers(self) -> Table:
        """What is asked of the agent as a whole; the rest goes to the profiles."""
        return {
            "config": self._config,
            "config.reload": self._reload,
            "config.set": self._set,
            "profiles": self._profiles,
            "stop": self._stop,
        }

    async def handle(self, command: str, args: dict[str, Any]) -> Answer:
        """The answer to one command.  Raises UnknownCommand, BadConfig."""
        if command in self._table:
            return await answer(self._table, command, args)
        members = self._chosen(args.get("profile"), command)
        if len(members) == 1:
            return await _ask(members[0], command, args)
        answers = await asyncio.gather(*(_ask(member, command, args) for member in members))
        named = {said_name(member.name): answer for member, answer in zip(members, answers, strict=True)}
        match command:
            case "status" | "wait":
                return together.statuses(list(answers))
            case "held":
                return together.acts(named)
            case "activity" | "conflicts":
                return together.rows(named, command)
            case "log":
                return together.entries(named, int(args.get("limit") or 50))
        return {"profiles": named}

    async def follow(self, command: str, args: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Events, as they come.  Raises UnknownCommand, BadConfig."""
        members = self._chosen(args.get("profile"), command)
        if len(members) == 1:
            events = _commands(members[0]).follow(command, args)
        else:
            named = {said_name(one.name): _commands(one).follow(command, args) for one in members if one.agent}
            events = _watched(named, members) if command == "watch" else _both(named)
        async with contextlib.aclosing(events):
            async for event in events:
                yield event

    async def _stop(self, _: Args) -> Answer:
        # After the answer: the stopping agent hangs up on everyone.
        asyncio.get_running_loop().call_soon(self._household.stop.set)
        return {}

    async def _profiles(self, _: Args) -> Answer:
        return {"profiles": [_listed(member) for member in self._household.members.values()]}

    # --- whom it is for -----------------------------------------------------------------------------------------

    def _chosen(self, said: Any, command: str) -> list[Member]:
        members = self._household.members
        if said == EVERY or (not said and (len(members) == 1 or command in LISTING)):
            if len(members) > 1 and command not in (*LISTING, *FOR_ALL):
                raise BadConfig(f"`{command}` is for one profile at a time: {self._names()}")
            return list(members.values())
        if not said and command in FROM_ANY:
            return [next(iter(members.values()))]
        if not said:
            raise BadConfig(f"several folders are kept here: say which with --profile ({self._names()})")
        return [self._member(said)]

    def _member(self, said: Any) -> Member:
        """The profile of that name; without one, the only one.  Raises BadConfig."""
        members = self._household.members
        if not said:
            return next(iter(members.values())) if len(members) == 1 else members[""] if "" in members else self._none()
        name = profile_name(str(said))
        if name not in members:
            raise BadConfig(f"there is no profile {said_name(name)}, but {self._names()}")
        return members[name]

    def _none(self) -> Member:
        raise BadConfig(f"several folders are kept here: say which with --profile ({self._names()})")

    def _names(self) -> str:
        return ", ".join(said_name(name) for name in self._household.members)

    # --- the settings -------------------------------------------------------------------------------------------

    async def _config(self, args: Args) -> Answer:
        return self._settings(args.get("profile"))

    async def _reload(self, args: Args) -> Answer:
        await self._household.reload()
        said = args.get("profile")
        return self._settings(said) if len(self._household.members) == 1 or said else self._state()

    def _settings(self, said: Any) -> Answer:
        """Every setting: what it is, what is in force, where that comes from, and how a change takes effect."""
        member = self._member(said)
        return {
            "profile": said_name(member.name),
            "path": str(self._household.source.places.config),
            "groups": GROUPS,
            "settings": rows(member.read, member.agent.config if member.agent is not None else None),
            **self._state(member),
        }

    def _state(self, member: Member | None = None) -> Answer:
        members = list(self._household.members.values()) if member is None else [member]
        waits = {key: None for one in members if one.agent is not None for key in one.agent.config_waits}
        troubles = [self._household.trouble, *(one.trouble for one in members)]
        return {
            "error": next((trouble for trouble in troubles if trouble), ""),
            "waiting": list(waits),
            "profiles": [said_name(name) for name in self._household.members],
        }

    async def _set(self, args: Args) -> Answer:
        changes, dry_run = args.get("changes"), flag(args, "dry_run")
        if not isinstance(changes, dict) or not changes:
            raise BadConfig('nothing to set: "changes" names settings with their values, null as if never set')
        source, profile = self._household.source, self._member(args.get("profile")).name
        in_force = {name: one.agent.config for name, one in self._household.members.items() if one.agent is not None}
        if dry_run:
            _, made = await asyncio.to_thread(propose, source, profile, changes)
        else:
            made = await asyncio.to_thread(commit, source, profile, changes)
            await self._household.reload()
        made = [_seen_from(in_force, step) for step in made]
        return {"changes": [step.as_dict() for step in made], "dry_run": dry_run, **self._state()}


def _seen_from(in_force: Mapping[str, AgentConfig], step: Step) -> Step:
    """What goes back to what is in force still waits for nothing."""
    config = in_force.get(step.profile)
    back = config is not None and getattr(config, step.key) == step.after
    return replace(step, applies=Applies.LIVE) if back else step


def _commands(member: Member) -> Commands:
    if member.commands is None:
        raise BadConfig(member.trouble)
    return member.commands


async def _ask(member: Member, command: str, args: dict[str, Any]) -> Answer:
    if member.commands is None and command in ("status", "wait"):
        return _halted(member)
    if member.commands is None and command in LISTING:
        return {"acts": [], "held": 0, "entries": [], "activity": [], "conflicts": []}
    return await _commands(member).handle(command, args)


def _halted(member: Member) -> Answer:
    """The status of a profile that could not even begin."""
    return {
        "profile": said_name(member.name), "state": "halted", "reason": member.trouble, "stuck": "config",
        "in_sync": False, "lines": [{"kind": "config", "text": member.trouble, "hinders": True}],
    }  # fmt: skip


def _listed(member: Member) -> Answer:
    if member.agent is None:
        values = member.read.given.values
        known = {key: str(values.get(key, "")) for key in ("sync_root", "server", "folder")}
        state, reason = "halted", member.trouble
    else:
        config, status = member.agent.config, member.agent.board.status
        known = {"sync_root": str(config.sync_root), "server": config.server, "folder": config.folder}
        state, reason = status.state.value, status.reason
    root = known.pop("sync_root")
    return {"profile": said_name(member.name), "root": root, **known, "state": state, "reason": reason}


async def _watched(
    events: Mapping[str, AsyncGenerator[Answer, None]], members: Sequence[Member]
) -> AsyncGenerator[Answer, None]:
    """How all of them stand, whenever that changes for one."""
    latest: dict[str, Answer] = {said_name(one.name): _halted(one) for one in members if one.agent is None}
    async with contextlib.aclosing(_both(events)) as told:
        async for event in told:
            latest[event["profile"]] = event
            if len(latest) == len(members):
                yield together.statuses(list(latest.values()))


async def _both(events: Mapping[str, AsyncGenerator[Answer, None]]) -> AsyncGenerator[Answer, None]:
    """The events of all, as they come, each with its profile."""
    queue: asyncio.Queue[Answer] = asyncio.Queue()

    async def hand_on(name: str, some: AsyncGenerator[Answer, None]) -> None:
        async with contextlib.aclosing(some):
            async for event in some:
                await queue.put({**event, "profile": name})

    tasks = [asyncio.ensure_future(hand_on(name, some)) for name, some in events.items()]
    try:
        while True:
            yield await queue.get()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
