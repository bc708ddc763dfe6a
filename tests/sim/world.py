"""One seed, one world: machines, their users, a hub, and whatever goes wrong; judged by the oracle.

Agents and hub are the real ones, from their shells on; disks, databases, threads, links and clocks are simulated.
Users act, processes die and calls fail between any two calls to a disk.
"""

from __future__ import annotations

import atexit
import errno
import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from random import Random

from syncagent.agent.excluding import Kept
from syncagent.content.digest import digest_of
from syncagent.engine import events as ev
from syncagent.engine import remote
from syncagent.engine.damage import ONLY_HERE
from syncagent.engine.reactions import HIDDEN
from syncagent.engine.standing import AT_HUB
from syncagent.errors import StorageFull
from syncagent.hub.stores.memory import MemoryStore
from syncagent.localfs.memory_systems import nfc
from syncagent.model.ids import ClientId, Digest
from syncagent.model.names import OWN_FOLDER, RelPath
from syncagent.model.nodes import File
from syncagent.planner.ops import subject
from syncagent.rules.layers import RULE_FILE
from tests.sim import faults as kinds
from tests.sim.agent import Agent
from tests.sim.clock import Schedule
from tests.sim.disks import copy_disk, make_disk
from tests.sim.hub import Hub
from tests.sim.links import Wire
from tests.sim.oracle import Broken, Oracle
from tests.sim.script import SECONDS, Choice, Script, write_script
from tests.sim.users import BUILDING, RULES, Act

LONGEST = 600.0
"""Virtual seconds in which everything has come to rest: heartbeats and pauses included (N5)."""
QUIET = 160.0
"""Where something cannot be held, and is tried now and then: so long nothing has changed.  Longer than a dead
connection is not noticed."""
STEPS = 400_000
REACHES = 12
"""So often rules may turn up that were themselves left out."""

IN_USE = frozenset({"open", "rename", "remove", "link"})
CHANGING = frozenset({"mkdir", "symlink", "rename", "remove", "link", "file.adjust"})
LIMITED = frozenset({"disk-macos", "disk-folds-form", "disk-windows", "disk-fat"})

logging.getLogger("syncagent").addHandler(logging.NullHandler())


_the_last: list[World] = []


def _end_the_last(next_one: World | None = None) -> None:
    """There is one world at a time: coroutines that are half way through must not be left to the garbage collector."""
    for world in _the_last:
        world.end()
    _the_last[:] = [next_one] if next_one is not None else []


atexit.register(_end_the_last)


class World:
    """``faults``: the kinds that may happen; True for all that are had by default, False for none."""

    def __init__(self, seed: int, machines: int = 2, *, faults: bool | Collection[str] = True) -> None:
        _end_the_last(self)
        self.seed = seed
        self.schedule = Schedule(seed)
        if isinstance(faults, bool):
            faults = kinds.ALL if faults else ()
        self.faults = frozenset(faults)
        remote.WHOLE_HERE = (1, 1, 2, 3)[seed % 4]  # folders of users here are small, and go as a whole all the same
        self.met: Counter[str] = Counter()
        """How often each kind of fault has taken effect."""
        self.acted: Counter[str] = Counter()
        self.oracle = Oracle(self)
        self.hub = Hub(self.schedule)
        self.hub.step = self._hub_steps
        self.hub.committed = self.oracle.committed
        self.agents: list[Agent] = []
        self.limited: list[Agent] = []
        """Those whose disk cannot hold all that others' can."""
        rng = Random(f"{seed}/machines")
        for name in ("anna", "bert", "carl")[:machines]:
            self._add(self._make_agent(name, rng))
        self.listed: dict[str, set[str]] = {}
        """What those have listed since nothing changes any more: while it is tried again, it is not listed."""
        self.odd_names = bool(self.limited) or rng.random() < 0.1
        self.calmed = False
        self.solo = False
        self.rules = False
        """Whether users leave things out: by rules, or on their machine."""
        self.removals = 0
        """How many acts let a name go: without any, nothing may be deleted."""
        self.written: set[bytes] = set()
        self.dead: set[bytes] = set()
        self.overwritten: set[bytes] = set()
        self.before: dict[bytes, set[bytes]] = {}
        """What stood in a file before a content that was written over it."""
        self.renamed: set[bytes] = set()
        """What was given another name, or another time or mode: a change, which beats a delete elsewhere."""
        self.forgotten: list[str] = []
        """Why some machine does not know any more what it knew: what was let go may come back then."""
        self.torn: dict[bytes, bytes] = {}
        """What the power made of contents that users wrote, and what those were."""
        self.whole: dict[bytes, tuple[Digest, int, str]] = {}
        """The files that those were, as the hub had them: content, mtime and name."""
        self.written_at: dict[tuple[str, bytes], float] = {}
        """When a user wrote a content, and where."""
        self.moods: dict[str, Callable[[], list[float]]] = {}
        self.disk_errors: dict[str, list[tuple[Callable[[str], bool], int]]] = {}
        self.full: set[str] = set()
        self.unsynced: set[str] = set()
        """Where names could not be made durable: old files stay in the stage until the next start."""
        self.half_open: list[Wire] = []
        self.hub_full_until = -1.0
        self.hub_step = ""
        self._points: dict[str, dict[int, list[Choice]]] = {}
        self._contents = 0
        self._requests = 0

    def _make_agent(self, name: str, rng: Random) -> Agent:
        able = [kind for kind in kinds.KINDS_OF_DISK if kind in self.faults]
        kind = rng.choice(able) if able and rng.random() < 0.25 else ""
        agent = Agent(name, self.schedule, self.hub)
        agent.counts_room = "disk-crowded" in self.faults
        agent.disk = make_disk(kind, agent.clock_ns)
        if kind:
            self.met[kind] += 1
        if kind in LIMITED:
            self.limited.append(agent)
        if rng.random() < 0.2 and "clock-off" in self.faults:
            self.met["clock-off"] += 1
            agent.skew_ns = int(rng.uniform(-10, 10) * kinds.YEARS)
        return agent

    def _add(self, agent: Agent) -> None:
        agent.disk.before_call = agent._before_call
        if OWN_FOLDER not in agent.disk.user.tree(own=True):
            agent.disk.user.mkdir(OWN_FOLDER)
        agent.before_call = lambda call, path: self._before_call(agent, call, path)
        agent.mood = lambda: self._mood(agent)
        self.agents.append(agent)
        self._programs = {agent.name: self.schedule.stream(f"{agent.name} programs") for agent in self.agents}
        self._overlaps = {agent.name: self.schedule.stream(f"{agent.name} overlaps") for agent in self.agents}

    # --- what users tell the oracle ---------------------------------------------------------------------------

    def content(self, name: str) -> bytes:
        """A content that nobody has written before."""
        self._contents += 1
        data = self.will_write(f"{name}-{self._contents}-{self.schedule.rng.getrandbits(64):x}".encode())
        self.wrote(data, name)
        return data

    def will_write(self, data: bytes) -> bytes:
        self.oracle.known.add(digest_of(data))
        return data

    def wrote(self, data: bytes, name: str = "") -> None:
        self.will_write(data)
        self.written.add(data)
        self.written_at[name, data] = self.schedule.now

    def overwrote(self, old: bytes, new: bytes) -> None:
        self.overwritten.add(old)
        self.before[new] = {old, *self.before.get(old, ())}
        self.let_go([old])

    def let_go(self, contents: Iterable[bytes]) -> None:
        for what in contents:
            self.dead.update((what, self.torn.get(what, what)))

    def moved(self, contents: Iterable[bytes]) -> None:
        for what in contents:
            self.renamed |= {what, *self.before.get(what, ())}

    def forgot(self, why: str) -> None:
        self.forgotten.append(why)

    def hint(self, agent: Agent, paths: list[str]) -> None:
        """The kernel of that machine has something to tell of these paths; what becomes of that is another matter."""
        if agent.watcher is not None:
            for path in paths:
                agent.watcher.saw(path)

    def _mood(self, agent: Agent) -> list[float]:
        mood = self.moods.get(agent.name)
        return [0.0] if mood is None or self.calmed else mood()

    # --- a run ------------------------------------------------------------------------------------------------

    def run(self, acts: int, *, rules: bool = False) -> None:
        faults = self.faults & kinds.FAULTS.keys()
        self.play(write_script(self.seed, len(self.agents), acts, faults, rules=rules))

    def play(self, script: Script) -> None:
        """Let it all happen, and judge."""
        self.solo = all(one.machine == 0 for one in script if not one.is_fault)
        self.rules = any(one.what in RULES for one in script)
        for choice in script:
            fault = kinds.FAULTS.get(choice.what)
            if not choice.at_call:
                self.schedule.at(choice.when, str(choice), lambda choice=choice: self._happen(choice))
            else:
                where = "hub" if fault is not None and fault.of_hub else self.agents[choice.machine].name
                self._points.setdefault(where, {}).setdefault(int(choice.when), []).append(choice)
        for agent in self.agents:
            agent.start()
        self.pass_time(SECONDS + 0.5)
        self.calm()
        self.settle()
        for number in range(REACHES):
            if not self.take_back_rules(number):
                break
            self.pass_time(1.0)
            self.settle()
        head = self.hub.head
        for agent in self.agents:
            agent.deliver(ev.Hinted(everything=True))
        self.settle()
        self.pass_time(60.0)
        self.settle()
        if self.hub.head != head:
            raise Broken(f"N5: an idle minute made {self.hub.head - head} revisions\n{self.describe()}")
        self.check()

    def pass_time(self, seconds: float) -> None:
        end = self.schedule.now + seconds
        while (due := self.schedule.next_at()) is not None and due <= end:
            self._step()
        self.schedule.now = end

    def _step(self) -> None:
        if not self.schedule.step():
            raise Broken(f"nothing will happen any more\n{self.describe()}")
        if self.oracle.broken or self.schedule.steps & 15 == 0:
            self._see_to_failures()

    def _see_to_failures(self) -> None:
        if self.oracle.broken:
            raise self.oracle.broken[0]
        failures = {agent.name: [*agent.failures, *agent.loop_failures] for agent in self.agents}
        failures["hub"] = self.hub.loop.failures if self.hub.loop is not None else []
        for name, found in failures.items():
            if found:
                raise Broken(f"a failure of {name}: {found[0]!r}\n{self.describe()}") from found[0]

    def _happen(self, choice: Choice) -> None:
        if self.calmed:
            return
        agent = self.agents[choice.machine]
        fault = kinds.FAULTS.get(choice.what)
        if fault is not None:
            self.schedule.note(f"fault {choice}")
            fault.begin(self, agent, Random(f"{self.seed}/fault/{choice.number}"))
        else:
            Act(self, agent, choice.what, choice.number).run()

    def _before_call(self, agent: Agent, call: str, path: RelPath) -> None:
        """Between any two calls to the disk: users act, processes die, calls fail, other threads do theirs."""
        self.oracle.before_call(agent, call, path)
        if call in CHANGING:
            self._echo(agent, path)
        if self.calmed:
            return
        points = self._points.get(agent.name)
        if points:
            for choice in points.pop(agent.disk.calls, ()):
                self._happen(choice)
        if "threads-overlap" in self.faults and agent.workers is not None:
            chance = self._overlaps[agent.name].random()
            if chance < 0.01:
                self.met["threads-overlap"] += 1
                agent.workers.intrude(int(chance * 3000))
        if not agent.disk.shares and call in IN_USE and self._programs[agent.name].random() < 0.01:
            # Some program of the person, or what looks for viruses, has it open for a moment.
            self.met["disk-in-use"] += 1
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)
        for fails, number in self.disk_errors.get(agent.name, ()):
            if fails(call):
                agent.note_interrupted()
                if call in ("sync", "file.sync"):
                    self.unsynced.add(agent.name)
                raise OSError(number, os.strerror(number), path)
        if call == "file.write" and agent.name in self.full:
            self.met["disk-full"] += 1

    def _echo(self, agent: Agent, path: RelPath) -> None:
        """The kernel tells of what the agent itself does, too (B13)."""
        if agent.watcher is None:
            return
        if not path.startswith(OWN_FOLDER):
            agent.watcher.saw(path)
        if agent.disk.renaming is not None and not agent.disk.renaming[1].startswith(OWN_FOLDER):
            agent.watcher.saw(agent.disk.renaming[1])

    def _hub_steps(self, what: str) -> None:
        if self.calmed:
            return
        self.hub_step = what
        points = self._points.get("hub")
        if points:
            for choice in points.pop(self.hub.steps, ()):
                self._happen(choice)
        if what == "commit" and self.schedule.now < self.hub_full_until:
            self.met["hub-full"] += 1
            raise StorageFull("the hub's disk is full")

    # --- what faults do ---------------------------------------------------------------------------------------

    def stop(self, agent: Agent, rng: Random, *, power: bool = False) -> None:
        """Its process ends, and begins anew after a while."""
        agent.kill(power)
        life = agent.life
        self.schedule.after(
            rng.random(), f"{agent.name} restart", lambda: agent.start() if agent.life == life else None
        )

    def power_cut_within(self, agent: Agent, rng: Random) -> None:
        self.met["agent-data-torn"] += agent.kill(power=True, tear=True)
        life = agent.life
        self.schedule.after(
            rng.random(), f"{agent.name} restart", lambda: agent.start() if agent.life == life else None
        )
        agent.die_within()

    def tear_users_files(self, agent: Agent, rng: Random) -> int:
        """What users have just written is not durable yet, on most systems: its size and its times are kept, its bytes
        are not.  What the hub does not have yet, or not under that name, is left alone: nobody could know what it was
        (what was moved is known by its content, and that is gone)."""
        torn = 0
        known = self._files_at_hub()
        for path, what in agent.disk.user.tree().items():
            if not isinstance(what, bytes) or rng.random() < 0.3:
                continue
            inode = agent.disk.find(RelPath(path))
            just_written = self.schedule.now - self.written_at.get((agent.name, what), -60.0) < 30.0
            as_it_was = digest_of(what), inode.mtime_ns, nfc(path.rpartition("/")[2])
            if just_written and as_it_was in known:
                inode.tear(zeros=rng.random() < 0.5)
                self.torn[bytes(inode.data)] = what
                self.whole[bytes(inode.data)] = as_it_was
                torn += 1
        return torn

    def _files_at_hub(self) -> set[tuple[Digest, int, str]]:
        there = [node for row in self.hub.rows.values() if isinstance(node := row.node(), File)]
        return {(node.content.digest, node.mtime_ns, node.at.name) for node in there}

    def restore_hub(self, backup: MemoryStore, *, new_epoch: bool) -> None:
        self.hub.restore(backup, new_epoch=new_epoch)
        self.oracle.hub_was_restored()
        known = self._files_at_hub()
        for torn, as_it_was in self.whole.items() if self.rules else ():
            # The machine has forgotten what it was, if it was left out; and now the hub does not know it any more.
            if as_it_was not in known:
                self.will_write(torn)

    def clone(self, agent: Agent, rng: Random) -> None:
        """Another machine begins with a copy of the disk and of the database: the two have one name (E6)."""
        there = any(one.name == "dora" for one in self.agents)
        if there or agent.name in self.full or agent in self.limited or not agent.disk.root_there:
            return
        self.met["agent-cloned"] += 1
        self.forgot("a machine was cloned")
        clone = Agent("dora", self.schedule, self.hub)
        clone.disk = copy_disk(agent.disk, clone.clock_ns)
        clone.store = agent.store.backup()
        clone.client_id, clone.root_id = agent.client_id, agent.root_id
        clone.notes_beside = dict(agent.notes_beside)
        for _ in range(rng.randrange(4)):
            choice = Choice(rng.choice(BUILDING), len(self.agents), 0.0, rng.getrandbits(32))
            self.schedule.after(rng.random() * 2, str(choice), lambda choice=choice: self._happen(choice))
        self._add(clone)
        clone.start()

    # --- the end of it ----------------------------------------------------------------------------------------

    def calm(self) -> None:
        """No more faults, no more users; everyone is up, and looks at everything once."""
        self.calmed = True
        self.moods.clear()
        self.met["link-half-open"] += sum(wire.up.dropped + wire.down.dropped > 0 for wire in self.half_open)
        self.hub.start()
        for agent in self.agents:
            agent.disk.root_there = True
            agent.disk.free = None
            agent.online = True
            if agent.name == "dora" and agent.client_id != "dora-1":
                agent.kill()
                agent.client_id = ClientId("dora-1")  # its person has given it a name of its own
            agent.start()
            agent.connect()
            agent.deliver(ev.Restrained())
            agent.deliver(ev.Hinted(everything=True))

    # --- what is left out ---------------------------------------------------------------------------------------

    def say(self, agent: Agent, path: str, *, exclude: bool) -> None:
        """Its person excludes the path, or includes it."""
        self._requests += 1
        event = ev.Exclusion(1_000_000 + self._requests, RelPath(path), exclude)
        self.schedule.after(0.0, f"{agent.name} {event}", lambda: agent.deliver(event))

    def excluded(self, agent: Agent) -> list[str]:
        return [path for path, _ in Kept(lambda: agent.notes_beside.get("excluded", ""), lambda text: None).load()]

    def take_back_rules(self, number: int) -> bool:
        """Nothing is to be left out any more; whether anything was."""
        found = False
        for agent in self.agents if self.rules else ():
            for path in self.excluded(agent):
                found = True
                self.say(agent, path, exclude=False)
            for path, what in agent.disk.user.tree().items():
                if (
                    path.rpartition("/")[2] == RULE_FILE
                    and isinstance(what, bytes)
                    and not what.startswith(b"# nothing")
                ):
                    found = True
                    data = f"# nothing {agent.name} in the end {number} {path}\n".encode()
                    old = agent.disk.user.write(path, data)
                    self.wrote(data, agent.name)
                    if old is not None and old != data:
                        self.overwrote(old, data)
                    self.hint(agent, [path])
        return found

    def settle(self) -> None:
        """Wait until everyone has come to rest."""
        until, steps = self.schedule.now + LONGEST, self.schedule.steps + STEPS
        quiet_since, before = self.schedule.now, self._state()
        asked_at = self.schedule.now
        hidden: set[str] = set()
        """Where something cannot come, since what is left out there has its name: a person would have to say."""
        while self.schedule.now < until and self.schedule.steps < steps:
            self._step()
            if self.schedule.steps & 7 == 0:
                if self._at_rest():
                    return
                if self.schedule.now > asked_at + QUIET:
                    asked_at = self.schedule.now
                    self._write_again()
                if (self.limited or self.rules) and (state := self._state()) != before:
                    quiet_since, before = self.schedule.now, state
                    self.listed.clear()
                    hidden.clear()
                for agent in self.agents if self.rules else ():
                    hidden |= {agent.name} if any(HIDDEN in why for _, why in agent.status.held) else set()
                for agent in self.limited:
                    listed = (*agent.status.skipped, *agent.status.held)
                    paths = [path for path, _ in listed]
                    # What cannot be moved here is told where it stands, with the name that it is to have.
                    paths += [RelPath(why.partition(AT_HUB)[2].removesuffix(")")) for _, why in listed if AT_HUB in why]
                    self.listed.setdefault(agent.name, set()).update(paths)
                outside = {agent.name for agent in self.agents if not agent.status.in_sync}
                # Others may be about to look at something: then this is not the moment.
                excused = hidden | {agent.name for agent in self.limited}
                if self.schedule.now - quiet_since > QUIET and excused and outside <= excused:
                    return
        raise Broken(f"N5: not at rest after {LONGEST} s, {self.schedule.steps} steps\n{self.describe()}")

    def _write_again(self) -> None:
        """What the power has damaged, and the hub never had, waits until a person writes it again."""
        for agent in self.agents:
            for path, reason in agent.status.held if agent.running else ():
                if reason == ONLY_HERE:
                    data = f"{agent.name} again {path}".encode()
                    old = agent.disk.user.write(path, data)
                    self.wrote(data, agent.name)
                    if old is not None:
                        self.overwrote(old, data)
                    self.hint(agent, [path])

    def _at_rest(self) -> bool:
        return all(map(self._is_at_rest, self.agents))

    def _is_at_rest(self, agent: Agent) -> bool:
        # An agent cannot know that its connection is dead before a heartbeat fails.
        hears = agent.link is not None and agent.link.leads_to(self.hub.loop)
        return agent.running and hears and agent.status.in_sync and agent.status.applied_seq == self.hub.head

    def _state(self) -> object:
        """What changes as long as anything comes of what is done."""
        return self.hub.head, [
            (agent.running, agent.status.pending, agent.status.applied_seq, agent.disk.user.tree())
            for agent in self.agents
        ]

    def check(self) -> None:
        self._see_to_failures()
        self.oracle.at_rest()

    def end(self) -> None:
        """All processes are gone, and with them what they waited for."""
        for agent in self.agents:
            agent.kill()
        self.hub.kill()

    def describe(self) -> str:
        lines = [f"seed {self.seed}, {self.schedule.now:.3f} s, {self.schedule.steps} steps, head {self.hub.head}"]
        lines.append(f"faults met: {dict(self.met)}")
        for agent in self.agents:
            lines.append(f"{agent.name}: running {agent.running}, link {agent.link is not None}, {agent.client_id}")
            if agent.running and agent.runtime is not None and agent.runtime.started:
                engine = agent.engine
                lines.append(f"  {agent.status}")
                lines.append(f"  busy {list(map(subject, engine._flight.busy.values()))} held {engine._flight.held}")
                lines.extend(f"  {engine.canopy.row(one)}" for one in list(engine.canopy.diverged())[:12])
            lines.extend("  " + note for note in agent.notes())
        return "\n".join(lines)
