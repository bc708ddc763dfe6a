"""Three trees at the price of one, and what the database must be told of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from syncagent.model.facts import UNSURE, Stamp, stamp
from syncagent.model.ids import NO_REV, PARK, ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Content, Dir, File, Node, Placement
from syncagent.trees import canopy as module
from syncagent.trees.canopy import Canopy
from syncagent.trees.delta import Row
from syncagent.trees.tree import ancestors
from tests.support.dsl import tree
from tests.trees.test_tree import IDS, agrees, made, placements

places = st.one_of(st.none(), placements)
ids = st.sampled_from(IDS)
insides = st.sampled_from("12")
stamps = st.sampled_from([None, UNSURE, Stamp(b"1" * 44), Stamp(b"2" * 44)])
revs = st.one_of(st.none(), st.integers(0, 3).map(Rev))


class Plain(RuleBasedStateMachine):
    """The canopy beside three dicts; and a database that is told each delta, from which it is loaded again."""

    def __init__(self) -> None:
        super().__init__()
        self.canopy = Canopy()
        self.synced: dict[NodeId, Node] = {}
        self.local: dict[NodeId, Node] = {}
        self.remote: dict[NodeId, Node] = {}
        self.revs: dict[NodeId, Rev] = {}
        self.stamps: dict[NodeId, Stamp] = {}
        self.spellings: dict[NodeId, str] = {}
        self.rows: dict[NodeId, Row] = {}

    @rule(node_id=ids, at=places, inside=insides)
    def agree(self, node_id: NodeId, at: Placement | None, inside: str) -> None:
        node = made(node_id, at, inside)
        self.canopy.set_synced(node_id, node)
        put(self.synced, node_id, node)

    @rule(node_id=ids, at=places, inside=insides, seen=stamps)
    def see(self, node_id: NodeId, at: Placement | None, inside: str, seen: Stamp | None) -> None:
        node = made(node_id, at, inside)
        self.canopy.set_local(node_id, node, seen)
        put(self.local, node_id, node)
        if node is None:
            self.stamps.pop(node_id, None)
            self.spellings.pop(node_id, None)
        elif seen is not None:
            self.stamps[node_id] = seen

    @rule(node_id=ids, at=places, inside=insides, rev=revs)
    def hear(self, node_id: NodeId, at: Placement | None, inside: str, rev: Rev | None) -> None:
        node = made(node_id, at, inside)
        self.canopy.set_remote(node_id, node, rev)
        put(self.remote, node_id, node)
        if rev is not None:
            self.revs[node_id] = rev

    @rule(node_ids=st.lists(ids, max_size=3, unique=True))
    def bury(self, node_ids: list[NodeId]) -> None:
        self.canopy.bury(node_ids)
        for node_id in node_ids:
            put(self.remote, node_id, None)
            self.revs[node_id] = Rev(self.revs.get(node_id, NO_REV) + 1)

    @rule(node_id=ids, at=places, inside=insides, rev=revs, seen=stamps)
    def settle(self, node_id: NodeId, at: Placement | None, inside: str, rev: Rev | None, seen: Stamp | None) -> None:
        node = made(node_id, at, inside)
        self.canopy.agree(node_id, node, rev, seen)
        for tree_ in (self.synced, self.local, self.remote):
            put(tree_, node_id, node)
        if node is None:
            self.stamps.pop(node_id, None)
            self.spellings.pop(node_id, None)
        elif seen is not None:
            self.stamps[node_id] = seen
        if rev is not None:
            self.revs[node_id] = rev

    @rule(node_id=ids, spelling=st.sampled_from([None, "n\u0308", "N"]))
    def spell(self, node_id: NodeId, spelling: str | None) -> None:
        if node_id in self.local:
            self.canopy.spell(node_id, spelling)
            self.spellings.pop(node_id, None)
            if spelling is not None:
                self.spellings[node_id] = spelling

    @rule()
    def forget(self) -> None:
        self.canopy.forget_revs()
        self.revs.clear()

    @rule(again=st.booleans())
    def commit(self, again: bool) -> None:
        delta = self.canopy.take_delta()
        self.rows |= {row.id: row for row in delta.rows}
        for node_id in delta.gone:
            self.rows.pop(node_id, None)
            self.revs.pop(node_id, None)
        assert not self.canopy.take_delta()
        assert self.rows == {
            one: self.canopy.row(one) for one in IDS if one in {**self.synced, **self.local, **self.remote}
        }
        if again:
            self.canopy = Canopy.load(tuple(self.rows.values()))
            assert not self.canopy.take_delta()

    @invariant()
    def each_tree_is_as_it_was_told(self) -> None:
        agrees(self.canopy.synced, self.synced)
        agrees(self.canopy.local, self.local)
        agrees(self.canopy.remote, self.remote)

    @invariant()
    def what_differs_is_known(self) -> None:
        differing = {one for one in IDS if not self.synced.get(one) == self.local.get(one) == self.remote.get(one)}
        assert set(self.canopy.diverged()) == differing
        assert len(list(self.canopy.diverged())) == self.canopy.count_diverged() == len(differing)
        assert {one for one in IDS if self.canopy.is_diverged(one)} == differing

    @invariant()
    def where_something_in_a_folder_stands_is_as_the_folder_stands_now(self) -> None:
        for one in IDS:
            above = [self.canopy.local.get(each) for each in ancestors(self.canopy.local, one)]
            folders = [each for each in above if isinstance(each, Dir)]
            if above and len(folders) == len(above) and folders[-1].at.parent in (ROOT, PARK):  # there may be circles
                assert self.canopy.path_in(one, "x") == f"{self.canopy.local_path(one)}/x"
            elif not above:
                assert self.canopy.path_in(one, "x") is None

    @invariant()
    def each_row_says_all_that_is_known(self) -> None:
        for one in IDS:
            assert self.canopy.row(one) == Row(
                one,
                self.synced.get(one),
                self.local.get(one),
                self.remote.get(one),
                self.revs.get(one, NO_REV),
                self.stamps.get(one),
                self.spellings.get(one),
            )


def put(nodes: dict[NodeId, Node], node_id: NodeId, node: Node | None) -> None:
    nodes.pop(node_id, None)
    if node is not None:
        nodes[node_id] = node


TestPlain = pytest.mark.filterwarnings("default")(Plain.TestCase)
TestPlain.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def rested(text: str) -> Canopy:
    canopy = Canopy()
    for node in tree(text).values():
        canopy.set_remote(node.id, node, Rev(1))
        canopy.set_local(node.id, node, Stamp(b"s"))
        canopy.set_synced(node.id, node)
    canopy.take_delta()
    canopy.take_news()
    return canopy


def test_a_replica_at_rest_keeps_one_tree() -> None:
    canopy = rested("d/ d/a=1 b=2")
    assert (len(canopy.synced), len(canopy.local), len(canopy.remote)) == (3, 0, 0)
    assert not list(canopy.diverged())


def test_a_local_path_is_as_spelled_on_the_disk() -> None:
    canopy = rested("d/ d/a=1")
    canopy.spell(NodeId("d"), "D")
    assert canopy.local_path(NodeId("d-a")) == "D/a"
    assert canopy.local_path(ROOT) == ""
    assert canopy.local_path(NodeId("none")) is None
    moved = canopy.local.get(NodeId("d"))
    assert moved is not None
    canopy.set_local(moved.id, Dir(moved.id, Placement(PARK, Name("d"))))
    canopy.spell(moved.id, None)
    assert canopy.local_path(NodeId("d-a")) == ".syncagent/park/d/a"


def test_where_something_in_a_folder_stands_is_found_anew_when_the_folder_was_renamed_or_spelled_otherwise() -> None:
    canopy = rested("d/ d/e/")
    assert (canopy.path_in(ROOT, "x"), canopy.path_in(NodeId("d-e"), "x")) == ("x", "d/e/x")
    canopy.spell(NodeId("d"), "D")
    assert canopy.path_in(NodeId("d-e"), "x") == "D/e/x"
    moved = canopy.local.get(NodeId("d-e"))
    assert moved is not None
    canopy.set_local(moved.id, Dir(moved.id, Placement(ROOT, Name("f"))))
    assert canopy.path_in(NodeId("d-e"), "x") == "f/x"
    canopy.set_local(moved.id, None)
    assert canopy.path_in(NodeId("d-e"), "x") is None


def test_children_go_along_when_a_folder_takes_another_identity() -> None:
    canopy = rested("d/ d/a=1 d/b=2 e/")
    canopy.reparent(NodeId("d"), NodeId("e"))
    assert sorted(canopy.local.children(NodeId("e"))) == ["d-a", "d-b"]
    assert list(canopy.local.children(NodeId("d"))) == []
    assert sorted(canopy.remote.children(NodeId("d"))) == ["d-a", "d-b"]


def test_a_child_that_the_hub_deleted_does_not_look_as_if_it_had_been_moved_by_that() -> None:
    canopy = rested("d/ d/a=1 d/b=2 e/")
    canopy.set_remote(NodeId("d-a"), None, Rev(2))
    canopy.reparent(NodeId("d"), NodeId("e"))
    assert canopy.local.get(NodeId("d-a")) == canopy.synced.get(NodeId("d-a"))
    assert canopy.local.get(NodeId("d-b")) != canopy.synced.get(NodeId("d-b")) == canopy.remote.get(NodeId("d-b"))


CHANGES: dict[str, Callable[[Canopy], None]] = {
    "seen": lambda canopy: canopy.set_local(NodeId("a"), None),
    "heard": lambda canopy: canopy.set_remote(NodeId("a"), None, Rev(2)),
    "agreed": lambda canopy: canopy.set_synced(NodeId("a"), None),
    "spelled": lambda canopy: canopy.spell(NodeId("a"), "A"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_is_news_once(change: Callable[[Canopy], None]) -> None:
    canopy = rested("a=1 b=2")
    change(canopy)
    assert canopy.take_news() == ["a"]
    assert canopy.take_news() == []


def test_a_delta_carries_the_facts_it_is_given() -> None:
    assert rested("a=1").take_delta({"cursor": "5"}).facts == {"cursor": "5"}


def test_a_node_of_which_nothing_is_known_is_gone_with_its_revision() -> None:
    canopy = rested("a=1")
    a = NodeId("a")
    canopy.set_remote(a, None, Rev(2))
    canopy.set_local(a, None)
    assert canopy.take_delta().rows[0].rev == 2
    canopy.set_synced(a, None)
    assert canopy.rev(a) == 2
    delta = canopy.take_delta()
    assert (delta.rows, delta.gone) == ((), (a,))
    assert canopy.rev(a) == NO_REV


def test_e7_forgotten_revisions_are_told_to_the_database() -> None:
    canopy = rested("a=1 b=2")
    canopy.set_remote(NodeId("b"), canopy.remote.get(NodeId("b")), Rev(7))
    canopy.take_delta()
    canopy.forget_revs()
    assert {row.id: row.rev for row in canopy.take_delta().rows} == {"a": NO_REV, "b": NO_REV}


@pytest.mark.slow
def test_a_hundred_thousand_files_at_rest_take_little_memory() -> None:
    """The target is 600 bytes a node; ids of 25 and names of 20 characters alone are 145 of them."""
    count, random = 100_000, Random(1)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    canopy = Canopy.load(rows(count, random))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(canopy.synced) == count
    assert (after - before) / count < 640


def rows(count: int, random: Random) -> list[Row]:
    made: list[Row] = []
    folder = ROOT
    for number in range(count):
        node_id = NodeId(f"{random.getrandbits(100):025x}")
        size, mtime_ns = random.randrange(1 << 20), random.randrange(1 << 60, 1 << 61)
        seen = stamp(device=1, inode=number, size=size, mtime_ns=mtime_ns, ctime_ns=mtime_ns, mode=0o100644)
        node: Node
        if number % 20 == 0:
            folder, node = node_id, Dir(node_id, Placement(ROOT, Name(f"a folder {number:06}")))
        else:
            content = Content(Digest(random.randbytes(32)), size)
            node = File(node_id, Placement(folder, Name(f"a picture {number:06}.jpg")), content, False, mtime_ns)
        made.append(Row(node_id, node, node, node, Rev(1), seen, None))
    return made


def test_what_had_to_stay_as_it_was_in_a_burst_is_pressed_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY_LOOSE", 10)
    monkeypatch.setattr(module, "LOOSE", 2)
    canopy = Canopy()
    content = Content(Digest(b"d" * 32), 1)
    nodes = [File(NodeId(f"n{number}"), Placement(ROOT, Name(f"f{number}")), content, False, 0) for number in range(12)]
    for node in nodes:
        canopy.set_local(node.id, node, Stamp(b"stamp"))
    canopy.take_delta()
    for node in nodes:
        canopy.agree(node.id, node)
    canopy.rest()
    assert len(canopy.synced.pressed) == 12
