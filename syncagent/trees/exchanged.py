"""Which files have changed places among each other, when all of that is seen at once.

Each name still holds a file, so that none is missing; by the names alone each would have been edited.  Called by
``identify``.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncagent.model.facts import FileSeen, Stamp, inode_of, unpack
from syncagent.model.ids import NodeId
from syncagent.model.nodes import File
from syncagent.trees.canopy import Canopy


def exchanged(canopy: Canopy, found: Mapping[NodeId, FileSeen]) -> list[NodeId]:
    """``found`` is what stands now where each of these files stood.  Given are those that stand where another of them
    stood, in a closed ring: each of them can be found where its inode is.  What merely stands where another did (an
    editor's new text, with the old one moved aside) is that one, edited."""
    if len(found) < 2:
        return []
    had = {inode: node_id for node_id in found if (inode := inode_of(canopy.stamp(node_id))) is not None}
    came = {node_id: _who(canopy, had, fact) for node_id, fact in found.items()}
    return [node_id for node_id in found if _closes(came, node_id)]


def same_bytes(canopy: Canopy, node_id: NodeId, fact: FileSeen) -> bool:
    """Whether the file has kept size and mtime: an inode alone proves nothing, for it is used again."""
    before, now = unpack(canopy.stamp(node_id) or Stamp(b"")), unpack(fact.stamp)
    return before is not None and now is not None and (before.size, before.mtime_ns) == (now.size, now.mtime_ns)


def _who(canopy: Canopy, had: Mapping[bytes, NodeId], fact: FileSeen) -> NodeId | None:
    """The file that this is for certain, of those that had one of these inodes."""
    inode = inode_of(fact.stamp)
    node_id = had.get(inode) if inode is not None else None
    if node_id is None or not same_bytes(canopy, node_id, fact):
        return None
    node = canopy.local.get(node_id)
    return node_id if isinstance(node, File) and fact.content in (None, node.content) else None


def _closes(came: Mapping[NodeId, NodeId | None], start: NodeId) -> bool:
    """Whether, from who stands where to who stands there, one comes back to ``start`` by way of another."""
    here = came[start]
    for _ in came:
        if here is None or here == start:
            break
        here = came[here]
    return here == start != came[start]
