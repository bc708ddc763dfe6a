"""What goes wrong in the simulated world.  Each kind of fault has a name, and can be had alone.

A fault counts (``world.met``) when it has taken effect, not when it was written into a script.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from syncagent.engine import events as ev
from syncagent.errors import StorageFull, StorageTrouble
from tests.sim.hub import HubKilled

if TYPE_CHECKING:
    from tests.sim.agent import Agent
    from tests.sim.world import World

YEARS = 365 * 86_400 * 10**9

Begin = Callable[["World", "Agent", Random], None]


@dataclass(frozen=True)
class Fault:
    """``calls``: how many calls of the machine (or durable steps of the hub) are in question, from ``first`` on; 0: it
    comes at a time, in the first ``until`` of the play."""

    begin: Begin
    calls: int = 0
    first: int = 0
    until: float = 1.0
    of_hub: bool = False


FAULTS: dict[str, Fault] = {}

OFF: set[str] = {"disk-crowded", "spared"}
"""Kinds that are had only when they are asked for: a seed gives the same world as before they were there."""


def _fault(name: str, **more: float) -> Callable[[Begin], Begin]:
    def note(begin: Begin) -> Begin:
        FAULTS[name] = Fault(begin, **more)  # type: ignore[arg-type]
        return begin

    return note


# --- hints ------------------------------------------------------------------------------------------------------


def _mood(name: str, late: Callable[[Random], list[float]], seconds: float) -> None:
    @_fault(name)
    def begin(world: World, agent: Agent, rng: Random) -> None:
        def mood() -> list[float]:
            world.met[name] += 1
            return late(rng)

        world.moods[agent.name] = mood
        world.schedule.after(seconds, f"{agent.name} hints", lambda: world.moods.pop(agent.name, None))


_mood("hints-lost", lambda rng: [], 0.5)
_mood("hints-late", lambda rng: [rng.random() * 2], 1.0)
_mood("hints-doubled", lambda rng: [0.0, rng.random()], 1.0)


@_fault("hints-overflow")
def _overflow(world: World, agent: Agent, rng: Random) -> None:
    if agent.watcher is not None:
        world.met["hints-overflow"] += 1
        agent.watcher.overflow()


# --- links ------------------------------------------------------------------------------------------------------


@_fault("link-cut")
def _cut(world: World, agent: Agent, rng: Random) -> None:
    if agent.link is not None:
        world.met["link-cut"] += 1
        agent.cut()


@_fault("link-flaps")
def _flap(world: World, agent: Agent, rng: Random) -> None:
    world.met["link-flaps"] += 1
    agent.online = False
    agent.cut()

    def online() -> None:
        agent.online = True
        agent.connect()

    world.schedule.after(rng.random() * 2, f"{agent.name} online", online)


@_fault("link-half-open")
def _half_open(world: World, agent: Agent, rng: Random) -> None:
    wire, both = agent.link, rng.random() < 0.3
    if wire is not None:
        up = rng.random() < 0.5
        wire.fall_silent(up=up or both, down=not up or both)
        world.half_open.append(wire)


@_fault("link-stale")
def _stale(world: World, agent: Agent, rng: Random) -> None:
    if agent.link is not None:
        world.met["link-stale"] += 1
        agent.link.go_stale(1 + 4 * rng.random())
        agent.connect()


@_fault("link-slow")
def _slow(world: World, agent: Agent, rng: Random) -> None:
    if (wire := agent.link) is not None:
        world.met["link-slow"] += 1
        for pipe in (wire.up, wire.down):
            pipe.rate, pipe.latency = 20e3, 0.5


@_fault("frames-doubled")
def _doubled(world: World, agent: Agent, rng: Random) -> None:
    if (wire := agent.link) is not None:
        left = [rng.randrange(1, 4)]

        def doubled() -> bool:
            left[0] -= 1
            world.met["frames-doubled"] += left[0] >= 0
            return left[0] >= 0

        (wire.up if rng.random() < 0.5 else wire.down).doubled = doubled


# --- agents -----------------------------------------------------------------------------------------------------


@_fault("agent-killed", calls=350)
def _killed(world: World, agent: Agent, rng: Random) -> None:
    world.met["agent-killed"] += 1
    agent.die_within()


@_fault("agent-power")
def _power(world: World, agent: Agent, rng: Random) -> None:
    world.met["agent-power"] += 1
    world.forgot("the power was cut")
    world.stop(agent, rng, power=True)


@_fault("agent-power-within", calls=350)
def _power_within(world: World, agent: Agent, rng: Random) -> None:
    """In the middle of what it does; sizes and times of what was not durable may be kept without the bytes."""
    world.met["agent-power-within"] += 1
    world.forgot("the power was cut")
    world.power_cut_within(agent, rng)


@_fault("user-data-torn")
def _torn(world: World, agent: Agent, rng: Random) -> None:
    world.met["user-data-torn"] += world.tear_users_files(agent, rng)
    world.forgot("the power was cut")
    world.stop(agent, rng, power=True)


@_fault("database-dropped")
def _dropped(world: World, agent: Agent, rng: Random) -> None:
    world.met["database-dropped"] += 1
    world.forgot("a database was lost")
    world.stop(agent, rng)
    agent.store.damage("it was lost")


@_fault("database-older", until=0.5)
def _older(world: World, agent: Agent, rng: Random) -> None:
    backup = agent.store.backup()

    def put_back() -> None:
        if world.calmed:
            return
        world.met["database-older"] += 1
        world.forgot("a database was put back to an older state")
        world.stop(agent, rng)
        agent.store.restore(backup)

    world.schedule.after(0.2 + rng.random() * 1.5, f"{agent.name} database put back", put_back)


@_fault("agent-cloned")
def _cloned(world: World, agent: Agent, rng: Random) -> None:
    world.clone(agent, rng)


@_fault("database-full")
def _database_full(world: World, agent: Agent, rng: Random) -> None:
    until = world.schedule.now + rng.random()
    error = StorageFull if rng.random() < 0.5 else StorageTrouble

    def before_commit() -> None:
        if world.schedule.now < until and not world.calmed:
            world.met["database-full"] += 1
            raise error("the disk of the database is in trouble")

    agent.before_commit = before_commit


# --- the hub ----------------------------------------------------------------------------------------------------


@_fault("hub-killed", calls=25, first=2, of_hub=True)
def _hub_killed(world: World, agent: Agent, rng: Random) -> None:
    world.met["hub-killed"] += 1
    if world.hub_step == "answer":
        world.met["ack-lost"] += 1
    world.schedule.after(rng.random(), "hub restart", world.hub.start)
    raise HubKilled


@_fault("hub-full", calls=25, first=2, of_hub=True)
def _hub_full(world: World, agent: Agent, rng: Random) -> None:
    world.hub_full_until = world.schedule.now + rng.random() * 0.5


@_fault("hub-restored", until=0.5)
def _restored(world: World, agent: Agent, rng: Random) -> None:
    _restore(world, rng, "hub-restored", new_epoch=True)


@_fault("hub-rolled-back", until=0.5)
def _rolled_back(world: World, agent: Agent, rng: Random) -> None:
    """Without its knowing so: only the runs tell (E7)."""
    _restore(world, rng, "hub-rolled-back", new_epoch=False)


def _restore(world: World, rng: Random, name: str, *, new_epoch: bool) -> None:
    backup = world.hub.store.backup()

    def restore() -> None:
        if world.calmed:
            return
        world.met[name] += world.hub.head > next(iter(backup.journal.kept.values())).folder.head
        world.forgot("the hub was put back to an older state")
        world.restore_hub(backup, new_epoch=new_epoch)

    world.schedule.after(0.2 + rng.random() * 2, "hub put back", restore)


# --- disks ------------------------------------------------------------------------------------------------------


def _errors(name: str, number: int, calls: frozenset[str], most: int) -> None:
    @_fault(name, calls=350)
    def begin(world: World, agent: Agent, rng: Random) -> None:
        """This call fails, and some of those that follow."""
        left = [1 if rng.random() < 0.5 else rng.randrange(1, most)]

        def fails(call: str) -> bool:
            if call not in calls or left[0] <= 0:
                return False
            left[0] -= 1
            world.met[name] += 1
            return True

        world.disk_errors.setdefault(agent.name, []).append((fails, number))


READING = frozenset({"stat", "list", "open", "readlink", "file.read", "file.stat"})
WRITING = frozenset(
    {"mkdir", "symlink", "rename", "remove", "link", "file.write", "file.truncate", "file.adjust", "file.sync", "sync"}
)
_errors("disk-eio", errno.EIO, READING | WRITING, 30)
_errors("disk-eacces", errno.EACCES, READING | WRITING - {"file.sync", "sync"}, 20)
_errors("disk-read-only", errno.EROFS, WRITING, 60)


@_fault("disk-full")
def _disk_full(world: World, agent: Agent, rng: Random) -> None:
    agent.disk.free = 0
    world.full.add(agent.name)

    def room() -> None:
        agent.disk.free = None
        world.full.discard(agent.name)

    world.schedule.after(rng.random() * 2, f"{agent.name} room", room)


@_fault("disk-crowded", until=2.0)
def _disk_crowded(world: World, agent: Agent, rng: Random) -> None:
    """Others have taken the room that is to stay free: the disk would hold more, and gets nothing."""

    def refused() -> None:
        world.met["disk-crowded"] += 1

    agent.crowded = refused

    def room() -> None:
        agent.crowded = None

    world.schedule.after(rng.random() * 8, f"{agent.name} has room again", room)


@_fault("root-gone")
def _root_gone(world: World, agent: Agent, rng: Random) -> None:
    world.met["root-gone"] += 1
    agent.disk.root_there = False
    world.schedule.after(rng.random() * 3, f"{agent.name} root", lambda: setattr(agent.disk, "root_there", True))


# --- clocks -----------------------------------------------------------------------------------------------------


@_fault("clock-jumps")
def _clock(world: World, agent: Agent, rng: Random) -> None:
    world.met["clock-jumps"] += 1
    agent.skew_ns += int(rng.uniform(-10, 10) * YEARS)


@_fault("hub-clock-jumps")
def _hub_clock(world: World, agent: Agent, rng: Random) -> None:
    world.met["hub-clock-jumps"] += 1
    world.hub.skew_ns += int(rng.uniform(-10, 10) * YEARS)


# --- what a machine is spared ------------------------------------------------------------------------------------


@_fault("spared", until=2.0)
def _spared(world: World, agent: Agent, rng: Random) -> None:
    """For a while nothing is to be sent or received: the network costs, or the battery is empty."""
    world.met["spared"] += 1
    agent.deliver(ev.Restrained("the network is metered", 0))
    world.schedule.after(rng.random() * 2, f"{agent.name} free", lambda: agent.deliver(ev.Restrained()))


DEFAULT = frozenset(FAULTS) - OFF

KINDS_OF_DISK = ("disk-macos", "disk-folds-form", "disk-windows", "disk-grain-1s", "disk-fat", "disk-reuses")
"""What a machine's disk may be like, from the beginning; named as faults are."""

ALONGSIDE = ("ack-lost", "agent-data-torn", "threads-overlap", "clock-off")
"""What comes with others, and is counted by itself."""

ALL = DEFAULT | (frozenset(KINDS_OF_DISK) - OFF) | frozenset(ALONGSIDE)
