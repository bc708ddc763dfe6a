"""What counts as lost, in which direction, and when it is too much."""

from __future__ import annotations

import pytest

from syncagent.model.acts import Direction, Loss
from syncagent.model.ids import NodeId
from syncagent.model.nodes import Node
from syncagent.planner.brake import destroys, peril, same_state
from syncagent.planner.ops import DeleteLocal, MakeLocalDir, MoveLocal, SubmitMove, WriteLocal
from syncagent.trees.canopy import Canopy
from tests.support.dsl import tree

OUT, IN, DELETED, OVERWRITTEN = Direction.OUT, Direction.IN, Loss.DELETED, Loss.OVERWRITTEN

ROWS = [
    # base, here, there: what node "a" would lose
    ("deleted here", "a=1", "", "a=1", (OUT, DELETED)),
    ("deleted there", "a=1", "a=1", "", (IN, DELETED)),
    ("a link deleted here", "a->x", "", "a->x", (OUT, DELETED)),
    ("changed here", "a=1", "a=2", "a=1", (OUT, OVERWRITTEN)),
    ("changed there", "a=1", "a=1", "a=2", (IN, OVERWRITTEN)),
    ("a link changed there", "a->x", "a->x", "a->y", (IN, OVERWRITTEN)),
    ("changed here, made executable there", "a=1", "a=2", "a=1!", (OUT, OVERWRITTEN)),
    ("changed there, made executable here", "a=1", "a=1!", "a=2", (IN, OVERWRITTEN)),
    ("moved here and changed there", "a=1", "b=1@a", "a=2", (IN, OVERWRITTEN)),
    ("created here", "", "a=1", "", None),
    ("created there", "", "", "a=1", None),
    ("moved here", "a=1", "b=1@a", "a=1", None),
    ("moved there", "a=1", "a=1", "b=1@a", None),
    ("made executable there", "a=1", "a=1", "a=1!", None),
    ("both changed: both are kept", "a=1", "a=2", "a=3", None),
    ("deleted here, changed there: it comes back", "a=1", "", "a=2", None),
    ("changed here, deleted there: it comes back", "a=1", "a=2", "", None),
    ("deleted twice", "a=1", "", "", None),
    ("the same change twice", "a=1", "a=2", "a=2", None),
    ("never agreed on", "", "a=1", "a=2", None),
    ("at one", "a=1", "a=1", "a=1", None),
]


def canopy_of(base: str, here: str, there: str) -> Canopy:
    canopy = Canopy()
    for put, text in ((canopy.set_synced, base), (canopy.set_local, here), (canopy.set_remote, there)):
        for node in tree(text).values():
            put(node.id, node)
    for put, text in ((canopy.set_local, here), (canopy.set_remote, there)):
        for node_id in tree(base).keys() - tree(text).keys():
            put(node_id, None)
    return canopy


@pytest.mark.hazard("E2", "G13")
@pytest.mark.parametrize(("base", "here", "there", "lost"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_would_be_lost(base: str, here: str, there: str, lost: tuple[Direction, Loss] | None) -> None:
    found = peril(canopy_of(base, here, there), NodeId("a"))
    assert (found and (found.direction, found.loss)) == lost


def test_it_says_what_gives_way_to_what() -> None:
    found = peril(canopy_of("a=1", "a=2", "a=1"), NodeId("a"))
    assert found is not None
    assert (found.before, found.after) == (tree("a=1")[NodeId("a")], tree("a=2")[NodeId("a")])


def test_a_folder_is_in_peril_and_does_not_count() -> None:
    found = peril(canopy_of("d/", "", "d/"), NodeId("d"))
    assert found is not None
    assert not found.counts


def test_states_are_told_apart_by_what_they_hold() -> None:
    one, moved, other = (next(iter(tree(text).values())) for text in ("a=1", "b=1@a", "a=2"))
    assert same_state(one, moved)
    assert not same_state(one, other)
    assert not same_state(one, None)
    assert same_state(None, None)


def test_ops_that_take_bytes_away() -> None:
    file: Node = tree("a=1")[NodeId("a")]
    folder: Node = tree("d/")[NodeId("d")]
    assert destroys(DeleteLocal(file))
    assert destroys(WriteLocal(file, file))  # type: ignore[arg-type]
    assert not destroys(WriteLocal(file, None))  # type: ignore[arg-type]
    assert not destroys(MakeLocalDir(folder))  # type: ignore[arg-type]
    assert not destroys(MoveLocal(file, folder.at))
    assert not destroys(SubmitMove(file, folder.at, 1))  # type: ignore[arg-type]
