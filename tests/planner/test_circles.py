"""Circles of nodes that wait for each other."""

from __future__ import annotations

from syncagent.model.ids import PARK, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Placement
from syncagent.planner.batch import Batch
from syncagent.planner.circles import open_circle
from syncagent.planner.ops import MoveLocal, SubmitMove
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from tests.support.dsl import DAY, MACHINE
from tests.support.solo import file

A, B = NodeId("a"), NodeId("b")


def swapped(*, here: bool) -> tuple[Canopy, Batch]:
    canopy = Canopy()
    for node in (file("a", "a", b"1"), file("b", "b", b"2")):
        canopy.agree(node.id, node)
    put = canopy.set_local if here else canopy.set_remote
    put(A, file("a", "b", b"1"))
    put(B, file("b", "a", b"2"))
    return canopy, Batch(canopy, Policy(MACHINE, DAY), {}, ())


def test_what_others_have_swapped_is_parked_here_the_first_by_id() -> None:
    canopy, batch = swapped(here=False)
    open_circle(canopy, batch, [B, A])
    assert batch.ops == [MoveLocal(file("a", "a", b"1"), Placement(PARK, Name("a")))]


def test_what_was_swapped_here_gets_a_passing_name_at_the_hub() -> None:
    canopy, batch = swapped(here=True)
    open_circle(canopy, batch, [B, A])
    [op] = batch.ops
    assert isinstance(op, SubmitMove) and op.node.id == A and op.to.name.startswith("b (")
