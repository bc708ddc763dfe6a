"""What was in a folder that one has moved and the other has deleted: it goes along, and what is on the move is waited
for."""

from __future__ import annotations

import pytest

from syncagent.model.ids import PARK, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, Placement
from syncagent.planner.along import let_along, on_the_move
from syncagent.planner.ops import DeleteLocal, MoveLocal, SubmitDelete
from syncagent.planner.plan import plan
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from tests.planner.test_compare import canopy

BASE = "p/ p/x/ p/x/a=1 p/x/y/ p/x/y/b=2 p/c=3"
MOVED = "p/ p/c=3 x/@p-x x/a=1@p-x-a x/y/@p-x-y x/y/b=2@p-x-y-b"
WITH_IT = {"p-x", "p-x-a", "p-x-y", "p-x-y-b"}


def along(trees: Canopy) -> set[str]:
    return {str(one) for one in let_along(trees, list(trees.diverged()))}


@pytest.mark.hazard("D10")
@pytest.mark.parametrize("trees", [canopy(BASE, MOVED, ""), canopy(BASE, "", MOVED)], ids=["here", "there"])
def test_of_all_that_went_with_the_folder_it_is_forgotten_what_was_agreed(trees: Canopy) -> None:
    assert along(trees) == WITH_IT
    assert not {one for one in trees.synced.ids() if one in WITH_IT}
    assert {"p", "p-c"} <= set(trees.synced.ids()), "they stayed in what was deleted"
    assert along(trees) == set(), "once is enough"


def test_what_was_deleted_in_a_folder_that_both_have_was_meant() -> None:
    assert along(canopy(BASE, MOVED, "p/ p/x/ p/x/y/ p/c=3")) == set()
    assert along(canopy(BASE, MOVED, "p/ p/x/ p/c=3")) == set()


def test_what_the_other_side_still_has_stays_agreed() -> None:
    trees = canopy(BASE, MOVED, "b=2@p-x-y-b")
    assert along(trees) == WITH_IT - {"p-x-y-b"}


def test_a_folder_that_merely_stands_in_a_folder_that_was_renamed_was_not_moved() -> None:
    assert along(canopy("p/ p/x/ p/x/a=1", "q/@p q/x/@p-x q/x/a=1@p-x-a", "p/")) == set()


def test_to_be_parked_is_not_to_be_moved() -> None:
    trees = canopy(BASE, BASE, "")
    trees.set_local(NodeId("p-x"), Dir(NodeId("p-x"), Placement(PARK, Name("p-x"))))
    assert along(trees) == set()


def test_the_nearest_folder_above_that_was_moved_is_on_the_move() -> None:
    trees = canopy(BASE, MOVED, "p/ p/x/ p/x/a=1 p/x/y/ p/c=3")
    assert on_the_move(trees, trees.local, NodeId("p-x-y-b")) == NodeId("p-x")
    assert on_the_move(trees, trees.local, NodeId("p-x")) is None, "it is not above itself"
    assert on_the_move(trees, trees.remote, NodeId("p-x-y")) is None, "there it stands where it stood"


@pytest.mark.hazard("D10")
@pytest.mark.parametrize("least", [0, 1])
def test_while_the_hub_is_being_heard_a_delete_in_a_folder_that_was_moved_here_waits(least: int) -> None:
    """The folder's own may be the next that is heard."""
    trees = canopy(BASE, MOVED, "p/ p/x/ p/x/y/ p/c=3")
    for heard in (False, True):
        made = plan(trees, Policy(may_submit=heard, whole_here=least), focus=[NodeId("p-x-a"), NodeId("p-x-y-b")])
        assert {op.expect.id for op in made.ops if isinstance(op, DeleteLocal)} == (
            {"p-x-a", "p-x-y-b"} if heard else set()
        )
        assert {wait.on for wait in made.waits} == (set() if heard else {"p-x"})


@pytest.mark.hazard("D10")
@pytest.mark.parametrize("least", [0, 1])
def test_a_delete_in_a_folder_that_others_moved_waits_until_it_was_moved_here(least: int) -> None:
    """That it is gone, too, may not have shown yet."""
    trees = canopy(BASE, "p/ p/x/ p/x/y/ p/c=3", MOVED)
    made = plan(trees, Policy(whole_there=least), focus=[NodeId("p-x-a"), NodeId("p-x-y-b")])
    assert not any(isinstance(op, SubmitDelete) for op in made.ops)
    assert {(wait.node, wait.on) for wait in made.waits} == {("p-x-a", "p-x"), ("p-x-y-b", "p-x")}
    assert [type(op) for op in made.ops] == [MoveLocal]
