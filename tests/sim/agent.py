"""An agent in the simulated world: the real engine, scanner, applier and staging over a disk in memory."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.downloads import still_wanted
from syncagent.engine.engine import Engine
from syncagent.engine.status import Status
from syncagent.localfs.applier import Applier
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.reader import StaleRead, read_blocks
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.staging import Staging
from syncagent.model.ids import ClientId, Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from syncagent.planner.ops import WriteLocal
from syncagent.store.memory import MemoryStore
from tests.sim.clock import Schedule
from tests.sim.hub import Connection, Hub

DAY = "2026-11-22"


class Killed(BaseException):
    """The process was killed in the middle of something."""


class SeededIds:
    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def new_id(self) -> NodeId:
        return NodeId(f"{self._rng.getrandbits(100):025x}")


class Agent:
    """One machine: a disk, a database, and an agent that runs, or not."""

    def __init__(self, name: str, schedule: Schedule, hub: Hub) -> None:
        self.name = name
        self.schedule = schedule
        self.hub = hub
        self.disk = MemoryDisk(clock=lambda: 1_700_000_000_000_000_000 + int(schedule.now * 1e9) + self._tick())
        self._ticks = 0
        self.disk.user.mkdir(".syncagent")
        self.store = MemoryStore(Random(schedule.rng.getrandbits(32)))
        self.ids = SeededIds(schedule.rng)
        self.client_id = ClientId(f"{name}-1")
        self.status = Status()
        self.link: Connection | None = None
        self.online = True
        self.life = 0
        self.running = False
        self.interfere: Callable[[str], None] = lambda call: None
        self.disk.before_call = self._before_call
        self.notes: list[str] = []
        self.interrupted: set[Digest] = set()
        """Contents that were being written when the process was killed."""

    def _tick(self) -> int:
        self._ticks += 1
        return self._ticks

    def _before_call(self, call: str, path: RelPath) -> None:
        self.interfere(call)

    # --- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.life += 1
        self.running = True
        self.disk.unlock_all()
        self.engine = Engine(self.client_id, self.name, self.ids)
        self.scanner = Scanner(self.disk, self.disk.abilities)
        self.staging = Staging(self.disk, self.name)
        self.applier = Applier(self.disk, self.staging, self.disk.abilities)
        loaded = self.store.load()
        swept = self._carefully(lambda: self.staging.sweep(still_wanted(loaded.rows)))
        parked = self._carefully(lambda: tuple(self.scanner.parked())) if swept is not None else None
        if parked is None:
            return
        self.deliver(ev.Started(loaded.rows, loaded.facts, loaded.recipes, parked, DAY))
        if self.online:
            self.connect()

    def kill(self, power: bool = False) -> None:
        """The process is gone; with ``power``, what was not durable is, too."""
        self.life += 1
        self.running = False
        self.status = Status()
        for op in self.engine._flight.busy.values():
            if isinstance(op, WriteLocal) and isinstance(op.node, File):
                self.interrupted.add(op.node.content.digest)
        self.cut()
        if power:
            self.disk.crash(lambda: self.schedule.rng.random() < 0.5)
            self.store.crash()
        self.disk.unlock_all()

    def connect(self) -> None:
        if self.running and self.link is None and self.online:
            life = self.life
            self.link = self.hub.connect(self.client_id, lambda event: self._if_alive(life, event))

    def cut(self) -> None:
        if self.link is not None:
            self.hub.cut(self.link)
            self.link = None
            if self.running:
                self.deliver(ev.LinkDown("cut"))

    # --- events and effects -----------------------------------------------------------------------------------

    def _if_alive(self, life: int, event: ev.Event) -> None:
        if life == self.life and self.running:
            self.deliver(event)

    def later(self, what: str, work: Callable[[], list[ev.Event]], most: float = 0.02) -> None:
        """Work in another thread: done at some later time, in the life in which it was begun."""
        life = self.life

        def run() -> None:
            if life != self.life or not self.running:
                return
            events = self._carefully(work)
            for event in events or []:
                self._if_alive(life, event)

        self.schedule.soon(f"{self.name} {what}", run, most)

    def _carefully(self, work):  # type: ignore[no-untyped-def]
        try:
            return work()
        except Killed:
            self.kill()
            self.schedule.after(0.5, f"{self.name} restart", lambda: None if self.running else self.start())
            return None

    def deliver(self, event: ev.Event) -> None:
        for effect in self.engine.step(event, self.schedule.now):
            self._perform(effect)

    def _perform(self, effect: ef.Effect) -> None:
        match effect:
            case ef.Commit(delta=delta):
                self.store.commit(delta)
            case ef.Look():
                self.later("look", lambda: self._look(effect))
            case ef.Run(tasks=tasks):
                self.later("run", lambda: [ev.TasksDone(tuple(self.applier.run(tasks)))])
            case ef.ReadBlocks(number=number):
                self.later("read", lambda: [self._read(number, effect)])
            case ef.OpenStage(wish=wish):
                self.later("open", lambda: [ev.StageOpened(wish.content, self.staging.begin(wish))])
            case ef.FillStage():
                self.later("fill", lambda: [self._fill(effect)])
            case ef.SweepStage():
                self.later("sweep", lambda: self._sweep(effect))
            case ef.Recall(digests=digests):
                self.later("recall", lambda: [ev.Recalled({one: self.store.recipe(one) or () for one in digests})])
            case ef.WakeAt(time=time):
                life = self.life
                self.schedule.at(time, f"{self.name} tick", lambda: self._if_alive(life, ev.Tick(DAY)))
            case ef.Publish(status=status):
                self.status = status
            case ef.Note(level=level, text=text, path=path):
                self.notes.append(f"{self.schedule.now:.3f} {level} {text} {path}")
            case ef.CloseLink():
                self.cut()
            case _:
                if self.link is not None:
                    self.hub.send(self.link, effect)

    def _look(self, look: ef.Look) -> list[ev.Event]:
        facts = list(self.scanner.look(look.wishes)) if look.wishes else []
        events: list[ev.Event] = [ev.Seen(look.number, tuple(facts), not look.folders)]
        for position, folder in enumerate(look.folders, 1):
            batches = [tuple(batch) for batch in self.scanner.walk(folder)]
            events.extend(ev.Seen(look.number, batch, last=False) for batch in batches)
            if position == len(look.folders):
                events.append(ev.Seen(look.number, (), last=True))
        return events

    def _read(self, number: int, effect: ef.ReadBlocks) -> ev.Event:
        found = read_blocks(self.disk, effect.wishes)
        stale = tuple(one.path for one in found if isinstance(one, StaleRead))
        return ev.BlocksRead(number, tuple(one for one in found if not isinstance(one, StaleRead)), stale)

    def _fill(self, effect: ef.FillStage) -> ev.Event:
        self.staging.put(effect.content, effect.blocks, self.staging.recipe_of(effect.content))
        return ev.StageFilled(effect.content, tuple(digest for digest, _ in effect.blocks))

    def _sweep(self, effect: ef.SweepStage) -> list[ev.Event]:
        self.staging.sweep(effect.keep)
        return []
