"""The hub in the simulated world: the real hall, sessions, judge and units of work, over a store in memory.

What is simulated is the machine: the store's thread is a part of the schedule, sockets are links, and the process can
be killed between any two durable steps.  What the store has committed survives that; nothing else does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from syncagent.errors import SyncAgentError
from syncagent.hub.app import Hub as HubApp
from syncagent.hub.app import HubConfig
from syncagent.hub.events import Now
from syncagent.hub.hall import Hall
from syncagent.hub.rows import Folder, Row
from syncagent.hub.rules import Rules
from syncagent.hub.server import Connection
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.stores.ports import Store
from syncagent.hub.tasks import Answer, Submitted
from syncagent.hub.work import NO_BRAKE
from syncagent.hub.worker import Job, Worker
from syncagent.model.changes import Entry
from syncagent.model.ids import Digest, NodeId, Seq
from tests.sim.clock import Schedule
from tests.sim.links import Socket, Wire
from tests.sim.loop import SimLoop

T = TypeVar("T")
KEY = "a key that is long enough"
START_NS = 1_700_000_000_000_000_000


class HubKilled(BaseException):
    """The hub's process was killed in the middle of something."""


class Hub:
    """``step`` is called before each durable step, and between a commit and its answers; it may raise HubKilled, or a
    storage error.  ``committed`` is called with what each unit has added to the journal."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.rng = schedule.stream("hub")
        self._ids = schedule.stream("hub ids")
        self.store = self._new_store()
        self.rules = Rules()
        self.skew_ns = 0
        self.up = False
        self.life = 0
        self.loop: SimLoop | None = None
        self.steps = 0
        self.step: Callable[[str], None] = lambda what: None
        self.committed: Callable[[list[Entry]], None] = lambda entries: None
        self.wires: list[Wire] = []
        self.start()

    def _new_store(self) -> MemoryStore:
        store = MemoryStore(lambda: f"{self._ids.getrandbits(100):025x}")
        with store.unit():
            store.journal.make_folder("default")
        return store

    # --- what is durable ----------------------------------------------------------------------------------------

    @property
    def _kept(self) -> Any:
        return next(iter(self.store.journal.kept.values()))

    @property
    def folder(self) -> Folder:
        return self._kept.folder  # type: ignore[no-any-return]

    @property
    def head(self) -> Seq:
        return self.folder.head

    @property
    def epoch(self) -> str:
        return self.folder.epoch

    @property
    def rows(self) -> dict[NodeId, Row]:
        return self._kept.nodes  # type: ignore[no-any-return]

    @property
    def journal(self) -> list[Entry]:
        return [timed.entry for timed in self._kept.journal]

    @property
    def blocks(self) -> dict[Digest, bytes]:
        return self._kept.blocks  # type: ignore[no-any-return]

    # --- life ---------------------------------------------------------------------------------------------------

    def now(self) -> Now:
        return Now(self.schedule.now, START_NS + self.skew_ns + int(self.schedule.now * 1e9))

    def start(self) -> None:
        if self.up:
            return
        self.up = True
        self.life += 1
        self.store.before_commit = lambda: self.pass_step("commit")
        self.loop = loop = SimLoop(self.schedule, "hub", lambda: self.rng.random() * 0.001)
        self._is_open = False
        loop.run_now(lambda: loop.create_task(self._open(loop)))

    async def _open(self, loop: SimLoop) -> None:
        """What ``hub.app`` does with a real store."""
        self.hall = Hall(self.rules, 64, Files(self, loop), self.now)  # type: ignore[arg-type]
        self.worker = SimWorker(self, loop, self.hall.deliver)
        app = HubApp(HubConfig(Path("/dev/null/hub"), bootstrap_key=KEY))
        try:
            ring, folders, runs = await self.worker.call(lambda store: app._prepare(store, NO_BRAKE))
        except SyncAgentError:
            # The program ends, and says why; whoever watches over it starts it again.
            self.schedule.after(0.0, "hub ends", self.kill)
            self.schedule.after(1.0, "hub restart", self.start)
            return
        self.hall.open(self.worker, self.store.blocks, self.store.journal.hub_id, runs, folders, ring)
        self._is_open = True

    @property
    def listens(self) -> bool:
        return self.up and self._is_open

    def kill(self) -> None:
        """The process is gone; the system closes its sockets."""
        if not self.up:
            return
        self.up = False
        self.store.crash()
        assert self.loop is not None
        self.loop.die()
        for wire in self.wires:
            wire.up.end.closed = True
            wire.down.hang_up()
        self.wires.clear()

    def pass_step(self, what: str) -> None:
        self.steps += 1
        self.step(what)

    def restore(self, older: MemoryStore, *, new_epoch: bool) -> None:
        """Put an older copy of the store in place of this one; a hub that is told so begins a new epoch."""
        self.kill()
        self.store = older
        if new_epoch:
            older.begin_epochs()
        self.start()

    # --- connections --------------------------------------------------------------------------------------------

    def accept(self, wire: Wire, address: str) -> None:
        assert self.loop is not None
        self.wires = [one for one in self.wires if not one.up.end.closed]
        self.wires.append(wire)
        self.loop.run_now(self._accept, wire, address)

    def _accept(self, wire: Wire, address: str) -> None:
        socket = Socket(wire, address)
        connection = Connection(self.hall, self.rules, socket, socket)  # type: ignore[arg-type]
        assert self.loop is not None
        self.loop.create_task(self._serve(connection, socket))

    async def _serve(self, connection: Connection, socket: Socket) -> None:
        await connection.run()
        socket.hang_up()


class SimWorker(Worker):
    """The store's thread: each turn of it is a step of the schedule."""

    def __init__(self, hub: Hub, loop: SimLoop, deliver: Callable[[list[tuple[Job, Answer]]], None]) -> None:
        super().__init__(lambda: hub.store, lambda: hub.now().wall_ns, deliver)
        self._hub = hub
        self._sim = loop
        self._due = False

    def submit(self, job: Job) -> None:
        super().submit(job)
        self._stir()

    async def call(self, run: Callable[[Store], T]) -> T:
        called = self._loop.create_task(super().call(run))
        self._loop.call_soon(self._stir)
        return await called

    def _stir(self) -> None:
        if not self._due and (self._queue or self._bulk):
            self._due = True
            self._hub.schedule.soon("hub store", self._turn, 0.004, self._hub.rng)

    def _turn(self) -> None:
        self._due = False
        if not self._sim.alive:
            return
        try:
            taken = self._take()
            assert taken is not None
            jobs, call = taken
            if jobs:
                done = self._together(self._hub.store, jobs)
                self._hub.committed(
                    [timed.entry for _, one in done if isinstance(one, Submitted) for timed in one.entries]
                )
                if any(isinstance(one, Submitted) and one.head > one.before for _, one in done):
                    self._hub.pass_step("answer")
                self._back(self._deliver, done)
            if call is not None:
                self._one_call(self._hub.store, call)
        except HubKilled:
            self._hub.kill()
            return
        self._stir()


class Files:
    """The threads that write large blocks before their unit."""

    def __init__(self, hub: Hub, loop: SimLoop) -> None:
        self._hub = hub
        self._sim = loop

    def submit(self, work: Callable[..., Any], *args: Any) -> Prepared:
        prepared = Prepared()
        self._hub.schedule.soon("hub files", lambda: self._run(prepared, work, args), 0.01, self._hub.rng)
        return prepared

    def _run(self, prepared: Prepared, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if not self._sim.alive:
            return
        try:
            self._hub.pass_step("prepare")
            work(*args)
        except HubKilled:
            self._hub.kill()
            return
        except Exception:  # noqa: BLE001 - as in an executor, the outcome is looked at by who asked
            pass
        prepared.finish()


class Prepared:
    def __init__(self) -> None:
        self._callbacks: deque[Callable[[Prepared], object]] = deque()
        self._done = False

    def add_done_callback(self, callback: Callable[[Prepared], object]) -> None:
        if self._done:
            callback(self)
        else:
            self._callbacks.append(callback)

    def finish(self) -> None:
        self._done = True
        while self._callbacks:
            self._callbacks.popleft()(self)
