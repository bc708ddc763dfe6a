"""All that one agent keeps: a profile for each folder, each with lives of its own, in one event loop.

Reads the settings again when their file changes, and lets each profile go by them.  A profile that fails, or that is
set up wrong, never stops another; one that is the only one ends the agent with the reason.  In the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from syncagent.agent.commands import Commands
from syncagent.agent.config.document import said_name
from syncagent.agent.config.identity import agent_config
from syncagent.agent.config.noticing import noticing
from syncagent.agent.config.proposing import settled
from syncagent.agent.config.reading import Profile, Source
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.guest.deciding import Conditions
from syncagent.agent.guest.senses import Senses
from syncagent.agent.hearing import Hearing
from syncagent.agent.hooks import Hooks
from syncagent.agent.keys import load_key
from syncagent.agent.lives import Lives, live
from syncagent.agent.workers import first_of
from syncagent.control import Answer, ControlServer
from syncagent.engine.effects import Note
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.private import make_private

_log: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""How often config.toml and the keys are looked at: a few calls of stat.  A command that changes them says so."""

SELDOM_SECONDS: Final = 30.0
"""So seldom where the system tells when they are written."""

GATHER_SECONDS: Final = 0.1
"""From then until they are read: who writes them may write more."""

AGAIN_SECONDS: Final = 60.0
"""After so long a profile that has failed is tried again."""

Tune: TypeAlias = Callable[[Mapping[str, AgentConfig]], None]
"""Is told what all profiles go by, whenever the settings were read."""


@dataclass(slots=True)
class Member:
    """One profile.  ``trouble`` is why it does not run as its settings say, or not at all."""

    name: str
    read: Profile
    agent: Lives | None = None
    commands: Commands | None = None
    task: asyncio.Task[None] | None = None
    hooks: asyncio.Task[None] | None = None
    trouble: str = ""

    @property
    def runs(self) -> bool:
        return self.task is not None and not self.task.done()


class Household:
    """The agent, with all of its profiles.  ``key`` is the one that the profile of ``source`` was started with, where
    it is not kept; the hubs of the profiles ``strangers`` may be other ones than before."""

    def __init__(
        self, source: Source, *, key: str = "", strangers: Collection[str] = (), tune: Tune | None = None
    ) -> None:
        self.source = source
        self.stop = asyncio.Event()
        self.members: dict[str, Member] = {}
        self.trouble = ""
        """What is wrong with config.toml as a whole."""
        self._key = key
        self._strangers = strangers
        self._tune = tune
        self._turn = asyncio.Lock()
        self._hearing = Hearing(self)
        self._senses = Senses(self._see, self)
        self._seen: dict[Path, object] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, ready: Callable[[], None] = lambda: None) -> int:
        """Until it is told to stop, or is cancelled (a clean stop too); gives the exit code.

        The caller holds the lock of the data directory; ``ready`` is called when commands are heard.  Raises what only
        a person can mend: BadConfig, AlreadyRunning.
        """
        self._seen = self._look()
        await self._take(self.source.read())
        try:
            async with ControlServer(self.source.places.control, self._hearing.handle, self._hearing.follow):
                if not any(member.agent for member in self.members.values()):
                    raise BadConfig(next(iter(self.members.values())).trouble)
                ready()
                await first_of(self.stop.wait(), self._ended, self._watch(), self._senses.run())
                await self._end()
        finally:
            await self._end()
        return 0

    # --- the settings -------------------------------------------------------------------------------------------

    async def reload(self) -> None:
        """Read the settings again, and go by them.  With a mistake in them, all stays as it was, and is told once."""
        async with self._turn:
            self._seen = self._look()
            try:
                read = await asyncio.to_thread(self.source.read)
            except BadConfig as error:
                if str(error) != self.trouble:
                    self._complain(f"the settings have a mistake, and those from before stay in force: {error}")
                self.trouble = str(error)
                for member in self.members.values():
                    self._tell(member)
                return
            if self.trouble:
                _log.info("the mistake in the settings is mended")
            self.trouble = ""
            await self._take(read)

    async def _take(self, read: dict[str, Profile]) -> None:
        for name in [name for name in self.members if name not in read]:
            self._seen.pop(self.source.places.of(name).key, None)
            await self._leave(self.members.pop(name))
        for name, profile in read.items():
            member = self.members.setdefault(name, Member(name, profile))
            for path in self._files():  # a new one's key: as it is before it is read
                self._seen.setdefault(path, _trace(path))
            try:
                if profile.settings is None:
                    raise BadConfig(profile.trouble)
                config = await asyncio.to_thread(self._config, name, profile)
            except BadConfig as error:
                if str(error) != member.trouble and (member.agent or len(read) > 1):
                    self._complain(f"the settings of {said_name(name)} have a mistake: {error}", member)
                member.trouble = str(error)
            else:
                member.read, member.trouble = profile, ""
                self._go_by(member, config)
            self._tell(member)
        if self._tune is not None:
            self._tune({name: one.agent.config for name, one in self.members.items() if one.agent is not None})

    def _config(self, name: str, profile: Profile) -> AgentConfig:
        """What the profile goes by.  Raises BadConfig."""
        assert profile.settings is not None
        spot, chosen = self.source.places.of(name), name == self.source.places.profile
        make_private(spot.data_dir)
        if name:
            make_private(spot.state.parent)
            make_private(spot.state)
        key = (self._key if chosen else "") or load_key(spot)
        return agent_config(profile.settings, spot, key, new_hub=name in self._strangers)

    def _go_by(self, member: Member, config: AgentConfig) -> None:
        if member.agent is None or not member.runs:
            self._begin(member, config)
            return
        settled_config, waits = settled(member.agent.config, config)
        member.agent.config_waits = waits
        if settled_config != member.agent.config:
            member.agent.adopt(settled_config)
            member.agent.board.write(Note("info", "the settings have changed, and are in force"))

    def _tell(self, member: Member) -> None:
        if member.agent is not None:
            member.agent.config_trouble = self.trouble or member.trouble

    def _complain(self, text: str, member: Member | None = None) -> None:
        told = [one.agent for one in ([member] if member else self.members.values()) if one.agent is not None]
        for agent in told[:1]:
            agent.board.write(Note("error", text))
        if not told:
            _log.error("%s", text)

    async def _watch(self) -> None:
        """See for ever whether the file or a key has changed, and try again what has failed."""
        loop = asyncio.get_running_loop()
        again = loop.time() + AGAIN_SECONDS
        written = asyncio.Event()
        while True:
            with noticing(self._files(), written.set) as told:
                # Looked at when all that follows is told: nothing is missed in between.
                while self._look() == self._seen and loop.time() < again:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(written.wait(), SELDOM_SECONDS if told else LOOK_SECONDS)
                        await asyncio.sleep(GATHER_SECONDS)
                    written.clear()
            if self._look() != self._seen:
                await self.reload()
            if loop.time() >= again:
                again = loop.time() + AGAIN_SECONDS
                if any(not member.runs for member in self.members.values()):
                    await self.reload()

    def _look(self) -> dict[Path, object]:
        return {path: _trace(path) for path in self._files()}

    def _files(self) -> list[Path]:
        places = self.source.places
        return [places.config, places.proxy_passwords, *(places.of(name).key for name in self.members)]

    # --- the profiles -------------------------------------------------------------------------------------------

    def _begin(self, member: Member, config: AgentConfig) -> None:
        if member.agent is not None:
            member.agent.manners.end()
        member.agent = Lives(config)
        member.agent.manners.see(self._senses.found)
        member.commands = Commands(member.agent, self.stop.set, partial(self._ask, said_name(member.name)))
        if member.hooks is not None:
            member.hooks.cancel()
        agent = member.agent
        hooks = Hooks(lambda: agent.config, agent.board)
        agent.followers.append(lambda before, after: hooks.heed())  # noqa: ARG005 - it asks for itself
        member.hooks = asyncio.ensure_future(hooks.run())
        member.task = asyncio.ensure_future(live(member.agent))
        member.task.add_done_callback(lambda task: self._over(member, task))

    # --- the machine --------------------------------------------------------------------------------------------

    def _see(self, found: Conditions) -> None:
        for agent in self._agents():
            agent.manners.see(found)

    async def fall_asleep(self) -> None:
        """The machine sleeps in a moment: the hubs are told goodbye, and what was done is kept."""
        await asyncio.gather(*(agent.fall_asleep() for agent in self._agents()))

    def wake_up(self) -> None:
        """It is awake again."""
        for agent in self._agents():
            agent.wake_up()

    def _agents(self) -> list[Lives]:
        return [member.agent for member in self.members.values() if member.agent is not None]

    async def _ask(self, profile: str, command: str, args: dict[str, Any]) -> Answer:
        """What the page of a profile asks: for that one, unless it says otherwise."""
        return await self._hearing.handle(command, {"profile": profile, **args})

    def _over(self, member: Member, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None or member.task is not task:
            return
        if len(self.members) == 1:
            if not self._ended.done():
                self._ended.set_exception(error)
            return
        if not isinstance(error, SyncAgentError):
            _log.error("the profile %s failed", said_name(member.name), exc_info=error)
        assert member.agent is not None
        member.trouble = str(error) or type(error).__name__
        member.agent.board.hinder("profile", member.trouble)

    async def _leave(self, member: Member) -> None:
        """The profile is no longer in the file: its folder stays as it is, and is kept no more."""
        if member.agent is not None and member.commands is not None and member.task is not None:
            _log.info("the profile %s is no longer in the settings, and ends", said_name(member.name))
            member.agent.stop.set()
            member.agent.manners.end()
            if member.hooks is not None:
                member.hooks.cancel()
            await asyncio.gather(member.task, member.commands.aclose(), return_exceptions=True)

    async def _end(self) -> None:
        tasks = [member.task for member in self.members.values() if member.task is not None and not member.task.done()]
        tasks += [member.hooks for member in self.members.values() if member.hooks is not None]
        for task in tasks:
            task.cancel()
        for agent in self._agents():
            agent.manners.end()
        pages = [member.commands.aclose() for member in self.members.values() if member.commands is not None]
        await asyncio.gather(*tasks, *pages, return_exceptions=True)


def _trace(path: Path) -> tuple[int, int, int, int] | None:
    """What changes whenever a file is written or replaced."""
    with contextlib.suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns
    return None
