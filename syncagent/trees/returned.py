"""What stands again where something was deleted, before the hub has heard of that."""

from __future__ import annotations

from syncagent.model.ids import NodeId
from syncagent.model.names import name_key
from syncagent.model.nodes import Dir, File, Link, Placement
from syncagent.trees.canopy import Canopy


def returned(canopy: Canopy, at: Placement, kind: type[Dir | File | Link]) -> NodeId | None:
    """The node that stood here, and is gone, and that the hub still has as it was agreed: what stands here by now is
    that node, edited.  So whoever puts back what was deleted has undone it, and what is made anew in its place need not
    wait until the hub has let go of the name."""
    there = canopy.remote.at(at.parent, name_key(at.name))
    if there is None or there not in canopy.synced or canopy.local.get(there) is not None:
        return None
    node = canopy.remote.get(there)
    return there if isinstance(node, kind) and node == canopy.synced.get(there) else None
