"""What success means: the aspect that the op was about changes; what changed meanwhile stays different."""

from __future__ import annotations

import pytest

from syncagent.model.facts import Stamp
from syncagent.model.ids import PARK, ROOT, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Link, Node, Placement
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    LocalOp,
    MakeLocalDir,
    MoveLocal,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    WriteLocal,
)
from syncagent.planner.outcome import settle_local, settle_remote, settle_submitted, settle_tree
from syncagent.trees.canopy import Canopy
from tests.planner.test_compare import canopy
from tests.support.dsl import show, tree

A = NodeId("a")
LEFT = Stamp(b"left behind")


def node(text: str) -> Node:
    [found] = tree(text).values()
    return found


def file(text: str) -> File | Link:
    found = node(text)
    assert not isinstance(found, Dir)
    return found


def folder(text: str) -> Dir:
    found = node(text)
    assert isinstance(found, Dir)
    return found


def at(name: str) -> Placement:
    return Placement(ROOT, Name(name))


def trees(found: Canopy, *ids: str) -> tuple[str, str, str]:
    """Synced, Local and Remote in one line each."""

    def line(view: object) -> str:
        nodes = [view.get(NodeId(one)) for one in ids]  # type: ignore[attr-defined]
        return show({f"{node.at.name}": node for node in nodes if node is not None})

    return line(found.synced), line(found.local), line(found.remote)


LOCAL: list[tuple[str, tuple[str, str, str], LocalOp, tuple[str, str, str]]] = [
    ("a folder made", ("", "", "a/"), MakeLocalDir(folder("a/")), ("a/", "a/", "a/")),
    ("a file brought", ("", "", "a=1"), WriteLocal(file("a=1"), None), ("a=1", "a=1", "a=1")),
    ("a file brought, edited there since", ("", "", "a=2"), WriteLocal(file("a=1"), None), ("a=1", "a=1", "a=2")),
    ("an edit brought", ("a=1", "a=1", "a=2"), WriteLocal(file("a=2"), file("a=1")), ("a=2", "a=2", "a=2")),
    ("an edit brought, moved here since",
     ("a=1", "b=1@a", "a=2"), WriteLocal(file("a=2"), file("a=1")), ("a=2", "b=2", "a=2")),
    ("an edit brought, moved there since",
     ("a=1", "a=1", "b=2@a"), WriteLocal(file("a=2"), file("a=1")), ("a=2", "a=2", "b=2")),
    ("the bit brought, content kept",
     ("a=1", "a=2", "a=1!"), WriteLocal(file("a=2!"), file("a=2")), ("a=1!", "a=2!", "a=1!")),
    ("content brought, the bit kept",
     ("a=1", "a=1!", "a=2"), WriteLocal(file("a=2!"), file("a=1!")), ("a=2", "a=2!", "a=2")),
    ("a link text brought", ("a->x", "a->x", "a->y"), WriteLocal(file("a->y"), file("a->x")), ("a->y", "a->y", "a->y")),
    ("a move brought", ("a=1", "a=1", "b=1@a"), MoveLocal(node("a=1"), at("b")), ("b=1", "b=1", "b=1")),
    ("a move brought, edited here since",
     ("a=1", "a=2", "b=1@a"), MoveLocal(node("a=1"), at("b")), ("b=1", "b=2", "b=1")),
    ("parked", ("a=1", "a=1", "b=1@a"), MoveLocal(node("a=1"), Placement(PARK, Name("a"))), ("a=1", "a=1", "b=1")),
    ("deleted", ("a=1", "a=1", ""), DeleteLocal(node("a=1")), ("", "", "")),
    ("deleted, and back there since", ("a=1", "a=1", "a=2"), DeleteLocal(node("a=1")), ("", "", "a=2")),
    ("a name yielded", ("", "a=1", ""), SetAside(node("a=1"), at("z"), A), ("", "z=1", "")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "op", "after"), [row[1:] for row in LOCAL], ids=[row[0] for row in LOCAL])
def test_an_op_on_the_disk(before: tuple[str, str, str], op: LocalOp, after: tuple[str, str, str]) -> None:
    found = canopy(*before)
    settle_local(found, op, LEFT)
    assert trees(found, "a") == after
    assert found.stamp(A) == (LEFT if after[1] else None)


SUBMITTED: list[tuple[str, tuple[str, str, str], SubmitOp, tuple[str, str, str]]] = [
    ("created", ("", "a=1", ""), SubmitCreate(node("a=1"), Rev(0)), ("a=1", "a=1", "a=1")),
    ("created, edited here since", ("", "a=2", ""), SubmitCreate(node("a=1"), Rev(0)), ("a=1", "a=2", "a=1")),
    ("created, deleted here since", ("", "", ""), SubmitCreate(node("a=1"), Rev(0)), ("a=1", "", "a=1")),
    ("edited", ("a=1", "a=2", "a=1"), SubmitEdit(file("a=2"), Rev(4)), ("a=2", "a=2", "a=2")),
    ("edited, again since", ("a=1", "a=3", "a=1"), SubmitEdit(file("a=2"), Rev(4)), ("a=2", "a=3", "a=2")),
    ("edited and moved", ("a=1", "b=2@a", "a=1"), SubmitEdit(file("b=2@a"), Rev(4)), ("a=2", "b=2", "a=2")),
    ("edited, never agreed", ("", "a=2", "a=1"), SubmitEdit(file("a=2"), Rev(4)), ("", "a=2", "a=2")),
    ("moved", ("a=1", "b=1@a", "a=1"), SubmitMove(node("b=1@a"), at("b"), Rev(4)), ("b=1", "b=1", "b=1")),
    ("moved, back since", ("a=1", "a=1", "a=1"), SubmitMove(node("b=1@a"), at("b"), Rev(4)), ("b=1", "a=1", "b=1")),
    ("moved and edited", ("a=1", "b=2@a", "a=1"), SubmitMove(node("b=2@a"), at("b"), Rev(4)), ("b=1", "b=2", "b=1")),
    ("to a passing name", ("a=1", "b=1@a", "a=1"), SubmitMove(node("b=1@a"), at("z"), Rev(4)), ("z=1", "b=1", "z=1")),
    ("deleted", ("a=1", "", "a=1"), SubmitDelete(node("a=1"), Rev(4)), ("", "", "")),
    ("deleted, back here since", ("a=1", "a=2", "a=1"), SubmitDelete(node("a=1"), Rev(4)), ("", "a=2", "")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "op", "after"), [row[1:] for row in SUBMITTED], ids=[row[0] for row in SUBMITTED])
def test_an_op_at_the_hub(before: tuple[str, str, str], op: SubmitOp, after: tuple[str, str, str]) -> None:
    found = canopy(*before)
    settle_submitted(found, op, Rev(5))
    assert trees(found, "a") == after
    assert found.rev(A) == 5


def test_what_is_parked_was_not_agreed_to_stand_there() -> None:
    found = canopy("a=1", "a=1", "b=1@a")
    settle_local(found, MoveLocal(node("a=1"), Placement(PARK, Name("a"))), LEFT)
    parked, synced = found.local.get(A), found.synced.get(A)
    assert parked is not None
    assert synced is not None
    assert parked.at.parent == PARK
    assert synced.at.parent == ROOT


def test_d1_a_copy_that_stepped_aside_is_another_node() -> None:
    found = canopy("a=1", "a=2", "a=3")
    settle_local(found, SetAside(node("a=2"), at("copy"), NodeId("c")), LEFT)
    assert trees(found, "a") == ("a=1", "", "a=3")
    assert trees(found, "c") == ("", "copy=2", "")
    assert (found.stamp(A), found.stamp(NodeId("c"))) == (None, LEFT)


def test_what_we_name_is_spelled_as_the_name_says() -> None:
    for op in (MoveLocal(node("a=1"), at("b")), SetAside(node("a=1"), at("b"), A)):
        found = canopy("a=1", "a=1", "b=1@a")
        found.spell(A, "A")
        settle_local(found, op, None)
        assert found.spelling(A) is None


def test_a_parked_file_is_found_in_the_park_however_it_was_spelled() -> None:
    found = canopy("a=1", "a=1", "b=1@a")
    found.spell(A, "A")
    settle_local(found, MoveLocal(node("a=1"), Placement(PARK, Name("a"))), None)
    assert found.local_path(A) == ".syncagent/park/a"


def test_a_folder_that_went_at_the_hub_went_there_with_all_beneath_it_also_when_nothing_is_agreed_by_that() -> None:
    found = canopy("", "", "d/ d/e/ d/e/a=1 k=1")
    top, beneath = NodeId("d"), (NodeId("d-e"), NodeId("d-e-a"))
    folder = found.remote.get(top)
    assert folder is not None
    settle_remote(found, SubmitDelete(folder, Rev(1), beneath), Rev(2))
    assert [one for one in ("d", "d-e", "d-e-a", "k") if found.remote.get(NodeId(one))] == ["k"]
    assert not any(found.is_diverged(one) for one in (top, *beneath))


def test_agreed_is_what_both_sides_say() -> None:
    for before, after in ((("a=1", "a=2", "a=2"), "a=2"), (("a=1", "", ""), ""), (("", "a=2", "a=2"), "a=2")):
        found = canopy(*before)
        settle_tree(found, Agree(A))
        assert trees(found, "a") == (after, after, after)
        assert not list(found.diverged())


def test_what_is_not_the_same_any_more_is_not_agreed_on() -> None:
    found = canopy("a=1", "b=2@a", "a=2")
    settle_tree(found, Agree(A))
    assert trees(found, "a") == ("a=1", "b=2", "a=2")


def test_who_is_adopted_takes_its_children_stamp_and_spelling_along() -> None:
    found = canopy("", "d/@h d/a=1", "d/@t d/b=2")
    found.set_local(NodeId("h"), found.local.get(NodeId("h")), LEFT)
    found.spell(NodeId("h"), "D")
    settle_tree(found, Adopt(NodeId("h"), NodeId("t")))
    assert trees(found, "h") == ("", "", "")
    assert trees(found, "t") == ("d/", "d/", "d/")
    assert found.local_path(NodeId("d-a")) == "D/a"
    assert found.stamp(NodeId("t")) == LEFT


def test_of_an_adopted_file_the_hubs_bit_is_still_to_be_taken() -> None:
    found = canopy("", "a=1@h", "a=1!@t")
    settle_tree(found, Adopt(NodeId("h"), NodeId("t")))
    assert trees(found, "t") == ("a=1", "a=1", "a=1!")


def test_who_is_gone_by_then_is_not_adopted() -> None:
    found = canopy("", "", "a=1@t")
    settle_tree(found, Adopt(NodeId("h"), NodeId("t")))
    assert trees(found, "t") == ("", "", "a=1")
