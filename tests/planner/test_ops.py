"""Every op is about one node."""

from __future__ import annotations

import typing

import pytest

from syncagent.model.ids import NO_REV, ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Placement
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    LocalOp,
    MakeLocalDir,
    MoveLocal,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    TreeOp,
    WriteLocal,
    fills,
    subject,
)
from tests.support.dsl import content

A = NodeId("a")
AT = Placement(ROOT, Name("a"))
FILE = File(A, AT, content("1"), False, 0)
EACH: list[Op] = [
    MakeLocalDir(Dir(A, AT)),
    WriteLocal(FILE, None),
    MoveLocal(FILE, AT),
    DeleteLocal(FILE),
    SetAside(FILE, AT, NodeId("copy")),
    SubmitCreate(FILE, NO_REV),
    SubmitEdit(FILE, NO_REV),
    SubmitMove(FILE, AT, NO_REV),
    SubmitDelete(FILE, NO_REV),
    Agree(A),
    Adopt(A, NodeId("other")),
]


@pytest.mark.parametrize("op", EACH, ids=lambda op: type(op).__name__)
def test_an_op_is_about_the_node_that_it_changes(op: Op) -> None:
    assert subject(op) == A


def test_the_set_of_ops_is_closed_and_each_has_its_place() -> None:
    groups = [set(typing.get_args(group)) for group in (LocalOp, SubmitOp, TreeOp)]
    assert set().union(*groups) == set(typing.get_args(Op)) == {type(op) for op in EACH}
    assert sum(map(len, groups)) == len(EACH)


@pytest.mark.parametrize(
    ("op", "place"),
    [
        (MakeLocalDir(Dir(A, AT)), AT),
        (WriteLocal(FILE, None), AT),
        (WriteLocal(FILE, FILE), None),
        (MoveLocal(FILE, Placement(ROOT, Name("b"))), Placement(ROOT, Name("b"))),
        (SetAside(FILE, Placement(ROOT, Name("c")), A), Placement(ROOT, Name("c"))),
        (DeleteLocal(FILE), None),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_comes_to_stand_somewhere_fills_that_place(op: LocalOp, place: Placement | None) -> None:
    assert fills(op) == place
