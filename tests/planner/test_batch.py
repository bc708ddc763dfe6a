"""A batch takes an op only when nothing is in its way and policy allows it."""

from __future__ import annotations

import pytest

from syncagent.model.ids import NO_REV, NodeId
from syncagent.model.nodes import File
from syncagent.planner.batch import Batch
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    MoveLocal,
    Op,
    SubmitCreate,
    SubmitDelete,
    WriteLocal,
    subject,
)
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from tests.planner.test_claims import at, file, folder, new
from tests.planner.test_compare import canopy
from tests.planner.test_ops import EACH

REST = "d/ d/e/ d/e/f=1 d/g=2 h/ k=3 l/"


def at_rest() -> Canopy:
    return canopy(REST, REST, REST)


def test_what_was_put_is_in_the_batch_and_its_node_is_taken() -> None:
    batch = Batch(at_rest(), Policy(), {}, ())
    op = WriteLocal(new("h", "x"), None)
    assert batch.put(op) is None
    assert batch.ops == [op]
    assert "new-x" in batch.taken
    assert batch.filler_here(at("h", "x")) == "new-x"


def test_a_node_has_one_op_in_a_batch() -> None:
    batch = Batch(at_rest(), Policy(), {}, ())
    batch.put(DeleteLocal(file("k")))
    assert batch.put(WriteLocal(file("k"), file("k"))) == "k"
    assert len(batch.ops) == 1


def test_what_is_in_the_way_is_told_and_nothing_is_claimed() -> None:
    batch = Batch(at_rest(), Policy(), {}, ())
    batch.put(DeleteLocal(folder("h")))
    assert batch.put(WriteLocal(new("h", "x"), None)) == "h"
    assert batch.filler_here(at("h", "x")) is None
    assert "new-x" not in batch.taken


def test_what_is_under_way_is_in_the_way_too_but_not_in_the_batch() -> None:
    busy: dict[NodeId, Op] = {NodeId("h"): SubmitDelete(folder("h"), NO_REV)}
    batch = Batch(at_rest(), Policy(), busy, ())
    assert batch.put(SubmitCreate(new("h", "x"), NO_REV)) == "h"
    assert batch.ops == []
    assert all(node_id in batch.taken for node_id in busy)


def test_what_is_new_waits_for_who_has_its_name_and_for_a_folder_that_is_to_be_elsewhere() -> None:
    batch = Batch(at_rest(), Policy(), {}, ())
    assert batch.put(SubmitCreate(new("h", "x"), NO_REV)) is None
    other = File(NodeId("other"), at("h", "x"), new("h", "x").content, False, 0)
    assert batch.put(SubmitCreate(other, NO_REV)) == "new-x"
    assert batch.put(WriteLocal(new("d", "y"), None)) is None
    assert batch.put(MoveLocal(folder("l"), at("", "m"))) is None
    assert batch.put(WriteLocal(new("l", "z"), None)) == "l"
    assert [subject(op) for op in batch.ops] == ["new-x", "new-y", "l"]


def test_an_adoption_takes_both_nodes() -> None:
    batch = Batch(at_rest(), Policy(), {}, ())
    assert batch.put(Adopt(NodeId("k"), NodeId("t"))) is None
    assert NodeId("k") in batch.taken
    assert NodeId("t") in batch.taken


@pytest.mark.parametrize("op", EACH, ids=lambda op: type(op).__name__)
def test_what_policy_forbids_waits_for_itself(op: Op) -> None:
    in_trees_alone = isinstance(op, Agree | Adopt)
    at_hub = type(op).__name__.startswith("Submit")
    for policy, forbidden in ((Policy(may_write=False), not at_hub), (Policy(may_submit=False), at_hub)):
        batch = Batch(at_rest(), policy, {}, ())
        on = batch.put(op)
        assert on == (subject(op) if forbidden and not in_trees_alone else None)
        assert batch.ops == ([] if on else [op])
