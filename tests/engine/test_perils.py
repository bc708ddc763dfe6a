"""What waits and what was let through lately is counted as it changes."""

from __future__ import annotations

from syncagent.engine.perils import WINDOW, Perils
from syncagent.model.acts import Direction, Loss
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Node
from syncagent.planner.brake import Peril
from syncagent.trees.canopy import Canopy
from tests.support.dsl import tree

DELETES = (Direction.OUT, Loss.DELETED)


def of(text: str, after: str = "") -> tuple[NodeId, Peril]:
    node: Node = next(iter(tree(text).values()))
    return node.id, Peril(Direction.OUT, node, next(iter(tree(after).values()), None))


def perils(*texts: str) -> Perils:
    canopy = Canopy()
    made = Perils(canopy)
    made.expire(10.0)
    for text in texts:
        for node in tree(text).values():
            canopy.set_synced(node.id, node)
        made.learn(*of(text), is_part=False)
    return made


def test_what_waits_is_counted_and_folders_are_not() -> None:
    made = perils("a=1", "b=1", "d/")
    assert (made.waiting(DELETES), made.count(DELETES), made.files()) == (2, 2, 2)
    assert made.waiting((Direction.OUT, None)) == 1
    made.learn(NodeId("a"), None, is_part=False)
    assert (made.waiting(DELETES), made.get(NodeId("a"))) == (1, None)


def test_what_was_let_through_counts_for_a_minute() -> None:
    made = perils("a=1", "b=1")
    made.let_through(NodeId("a"), 10.0, RelPath("a"))
    made.learn(NodeId("a"), None, is_part=False)
    assert (made.waiting(DELETES), made.count(DELETES)) == (1, 2)
    made.expire(10.0 + WINDOW + 1)
    assert made.count(DELETES) == 1


def test_what_is_still_not_done_after_a_minute_waits_again() -> None:
    made = perils("a=1")
    made.let_through(NodeId("a"), 10.0, RelPath("a"))
    made.expire(10.0 + WINDOW + 1)
    assert (made.waiting(DELETES), made.count(DELETES)) == (1, 1)


def test_a_file_that_is_overwritten_again_and_again_counts_once_with_what_it_held_at_first() -> None:
    made = perils()
    overwrites = (Direction.OUT, Loss.OVERWRITTEN)
    for before, after in (("a=1", "a=2"), ("a=2", "a=3")):
        node_id, peril = of(before, after)
        made.learn(node_id, peril, is_part=False)
        made.let_through(node_id, 10.0, RelPath("a"))
        made.learn(node_id, None, is_part=False)
    assert made.count(overwrites) == 1
    [(_, past)] = made.take_past(overwrites)
    assert (past.peril.before, past.peril.after) == (tree("a=1")[NodeId("a")], tree("a=3")[NodeId("a")])


def test_what_was_deleted_in_the_last_minute_counts_among_all_files() -> None:
    canopy = Canopy()
    made = Perils(canopy)
    made.learn(*of("a=1"), is_part=False)
    made.let_through(NodeId("a"), 10.0, RelPath("a"))
    assert made.files() == 1, "it is in no tree any more"
