"""What the ops under way lay claim to, kept from one plan to the next.

While a mass comes or goes a thousand ops are under way, and a plan is made whenever a few more have come: to claim for
all of them anew each time took more than all else that was planned.  Kept are the claims of what is new at its place,
which is nearly all of a mass; all others are claimed for each plan.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncagent.model.ids import NodeId
from syncagent.planner.claims import Claims, footprint
from syncagent.planner.ops import Op, SubmitCreate, WriteLocal, subject
from syncagent.trees.canopy import Canopy


class Underway:
    """For one canopy."""

    def __init__(self, canopy: Canopy) -> None:
        self._canopy = canopy
        self._begin()

    def claims(self, busy: Mapping[NodeId, Op]) -> tuple[Claims, Claims]:
        """What ``busy``, the ops under way by the nodes that each is about, claim on this disk, and at the hub; for one
        plan, which may claim more."""
        over = any(busy.get(node_id) is not op for node_id, op in self._kept.items())
        if over or self._shape != self._canopy.shape:
            self._begin()  # a claim is not taken back by itself; and where folders are, all of them hang on
        others: dict[int, Op] = {}
        kept = self._kept
        for node_id, op in busy.items():
            if node_id in kept:
                continue
            if type(op) is SubmitCreate:
                self._there.claim_name(node_id, op.node.at)
            elif type(op) is not WriteLocal or op.expect is not None or not self._here.claim_new(node_id, op.node.at):
                others[id(op)] = op  # one op may be about many nodes
                continue
            kept[node_id] = op
        here, there = self._here.copy(), self._there.copy()
        for op in others.values():
            on_disk, at_hub = footprint(op)
            if on_disk is not None:
                here.claim(subject(op), on_disk)
            if at_hub is not None:
                there.claim(subject(op), at_hub)
        return here, there

    def _begin(self) -> None:
        self._shape = self._canopy.shape
        self._here, self._there = Claims(self._canopy.local), Claims(self._canopy.remote)
        self._kept: dict[NodeId, Op] = {}
