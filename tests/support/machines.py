"""Machines with pretended disks around a pretended hub: plans are made, and run in any order, until nothing differs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from syncagent.model.ids import NodeId, Rev
from syncagent.model.nodes import Node
from syncagent.planner.along import let_along
from syncagent.planner.ops import (
    Adopt,
    Agree,
    Op,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    beneath,
    subject,
)
from syncagent.planner.outcome import settle_local, settle_submitted, settle_tree
from syncagent.planner.plan import plan
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from tests.support.dsl import DAY, MACHINE, show
from tests.support.pretend import IdHub, PathDisk, Refused, Task, make_task

ROUNDS = 500


class Machine:
    """A disk on which a person has made of ``base`` what ``mine`` is, and which has not heard of the hub since."""

    def __init__(
        self, base: Mapping[NodeId, Node], mine: Mapping[NodeId, Node], name: str = MACHINE, *, whole: int = 0
    ) -> None:
        """``whole``: how many nodes lie at least beneath folders that go by one op; 0 for none."""
        self.canopy = Canopy()
        self.disk = PathDisk()
        self.ops: Counter[str] = Counter()
        self.heard = 0
        self._read = 0
        """So much of the hub's journal."""
        self._catching_up = False
        self._policy = Policy(name, DAY, whole_here=whole, whole_there=whole)
        self._pending: dict[NodeId, tuple[Op | Task, int]] = {}
        for node in base.values():
            self.canopy.set_synced(node.id, node)
            self.canopy.set_remote(node.id, node, Rev(1))
        for node_id in sorted(base.keys() | mine.keys()):
            self.canopy.set_local(node_id, mine.get(node_id))
        for node in mine.values():
            self.disk.nodes[self.canopy.local_path(node.id) or ""] = node

    def has(self) -> dict[NodeId, Node]:
        """What stands on the disk, by identity; nothing may be under way."""
        canopy = self.canopy
        there = ((one, canopy.local.get(one)) for one in [*canopy.synced.ids(), *canopy.local.ids()])
        return {one: node for one, node in there if node is not None}

    def known_at_hub(self) -> dict[NodeId, Node]:
        """What the hub has, as far as this machine has heard."""
        canopy = self.canopy
        there = ((one, canopy.remote.get(one)) for one in [*canopy.synced.ids(), *canopy.remote.ids()])
        return {one: node for one, node in there if node is not None}

    def becomes(self, nodes: Mapping[NodeId, Node]) -> None:
        """The person has made this of what stands on the disk, and it was looked at."""
        had = self.has()
        for node_id in sorted(had.keys() | nodes.keys()):
            if nodes.get(node_id) != had.get(node_id):
                self.canopy.set_local(node_id, nodes.get(node_id))
        self.disk.nodes = {self.canopy.local_path(node.id) or "": node for node in nodes.values()}

    def hear_some(self, hub: IdHub, rng: random.Random) -> None:
        """Learn a part of what the hub has done since; until all is known nothing is sent."""
        for node_id, node, rev in hub.journal[self._read :][: rng.randint(1, 4)]:
            self._read += 1
            self.canopy.set_remote(node_id, node, rev)
        self._catching_up = True
        if self._read == len(hub.journal):
            self.hear(hub)

    def hear(self, hub: IdHub) -> None:
        """Learn all that the hub has."""
        self._catching_up = False
        self.heard, self._read = sum(hub.revs.values()), len(hub.journal)
        for node_id in sorted(hub.revs):
            if (
                self.canopy.remote.get(node_id) != hub.nodes.get(node_id)
                or self.canopy.rev(node_id) != hub.revs[node_id]
            ):
                self.canopy.set_remote(node_id, hub.nodes.get(node_id), hub.revs[node_id])

    def think(self, rng: random.Random) -> bool:
        """Make one plan; whether anything is to be done."""
        focus = sorted(self.canopy.diverged())
        rng.shuffle(focus)
        return self._plan(focus, rng.choice([3, 1000]))

    def _plan(self, focus: Sequence[NodeId], limit: int) -> bool:
        let_along(self.canopy, self.canopy.take_news())
        busy = busy_with([one for one, _ in self._pending.values()])
        policy = replace(self._policy, may_submit=not self._catching_up)
        made = plan(self.canopy, policy, focus=focus, busy=busy, limit=limit)
        for op in made.ops:
            match op:
                case Agree() | Adopt():
                    self.ops[type(op).__name__] += 1
                    settle_tree(self.canopy, op)
                case SubmitCreate() | SubmitEdit() | SubmitMove() | SubmitDelete():
                    self._pending[subject(op)] = op, self.heard
                case _:
                    self._pending[subject(op)] = make_task(self.canopy, op), self.heard
        return bool(made.ops or self._pending)

    def act(self, hub: IdHub, rng: random.Random) -> None:
        """Run one of the ops that were planned."""
        if self._pending:
            self._carry_out(hub, rng.choice(sorted(self._pending)))

    def _carry_out(self, hub: IdHub, node_id: NodeId) -> None:
        op, heard = self._pending.pop(node_id)
        if isinstance(op, Task):
            self.ops[type(op.op).__name__] += 1
            self.disk.run(op)
            settle_local(self.canopy, op.op, None)
        else:
            assert isinstance(op, SubmitCreate | SubmitEdit | SubmitMove | SubmitDelete)
            self._submit(hub, op, heard)

    def _submit(self, hub: IdHub, op: SubmitOp, heard: int) -> None:
        """The hub tells of all that came before, then of its verdict.  It may refuse what was planned without that."""
        others = sum(hub.revs.values())
        self.hear(hub)
        try:
            rev = hub.run(op, heard)
        except Refused:
            if others == heard:
                raise
            return
        self.ops[type(op).__name__] += 1
        self.heard, self._read = sum(hub.revs.values()), len(hub.journal)
        settle_submitted(self.canopy, op, rev)

    def settle(self, hub: IdHub, rng: random.Random) -> None:
        """Hear, plan and act until there is nothing left to do."""
        self.hear(hub)
        for _ in range(ROUNDS):
            if not self.think(rng):
                assert not list(self.canopy.diverged()), f"stuck with {list(self.canopy.diverged())}"
                return
            for _ in range(rng.randint(1, 4)):
                self.act(hub, rng)
        raise AssertionError(f"not settled after {ROUNDS} rounds: {list(self.canopy.diverged())}")

    def settle_in_order(self, hub: IdHub) -> int:
        """The same with no chance in it: all ops of a plan are run before the next is made.  Gives how many it took."""
        self.hear(hub)
        for rounds in range(ROUNDS):
            if not self._plan(sorted(self.canopy.diverged()), 1000):
                assert not list(self.canopy.diverged()), f"stuck with {list(self.canopy.diverged())}"
                return rounds
            for node_id in list(self._pending):
                self._carry_out(hub, node_id)
        raise AssertionError(f"not settled after {ROUNDS} rounds: {list(self.canopy.diverged())}")

    def show(self) -> str:
        return show(self.disk.nodes)


def busy_with(pending: Iterable[Op | Task]) -> dict[NodeId, Op]:
    """What is under way, by all the nodes that it is about."""
    ops = [one.op if isinstance(one, Task) else one for one in pending]
    return {node_id: op for op in ops for node_id in (subject(op), *beneath(op))}


def hub_of(base: Mapping[NodeId, Node]) -> IdHub:
    return IdHub(dict(base), dict.fromkeys(base, Rev(1)))


def together(machines: list[Machine], hub: IdHub, rng: random.Random) -> None:
    """Let all machines work at once, each step one that chance chooses, until none has anything left to do."""
    for _ in range(ROUNDS * len(machines)):
        one = rng.choice(machines)
        match rng.randrange(4):
            case 0:
                one.hear(hub) if rng.random() < 0.5 else one.hear_some(hub, rng)
            case 1:
                one.think(rng)
            case _:
                one.act(hub, rng)
        if all(each.heard == sum(hub.revs.values()) and not each.think(rng) for each in machines):
            return
    raise AssertionError("not settled")
