"""Nodes that wait for each other in a circle, and how it is opened."""

from __future__ import annotations

from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.names import Name, name_key
from syncagent.model.nodes import Placement
from syncagent.model.values import replace
from syncagent.planner.batch import Batch
from syncagent.planner.compare import placement, three
from syncagent.planner.ops import MoveLocal, SubmitMove, passing_name
from syncagent.trees.canopy import Canopy


def open_circle(canopy: Canopy, batch: Batch, circle: list[NodeId]) -> None:
    """Park one of the nodes that wait for each other: the first, by id, that is on the move and can be."""
    for node_id in sorted(circle):
        t = three(canopy, node_id)
        to = placement(canopy, node_id, t)
        if t.local is None or t.remote is None or to is None or node_id in batch.taken:
            continue
        if to != t.local.at and not t.parked:
            parked = Placement(PARK, Name(node_id))
            if batch.put(MoveLocal(t.local, parked)) is None:
                return
        elif to != t.remote.at:
            name = passing_name(replace(t.local, at=to))
            parent = t.remote.at.parent if t.remote.at.parent not in circle else ROOT
            passing = Placement(parent, name)
            if canopy.remote.at(passing.parent, name_key(name)) is not None:
                continue
            if batch.put(SubmitMove(t.local, passing, canopy.rev(node_id))) is None:
                return
