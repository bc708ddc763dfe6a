"""Which folders go as a whole: those of which every node goes, is free, and was not refused before."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from syncagent.model.ids import NodeId
from syncagent.planner.ops import DeleteLocal, Op, SubmitDelete
from syncagent.planner.plan import Plan, plan
from syncagent.planner.policy import Policy
from syncagent.planner.whole import Whole, Wholes
from tests.planner.test_compare import canopy

REST = "d/ d/e/ d/e/f=1 d/e/g=2 d/h=3 k=4"
GONE = "k=4"


def ids(*names: str) -> set[NodeId]:
    return {NodeId(name) for name in names}


def planned(
    here: str, there: str, base: str = REST, least: int = 1, left_alone: Iterable[NodeId] = (), **more: set[NodeId]
) -> Plan:
    trees = canopy(base, here, there)
    focus = [one for one in sorted(trees.diverged()) if one not in set(left_alone)]
    policy = Policy(whole_here=least, whole_there=least)
    return plan(trees, policy, focus=focus, left_alone=set(left_alone), **more)


def about(ops: Iterable[Op]) -> dict[str, set[NodeId]]:
    return {
        op.node.id if isinstance(op, SubmitDelete) else op.expect.id: set(op.beneath)
        for op in ops
        if isinstance(op, SubmitDelete | DeleteLocal)
    }


@pytest.mark.parametrize(("here", "there"), [(GONE, REST), (REST, GONE)], ids=["here", "there"])
def test_a_folder_that_is_gone_on_one_side_goes_by_one_op_on_the_other(here: str, there: str) -> None:
    made = planned(here, there)
    assert about(made.ops) == {"d": ids("d-e", "d-e-f", "d-e-g", "d-h")}
    assert len(made.ops) == 1
    assert made.waits == ()
    [op] = made.ops
    assert isinstance(op, SubmitDelete | DeleteLocal)
    assert op.beneath.index(NodeId("d-e")) < op.beneath.index(NodeId("d-e-f")), "a folder before what it holds"


@pytest.mark.parametrize(("here", "there"), [(GONE, REST), (REST, GONE)], ids=["here", "there"])
def test_small_ones_go_node_by_node(here: str, there: str) -> None:
    assert about(planned(here, there, least=5).ops) == {"d-e-f": set(), "d-e-g": set(), "d-h": set()}
    assert about(planned(here, there, least=0).ops) == {"d-e-f": set(), "d-e-g": set(), "d-h": set()}


def test_where_something_was_changed_elsewhere_what_is_left_goes() -> None:
    changed = REST.replace("d/h=3", "d/h=9")
    assert about(planned(GONE, changed).ops) == {"d-e": ids("d-e-f", "d-e-g")}
    assert about(planned(changed, GONE).ops) == {"d-e": ids("d-e-f", "d-e-g")}


def test_what_is_new_in_a_folder_keeps_it() -> None:
    assert about(planned(GONE, f"{REST} d/e/new=7").ops) == {"d-e-f": set(), "d-e-g": set(), "d-h": set()}


def test_what_was_moved_out_keeps_the_folder_until_it_is_out() -> None:
    moved = "k=4 f=1@d-e-f"
    assert about(planned(moved, REST).ops) == {"d-e-g": set(), "d-h": set()}


def test_what_is_left_alone_keeps_the_folders_above_it() -> None:
    assert about(planned(GONE, REST, left_alone=ids("d-h")).ops) == {"d-e": ids("d-e-f", "d-e-g")}


def test_what_was_refused_as_a_whole_goes_piece_by_piece() -> None:
    assert about(planned(GONE, REST, piecemeal=ids("d")).ops) == {"d-e": ids("d-e-f", "d-e-g"), "d-h": set()}
    assert about(planned(GONE, REST, piecemeal=ids("d", "d-e")).ops) == {"d-e-f": set(), "d-e-g": set(), "d-h": set()}


def test_policy_forbids_it_like_any_other() -> None:
    trees = canopy(REST, GONE, REST)
    made = plan(trees, Policy(may_submit=False, whole_there=1), focus=sorted(trees.diverged()))
    assert made.ops == ()
    assert {wait.node for wait in made.waits} == set(trees.diverged())
    assert all(wait.on == wait.node for wait in made.waits)


def test_a_tree_is_gone_through_once_however_many_of_its_nodes_are_asked_about() -> None:
    trees = canopy(REST, GONE, REST)
    asked: list[NodeId] = []

    def goes(node_id: NodeId) -> bool:
        asked.append(node_id)
        return trees.is_deleted_here(node_id)

    wholes = Wholes(trees.remote, goes, 1, (), ())
    nodes = ids("d", "d-e", "d-e-f", "d-e-g", "d-h")
    found = {wholes.of(one) for one in nodes}
    assert found == {Whole(NodeId("d"), next(one.beneath for one in found if one is not None))}
    assert len(asked) <= len(nodes) + 3
