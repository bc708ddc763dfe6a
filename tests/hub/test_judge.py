"""What the judge grants: a table of rules, and what holds for every batch that anyone could submit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncagent.hub.fsck import what_is_wrong
from syncagent.hub.judge import judge, touched
from syncagent.hub.rows import Folder, Judgement, Row, Wanted
from syncagent.hub.stores.memory import MemoryStore
from syncagent.model.changes import Change, Entry, Operation, Ruling
from syncagent.model.facts import Kind
from syncagent.model.ids import PARK, ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content

HERE, LACKING = Digest(b"h" * 32), Digest(b"l" * 32)
LAPTOP, DESKTOP = ClientId("laptop"), ClientId("desktop")
numbers = itertools.count()


def create(node: str, name: str, parent: str = ROOT, base: int = 0, **more: Any) -> Change:
    return change(Operation.CREATE, node, base, parent=parent, name=name, **more)


def change(operation: Operation, node: str, base: int, kind: Kind = Kind.DIR, **more: Any) -> Change:
    if kind is Kind.FILE and operation in {Operation.CREATE, Operation.UPDATE} and "content" not in more:
        more |= {"content": Content(HERE, 7), "recipe": (Block(HERE, 7),)}
    return Change(ChangeId(f"c{next(numbers)}"), operation, NodeId(node), Rev(base), kind, **more)


class World:
    """A folder, kept in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore(lambda: "id")
        with self.store.unit():
            self.folder: Folder = self.store.journal.make_folder("default")

    def submit(self, *changes: Change, author: ClientId = LAPTOP) -> Judgement:
        with self.store.unit():
            rows = replace(self.store.journal.rows(self.folder.id, touched(changes)), blocks={HERE: 7})
            judgement = judge(changes, rows, author)
            self.store.journal.write(self.folder.id, judgement, 1)
        return judgement

    def codes(self, *changes: Change, author: ClientId = LAPTOP) -> list[str]:
        return [one.error_code or one.ruling.value for one in self.submit(*changes, author=author).verdicts]

    def journal(self) -> list[Entry]:
        return [one.entry for one in self.store.journal.entries(self.folder.id, Seq(0), 10**9)]

    def rows(self) -> dict[NodeId, Row]:
        nodes = frozenset(entry.node_id for entry in self.journal())
        none: frozenset[Any] = frozenset()
        return dict(self.store.journal.rows(self.folder.id, Wanted(nodes, none, none, none, none)).nodes)


@pytest.fixture
def world() -> World:
    """docs/ (rev 1) with docs/a.txt (rev 1), and pics/ (rev 1)."""
    world = World()
    made = world.submit(create("docs", "docs"), create("a", "a.txt", "docs", kind=Kind.FILE), create("pics", "pics"))
    assert {one.ruling for one in made.verdicts} == {Ruling.COMMITTED}
    return world


FILE: dict[str, Any] = {"kind": Kind.FILE}
OK = "committed"


@pytest.mark.parametrize(
    ("changes", "answers"),
    [
        ([create("b", "b.txt", **FILE)], [OK]),
        ([create("b", "docs", **FILE)], ["name_taken"]),
        ([create("b", "Docs", **FILE)], [OK]),
        ([create("b", "b", "nowhere")], ["parent_missing"]),
        ([create("b", "b", "a")], ["parent_missing"]),
        ([create("b", "b", base=1)], ["conflict"]),
        ([create("docs", "other", base=1)], ["conflict"]),
        ([create("b", "", **FILE)], ["invalid_path"]),
        ([create(ROOT, "b")], ["invalid_message"]),
        ([create(PARK, "b")], ["invalid_message"]),
        ([create("b", "b", content=Content(LACKING, 3), recipe=(Block(LACKING, 3),), **FILE)], ["needs_blocks"]),
        ([create("b", "b", content=Content(HERE, 9), recipe=(Block(HERE, 9),), **FILE)], ["invalid_message"]),
        ([create("b", "b", content=Content(HERE, 9), recipe=(Block(HERE, 7),), **FILE)], ["invalid_message"]),
        ([create("b", "b", content=Content(HERE, 0), recipe=(), **FILE)], [OK]),
        ([change(Operation.UPDATE, "a", 1, **FILE)], [OK]),
        ([change(Operation.UPDATE, "a", 0, **FILE)], ["conflict"]),
        ([change(Operation.UPDATE, "a", 2, **FILE)], ["conflict"]),
        ([change(Operation.UPDATE, "zz", 1, **FILE)], ["not_found"]),
        ([change(Operation.UPDATE, "docs", 1)], ["invalid_message"]),
        ([change(Operation.UPDATE, "a", 1, Kind.LINK, target="x")], ["conflict"]),
        ([change(Operation.MOVE, "a", 1, parent="pics", name="b", **FILE)], [OK]),
        ([change(Operation.MOVE, "a", 1, parent=ROOT, name="pics", **FILE)], ["name_taken"]),
        ([change(Operation.MOVE, "a", 1, parent="docs", name="a.txt", **FILE)], [OK]),
        ([change(Operation.MOVE, "a", 1, parent="a", name="b", **FILE)], ["parent_missing"]),
        ([change(Operation.MOVE, "docs", 1, parent="docs", name="b")], ["would_cycle"]),
        ([change(Operation.MOVE, "zz", 1, parent="docs", name="b")], ["not_found"]),
        ([change(Operation.MOVE, "docs", 1, parent="pics", name="d"),
          change(Operation.MOVE, "pics", 1, parent="docs", name="p")], [OK, "would_cycle"]),
        ([create("n", "n", "docs"), change(Operation.MOVE, "docs", 1, parent="n", name="d")], [OK, "would_cycle"]),
        ([change(Operation.DELETE, "a", 1, **FILE)], [OK]),
        ([change(Operation.DELETE, "a", 2, **FILE)], ["conflict"]),
        ([change(Operation.DELETE, "docs", 1)], ["not_empty"]),
        ([change(Operation.DELETE, "a", 1, **FILE), change(Operation.DELETE, "docs", 1)], [OK, OK]),
        ([change(Operation.MOVE, "a", 1, parent="pics", name="a", **FILE), change(Operation.DELETE, "docs", 1),
          change(Operation.DELETE, "pics", 1)], [OK, OK, "not_empty"]),
        ([change(Operation.DELETE, "a", 1, **FILE), change(Operation.UPDATE, "a", 2, **FILE)], [OK, "conflict"]),
        ([change(Operation.DELETE, "a", 1, **FILE), create("a", "back", base=2, **FILE)], [OK, OK]),
        ([change(Operation.DELETE, "a", 1, **FILE), create("a", "back", **FILE)], [OK, "conflict"]),
        ([change(Operation.DELETE, "a", 1, **FILE), create("a", "back", base=2)], [OK, "conflict"]),
        ([change(Operation.DELETE, "a", 1, **FILE), create("b", "a.txt", "docs", **FILE)], [OK, OK]),
        ([change(Operation.DELETE, "pics", 1), create("b", "b", "pics")], [OK, "parent_missing"]),
        ([create("d", "d"), create("e", "e", "d"), create("f", "f", "e", **FILE)], [OK, OK, OK]),
        ([create("d", "docs"), create("e", "e", "d")], ["name_taken", "parent_missing"]),
    ],
)  # fmt: skip
def test_what_is_granted(world: World, changes: list[Change], answers: list[str]) -> None:
    assert world.codes(*changes) == answers
    assert what_is_wrong(world.rows(), world.journal(), {HERE: 7}) == []


def test_a_refusal_says_the_present_revision_and_leaves_nothing(world: World) -> None:
    before = world.journal()
    judged = world.submit(change(Operation.UPDATE, "a", 5, **FILE))
    assert (judged.verdicts[0].rev, judged.verdicts[0].seq) == (1, 0)
    assert (judged.rows, judged.journal) == ((), ())
    assert world.journal() == before


def test_what_is_lacking_is_named_once(world: World) -> None:
    recipe = (Block(LACKING, 2), Block(HERE, 7), Block(LACKING, 2))
    judged = world.submit(create("b", "b", content=Content(Digest(b"w" * 32), 11), recipe=recipe, **FILE))
    assert judged.verdicts[0].ruling is Ruling.NEEDS_BLOCKS
    assert judged.verdicts[0].missing == (LACKING,)


@pytest.mark.hazard("N13")
def test_n13_the_same_change_gets_the_same_answer(world: World) -> None:
    once = create("b", "b")
    first = world.submit(once, once).verdicts
    again = world.submit(once, author=DESKTOP).verdicts
    assert [(one.ruling, one.seq, one.rev) for one in (*first, *again)] == [
        (Ruling.COMMITTED, 4, 1), (Ruling.DUPLICATE, 4, 1), (Ruling.DUPLICATE, 4, 1),
    ]  # fmt: skip


def test_what_was_refused_may_be_tried_again_under_its_id(world: World) -> None:
    early = create("b", "b", "later")
    assert world.codes(early) == ["parent_missing"]
    assert world.codes(create("later", "later"), early) == [OK, OK]


@pytest.mark.hazard("F2")
def test_f2_a_creation_again_by_its_own_author_is_no_conflict(world: World) -> None:
    again = create("a", "a.txt", "docs", **FILE)
    assert world.codes(again) == ["duplicate"]
    assert world.codes(again, author=DESKTOP) == ["conflict"]
    assert world.codes(replace(again, name=Name("other"))) == ["conflict"]
    assert world.codes(change(Operation.UPDATE, "a", 1, **FILE), author=DESKTOP) == [OK]
    assert world.codes(create("a", "a.txt", "docs", **FILE)) == ["conflict"]


def test_the_journal_has_the_true_paths(world: World) -> None:
    world.submit(
        replace(create("b", "b.txt", "docs", **FILE), path="lies/b.txt"),  # type: ignore[arg-type]
        change(Operation.MOVE, "docs", 1, parent="pics", name="d"),
        change(Operation.UPDATE, "a", 1, **FILE),
        change(Operation.MOVE, "a", 2, parent=ROOT, name="top", **FILE),
        change(Operation.DELETE, "b", 1, **FILE),
    )
    assert [(entry.path, entry.old_path) for entry in world.journal()[3:]] == [
        ("docs/b.txt", ""), ("pics/d", "docs"), ("pics/d/a.txt", ""), ("top", "pics/d/a.txt"), ("pics/d/b.txt", ""),
    ]  # fmt: skip


def test_c8_a_path_has_its_longest(world: World) -> None:
    parent = ROOT
    for depth in range(40):
        code = world.codes(create(f"d{depth}", "x" * 100, parent))[0]
        assert code == OK
        parent = NodeId(f"d{depth}")
    assert world.codes(create("e", "y" * 100, parent)) == ["invalid_path"]
    assert world.codes(create("e", "y" * 52, parent)) == [OK]
    assert world.codes(change(Operation.MOVE, "d0", 1, parent="docs", name="z" * 100)) == [OK]
    world.submit(change(Operation.DELETE, "e", 1))
    assert world.journal()[-1].path == "y" * 52, "the true path would be no path"


# --- for every batch --------------------------------------------------------------------------------------------

NODES = [NodeId(f"n{number}") for number in range(6)]
kinds = {node: (Kind.DIR if number < 4 else Kind.FILE) for number, node in enumerate(NODES)}


@st.composite
def changes(draw: st.DrawFn) -> Change:
    operation = draw(st.sampled_from(Operation))
    node = draw(st.sampled_from(NODES))
    return change(
        operation, node, draw(st.integers(0, 5)), kinds[node],
        parent=draw(st.sampled_from([ROOT, *NODES])), name=Name(draw(st.sampled_from("abc"))),
    )  # fmt: skip


def aimed(world: World, wanted: Sequence[Change]) -> list[Change]:
    """``wanted``, most of them based on the present revision, so that many are granted."""
    revs = {node: row.rev for node, row in world.rows().items()}
    return [
        replace(one, base_rev=Rev(revs.get(one.node_id, Rev(0)))) if number % 4 else one
        for number, one in enumerate(wanted)
    ]


@pytest.mark.hazard("N12", "N13")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(changes(), min_size=1, max_size=8), min_size=1, max_size=8), st.data())
def test_n12_n13_whatever_is_submitted_the_folder_is_in_order(batches: list[list[Change]], data: st.DataObject) -> None:
    world = World()
    for batch in batches:
        submitted = aimed(world, batch)
        head = len(world.journal())
        judged = world.submit(*submitted)
        assert what_is_wrong(world.rows(), world.journal(), {HERE: 7}) == []
        granted = [one for one in judged.verdicts if one.ruling is Ruling.COMMITTED]
        assert [one.seq for one in granted] == list(range(head + 1, head + 1 + len(granted)))
        assert judged.new_head == head + len(granted)
        before = {one.change_id: (one.seq, one.rev) for one in granted}
        for verdict in world.submit(*data.draw(st.permutations(submitted))).verdicts:
            if verdict.change_id in before:
                assert verdict.ruling is Ruling.DUPLICATE
                assert (verdict.seq, verdict.rev) == before[verdict.change_id]
        assert what_is_wrong(world.rows(), world.journal(), {HERE: 7}) == []


@settings(max_examples=150, deadline=None)
@given(st.lists(changes(), min_size=1, max_size=30))
def test_a_batch_is_judged_like_its_changes_one_by_one(wanted: list[Change]) -> None:
    whole, single = World(), World()
    for at in range(0, len(wanted), 6):
        batch = aimed(whole, wanted[at : at + 6])
        together = whole.submit(*batch).verdicts
        alone = [single.submit(one).verdicts[0] for one in batch]
        assert list(together) == alone
    assert whole.journal() == single.journal()
    assert whole.rows() == single.rows()


def test_a_change_id_that_stands_for_another_node_is_no_duplicate() -> None:
    world, first = World(), create("d1", "a")
    other = replace(create("d2", "b"), change_id=first.change_id)
    world.submit(first)
    assert world.codes(other, replace(create("d3", "c"), change_id=ChangeId("new"))) == ["invalid_message", "committed"]
    assert world.codes(replace(create("d4", "d"), change_id=ChangeId("new"))) == ["invalid_message"]
    [verdict] = world.submit(other).verdicts
    assert verdict.node_id == "d2"
    assert world.codes(first) == ["duplicate"]


# --- a folder with all that is beneath it ---------------------------------------------------------------------------


def all_of(node: str, beneath: int, as_of: int, base: int = 1) -> Change:
    return change(Operation.DELETE, node, base, beneath=beneath, as_of=Seq(as_of))


def test_a_folder_goes_with_all_beneath_it_if_nothing_there_is_otherwise(world: World) -> None:
    [verdict] = world.submit(all_of("docs", 1, 3)).verdicts
    assert (verdict.ruling, verdict.seq, verdict.rev, verdict.beneath) == (Ruling.COMMITTED, 5, 2, 1)
    assert [(one.seq, one.node_id, one.operation) for one in world.journal()[3:]] == [
        (4, "a", Operation.DELETE), (5, "docs", Operation.DELETE),
    ]  # fmt: skip
    assert what_is_wrong(world.rows(), world.journal(), {HERE: 7}) == []


@pytest.mark.parametrize(
    "since",
    [
        [create("new", "new", "docs", **FILE)],
        [change(Operation.UPDATE, "a", 1, **FILE)],
        [change(Operation.MOVE, "a", 1, parent="pics", name="a", **FILE)],
        [change(Operation.DELETE, "a", 1, **FILE)],
        [change(Operation.DELETE, "a", 1, **FILE), create("b", "b.txt", "docs", **FILE)],
        [change(Operation.MOVE, "pics", 1, parent="docs", name="pics")],
        [change(Operation.MOVE, "docs", 1, parent="pics", name="docs")],
        [change(Operation.MOVE, "a", 1, parent="pics", name="a", **FILE),
         change(Operation.MOVE, "a", 2, parent="docs", name="a", **FILE)],
    ],
)  # fmt: skip
def test_whatever_someone_did_in_it_since_keeps_the_folder(world: World, since: list[Change]) -> None:
    fresh = [replace(one, change_id=ChangeId(f"again{next(numbers)}")) for one in since]
    world.submit(*fresh, author=DESKTOP)
    before = world.journal()
    assert world.codes(all_of("docs", 1, 3)) == ["conflict"]
    assert world.journal() == before


def test_it_is_alone_in_its_batch(world: World) -> None:
    both = [all_of("docs", 1, 3), change(Operation.DELETE, "pics", 1)]
    assert world.codes(*both) == ["invalid_message", "invalid_message"]
    assert len(world.journal()) == 3


@pytest.mark.hazard("N13")
def test_a_folder_that_went_gets_the_same_answer_again(world: World) -> None:
    said = all_of("docs", 1, 3)
    [first], [again] = world.submit(said).verdicts, world.submit(said).verdicts
    assert (again.ruling, again.seq, again.rev) == (Ruling.DUPLICATE, first.seq, first.rev)
    assert len(world.journal()) == 5
