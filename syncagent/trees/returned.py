"""What stands at a name that the hub has, too: again, where something was deleted before the hub has heard of that; or
from the beginning, where both sides had the same before they met; or by another spelling."""

from __future__ import annotations

from collections.abc import Callable

from syncagent.model.facts import UNSURE, Stamp, inode_of
from syncagent.model.ids import NodeId
from syncagent.model.names import name_key
from syncagent.model.nodes import Dir, File, Link, Node, Placement
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


def met(canopy: Canopy, at: Placement, made: Callable[[NodeId], Node]) -> NodeId | None:
    """The hub's node of which what stands here would differ in nothing.  ``made`` gives what stands here, with an id.

    It never was here, so it is nobody's deletion; to take another id for it would only be to adopt this one next.
    """
    there = canopy.remote.at(at.parent, name_key(at.name))
    if there is None or there in canopy.synced or canopy.local.get(there) is not None:
        return None
    return there if canopy.remote.get(there) == made(there) else None


def respelled(canopy: Canopy, known: NodeId, stamp: Stamp) -> bool:
    """Whether what has this ``stamp``, and a name that is the same but for its spelling, is the node that is ``known``
    there: a disk that spells names in its own way shows what we have put there so."""
    inode = inode_of(canopy.stamp(known) or UNSURE)
    return inode is not None and inode == inode_of(stamp)
