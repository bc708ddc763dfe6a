"""When it is too much, and what a part of a mass change is to become, by what was decided."""

from __future__ import annotations

import pytest

from syncagent.model.acts import Act, Decision, Direction, Limits, Loss, Part
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement

BEFORE = Dir(NodeId("d"), Placement(ROOT, Name("d")))
PART = Part(1, BEFORE.id, RelPath("d"), BEFORE, None)


@pytest.mark.parametrize(
    ("decision", "goal", "start"),
    [
        (Decision.APPROVED, None, BEFORE),
        (Decision.REJECTED, BEFORE, None),
        (Decision.APPROVAL_UNDONE, BEFORE, None),
        (Decision.REJECTION_UNDONE, None, BEFORE),
    ],
)
def test_a_decision_says_what_becomes_of_each_part(decision: Decision, goal: Dir | None, start: Dir | None) -> None:
    act = Act(1, Direction.OUT, frozenset({Loss.DELETED}), decision=decision)
    assert (PART.goal(act), PART.start(act), PART.loss) == (goal, start, Loss.DELETED)


@pytest.mark.parametrize(
    ("count", "total", "too_much"),
    [(9, 9, False), (10, 20, True), (10, 21, False), (999, 100_000, False), (1_000, 100_000, True)],
)
def test_ten_and_half_of_all_or_a_thousand_are_too_many(count: int, total: int, too_much: bool) -> None:
    assert Limits().reached(count, total) is too_much
