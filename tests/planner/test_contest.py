"""Who may have a name when two nodes want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from syncagent.model.ids import ROOT, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Node, Placement
from syncagent.planner.batch import Batch
from syncagent.planner.contest import Names
from syncagent.planner.ops import Adopt, MoveLocal, Op, SetAside
from syncagent.planner.plan import Wait, plan
from syncagent.planner.policy import Policy
from syncagent.planner.scope import Scope
from syncagent.trees.canopy import Canopy
from tests.planner.test_compare import canopy
from tests.support.dsl import DAY, MACHINE, SUFFIX


@dataclass
class Ring:
    canopy: Canopy
    batch: Batch
    waits: dict[NodeId, NodeId]
    names: Names


def ring(
    base: str,
    here: str,
    there: str,
    busy: dict[NodeId, Op] | None = None,
    machine: str = MACHINE,
    left_alone: Sequence[NodeId] = (),
) -> Ring:
    found, waits = canopy(base, here, there), dict[NodeId, NodeId]()
    policy = Policy(machine, DAY)
    batch = Batch(found, policy, busy or {}, left_alone)
    return Ring(found, batch, waits, Names(found, policy, batch, waits, Scope(found)))


def local(found: Ring, node_id: str) -> Node:
    node = found.canopy.local.get(NodeId(node_id))
    assert node is not None
    return node


def remote(found: Ring, node_id: str) -> Node:
    node = found.canopy.remote.get(NodeId(node_id))
    assert node is not None
    return node


def test_a_free_name_is_free() -> None:
    found = ring("", "", "a=1")
    assert found.names.free_here(remote(found, "a"), remote(found, "a").at) is None
    assert found.batch.ops == []


@pytest.mark.hazard("D2", "N6", "B9")
@pytest.mark.parametrize(("here", "there"), [("a=1@h", "a=1@t"), ("a/@h", "a/@t")])
def test_what_is_like_one_that_is_left_alone_for_now_waits_for_it_and_is_not_set_aside(here: str, there: str) -> None:
    """The hub's file is here already: an op put it there that failed afterwards, and is held back for a while."""
    found = ring("", here, there, left_alone=[NodeId("t")])
    assert found.names.free_there(local(found, "h"), local(found, "h").at) == "t"
    assert found.batch.ops == []


def test_what_is_unlike_one_that_is_left_alone_is_set_aside() -> None:
    found = ring("", "a=1@h", "a=2@t", left_alone=[NodeId("t")])
    found.names.free_there(local(found, "h"), local(found, "h").at)
    assert [type(op) for op in found.batch.ops] == [SetAside]


def test_a_node_is_not_in_its_own_way() -> None:
    found = ring("a=1", "a=1", "a=2")
    assert found.names.free_here(remote(found, "a"), remote(found, "a").at) is None


def test_what_is_about_to_leave_is_waited_for() -> None:
    found = ring("a=1", "a=1", "b=1@a a=2@t")
    assert found.names.free_here(remote(found, "t"), remote(found, "t").at) == "a"
    found = ring("a=1", "b=1@a a=2@h", "a=1")
    assert found.names.free_there(local(found, "h"), local(found, "h").at) == "a"
    assert found.batch.ops == []


@pytest.mark.parametrize(
    ("here", "there"), [("a=1@h", "a=1@t"), ("a=1@h", "a=1!@t"), ("a/@h", "a/@t"), ("a->x@h", "a->x@t")]
)
def test_d2_of_two_that_are_alike_the_local_one_becomes_the_hubs(here: str, there: str) -> None:
    for side in ("here", "there"):
        found = ring("", here, there)
        if side == "here":
            found.names.free_here(remote(found, "t"), remote(found, "t").at)
        else:
            found.names.free_there(local(found, "h"), local(found, "h").at)
        assert found.batch.ops == [Adopt(NodeId("h"), NodeId("t"))]


@pytest.mark.parametrize(
    ("here", "there"), [("a=1@h", "a=2@t"), ("a/@h", "a=1@t"), ("a=1@h", "a/@t"), ("a->x@h", "a->y@t")]
)
def test_d3_of_two_that_are_not_the_local_one_steps_aside_as_itself(here: str, there: str) -> None:
    found = ring("", here, there)
    assert found.names.free_here(remote(found, "t"), remote(found, "t").at) == "h"
    assert found.batch.ops == [SetAside(local(found, "h"), Placement(ROOT, Name("a" + SUFFIX)), NodeId("h"))]


def test_what_already_has_an_op_is_waited_for() -> None:
    found = ring("", "a=1@h", "a=2@t")
    busy: dict[NodeId, Op] = {NodeId("h"): MoveLocal(local(found, "h"), Placement(ROOT, Name("z")))}
    found = ring("", "a=1@h", "a=2@t", busy)
    assert found.names.free_here(remote(found, "t"), remote(found, "t").at) == "h"
    assert found.batch.ops == []


def test_a_node_that_the_hub_changed_does_not_give_up_its_identity() -> None:
    found = ring("h=1", "a=1@h", "h=2 a=1@t")
    found.names.free_there(local(found, "h"), local(found, "h").at)
    assert [type(op) for op in found.batch.ops] == [SetAside]


def test_b15_a_conflict_name_is_free_on_both_sides_and_in_the_batch() -> None:
    found = ring("", "a=1@h a~=5 b=1", "a=2@t a~=5")
    node = local(found, "h")
    assert found.names.set_aside(node, becomes=NodeId("copy")) is None
    [op] = found.batch.ops
    assert isinstance(op, SetAside)
    assert op.to.name == f"a{SUFFIX} 2"
    assert op.becomes == "copy"
    other = MoveLocal(local(found, "b"), Placement(ROOT, Name(f"c{SUFFIX}")))
    found = ring("", "c=1@h b=1", "c=2@t", {NodeId("b"): other})
    found.names.set_aside(local(found, "h"), becomes=NodeId("h"))
    assert found.batch.ops == [SetAside(local(found, "h"), Placement(ROOT, Name(f"c{SUFFIX} 2")), NodeId("h"))]


def test_b15_a_conflict_name_is_free_on_disks_that_fold_case_too() -> None:
    found = ring("", "a=1@h A~=5", "a=2@t")
    found.names.set_aside(local(found, "h"), becomes=NodeId("h"))
    assert found.batch.ops == [SetAside(local(found, "h"), Placement(ROOT, Name(f"a{SUFFIX} 2")), NodeId("h"))]


def test_the_id_of_a_copy_is_the_same_for_the_same_conflict_and_no_other() -> None:
    def copy_id(here: str, rev: int = 2, machine: str = MACHINE, agreed: str = "a=1") -> NodeId:
        found = ring(agreed, here, "a=3", machine=machine)
        found.canopy.set_remote(NodeId("a"), remote(found, "a"), Rev(rev))
        return found.names.copy_id(local(found, "a"))

    assert copy_id("a=2") == copy_id("a=2")
    others = {copy_id("a=4"), copy_id("a=2", 3), copy_id("a=2", machine="Desk"), copy_id("a=2", agreed="a=5"), "a"}
    assert len({copy_id("a=2"), *others}) == 6
    assert copy_id("a=2", machine="De(s)k") == copy_id("a=2", machine="Desk"), "as the name of the copy has it"


def test_a_copy_that_cannot_step_aside_yet_waits_for_what_is_in_its_way_and_not_for_policy() -> None:
    """The folder of both is on the move: when it has arrived, the node is planned again."""
    found = canopy("d/", "d/ d/a=1@h", "d/ d/a=2@t")
    folder = found.local.get(NodeId("d"))
    assert folder is not None
    moving: Op = MoveLocal(folder, Placement(ROOT, Name("e")))
    made = plan(found, Policy(MACHINE, DAY), focus=[NodeId("h")], busy={NodeId("d"): moving})
    assert made.ops == ()
    assert made.waits == (Wait(NodeId("h"), NodeId("d")),)


def test_a_folder_that_is_summoned_while_the_hub_is_out_of_reach_waits_for_the_hub() -> None:
    """And not for the child that summons it, or both would wait for each other for ever (seed 40784)."""
    found = canopy("d/", "d/ d/x=1", "")
    made = plan(found, Policy(MACHINE, DAY, may_submit=False), focus=[NodeId("d"), NodeId("d-x")])
    assert made.ops == ()
    assert Wait(NodeId("d"), NodeId("d")) in made.waits
