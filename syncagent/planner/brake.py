"""What would be lost: the deletes and overwrites among what is diverged.

Pure.  Only bytes count that would vanish or be replaced, in one of the two directions; a move loses nothing, and of two
that were changed at once both are kept.  A folder goes with what it holds, and counts for nothing by itself.
"""

from __future__ import annotations

from typing import Final, assert_never

from syncagent.model.acts import Direction, Loss
from syncagent.model.ids import NodeId
from syncagent.model.nodes import Dir, File, Link, Node
from syncagent.model.values import value
from syncagent.planner.compare import Fate, Three, fate, interchangeable, three
from syncagent.planner.ops import DeleteLocal, Op, SubmitDelete, SubmitEdit, WriteLocal
from syncagent.trees.canopy import Canopy


@value
class Peril:
    """What one node would lose if its next op were carried out: ``before`` gives way to ``after``."""

    direction: Direction
    before: Node
    after: Node | None

    @property
    def loss(self) -> Loss:
        return Loss.DELETED if self.after is None else Loss.OVERWRITTEN

    @property
    def counts(self) -> bool:
        return not isinstance(self.before, Dir)


def peril(canopy: Canopy, node_id: NodeId) -> Peril | None:
    """What the node would lose, as the trees are; None when it would lose nothing."""
    # Of masses nearly all are just deleted: that is known without looking at all there is to know of each.
    here, there = canopy.local, canopy.remote
    if there.lacks(node_id):
        if node_id not in here and (node := here.get(node_id)) is not None:
            return Peril(Direction.IN, node, None)
    elif here.lacks(node_id) and node_id not in there and (node := there.get(node_id)) is not None:
        return Peril(Direction.OUT, node, None)
    # What was never agreed on is created, or meets another: neither takes bytes away.
    if not canopy.is_diverged(node_id) or node_id not in canopy.synced:
        return None
    t = three(canopy, node_id)
    match fate(t):
        case Fate.DELETED_HERE:
            assert t.remote is not None
            return Peril(Direction.OUT, t.remote, None)
        case Fate.DELETED_THERE:
            assert t.local is not None
            return Peril(Direction.IN, t.local, None)
        case Fate.MERGE:
            return _overwritten(t)
        case Fate.SETTLED | Fate.CREATED_HERE | Fate.CREATED_THERE:
            return None
        case other:
            assert_never(other)


def _overwritten(t: Three) -> Peril | None:
    """The bytes that are as agreed give way to those that are not.  Of a conflict both are kept, and an empty file has
    nothing to lose."""
    assert t.synced is not None and t.local is not None and t.remote is not None
    if interchangeable(t.local, t.remote):
        return None
    if interchangeable(t.remote, t.synced):
        return Peril(Direction.OUT, t.remote, t.local) if _has_bytes(t.remote) else None
    if interchangeable(t.local, t.synced):
        return Peril(Direction.IN, t.local, t.remote) if _has_bytes(t.local) else None
    return None


def _has_bytes(node: Node) -> bool:
    return isinstance(node, Link) or (isinstance(node, File) and node.content.size > 0)


def destroys(op: Op) -> bool:
    """Whether bytes are gone from where they stood once ``op`` has been done."""
    if isinstance(op, WriteLocal):
        return op.expect is not None
    return isinstance(op, _DESTROY)


_DESTROY: Final = (SubmitDelete, DeleteLocal, SubmitEdit)


def same_state(one: Node | None, other: Node | None) -> bool:
    """Whether both hold the same bytes, or both are gone; wherever they stand."""
    if one is None or other is None:
        return one is other
    return interchangeable(one, other)
