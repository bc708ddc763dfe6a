"""What ops lay claim to, and which of them get in each other's way."""

from __future__ import annotations

import pytest

from syncagent.model.ids import NO_REV, PARK, ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Link, Placement
from syncagent.planner.claims import Claims, Footprint, footprint
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    MakeLocalDir,
    MoveLocal,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    WriteLocal,
    subject,
)
from syncagent.trees.tree import Tree
from tests.planner.test_ops import EACH
from tests.support.dsl import content, tree

TREE = tree("d/ d/e/ d/e/f=1 d/g=2 h/ k=3 l/")


def view() -> Tree:
    found = Tree()
    for node in TREE.values():
        found.put(node)
    return found


def at(parent: str, name: str) -> Placement:
    return Placement(NodeId(parent) if parent else ROOT, Name(name))


def file(node_id: str) -> File:
    node = TREE[NodeId(node_id)]
    assert isinstance(node, File)
    return node


def folder(node_id: str) -> Dir:
    node = TREE[NodeId(node_id)]
    assert isinstance(node, Dir)
    return node


def new(parent: str, name: str) -> File:
    return File(NodeId(f"new-{name}"), at(parent, name), content("9"), False, 0)


def in_the_way(first: Op, second: Op) -> NodeId | None:
    """Whose op ``second`` must wait for, when ``first`` is under way."""
    for side in (0, 1):
        before, after = footprint(first)[side], footprint(second)[side]
        if before is not None and after is not None:
            claims = Claims(view())
            claims.claim(subject(first), before)
            return claims.in_the_way(subject(second), after)
    return None


@pytest.mark.parametrize("op", EACH, ids=lambda op: type(op).__name__)
def test_an_op_claims_something_on_one_side_at_most(op: Op) -> None:
    here, there = footprint(op)
    assert here is None or there is None


HERE = [
    ("two at one name", WriteLocal(new("d", "x"), None), MoveLocal(file("k"), at("d", "x")), "new-x"),
    ("two at two names", WriteLocal(new("d", "x"), None), MoveLocal(file("k"), at("d", "y")), None),
    ("a folder on the move, and what goes into it",
     MoveLocal(folder("d"), at("h", "d")), WriteLocal(new("d", "x"), None), "d"),
    ("what goes into a folder, and its move",
     WriteLocal(new("d", "x"), None), MoveLocal(folder("d"), at("h", "d")), "new-x"),
    ("a folder on the move, and a write deep beneath",
     MoveLocal(folder("d"), at("", "z")), WriteLocal(file("d-e-f"), file("d-e-f")), "d"),
    ("a write deep beneath, and the folder's move",
     DeleteLocal(file("d-e-f")), MoveLocal(folder("d"), at("", "z")), "d-e-f"),
    ("a move into a folder that moves", MoveLocal(folder("d"), at("", "z")), MoveLocal(file("k"), at("d", "k")), "d"),
    ("a folder that moves into one that moves",
     MoveLocal(folder("h"), at("l", "h")), MoveLocal(folder("d"), at("h", "d")), "h"),
    ("folders that have nothing to do with each other",
     MoveLocal(folder("d"), at("l", "d")), MoveLocal(folder("h"), at("l", "h")), None),
    ("a folder being made, and its child",
     MakeLocalDir(Dir(NodeId("n"), at("", "n"))), WriteLocal(new("n", "x"), None), None),
    ("a file on the move shifts nothing", MoveLocal(file("d-g"), at("h", "g")), DeleteLocal(file("d-e-f")), None),
    ("a folder being deleted, and a new child", DeleteLocal(folder("h")), WriteLocal(new("h", "x"), None), "h"),
    ("a folder stepping aside, and a child",
     SetAside(folder("d"), at("", "d2"), NodeId("d")), DeleteLocal(file("d-g")), "d"),
    ("a folder being adopted, and a child", Adopt(NodeId("d"), NodeId("t")), DeleteLocal(file("d-g")), "d"),
    ("many in the park",
     MoveLocal(file("k"), Placement(PARK, Name("k"))), MoveLocal(file("d-g"), Placement(PARK, Name("g"))), None),
    ("a write over what stands fills no name", WriteLocal(file("k"), file("k")), WriteLocal(new("", "x"), None), None),
]  # fmt: skip

THERE = [
    ("two at one name", SubmitCreate(new("d", "x"), NO_REV), SubmitMove(file("k"), at("d", "x"), NO_REV), "new-x"),
    ("an emptied folder, and a new child", SubmitDelete(folder("h"), NO_REV), SubmitCreate(new("h", "x"), NO_REV), "h"),
    ("a new child, and the emptying of its folder",
     SubmitCreate(new("h", "x"), NO_REV), SubmitDelete(folder("h"), NO_REV), "new-x"),
    ("an emptied folder, and a move into it",
     SubmitDelete(folder("h"), NO_REV), SubmitMove(file("k"), at("h", "k"), NO_REV), "h"),
    ("a folder's move, and a new child of it",
     SubmitMove(folder("d"), at("h", "d"), NO_REV), SubmitCreate(new("d", "x"), NO_REV), None),
    ("a folder's move, and an edit beneath",
     SubmitMove(folder("d"), at("h", "d"), NO_REV), SubmitEdit(file("d-e-f"), NO_REV), None),
    ("two folders' moves that could close a circle",
     SubmitMove(folder("d"), at("h", "d"), NO_REV), SubmitMove(folder("h"), at("d", "h"), NO_REV), "d"),
    ("a folder moves into one that moves",
     SubmitMove(folder("h"), at("l", "h"), NO_REV), SubmitMove(folder("d"), at("h", "d"), NO_REV), "h"),
    ("a file moves into a folder that moves",
     SubmitMove(folder("h"), at("l", "h"), NO_REV), SubmitMove(file("k"), at("h", "k"), NO_REV), None),
    ("two deletes", SubmitDelete(file("k"), NO_REV), SubmitDelete(file("d-g"), NO_REV), None),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "whose"), [row[1:] for row in HERE], ids=[row[0] for row in HERE])
def test_on_the_disk_paths_count(first: Op, second: Op, whose: str | None) -> None:
    assert in_the_way(first, second) == whose


@pytest.mark.parametrize(("first", "second", "whose"), [row[1:] for row in THERE], ids=[row[0] for row in THERE])
def test_at_the_hub_ids_count(first: Op, second: Op, whose: str | None) -> None:
    assert in_the_way(first, second) == whose


def test_what_is_in_the_trees_alone_or_holds_still_claims_nothing() -> None:
    assert footprint(Agree(NodeId("a"))) == (None, None)
    assert footprint(SubmitEdit(Link(NodeId("l"), at("d", "l"), "x"), NO_REV)) == (None, None)


def test_the_filler_of_a_name_is_known() -> None:
    claims = Claims(view())
    here, _ = footprint(MoveLocal(file("k"), at("d", "x")))
    assert here is not None
    claims.claim(NodeId("k"), here)
    assert claims.filler(at("d", "x")) == "k"
    assert claims.filler(at("d", "y")) is None
    assert claims.in_the_way(NodeId("k"), here) is None


def test_what_is_new_claims_the_same_however_it_is_said() -> None:
    tree = Tree()
    top, inner = (
        Dir(NodeId("top"), Placement(ROOT, Name("top"))),
        Dir(NodeId("inner"), Placement(NodeId("top"), Name("i"))),
    )
    for node in (top, inner):
        tree.put(node)
    at = Placement(inner.id, Name("new"))
    node_id = NodeId("new")
    long, short = Claims(tree), Claims(tree)
    long.claim(node_id, Footprint(at))
    assert short.claim_new(node_id, at)
    others = [Footprint(at), Footprint(shifts=True), Footprint(empties=True, leans=False), Footprint()]
    for who in (top.id, inner.id, NodeId("other")):
        for foot in others:
            assert short.in_the_way(who, foot) == long.in_the_way(who, foot)
    assert short.in_the_way(top.id, Footprint(shifts=True)) == node_id
    assert not short.claim_new(inner.id, inner.at), "it stands somewhere, and leans on that"
