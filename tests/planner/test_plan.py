"""Any three trees come together, in whatever order the ops of a plan are run, and nothing is lost on the way.

``make plans CASES=2000000`` tries as many as one has time for; a case that fails says how to run it alone.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from syncagent.model.ids import PARK, ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name, is_conflict_name
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement
from syncagent.planner.along import let_along
from syncagent.planner.compare import same_inside
from syncagent.planner.ops import (
    Adopt,
    Agree,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    beneath,
    subject,
)
from syncagent.planner.outcome import settle_local, settle_submitted, settle_tree
from syncagent.planner.plan import plan
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from tests.planner import rows
from tests.planner.test_compare import canopy
from tests.support.dsl import DAY, MACHINE, show, tree
from tests.support.machines import Machine, busy_with, hub_of, together
from tests.support.merged import Undecided, merged, paths_of
from tests.support.pretend import IdHub, PathDisk, Refused, Task, make_task

CASES = int(os.environ.get("SYNCAGENT_PLANNER_CASES", "20000"))
FIRST = int(os.environ.get("SYNCAGENT_PLANNER_FIRST", "0"))
ROUNDS = 200
NAMES = [Name(letter) for letter in "abcd"]


@dataclass
class User:
    """Changes a tree of nodes as a person would, and remembers which contents were displaced by it."""

    rng: random.Random
    nodes: dict[NodeId, Node]
    tag: str
    pool: list[bytes]
    edited_away: set[bytes] = field(default_factory=set)
    deleted: set[bytes] = field(default_factory=set)
    born: set[bytes] = field(default_factory=set)
    moved: set[NodeId] = field(default_factory=set)
    count: int = 0

    def act(self) -> None:
        self.rng.choice(
            [self.create, self.create, self.edit, self.edit, self.move, self.move, self.delete, self.touch]
        )()

    def create(self) -> None:
        at = self._spot(self._folders())
        if at is None:
            return
        self.count += 1
        node_id = NodeId(f"{self.tag}{self.count:03}")
        match self.rng.randrange(5):
            case 0 | 1:
                self.nodes[node_id] = Dir(node_id, at)
            case 2:
                self.nodes[node_id] = Link(node_id, at, self.rng.choice(["x", "y", f"{self.tag}{self.count}"]))
            case _:
                self.nodes[node_id] = File(node_id, at, self._content(), self.rng.random() < 0.3, self.rng.randrange(9))

    def edit(self) -> None:
        node = self._any(File)
        if isinstance(node, File):
            self.edited_away.add(node.content.digest)
            self.nodes[node.id] = replace(node, content=self._content(), mtime_ns=self.rng.randrange(9))

    def touch(self) -> None:
        node = self._any(File)
        if isinstance(node, File):
            self.nodes[node.id] = replace(node, executable=not node.executable)

    def move(self) -> None:
        node = self._any(File, Dir, Link)
        if node is None:
            return
        beneath = self.beneath(node.id)
        at = self._spot([folder for folder in self._folders() if folder not in beneath])
        if at is not None:
            self.moved.add(node.id)
            self.nodes[node.id] = replace(node, at=at)

    def swap(self) -> None:
        one, two = self._any(File, Dir), self._any(File, Dir)
        if one and two and one.id not in self.beneath(two.id) and two.id not in self.beneath(one.id):
            self.moved |= {one.id, two.id}
            self.nodes[one.id], self.nodes[two.id] = replace(one, at=two.at), replace(two, at=one.at)

    def delete(self) -> None:
        node = self._any(File, Dir, Link)
        if node is not None:
            for node_id in self.beneath(node.id):
                gone = self.nodes.pop(node_id)
                if isinstance(gone, File):
                    self.deleted.add(gone.content.digest)

    def _content(self) -> Content:
        if self.rng.random() < 0.15 and self.pool:
            digest = self.rng.choice(self.pool)
        else:
            digest = f"{self.tag}{self.rng.getrandbits(64):x}".encode()
            self.pool.append(digest)
        self.born.add(digest)
        return Content(Digest(digest), 1)

    def _any(self, *kinds: type) -> Node | None:
        fit = sorted((node for node in self.nodes.values() if isinstance(node, kinds)), key=lambda node: node.id)
        return self.rng.choice(fit) if fit else None

    def _folders(self) -> list[NodeId]:
        return [ROOT, *sorted(node.id for node in self.nodes.values() if isinstance(node, Dir))]

    def beneath(self, top: NodeId) -> list[NodeId]:
        found = [top]
        for one in found:
            found.extend(sorted(node.id for node in self.nodes.values() if node.at.parent == one))
        return found

    def _spot(self, folders: list[NodeId]) -> Placement | None:
        parent = self.rng.choice(folders)
        used = {node.at.name for node in self.nodes.values() if node.at.parent == parent}
        free = [name for name in NAMES if name not in used]
        return Placement(parent, self.rng.choice(free)) if free else None


class World:
    """One disk, one hub and the canopy between them, both changed behind its back."""

    def __init__(self, seed: int, here: int, there: int) -> None:
        self.rng = random.Random(seed)
        pool: list[bytes] = []
        base = User(self.rng, {}, "s", pool)
        for _ in range(self.rng.randrange(9)):
            base.create()
        self.base = dict(base.nodes)
        self.born = set(base.born)
        held = [node.content.digest for node in self.base.values() if isinstance(node, File)]
        self.twice = {digest for digest in held if held.count(digest) > 1}
        self.here = self._user("h", here, pool)
        self.there = self._user("t", there, pool)
        self.disk = PathDisk()
        self.hub = IdHub(dict(self.there.nodes), {node_id: Rev(1) for node_id in self.base})
        self.canopy = Canopy()
        for node in self.base.values():
            self.canopy.set_synced(node.id, node)
        for node_id in sorted(self.base.keys() | self.here.nodes.keys() | self.there.nodes.keys()):
            there_now = self.there.nodes.get(node_id)
            if node_id in self.there.nodes and there_now != self.base.get(node_id):
                self.hub.revs[node_id] = Rev(2)
            if node_id in self.base and there_now is None:
                self.hub.revs[node_id] = Rev(2)
            self.canopy.set_local(node_id, self.here.nodes.get(node_id))
            self.canopy.set_remote(node_id, there_now, self.hub.revs.get(node_id))
        for node_id, node in self.here.nodes.items():
            self.disk.nodes[self.canopy.local_path(node_id) or ""] = node
        self.set_asides = 0
        self.pending: dict[NodeId, Op | Task] = {}
        self.policy = Policy(MACHINE, DAY, whole_here=seed // 49 % 3, whole_there=seed // 49 % 3)
        self.wholes = 0

    def _user(self, tag: str, acts: int, pool: list[bytes]) -> User:
        user = User(self.rng, dict(self.base), tag, pool)
        for _ in range(acts):
            if self.rng.random() < 0.1:
                user.swap()
            user.act()
        self.born |= user.born
        return user

    def settle(self) -> None:
        for _ in range(ROUNDS):
            if not self.round():
                return
        raise AssertionError(f"not settled after {ROUNDS} rounds: {[*self.canopy.diverged()]}")

    def round(self) -> bool:
        let_along(self.canopy, self.canopy.take_news())
        focus = sorted(self.canopy.diverged())
        self.rng.shuffle(focus)
        busy = busy_with(self.pending.values())
        made = plan(self.canopy, self.policy, focus=focus, busy=busy, limit=self.rng.choice([3, 1000]))
        tasks: list[Op | Task] = []
        for op in made.ops:
            assert not busy.keys() & {subject(op), *beneath(op)}
            self.wholes += bool(beneath(op))
            match op:
                case Agree() | Adopt():
                    settle_tree(self.canopy, op)
                case SubmitCreate() | SubmitEdit() | SubmitMove() | SubmitDelete():
                    tasks.append(op)
                case _:
                    self.set_asides += isinstance(op, SetAside)
                    tasks.append(make_task(self.canopy, op))
        for task in tasks:
            self.pending[subject(task.op if isinstance(task, Task) else task)] = task
        worked = bool(made.ops or self.pending)
        order = sorted(self.pending)
        self.rng.shuffle(order)
        for node_id in order[: self.rng.randint(1, max(1, len(order)))]:
            self._run(self.pending.pop(node_id))
        return worked

    def _run(self, task: Op | Task) -> None:
        if isinstance(task, Task):
            self.disk.run(task)
            settle_local(self.canopy, task.op, None)
        else:
            assert isinstance(task, SubmitCreate | SubmitEdit | SubmitMove | SubmitDelete)
            settle_submitted(self.canopy, task, self.hub.run(task))

    def _deleted_by_one(self, node: Node) -> bool:
        return (node.id in self.here.nodes) != (node.id in self.there.nodes)

    def contents(self) -> set[bytes]:
        return {node.content.digest for node in self.disk.nodes.values() if isinstance(node, File)}

    def check(self) -> None:
        assert not list(self.canopy.diverged())
        hub = self.hub.paths()
        assert hub.keys() == self.disk.nodes.keys()
        for path, node in hub.items():
            assert same_inside(node, self.disk.nodes[path]), path
        try:
            law = merged(self.base, self.here.nodes, self.there.nodes, MACHINE, DAY)
        except Undecided:
            pass
        else:
            assert _plain(show(hub)) == _plain(show(paths_of(law)))
        dead = self.here.edited_away | self.here.deleted | self.there.edited_away | self.there.deleted
        reborn = {d for user in (self.here, self.there) for d in user.born} | self.twice
        lost = (self.born - dead) - self.contents()
        assert not lost, f"lost {lost}"
        # A file that was edited and then deleted on one side, and moved on the other, survives as it was moved.
        moved_on = {
            node.content.digest for node in self.base.values() if self._deleted_by_one(node) and isinstance(node, File)
        }
        risen = ((self.here.edited_away | self.there.edited_away) - reborn - moved_on) & self.contents()
        assert not risen, f"came back: {risen}"


def _plain(shown: str) -> list[str]:
    """Of two copies with one name either may be the second."""
    return sorted(re.sub(r"~ \d+", "~", shown).split())


def cases(share: int, shares: int, every: int = 1) -> Iterator[int]:
    """The seeds of one share of the search: those that ``every`` divides."""
    first = -(-FIRST // every) * every
    return iter(range(first, FIRST + CASES, every)[share::shares])


@contextmanager
def replayed(seed: int) -> Iterator[None]:
    try:
        yield
    except (AssertionError, Refused, KeyError) as error:
        raise AssertionError(f"replay with: make plans FIRST={seed} CASES=1\n{error!r}") from error


@pytest.mark.parametrize("share", range(8))
def test_any_three_trees_come_together(share: int) -> None:
    wholes = 0
    for seed in cases(share, 8):
        with replayed(seed):
            world = World(seed, seed % 7, (seed // 7) % 7)
            world.settle()
            world.check()
            wholes += world.wholes
    assert wholes or CASES < 1_000, "no folder went as a whole"


@pytest.mark.parametrize("share", range(2))
def test_changes_of_one_side_alone_make_no_copies(share: int) -> None:
    for seed in cases(share, 2, every=10):
        acts = seed // 10 % 8
        for here, there in ((acts, 0), (0, acts)):
            with replayed(seed):
                world = World(seed, here, there)
                world.settle()
                world.check()
                assert world.set_asides == 0
                assert not any(is_conflict_name(path.rpartition("/")[2]) for path in world.disk.nodes)
                user = world.here if here else world.there
                wanted = {node.at.name for node in user.nodes.values()}
                assert {path.rpartition("/")[2] for path in world.disk.nodes} == wanted


def planned(cases: int) -> int:
    """A digest of the first plan of each case."""
    digest = 0
    for seed in range(cases):
        world = World(seed, seed % 7, (seed // 7) % 7)
        made = plan(world.canopy, world.policy, focus=sorted(world.canopy.diverged()))
        digest = zlib.crc32(repr(made).encode(), digest)
    return digest


@pytest.mark.hazard("N18")
def test_the_same_trees_give_the_same_plan_in_any_process() -> None:
    program = "import tests.planner.test_plan as t; print(t.planned(400))"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "7", "42")
    }
    assert len(digests) == 1, digests


# --- named rows ---------------------------------------------------------------------------------------------------


def settled(row: rows.Row, seed: int, whole: int = 0) -> tuple[Machine, Machine]:
    """``there`` tells the hub first; then this machine settles, and the other one hears of that."""
    rng = random.Random(seed)
    base = tree(row.base)
    hub = hub_of(base)
    other, one = Machine(base, tree(row.there), "Desk", whole=whole), Machine(base, tree(row.here), whole=whole)
    for each in (other, one, other):
        each.settle(hub, rng)
    return one, other


@pytest.mark.parametrize("row", [*rows.TABLE, *rows.CLASHES, *rows.FOUND], ids=lambda row: row.name)
def test_each_row_of_the_table_ends_as_it_says_in_any_order(row: rows.Row) -> None:
    for seed in range(6):
        one, other = settled(row, seed)
        assert one.show() == row.after
        assert other.show() == row.after
        assert sorted(rows.WORDS[op] for op in one.ops.elements()) == sorted(row.ops.split()), f"seed {seed}"


@pytest.mark.parametrize("row", [*rows.TABLE, *rows.CLASHES, *rows.FOUND], ids=lambda row: row.name)
def test_each_row_ends_the_same_where_folders_go_as_a_whole(row: rows.Row) -> None:
    for seed in range(6):
        one, other = settled(row, seed, whole=1)
        assert one.show() == row.after
        assert other.show() == row.after


@pytest.mark.parametrize("row", [*rows.TABLE, *rows.CLASHES, *rows.FOUND], ids=lambda row: row.name)
def test_each_row_is_what_the_law_says(row: rows.Row) -> None:
    law = merged(tree(row.base), tree(row.here), tree(row.there), MACHINE, DAY)
    assert _plain(show(paths_of(law))) == _plain(row.after)


@pytest.mark.parametrize("row", [*rows.TABLE, *rows.CLASHES], ids=lambda row: row.name)
def test_both_at_once_end_as_one_after_the_other(row: rows.Row) -> None:
    """Both are online, and every message and every op comes at a time of chance's choosing."""
    swapped = rows.Row(row.name, row.base, row.there, row.here, "", "")
    base = tree(row.base)
    for seed in range(6):
        allowed = {row.after, settled(swapped, seed)[0].show()}
        # By one op, or the beginning of a folder's delete may come before another's move of it.
        one, other = Machine(base, tree(row.here), whole=1), Machine(base, tree(row.there), whole=1)
        together([one, other], hub := hub_of(base), random.Random(seed))
        assert one.show() == other.show() == show(hub.paths())
        # A copy may have found the name of an older copy taken that was about to go.
        assert one.show().replace("~ 2", "~") in allowed, f"seed {seed}"


def test_what_goes_along_with_an_adopted_folder_is_not_agreed_on_where_it_was() -> None:
    """The folder takes the hub's identity in the same batch in which both sides were found to say the same of a file in
    it; whichever is done first, the rename that a person made here is not undone."""
    row = rows.Row("", "a/ a/c=1", "b/@a b/c=1!@a-c", "a/ a/c=1! b/@t", "b/ b/c=1!", "")
    for seed in range(12):
        one, other = settled(row, seed)
        assert one.show() == other.show() == row.after, f"seed {seed}"


def test_d16_three_edits_leave_two_copies() -> None:
    base = tree("a=1")
    for seed in range(40):
        machines = [Machine(base, tree(f"a={number}"), f"M{number}") for number in (2, 3, 4)]
        together(machines, hub_of(base), random.Random(seed))
        names = {path for path in machines[0].disk.nodes if is_conflict_name(path)}
        assert len(machines[0].disk.nodes) == 3
        assert len(names) == 2
        assert len({each.show() for each in machines}) == 1
        assert {node.content.digest for node in machines[0].disk.nodes.values() if isinstance(node, File)} == {
            b"2",
            b"3",
            b"4",
        }


def test_d17_after_a_long_time_apart_only_what_clashes_is_copied() -> None:
    names = [f"d{number % 7}/f{number}" for number in range(140)]
    folders = [f"d{number}/" for number in range(7)]
    base = tree(" ".join(folders + [f"{name}=0" for name in names]))
    here = tree(" ".join(folders + [f"{name}=h" for name in names if not name.endswith("3")] + ["d1/new=1"]))
    there = tree(" ".join(folders + [f"{name}={'t' if name.endswith('0') else '0'}" for name in names] + ["d2/new=2"]))
    hub, rng = hub_of(base), random.Random(1)
    one, other = Machine(base, here), Machine(base, there, "Desk")
    for each in (other, one, other):
        each.settle(hub, rng)
    clashes = [name for name in names if name.endswith("0")]
    assert one.show() == other.show()
    assert sum(is_conflict_name(path) for path in one.disk.nodes) == len(clashes) == one.ops["SetAside"]
    assert one.ops["SubmitDelete"] == sum(name.endswith("3") for name in names)
    assert not {name for name in names if name.endswith("3")} & one.disk.nodes.keys()


@pytest.mark.parametrize("share", range(4))
def test_machines_at_work_at_once_come_together_and_lose_nothing(share: int) -> None:
    for seed in cases(share, 4, every=8):
        with replayed(seed):
            _at_work_at_once(random.Random(seed), "abc"[: 2 + seed // 32 % 2])


def _at_work_at_once(rng: random.Random, tags: str) -> None:
    pool: list[bytes] = []
    base = User(rng, {}, "s", pool)
    for _ in range(rng.randrange(9)):
        base.create()
    users = [User(rng, dict(base.nodes), tag, pool) for tag in tags]
    for user in users:
        for _ in range(rng.randrange(7)):
            user.act()
    hub = hub_of(base.nodes)
    wholes = [rng.randrange(3) for _ in users] if rng.random() < 0.5 else [1] * len(users)
    machines = [
        Machine(base.nodes, user.nodes, user.tag, whole=whole) for user, whole in zip(users, wholes, strict=True)
    ]
    together(machines, hub, rng)
    assert {each.show() for each in machines} == {show(hub.paths())}
    dead = {digest for user in users for digest in user.edited_away | user.deleted}
    born = base.born | {digest for user in users for digest in user.born}
    kept = {node.content.digest for node in hub.nodes.values() if isinstance(node, File)}
    assert born - dead <= kept, f"lost {born - dead - kept}"
    if wholes == [1] * len(users):
        moved = {digest for user in users for digest in _kept_by_moving(base.nodes, user, users)}
        assert moved <= kept, f"lost {moved - kept}, which was in a folder that was moved"


def _kept_by_moving(base: dict[NodeId, Node], mover: User, users: list[User]) -> Iterator[bytes]:
    """What the ``mover`` has in folders that they moved, and that anybody else left as they were, or deleted."""
    for folder in base.values():
        moved = mover.nodes.get(folder.id)
        if not isinstance(folder, Dir) or moved is None or moved.at == folder.at:
            continue
        inside = dict.fromkeys(mover.beneath(folder.id))
        if all(_left_or_deleted(base, folder.id, inside, user) for user in users):
            held = (mover.nodes[one] for one in inside)
            yield from (node.content.digest for node in held if isinstance(node, File))


def _left_or_deleted(base: dict[NodeId, Node], folder: NodeId, inside: dict[NodeId, None], user: User) -> bool:
    if not {one for one in user.nodes if one in inside}:
        return not any(node.at.parent in inside for node in user.nodes.values())
    within = [one for one in inside if one != folder]
    return list(user.beneath(folder)) == list(inside) and all(user.nodes[one] == base.get(one) for one in within)


STUCK = [
    ("edited here", "a=1", "a=2", "b=1@a", "a", {"a": "SubmitEdit"}),
    ("edited there", "a=1", "a=1", "b=2@a", "a", {"a": "WriteLocal"}),
    ("edited on both sides", "a=1", "a=2", "b=3@a", "a", {"a": "SetAside"}),
    ("moved", "a=1", "a=1", "b=1@a", "a", {}),
    ("moved here, and edited", "a=1", "b=2@a", "a=1", "a", {"a": "SubmitEdit"}),
    ("deleted there", "a=1", "a=1", "", "a", {"a": "DeleteLocal"}),
    ("it waits for a folder, edited on both sides", "a=1", "a=2", "con/ con/b=3@a", "con", {"a": "SetAside"}),
    ("one further down", "a=1", "a=2", "con/ con/d/ con/d/b=3@a", "con", {"a": "SetAside"}),
    ("it waits for a folder, and was moved alone", "a=1", "a=1", "con/ con/b=1@a", "con", {}),
    ("it waits for one that cannot move away", "a=1 b=1", "a=2 b=1", "b=3@a con=1@b", "b", {"a": "SetAside"}),
]


@pytest.mark.hazard("C6", "N1", "N19")
@pytest.mark.parametrize(
    ("base", "here", "there", "stuck", "ops"), [row[1:] for row in STUCK], ids=[r[0] for r in STUCK]
)
def test_what_cannot_be_brought_to_its_place_is_edited_where_it_stands(
    base: str, here: str, there: str, stuck: str, ops: dict[str, str]
) -> None:
    trees = canopy(base, here, there)
    held = {NodeId(stuck)}
    # What was never here cannot be made here; of what is here it is the move that failed.
    left_alone = {one for one in held if trees.local.get(one) is None}
    focus = [one for one in sorted(trees.diverged()) if one not in left_alone]
    made = plan(trees, Policy(MACHINE, DAY), focus=focus, left_alone=left_alone, stuck=held)
    assert {subject(op): type(op).__name__ for op in made.ops} == ops


def test_a_parked_file_that_cannot_have_its_place_is_not_tried_again_and_again() -> None:
    trees = canopy("a=1", "a=1", "b=1@a")
    trees.set_local(NodeId("a"), replace(tree("a=1")[NodeId("a")], at=Placement(PARK, Name("a"))))
    assert not plan(trees, Policy(MACHINE, DAY), focus=[NodeId("a")], stuck={NodeId("a")}).ops
    trees.set_remote(NodeId("a"), None)
    trees.set_synced(NodeId("a"), None)
    assert not plan(trees, Policy(MACHINE, DAY), focus=[NodeId("a")], stuck={NodeId("a")}).ops
