"""Runs one agent: gives the engine its events, and carries out its effects.  It decides nothing.

The engine is stepped in the event loop, and what it wants of the hub begins in the same iteration; what it wants of the
disk (``ground``) or of the database (``memory``) is done in threads, whose answers come back in batches.  The order of
effects is the pump's.  Whatever fails unexpectedly ends this life; ``lives`` begins another, which knows what the
database holds and finds out the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, assert_never

from syncagent.agent.alarm import Alarm
from syncagent.agent.awake import SleepWatch
from syncagent.agent.beginnings import configured, introduced, introduction, recognise, started
from syncagent.agent.board import Board
from syncagent.agent.check import Grounds
from syncagent.agent.chronicle import Chronicle
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.conversation import Conversation
from syncagent.agent.errands import DiskEffect
from syncagent.agent.ground import Ground
from syncagent.agent.memory import Memory
from syncagent.agent.outbox import Paces
from syncagent.agent.outside import REAL, Outside
from syncagent.agent.pump import Pump
from syncagent.agent.reconnect import Nudge, keep_connected
from syncagent.agent.recorder import Recorder
from syncagent.agent.rounds import Rounds
from syncagent.agent.tally import BeginAnew
from syncagent.agent.workers import Mailbox, call_in, done_in, first_of
from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.dialogue import Dialogue, HubEffect, Introduction
from syncagent.engine.engine import Engine
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.model.ids import ClientId, NodeId
from syncagent.model.names import RelPath
from syncagent.model.values import replace
from syncagent.planner.policy import Policy
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.ports import INCARNATION

_log: Final = logging.getLogger(__name__)


class AgentFailed(Exception):
    """A bug, in the engine or in what works for it.  The cause has its trace."""


class Runtime:
    """One life of an agent, from loading what it remembers to the end."""

    def __init__(
        self,
        config: AgentConfig,
        board: Board,
        wishes: Mapping[type[ev.Event], ev.Event],
        outside: Outside = REAL,
        paces: Paces | None = None,
    ) -> None:
        self.started = False
        self._outside = outside
        self._board = board
        self._wishes = wishes
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._workers = outside.workers(lambda error: call_in(self._loop, self._fail, error))
        self._mailbox: Mailbox[ev.Event] = Mailbox(self._loop, self._feed_all)
        self.ground = Ground(
            config, self._workers, self._mailbox.post, lambda why: board.hinder("folder", why), outside
        )
        self._vigil = outside.vigil(config.places.state)
        self._tally = outside.tally(config.places.state)
        self._excluded = outside.excluded(config.places.state)
        self._pump = Pump(self._begin, lambda delta: self.memory.keep(delta), self.ground.prepare)  # noqa: PLW0108
        self.memory = Memory(
            str(config.places.database),
            self._workers.keep,
            kept=self._pump.kept,
            hinder=lambda why: board.hinder("memory", why),
            damaged=self._fail,
            open_store=outside.database,
            before=lambda: self._vigil.mind(self._workers.keep.do),
        )
        self.conversation = Conversation(outside.dialer(config), self._introduce, self._feed_all, board.traffic, paces)
        self.nudge, self.sleep_watch = Nudge(), SleepWatch(self._woke, outside.slept)
        self._recorder = Recorder(config.client_id, config.name, config.limits, gitignore=config.respect_gitignore)
        ids = self._recorder.ids(outside.ids())
        self._engine = Engine(
            ClientId(config.client_id), config.name, ids, brake=config.limits, gitignore=config.respect_gitignore
        )
        self.exclusions = lambda: list(self._engine.exclusions.told())
        self.acts = self._engine.acts
        self._chronicle = Chronicle(board.recents, config.client_id)
        self._rounds = Rounds(config, self.feed)
        self._alarm = Alarm(self._loop, self._tick)

    def feed(self, event: ev.Event) -> None:
        """Give the engine ``event``, and begin what it wants done."""
        if self._over.done():
            return
        now = self._loop.time()
        self._alarm.before(now)
        self._recorder.note(event, now)
        if isinstance(event, ev.RootLost):
            self.ground.lost()
        elif isinstance(event, ev.Welcomed):
            self.ground.bind(event.hub_id)
        elif isinstance(event, ev.LinkDown):
            # Not for the next one: a verdict that nobody awaits takes the cursor beyond an entry that was not taken in.
            self._pump.drop(lambda effect: isinstance(effect, HubEffect))
        for note in self._chronicle.notes(event):
            self._board.write(note)
        try:
            effects = self._engine.step(event, now)
            self.conversation.hold(held=self._engine.sparing.stands_still)
            self._recorder.did(effects)
            self._pump.push(effects)
        except Exception as error:  # noqa: BLE001 - a bug: it ends this life, with all that led to it written down
            self._fail(error)

    def _feed_all(self, events: Sequence[ev.Event]) -> None:
        for event in events:
            self.feed(event)

    def adopt(self, config: AgentConfig) -> None:
        """Go by ``config`` from now on: what a person has changed, and may be changed in a life."""
        before, self._config = self._config, config
        self._rounds.go_by(config)
        self.ground.go_by(config)
        if self.started and configured(config) != configured(before):
            self.feed(configured(config))
        if introduced(config) != introduced(before):
            why = "the settings have changed, and the connection is made anew"
            self.conversation.redial(self._outside.dialer(config), why)
            self.nudge()

    # --- life -------------------------------------------------------------------------------------------------

    async def run(self, *stops: asyncio.Event) -> None:
        """Live until one of ``stops`` is set.  Raises AgentFailed, BeginAnew, DatabaseDamaged, BadConfig,
        AlreadyRunning."""
        try:
            await first_of(self._live(), *(stop.wait() for stop in stops), self._over, self.ground.exchanged)
        except BeginAnew:
            await self.memory.put_aside()
            raise
        finally:
            await self._end()

    async def _live(self) -> None:
        began_with = self._config
        self.feed(await self._beginning())
        self.started = True
        if configured(self._config) != configured(began_with):  # a person has changed it meanwhile
            self.feed(configured(self._config))
        self._feed_all(list(self._wishes.values()))
        with self._outside.network(lambda: self.conversation.doubt(self.nudge)):
            await first_of(
                keep_connected(self.conversation.talk, self.nudge, self._outside.chance),
                self.sleep_watch.watch(),
                self._rounds.make(),
                self.ground.watch_room(lambda: self._board.told.comes),
                self._vigil.keep(self._workers.keep.do),
            )

    async def _beginning(self) -> ev.Started:
        """What is remembered, and what is there; held by nobody but the engine, for it may be a great deal."""
        loaded = await self.memory.load()
        if loaded.rebuilt:
            self._begin(ef.Note("warning", f"what was remembered had to be put aside: {loaded.rebuilt}"))
        parked = await self.ground.enter()
        await recognise(loaded, self.memory, self.ground, self._tally, self._workers.keep)
        stop = await done_in(self._workers.keep, self._vigil.begin)
        today, excluded = self._outside.today(), self._excluded.load()
        return started(loaded, self.ground, parked, stop, today, excluded, new_hub=self._config.new_hub)

    async def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
        self._alarm.set(None)
        await self.ground.leave()
        self.memory.close()
        self._workers.keep.do(self._vigil.end)
        if not await asyncio.to_thread(self._workers.end):
            _log.warning("some work on the disk did not end in time, and is left to itself")
        self.ground.give_back()

    def _fail(self, error: BaseException) -> None:
        """End this life, with all that led to it written down."""
        if self._over.done():
            return
        if isinstance(error, DatabaseDamaged):
            self._over.set_exception(error)
            return
        try:
            path = self._record(error)
            _log.error("what led to the failure is in %s", path.name)
        except (OSError, SyncAgentError):
            _log.exception("what led to the failure could not be written down")
        failed = AgentFailed(f"{type(error).__name__}: {error}")
        failed.__cause__ = error
        self._over.set_exception(failed)

    def _record(self, error: BaseException | None = None) -> Path:
        return self._recorder.dump(self._config.places.flights, error, self._outside.hour())

    def _tick(self) -> None:
        self.feed(ev.Tick(self._outside.today(), self._outside.instant()))

    def _woke(self, seconds: float) -> None:
        _log.info("this machine slept for %.0f s", seconds)
        self.feed(ev.Hinted(everything=True, reason="woke up"))
        self.conversation.doubt(self.nudge)

    # --- effects ----------------------------------------------------------------------------------------------

    def _begin(self, effect: ef.Effect) -> None:
        self._chronicle.begun(effect)
        match effect:
            case _ if isinstance(effect, DiskEffect):
                self.ground.begin(effect)
            case _ if isinstance(effect, HubEffect):
                self.conversation.send(effect)
            case ef.Recall(digests=digests):
                self.memory.recall(digests, lambda recipes: self.feed(ev.Recalled(recipes)))
            case ef.WakeAt(time=time):
                self._alarm.set(time)
            case ef.Publish(status=status):
                self._board.publish(status)
                self._vigil.hear(status)
                if status.settled:
                    self.memory.rest()
            case ef.Note():
                self._board.write(effect)
            case ef.Answered():
                self._board.answer(effect)
            case ef.KeepExclusions(excluded=excluded):
                self._keep_exclusions(excluded)
            case ef.Commit():
                raise AssertionError("commits are the pump's to make")
            case _:
                assert_never(effect)

    def _keep_exclusions(self, excluded: tuple[tuple[RelPath, NodeId], ...]) -> None:
        try:
            self._excluded.save(excluded)
        except BadConfig as trouble:
            self._board.write(ef.Note("error", f"what is excluded is not remembered after a restart: {trouble}"))

    @property
    def grounds(self) -> Grounds:
        """What `check` and `debug` look at.  A check comes to the hub as another client, which knows nothing yet."""
        engine = self._engine

        def introduce(now: float) -> Dialogue:
            who = replace(self._introduction(), client_id=ClientId(f"{self._config.client_id}-check"))
            return Dialogue(replace(who, cursor=0, epoch="", run=""), self._outside.instant, now)

        dial = self._outside.dialer(self._config)
        policy = Policy(self._config.name, self._outside.today())
        return Grounds(
            self._board, engine.canopy, engine.present_status, engine.standing.waiting, self.ground.disk, dial,
            introduce, lambda: engine.standing.preview(policy, self._loop.time()), engine.scoping.scope,
            engine.scoping.names, self._record, self.ground.trash,
        )  # fmt: skip

    def _introduce(self, now: float) -> Dialogue:
        return Dialogue(self._introduction(), self._outside.instant, now)

    def _introduction(self) -> Introduction:
        return introduction(self._config, self._engine.footing, self.memory.facts.get(INCARNATION, ""))
