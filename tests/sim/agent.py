"""One machine of the simulated world: a disk, a database, and an agent that runs, or not.

The agent is the real one, from its shell on (``agent.runtime``): what it has of the world around it is simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from syncagent.agent.board import Board
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.excluding import Kept
from syncagent.agent.outside import Outside
from syncagent.agent.premises import Premises, take_premises
from syncagent.agent.runtime import AgentFailed, Runtime
from syncagent.agent.tally import BeginAnew, Place, Tally
from syncagent.agent.vigil import Clocks, Vigil
from syncagent.engine import events as ev
from syncagent.engine.engine import Engine
from syncagent.engine.status import Status
from syncagent.errors import LinkLost
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.ids import ClientId, Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from syncagent.planner.ops import WriteLocal
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.memory import MemoryStore
from syncagent.store.ports import AgentStore, Loaded
from syncagent.trees.delta import Delta
from tests.sim.clock import Schedule
from tests.sim.hub import KEY, START_NS, Hub
from tests.sim.links import Wire
from tests.sim.loop import SimLoop
from tests.sim.threads import Killed, SimWorkers
from tests.sim.watching import SimWatcher

NOWHERE = Path("/dev/null/nowhere")
"""A data directory that cannot be: whoever writes beside the database is noticed."""


class Agent:
    """``before_call`` is called before each call to the disk, with its name and path, ``before_commit`` before each
    commit to the database: both may raise Killed, or an error that the call then has.  ``told`` is called with each
    status."""

    def __init__(self, name: str, schedule: Schedule, hub: Hub, disk: MemoryDisk | None = None) -> None:
        self.name = name
        self.schedule = schedule
        self.hub = hub
        self.rng = schedule.stream(name)
        self._ids = schedule.stream(f"{name} ids")
        self.skew_ns = 0
        self.disk = disk or MemoryDisk(clock=self.clock_ns)
        self.disk.before_call = self._before_call
        self.store = MemoryStore(schedule.stream(f"{name} store"))
        self.client_id = ClientId(f"{name}-1")
        self.root_id: str | None = None
        """The id of the folder, as noted beside the database."""
        self.notes_beside: dict[str, str] = {}
        """Small files of the data directory."""
        self.boots, self.booted_ns = 1, 0
        self.online = True
        self.running = False
        self.life = 0
        self.wire: Wire | None = None
        self.watcher: SimWatcher | None = None
        self.workers: SimWorkers | None = None
        self.runtime: Runtime | None = None
        self.board: Board | None = None
        self.failures: list[BaseException] = []
        self.interrupted: set[Digest] = set()
        """Contents that were being written when the process was killed, or when its disk failed."""
        self.before_call: Callable[[str, RelPath], None] = lambda call, path: None
        self.before_commit: Callable[[], None] = lambda: None
        self.dialled: Callable[[Wire], None] = lambda wire: None
        self.mood: Callable[[], list[float]] = lambda: [0.0]
        """What becomes of a word of the kernel: how late it is, once for each time that it comes."""
        self.crowded: Callable[[], None] | None = None
        """Called when it is asked what is free, while others have taken what is to stay so."""
        self.counts_room = False
        """Whether it can tell what is free: to look takes its turns, and makes another world of a seed."""
        self._dying = False

    # --- what is there of it when it does not run ---------------------------------------------------------------

    def clock_ns(self) -> int:
        """The hour on this machine, as its clock has it."""
        return START_NS + self.skew_ns + int(self.schedule.now * 1e9)

    def hour(self) -> datetime:
        return datetime.fromtimestamp(self.clock_ns() / 1e9, UTC)

    @property
    def config(self) -> AgentConfig:
        return AgentConfig(
            sync_root=Path("/home") / self.name,
            server="ws://hub:1",
            name=self.name,
            data_dir=NOWHERE / self.name,
            client_id=self.client_id,
            api_key=SecretStr(KEY),
            brake="off",
        )

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        if self.running:
            return
        self.life += 1
        self.running, self._dying = True, False
        self.disk.unlock_all()
        self.loop = SimLoop(self.schedule, self.name, lambda: self.rng.random() * 0.001)
        self.loop.run_now(self._begin)

    def _begin(self) -> None:
        self.board = Board()
        self.loop.create_task(self._live(self.board))

    async def _live(self, board: Board) -> None:
        outside = Outside(
            workers=self._make_workers,  # type: ignore[arg-type]
            premises=self._take,
            watcher=self._watch,
            database=lambda path: _Database(self),
            excluded=lambda data_dir: Kept(*self._beside("excluded")),
            vigil=self._vigil,
            tally=self._tally,
            dialer=lambda config: self._dial,
            ids=lambda: self,
            hour=self.hour,
            chance=self.rng.random,
            slept=lambda: 0.0,
            usage=(lambda folder: self._usage()) if self.counts_room else None,
            network=lambda changed: contextlib.nullcontext(),
        )
        stop = asyncio.Event()
        while True:
            self.runtime = Runtime(self.config, board, {}, outside)
            try:
                await self.runtime.run(stop)
            except DatabaseDamaged:
                await asyncio.sleep(1.0)
            except BeginAnew:
                self.client_id = ClientId(f"{self.client_id}x")
            except AgentFailed as failed:
                self.failures.append(failed.__cause__ or failed)
                return
            except Exception as ended:  # noqa: BLE001 - the agent has ended, and says why: not for anything in this world
                self.failures.append(ended)
                return

    def _vigil(self, data_dir: Path) -> Vigil:
        read, write = self._beside("alive")
        clocks = Clocks(lambda: self.schedule.now, self.clock_ns)
        return Vigil(f"{self.name} {self.boots}", self.booted_ns, read, write, clocks, self.name)

    def _tally(self, data_dir: Path) -> Tally:
        place = Place(self.name, str(data_dir), 1)
        return Tally(place, *self._beside("starts"), new_token=lambda: f"{self.rng.getrandbits(60):x}")

    def _beside(self, name: str) -> tuple[Callable[[], str], Callable[[str], None]]:
        def write(text: str) -> None:
            if self.running and not self._dying:  # a process that is gone has no last words
                self.notes_beside[name] = text

        return (lambda: self.notes_beside.get(name, "")), write

    @property
    def loop_failures(self) -> list[BaseException]:
        return self.loop.failures if self.running else []

    def kill(self, power: bool = False, *, tear: bool = False) -> int:
        """The process is gone; with ``power``, what was not durable is, too; ``tear``: of what was not, some names and
        sizes are kept, and zeros or less than all of the content.  Gives how many files that happened to."""
        torn = 0
        if self.running:
            self.note_interrupted()
            self.running = False
            self.life += 1
            self.loop.die()
            self.failures.extend(self.loop.failures)
            self.runtime = self.board = self.watcher = self.workers = None
        if self.wire is not None:
            if power:
                self.wire.fall_silent(up=True, down=True)
            else:
                self.wire.agent_left()
            self.wire.down.end.closed = True
            self.wire = None
        if power:
            self.boots, self.booted_ns = self.boots + 1, self.clock_ns()
            chance = self.rng.random
            torn = self.disk.crash(lambda: chance() < 0.5, (lambda: chance() < 0.5) if tear else None)
            self.store.crash()
        self.disk.unlock_all()
        return torn

    def note_interrupted(self) -> None:
        if self.runtime is not None:
            for op in self.engine._flight.busy.values():
                if isinstance(op, WriteLocal) and isinstance(op.node, File):
                    self.interrupted.add(op.node.content.digest)

    def die_within(self) -> None:
        """It was killed in the middle of a call: nothing that it still does counts."""
        self._dying = True
        raise Killed

    def connect(self) -> None:
        """Let it try at once."""
        if self.running and self.online and self.runtime is not None:
            self.loop.run_now(self.runtime.nudge)

    def cut(self) -> None:
        """The connection breaks, and both sides know.  It is tried again by itself, if ``online``."""
        if self.wire is not None:
            self.wire.cut()

    @property
    def link(self) -> Wire | None:
        """The connection, if there is one as far as the agent knows."""
        return self.wire if self.wire is not None and not self.wire.down.end.closed else None

    # --- as seen from outside -----------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        assert self.runtime is not None
        return self.runtime._engine

    @property
    def status(self) -> Status:
        return self.board.status if self.board is not None else Status()

    def deliver(self, event: ev.Event) -> None:
        """Give its engine an event that a person, or time, has brought about."""
        if self.running and self.runtime is not None and self.runtime.started:
            self.loop.run_now(self.runtime.feed, event)

    def notes(self) -> list[str]:
        return [f"{line['level']} {line['text']}" for line in self.board.lines(8)] if self.board is not None else []

    # --- its world ----------------------------------------------------------------------------------------------

    def new_id(self) -> NodeId:
        return NodeId(f"{self._ids.getrandbits(100):025x}")

    def _before_call(self, call: str, path: RelPath) -> None:
        if self._dying:
            raise Killed
        self.before_call(call, path)

    def _make_workers(self, failed: Callable[[BaseException], None]) -> SimWorkers:
        self.workers = SimWorkers(self.schedule, self.loop, self.name, self.rng, failed, self._killed_in_a_thread)
        return self.workers

    def _killed_in_a_thread(self) -> None:
        self.kill()
        life = self.life
        self.schedule.after(
            self.rng.random(), f"{self.name} restart", lambda: self.start() if life == self.life else None
        )

    def _take(self, config: AgentConfig) -> Premises:
        def note(root_id: str) -> None:
            self.root_id = root_id

        return take_premises(
            self.disk,
            config,
            self.root_id,
            note,
            lambda: f"{self._ids.getrandbits(100):025x}",
            self._usage if self.counts_room else None,
        )

    def _usage(self) -> tuple[int, int]:
        if self.crowded is not None:
            self.crowded()
        return 1 << 40, 1 << (20 if self.crowded is not None else 39)

    def _watch(
        self,
        root: Path,
        on_hints: Callable[[Any], None],
        rule_files: tuple[str, ...],
        is_own: Callable[[RelPath], bool],
    ) -> SimWatcher:
        self.watcher = SimWatcher(self.schedule, self.loop, self.name, self.rng, self.disk, on_hints, is_own)
        self.watcher.mood = self.mood
        self.watcher.killed = self._killed_in_a_thread
        return self.watcher

    async def _dial(self) -> Wire:
        await asyncio.sleep(self.rng.random() * 0.03)
        if not self.online or not self.hub.listens or self.hub.loop is None:
            raise LinkLost("the hub cannot be reached")
        wire = Wire(self.name, self.schedule, self.rng, self.loop, self.hub.loop)
        self.wire = wire
        self.dialled(wire)
        hub = self.hub
        self.schedule.soon(
            f"{self.name} dials", lambda: hub.accept(wire, self.name) if hub.listens else wire.cut(), 0.01, self.rng
        )
        return wire


class _Database:
    """The agent's database, in the thread that has it."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._store: AgentStore = agent.store
        self._asked = False
        self._trouble: BaseException | None = None

    def is_quick(self) -> bool:
        """As chance will have it; what befalls a commit befalls it in its thread."""
        try:
            self._agent.before_commit()
        except BaseException as trouble:  # noqa: BLE001 - raised a moment later
            self._trouble = trouble
            return False
        self._asked = True
        return self._agent.rng.random() < 0.5

    def load(self) -> Loaded:
        return self._store.load()

    def commit(self, delta: Delta) -> None:
        trouble, self._trouble = self._trouble, None
        asked, self._asked = self._asked, False
        if trouble is not None:
            raise trouble
        if not asked:
            self._agent.before_commit()
        self._store.commit(delta)

    def recipe(self, digest: Digest) -> Any:
        return self._store.recipe(digest)

    def settle(self) -> None:
        self._store.settle()

    def rest(self) -> None:
        self._store.rest()

    def put_aside(self) -> None:
        self._store.put_aside()

    def close(self) -> None:
        self._store.close()
