"""The batch that a plan gives: ops that may run in any order, with each other and with those that are under way."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final, Literal

from syncagent.model.ids import NodeId
from syncagent.model.nodes import Placement
from syncagent.planner.claims import footprint
from syncagent.planner.ops import (
    Adopt,
    Agree,
    Op,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    WriteLocal,
    beneath,
    subject,
)
from syncagent.planner.policy import Policy
from syncagent.planner.underway import Underway
from syncagent.trees.canopy import Canopy

_SUBMITS: Final = (SubmitCreate, SubmitEdit, SubmitMove, SubmitDelete)
_TREE_OPS: Final = (Agree, Adopt)


class Taken:
    """The nodes of which a plan must not think any more."""

    __slots__ = ("_busy", "_here", "_left_alone")

    def __init__(self, busy: Container[NodeId], left_alone: Container[NodeId]) -> None:
        self._busy = busy
        self._left_alone = left_alone
        self._here: set[NodeId] = set()

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._here or node_id in self._busy or node_id in self._left_alone

    def add(self, node_id: NodeId) -> None:
        self._here.add(node_id)

    def update(self, node_ids: Iterable[NodeId]) -> None:
        self._here.update(node_ids)


class Batch:
    """Ops, and what they and those under way (``busy``) lay claim to.  ``taken`` are the nodes that have an op, or are
    to be left alone; what is ``stuck`` could not be brought to its place, and is not moved for now."""

    def __init__(
        self,
        canopy: Canopy,
        policy: Policy,
        busy: Mapping[NodeId, Op],
        left_alone: Container[NodeId],
        underway: Underway | None = None,
        stuck: Container[NodeId] = (),
    ) -> None:
        self._policy = policy
        self.stuck = stuck
        self._here, self._there = (underway or Underway(canopy)).claims(busy)
        self.taken = Taken(busy, left_alone)
        self.ops: list[Op] = []

    def put(self, op: Op) -> NodeId | None:
        """Put ``op`` into the batch, unless something is in its way: then that is what must be waited for."""
        node_id = subject(op)
        if node_id in self.taken:
            return node_id
        if self._is_forbidden(op):
            return node_id
        if (new := self._new(node_id, op)) is not None:
            return new or None
        here, there = footprint(op)
        on = self._here.in_the_way(node_id, here) if here is not None else None
        if on is None and there is not None:
            on = self._there.in_the_way(node_id, there)
        if on is None:
            if here is not None:
                self._here.claim(node_id, here)
            if there is not None:
                self._there.claim(node_id, there)
            self.taken.add(node_id)
            self.taken.update(beneath(op))
            if isinstance(op, Adopt):
                self.taken.add(op.remote)
            self.ops.append(op)
        return on

    def _new(self, node_id: NodeId, op: Op) -> NodeId | Literal[""] | None:
        """``put`` for what comes by the ten thousand, and claims a name in a folder that stays where it is, and little
        else; empty where it was put, and None of any other op."""
        if type(op) is SubmitCreate:
            side, at = self._there, op.node.at
        elif type(op) is WriteLocal and op.expect is None and not self._here.any_shifts:
            side, at = self._here, op.node.at
        else:
            return None
        if (on := side.name_in_the_way(node_id, at)) is not None:
            return on
        if side is self._there:
            side.claim_name(node_id, at)
        elif not side.claim_new(node_id, at):
            return None
        self.taken.add(node_id)
        self.ops.append(op)
        return ""

    def filler_here(self, at: Placement) -> NodeId | None:
        """The node whose op is to fill this name on this disk."""
        return self._here.filler(at)

    def _is_forbidden(self, op: Op) -> bool:
        """Whether policy does not allow the op."""
        if isinstance(op, _SUBMITS):
            return not self._policy.may_submit
        return not self._policy.may_write and not isinstance(op, _TREE_OPS)
