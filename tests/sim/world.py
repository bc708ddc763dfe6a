"""One seed, one world: machines, their users, a hub, and whatever goes wrong; and the oracle that judges the outcome.

Every content that a user writes is unique, and every user operation tells which content it displaced.  What was
displaced is dead; all else that was ever written must be on every machine in the end (N1), nothing else may be (N2),
what was overwritten must not come back (N3), all machines and the hub are the same (N4), it all comes to rest (N5).
"""

from __future__ import annotations

from random import Random

from syncagent.content.digest import digest_of
from syncagent.engine import events as ev
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT
from syncagent.model.names import RelPath, is_conflict_name
from syncagent.planner.ops import subject
from tests.sim.agent import Agent, Killed
from tests.sim.clock import Schedule
from tests.sim.hub import Hub

NAMES = ["a", "b", "c", "d", "e.txt"]
STEPS = 60_000


class User:
    """Works on one machine's disk, whether the agent runs or not."""

    def __init__(self, world: World, agent: Agent) -> None:
        self.world = world
        self.agent = agent
        self.rng = world.rng

    def act(self) -> None:
        """One operation, and the hint that the watcher would give of it (or lose)."""
        disk = self.agent.disk
        tree = {path: what for path, what in disk.user.tree().items() if path}
        acts = [self.write, self.write, self.write, self.mkdir, self.move, self.move, self.delete, self.link]
        try:
            touched = self.rng.choice(acts)(disk, tree)
        except OSError:
            return
        if touched:
            self.world.hint(self.agent, touched)

    def write(self, disk: MemoryDisk, tree: dict[str, bytes | str | None]) -> list[str]:
        path = self._path(tree, fresh=0.4)
        if tree.get(path, b"") is None:
            return []
        data = self.world.content(self.agent.name)
        displaced = disk.user.write(path, data, replace=self.rng.random() < 0.4)
        if displaced is not None:
            self.world.overwritten.add(displaced)
            self.world.before[data] = {displaced, *self.world.before.get(displaced, ())}
            self.world.dead.add(displaced)
        return [path]

    def mkdir(self, disk: MemoryDisk, tree: dict[str, bytes | str | None]) -> list[str]:
        path = self._path(tree, fresh=1)
        disk.user.mkdir(path)
        return [path]

    def link(self, disk: MemoryDisk, tree: dict[str, bytes | str | None]) -> list[str]:
        path = self._path(tree, fresh=1)
        disk.user.symlink(self.rng.choice(["x", "../y", "/z"]), path)
        return [path]

    def move(self, disk: MemoryDisk, tree: dict[str, bytes | str | None]) -> list[str]:
        if not tree:
            return []
        old, new = self.rng.choice(sorted(tree)), self._path(tree, fresh=0.8)
        for path, what in tree.items():
            if isinstance(what, bytes) and (path == old or path.startswith(old + "/")):
                self.world.renamed |= {what, *self.world.before.get(what, ())}
        displaced = disk.user.move(old, new)
        if displaced is not None:
            self.world.dead.add(displaced)
        return [old, new]

    def delete(self, disk: MemoryDisk, tree: dict[str, bytes | str | None]) -> list[str]:
        if not tree:
            return []
        path = self.rng.choice(sorted(tree))
        self.world.dead.update(disk.user.delete(path).values())
        return [path]

    def _path(self, tree: dict[str, bytes | str | None], fresh: float) -> str:
        if tree and self.rng.random() >= fresh:
            return self.rng.choice(sorted(tree))
        folders = ["", *sorted(path for path, what in tree.items() if what is None)]
        folder = self.rng.choice(folders)
        name = self.rng.choice(NAMES)
        return f"{folder}/{name}" if folder else name


class World:
    def __init__(self, seed: int, machines: int = 2, *, faults: bool = True) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.schedule = Schedule(self.rng)
        self.hub = Hub(self.schedule)
        self.agents = [Agent(name, self.schedule, self.hub) for name in ("anna", "bert", "carl")[:machines]]
        self.users = [User(self, agent) for agent in self.agents]
        self.faults = faults
        self.written: set[bytes] = set()
        self.dead: set[bytes] = set()
        self.overwritten: set[bytes] = set()
        self.before: dict[bytes, set[bytes]] = {}
        """What stood in a file before a content that was written over it."""
        self.renamed: set[bytes] = set()
        self.power_was_cut = False
        self._count = 0
        self._calls_until_user: dict[str, int] = {}

    def content(self, name: str) -> bytes:
        self._count += 1
        data = f"{name}-{self._count}-{self.rng.getrandbits(64):x}".encode()
        if self.rng.random() < 0.03:
            data *= 4000  # several blocks
        self.written.add(data)
        return data

    def hint(self, agent: Agent, paths: list[str]) -> None:
        if self.faults and self.rng.random() < 0.05:
            return  # lost
        event = ev.Hinted(paths=tuple(RelPath(path) for path in paths))
        life = agent.life
        self.schedule.soon(f"{agent.name} hint", lambda: agent._if_alive(life, event), 0.01)

    # --- a run ----------------------------------------------------------------------------------------------

    def run(self, acts: int) -> None:
        for agent in self.agents:
            agent.interfere = lambda call, agent=agent: self._between_calls(agent)
            agent.start()
        for _ in range(acts):
            self.schedule.after(self.rng.random() * 3, "act", lambda: self.rng.choice(self.users).act())
        if self.faults:
            for _ in range(self.rng.randrange(5)):
                self.schedule.after(self.rng.random() * 3, "fault", self._fault)
        while (due := self.schedule.next_at()) is not None and due <= 3.5:
            self.schedule.step()
        self.calm()
        self.settle()
        head = self.hub.head
        for agent in self.agents:
            agent.deliver(ev.Hinted(everything=True))
        self.settle()
        assert self.hub.head == head, f"a scan of an unchanged disk made {self.hub.head - head} revisions"
        self._let_pass(0.1)  # the sweeps of the stage, which nobody waits for
        self.check()

    def _let_pass(self, seconds: float) -> None:
        end = self.schedule.now + seconds
        while (due := self.schedule.next_at()) is not None and due <= end:
            self.schedule.step()

    def _between_calls(self, agent: Agent) -> None:
        """Between any two calls to the file system the user may act, or the process be killed."""
        if not self.faults:
            return
        chance = self.rng.random()
        if chance < 0.02:
            self.users[self.agents.index(agent)].act()
        elif chance < 0.023:
            raise Killed

    def _fault(self) -> None:
        agent = self.rng.choice(self.agents)
        match self.rng.randrange(3):
            case 0:
                agent.cut()
                agent.online = False
                self.schedule.after(self.rng.random() * 2, f"{agent.name} online", lambda: self._online(agent))
            case 1:
                if agent.running:
                    power = self.rng.random() < 0.3
                    self.power_was_cut |= power
                    agent.kill(power)
                    self.schedule.after(self.rng.random(), f"{agent.name} restart", lambda: self._restart(agent))
            case _:
                agent.cut()
                agent.connect()

    def _online(self, agent: Agent) -> None:
        agent.online = True
        agent.connect()

    def _restart(self, agent: Agent) -> None:
        if not agent.running:
            agent.start()

    def calm(self) -> None:
        """No more faults, no more users; everyone is up, and looks at everything once."""
        self.faults = False
        for agent in self.agents:
            agent.online = True
            if not agent.running:
                agent.start()
            agent.connect()
            agent.deliver(ev.Hinted(everything=True))

    def settle(self) -> None:
        for _ in range(STEPS):
            if self._at_rest():
                return
            for agent in self.agents:
                if not agent.running:
                    self._restart(agent)
                agent.connect()
            assert self.schedule.step(), f"nothing will happen any more\n{self.describe()}"
        raise AssertionError(f"not at rest after {STEPS} steps\n{self.describe()}")

    def _at_rest(self) -> bool:
        return all(
            agent.running and agent.engine.status.in_sync and agent.engine.status.applied_seq == self.hub.head
            for agent in self.agents
        )

    # --- the oracle -----------------------------------------------------------------------------------------

    def check(self) -> None:
        trees = {agent.name: agent.disk.user.tree() for agent in self.agents}
        first = self.agents[0].name
        for name, tree in trees.items():
            differences = _differences(tree, trees[first])
            assert tree == trees[first], f"{name} is not as {first}\n{differences}\n{self.describe()}"
        assert self._hub_tree() == set(trees[first]) - {""}, f"the hub has another tree\n{self.describe()}"
        held = {what for what in trees[first].values() if isinstance(what, bytes)}
        assert held <= self.written, f"made up: {held - self.written}"
        assert set(self.hub.blocks.values()) or not held
        lost = (self.written - self.dead) - held
        assert not lost, f"lost: {[one[:40] for one in lost]}\n{self.describe()}"
        # The exceptions (N3): renamed here, overwritten there, and only the new name, or another content, was seen; and
        # overwritten right after it was put in place by an agent that was killed before it could remember that.  Then
        # both are kept.
        unknown = {digest for agent in self.agents for digest in agent.interrupted}
        risen = {one for one in (self.overwritten & held) - self.renamed if digest_of(one) not in unknown}
        # A database that lost its last commits cannot know what was deleted since: then both sides are united.
        assert self.power_was_cut or not risen, f"came back: {[one[:40] for one in risen]}\n{self.describe()}"
        for agent in self.agents:
            ours = (".syncagent/stage/", ".syncagent/park/")
            own = [path for path in agent.disk.user.tree(own=True) if path.startswith(ours)]
            assert not own, f"left over on {agent.name}: {own}"

    def copies(self) -> list[str]:
        return [path for path in self.agents[0].disk.user.tree() if is_conflict_name(path.rpartition("/")[2])]

    def _hub_tree(self) -> set[str]:
        paths: set[str] = set()
        for row in self.hub.rows.values():
            if not row.living:
                continue
            names, here = [row.name], row.parent
            while here != ROOT:
                assert self.hub.rows[here].living and self.hub.rows[here].kind is Kind.DIR
                names.append(self.hub.rows[here].name)
                here = self.hub.rows[here].parent
            paths.add("/".join(reversed(names)))
        return paths

    def describe(self) -> str:
        lines = [f"seed {self.seed}, {self.schedule.now:.3f} s, {self.schedule.steps} steps, head {self.hub.head}"]
        for agent in self.agents:
            lines.append(f"{agent.name}: running {agent.running}, link {agent.link is not None}")
            if agent.running:
                engine = agent.engine
                lines.append(f"  {engine._status()}")
                lines.append(f"  busy {list(map(subject, engine._flight.busy.values()))} held {engine._flight.held}")
                lines.extend(f"  {engine.canopy.row(one)}" for one in engine.canopy.diverged())
            lines.extend("  " + note for note in agent.notes[-6:])
        return "\n".join(lines)


def _differences(one: dict[str, bytes | str | None], other: dict[str, bytes | str | None]) -> str:
    lines = [
        f"  {path}: {str(one.get(path, 'nothing'))[:60]} / {str(other.get(path, 'nothing'))[:60]}"
        for path in sorted(one.keys() | other.keys())
        if path not in one or path not in other or one[path] != other[path]
    ]
    return "\n".join(lines)
