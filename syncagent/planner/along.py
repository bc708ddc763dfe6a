"""What goes along with a folder that one side has moved, and the other has deleted.

A move beats a delete, and whoever moved a folder kept all that was in it: so what the delete took along comes back with
it.  That is so by construction, like what rules leave out: what was agreed of these nodes is forgotten, and no delete
can be concluded any more, whatever is heard or done about the folder meanwhile.  It is enough to see to it when
something has changed about the folder, for what is in one always goes before it: in the journal, and in what a look
finds missing.

What was deleted in a folder that both sides still have is another matter: that was meant.  But as long as a folder's
move is on its way to the other side nobody knows whether it will be met by a delete of the folder there, of which this
is the beginning: until then the delete waits.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncagent.model.ids import PARK, NodeId
from syncagent.model.nodes import Dir
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import View, ancestors


def let_along(canopy: Canopy, node_ids: Iterable[NodeId]) -> list[NodeId]:
    """Forget what was agreed of those that are folders which one side has moved and the other has deleted, and of all
    that went with them.  Gives all of which it was forgotten."""
    forgotten: list[NodeId] = []
    for node_id in node_ids:
        base = canopy.synced.get(node_id) if canopy.is_diverged(node_id) else None
        if not isinstance(base, Dir):
            continue
        for has, lacks in ((canopy.local, canopy.remote), (canopy.remote, canopy.local)):
            node = has.get(node_id)
            if node is not None and lacks.get(node_id) is None and node.at.parent != PARK and node.at != base.at:
                forgotten.extend(_forget(canopy, has, lacks, node_id))
    return forgotten


def _forget(canopy: Canopy, has: View, lacks: View, folder: NodeId) -> list[NodeId]:
    gone = [folder]
    for node_id in gone:
        gone.extend([child for child in has.children(node_id) if lacks.get(child) is None])
        canopy.set_synced(node_id, None)
    return gone


def on_the_move(canopy: Canopy, has: View, node_id: NodeId) -> NodeId | None:
    """The nearest folder above the node that was moved on the side that ``has`` it, which is not agreed on yet."""
    for folder in ancestors(has, node_id):
        node = has.get(folder)
        base = canopy.synced.get(folder) if folder != node_id and canopy.is_diverged(folder) else None
        if node is not None and base is not None and node.at != base.at:
            return folder
    return None
