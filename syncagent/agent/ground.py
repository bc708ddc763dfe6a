"""The folder as the agent has it: taken, watched, looked at, changed, lost, and found again.

Lives in the event loop; all that waits for the disk is done in threads.  A folder that is not there is looked for, and
never made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.errands import DiskEffect, Errands
from syncagent.agent.outside import REAL, Outside
from syncagent.agent.premises import Premises, keeping_of
from syncagent.agent.priority import HERE
from syncagent.agent.room import Room
from syncagent.agent.tally import BeginAnew
from syncagent.agent.workers import Workers, call_in, done_in
from syncagent.engine.effects import Effect, Run
from syncagent.engine.events import Event, Hinted, RootFound
from syncagent.errors import AlreadyRunning, BadConfig, RootMissing, StorageFull, StorageTrouble
from syncagent.localfs.dirty import Hints
from syncagent.localfs.ports import Disk
from syncagent.localfs.trash import Trash
from syncagent.localfs.watcher import WatchState
from syncagent.model.facts import Fact
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath, split
from syncagent.reserve import bytes_or_share
from syncagent.rules.layers import rule_files

SEARCH_SECONDS: Final = 1.0
"""How often a folder that is missing is looked for."""

WATCH_SECONDS: Final = 30.0
"""How long the first scan waits for the watches to stand, so that nothing changes unseen between the two."""


class Ground:
    """The folder of ``config``.

    ``post`` takes events, from any thread; ``hinder`` is told why the folder cannot be had, and "" when it can.
    """

    def __init__(
        self,
        config: AgentConfig,
        workers: Workers,
        post: Callable[[Event], None],
        hinder: Callable[[str], None],
        outside: Outside = REAL,
    ) -> None:
        self._config = config
        self._workers = workers
        self._post = post
        self._hinder = hinder
        self._open = outside.premises
        self._loop = asyncio.get_running_loop()
        self._premises: Premises | None = None
        self._errands: Errands | None = None
        self._search: asyncio.Task[None] | None = None
        self.put_back: tuple[RelPath, ...] = ()
        """What the start has put back from the stage."""
        self.exchanged: asyncio.Future[None] = self._loop.create_future()
        """Ends with BeginAnew when the folder came back as it was at some earlier time."""
        self._room = Room(config, post, self._give_room, outside.usage)
        self._watches_stand = asyncio.Event()
        self._hints_wanted = False
        self._rules = rule_files(respect_gitignore=config.respect_gitignore)
        self._watcher = outside.watcher(config.sync_root, self._on_hints, self._rules, self._is_own)

    @property
    def watch(self) -> WatchState:
        """How well changes are seen."""
        return self._watcher.state()

    @property
    def disk(self) -> Disk | None:
        """The folder's disk; None while there is none."""
        return self._premises.disk if self._premises is not None else None

    @property
    def hub_id(self) -> str:
        """The hub that the folder belongs to, as its marker has it; empty when it belongs to none yet."""
        return self._premises.root.marker.hub_id if self._premises is not None else ""

    @property
    def start(self) -> str:
        """The token of the agent's last start, as the marker has it."""
        return self._premises.root.marker.start if self._premises is not None else ""

    @property
    def trash(self) -> Trash | None:
        """The folder's trash; None while there is no folder."""
        return self._premises.staging.trash if self._premises is not None else None

    async def watch_room(self, comes: Callable[[], bool]) -> None:
        """Find out for ever whether there is room for what comes from the hub; ``comes``: whether anything does."""
        await self._room.watch(self._workers.clear, comes)

    def _give_room(self) -> bool:
        try:
            return self.trash is not None and self.trash.make_room()
        except RootMissing:
            return False

    def go_by(self, config: AgentConfig) -> None:
        """From now on this is what the machine is called in the names of conflict copies, and what its trash keeps."""
        kept = ("name", "trash_days", "trash_size", "trash_keeps", "min_free")
        self._config = self._config.model_copy(update={key: getattr(config, key) for key in kept})
        self._room.go_by(config)
        if self._premises is not None:
            self._premises.staging.slots.machine = config.name
            self._premises.staging.reserve.keep(bytes_or_share(config.min_free))
        if self.trash is not None:
            self.trash.keeping = keeping_of(config)

    async def mark(self, token: str) -> None:
        """Note the token of this start in the marker.  Raises RootMissing, StorageTrouble."""
        premises = self._premises
        assert premises is not None
        await done_in(self._workers.change, lambda: premises.root.begin(token))

    async def enter(self) -> tuple[tuple[NodeId, Fact], ...]:
        """Take the folder, waiting for it as long as it takes, and have it watched; gives what lies in the park.

        From here on events are posted, and everything is to be looked at.  Raises AlreadyRunning, BadConfig.
        """
        premises = await self._take()
        self._watcher.start()
        # RACE: `wait_for` of Python 3.11 takes a cancellation for done that comes in the moment in which they stand.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WATCH_SECONDS):
                await self._watches_stand.wait()
        parked = None
        while parked is None:
            try:
                # What it puts back is seen by the first scan.
                self.put_back = await done_in(self._workers.stage, premises.staging.slots.recover)
                parked = await done_in(self._workers.look, premises.scanner.parked)
            except (RootMissing, OSError) as trouble:
                self.give_back()
                self._hinder(f"the folder cannot be read: {trouble}")
                await asyncio.sleep(SEARCH_SECONDS)
                premises = await self._take()
        self._hints_wanted = True
        return tuple(parked)

    def begin(self, effect: DiskEffect) -> None:
        """Have ``effect`` done, soon."""
        if self._errands is not None:
            self._errands.begin(effect)

    def prepare(self, effect: Effect) -> None:
        """It is about to begin: do what of it shows nowhere."""
        if self._errands is not None and isinstance(effect, Run):
            self._errands.prepare(effect)

    def lost(self) -> None:
        """The folder is gone: look for it until it is back, and say so.  It is opened anew then, since its file system
        may have been mounted anew."""
        if self._search is None:
            self._search = asyncio.ensure_future(self._find())

    def bind(self, hub_id: str) -> None:
        """Note in the folder's marker which hub it belongs to, if that is not noted yet, or may change."""
        premises = self._premises
        if premises is None or not hub_id or (premises.root.marker.hub_id and not self._config.new_hub):
            return

        def note() -> None:
            # What cannot be noted now is noted at the next connection.
            with contextlib.suppress(RootMissing, StorageTrouble, StorageFull, OSError):
                premises.root.bind(hub_id)

        self._workers.change.do(note)

    async def leave(self) -> None:
        """Stop watching, and end the search; ``give_back`` is for when the threads are done."""
        if self._search is not None:
            self._search.cancel()
        await asyncio.to_thread(self._watcher.stop)

    def give_back(self) -> None:
        """Let another agent have the folder."""
        if self._premises is not None:
            if self._workers.stage.idle:
                self._premises.staging.leave()
            self._premises.leave()
            self._premises = None

    async def _take(self, *also: type[Exception]) -> Premises:
        """The folder, waited for as long as it cannot be had; ``also``: whatever else keeps us from it."""
        reasons: tuple[type[Exception], ...] = (RootMissing, StorageFull, StorageTrouble, *also)
        while True:
            try:
                premises = await done_in(self._workers.look, lambda: self._open(self._config))
            except reasons as trouble:
                self._hinder(str(trouble))
                await asyncio.sleep(SEARCH_SECONDS)
                continue
            self._hinder("")
            self._premises = premises
            premises.staging.reserve.refused = lambda: call_in(self._loop, self._room.refused)
            self._errands = Errands(
                premises.disk,
                premises.scanner,
                premises.applier,
                premises.staging,
                self._workers,
                self._post,
                HERE.behind,
            )
            return premises

    async def _find(self) -> None:
        start = self.start
        if self._errands is not None:
            self._errands.leave()
        self.give_back()
        # One that another agent has by now is no reason to end, as at a start: it may be given back.
        premises = await self._take(AlreadyRunning, BadConfig)
        self._search = None
        if premises.root.marker.start != start and not self.exchanged.done():
            self.exchanged.set_exception(BeginAnew("the folder was put back to an older state"))
            return
        self._post(RootFound())

    def _on_hints(self, hints: Hints) -> None:
        """In the watcher's thread.  Its first word is that the watches stand, or that they cannot."""
        if self._hints_wanted:
            # The watcher means: the folder, and all beneath it.
            paths = (*self._news(hints), *(folder for folder in hints.folders if folder))
            if not (paths or hints.folders or hints.everything):
                return
            if len(paths) == 1 and not (hints.folders or hints.everything) and self._errands is not None:
                self._errands.glances.take(paths[0])
            self._post(Hinted(paths, hints.folders, hints.everything, hints.reason))
        else:
            call_in(self._loop, self._watches_stand.set)

    def _is_own(self, path: RelPath) -> bool:
        """In the watcher's thread: whether the file is one of a mass that is being put in place, and is looked at when
        that is over.  What a rule file says has to be read, whoever wrote it."""
        errands = self._errands
        return errands is not None and errands.echoes.holds(path) and split(path)[1] not in self._rules

    def _news(self, hints: Hints) -> tuple[RelPath, ...]:
        """The paths that are no echoes of our own work.  What a rule file says has to be read, whoever wrote it."""
        if self._errands is None:
            return hints.paths
        rules = [path for path in hints.paths if split(path)[1] in self._rules]
        others = [path for path in hints.paths if split(path)[1] not in self._rules] if rules else hints.paths
        return (*rules, *self._errands.echoes.news(others))
