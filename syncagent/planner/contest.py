"""Who may have a name when two nodes want it, and what the one is called that has to yield.

By right at a name stands what is to stand there on both sides in the end.  What is only passing is waited for.  Of
two by right, the hub's order wins: the one that stands here steps aside, or becomes the other where the two are
interchangeable.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncagent.model.ids import Digest, NodeId, copy_id
from syncagent.model.names import Name, conflict_name, machine_label, name_key
from syncagent.model.nodes import Dir, File, Link, Node, Placement
from syncagent.planner.batch import Batch
from syncagent.planner.compare import ContentMerge, Fate, content, fate, interchangeable, placement, three
from syncagent.planner.ops import Adopt, SetAside
from syncagent.planner.policy import Policy
from syncagent.planner.scope import Scope
from syncagent.trees.canopy import Canopy


class Names:
    """The contests for names within one plan; ``waits`` is the plan's own record of who waits for whom."""

    def __init__(self, canopy: Canopy, policy: Policy, batch: Batch, waits: dict[NodeId, NodeId], scope: Scope) -> None:
        self._canopy = canopy
        self._scope = scope
        self._policy = policy
        self._batch = batch
        self._waits = waits
        self._folded: dict[NodeId, set[str]] = {}
        """By the folder: the names in it, as a disk that folds case has them."""

    def free_here(self, node: Node, to: Placement) -> NodeId | None:
        """Who stands on this disk where ``node`` is to stand; if it stands there by right, one of the two yields."""
        occupant = self._canopy.local.at(to.parent, name_key(to.name))
        if occupant is None or occupant == node.id:
            return None
        if not self._stays(occupant, to):
            return occupant
        return self._contest(occupant, node.id)

    def free_there(self, node: Node, to: Placement) -> NodeId | None:
        occupant = self._canopy.remote.at(to.parent, name_key(to.name))
        if occupant is None or occupant == node.id:
            return None
        if not self._stays(occupant, to):
            return occupant
        on = self._contest(node.id, occupant)
        # Its own op: what that waits for, if it is not in the batch.
        return on if node.id in self._batch.taken else self._waits.get(node.id, on)

    def _stays(self, occupant: NodeId, at: Placement) -> bool:
        return placement(self._canopy, occupant, three(self._canopy, occupant)) == at

    def _contest(self, local_id: NodeId, remote_id: NodeId) -> NodeId:
        """Two nodes by right at one name: the one that stands here yields to the one that the hub knows there, or
        becomes it where the two are interchangeable.  Either way the op is about the local one; that is waited for."""
        if local_id in self._batch.taken:
            return local_id
        local, remote = self._canopy.local.get(local_id), self._canopy.remote.get(remote_id)
        if local is None or remote is None:
            return local_id
        alike = interchangeable(local, remote) and not self._changed_there(local_id)
        if alike and self._canopy.local.get(remote_id) is None:
            # One that is left alone for now (an op about it failed after it was done) is waited for, and then adopted.
            later = remote_id if remote_id in self._batch.taken else self._to_come(local_id)
            on = later or self._batch.put(Adopt(local_id, remote_id))
        else:
            on = self.set_aside(local, becomes=local_id)
        if on is not None:
            self._waits[local_id] = on
        return local_id

    def _to_come(self, folder: NodeId) -> NodeId | None:
        """Something that the hub has in this folder, or in one in it that is to go, and that is still to come here, or
        still to be agreed on: it is to go along with all else, not to keep the old folder alive."""
        folders = [folder]
        while folders:
            parent = folders.pop()
            for child in self._canopy.remote.children(parent):
                t = three(self._canopy, child)
                to = placement(self._canopy, child, t)
                if to is None:
                    folders.extend([child] if t.local is None and isinstance(t.remote, Dir) else [])
                elif to.parent == parent and not all(one is not None and one.at == to for one in (t.local, t.synced)):
                    return child
        return None

    def _changed_there(self, node_id: NodeId) -> bool:
        """Whether the hub has the node, and another than was agreed: it would come back if it left this disk."""
        remote = self._canopy.remote.get(node_id)
        return remote is not None and remote != self._canopy.synced.get(node_id)

    def set_aside(self, node: Node, *, becomes: NodeId) -> NodeId | None:
        name = conflict_name(node.at.name, self._policy.day, self._policy.machine, lambda n: self._in_use(node, n))
        return self._batch.put(SetAside(node, Placement(node.at.parent, name), becomes))

    def keep_both(self, chain: Iterable[NodeId]) -> None:
        """These wait for what cannot be had.  What was changed on both sides does not wait any longer: nobody
        else would ever get what was written here.  The copy stands where it was written."""
        for node_id in chain:
            t = three(self._canopy, node_id)
            if t.parked or fate(t) is not Fate.MERGE or content(t)[0] is not ContentMerge.CONFLICT:
                continue
            assert t.local is not None
            self.set_aside(t.local, becomes=self.copy_id(t.local))

    def _in_use(self, node: Node, name: Name) -> bool:
        key = name_key(name)
        to = Placement(node.at.parent, name)
        return (
            self._canopy.local.at(node.at.parent, key) is not None
            or self._canopy.remote.at(node.at.parent, key) is not None
            or self._batch.filler_here(to) is not None
            or self._scope.hides(to)
            or name.casefold() in self._folded_in(node.at.parent)
        )

    def _folded_in(self, folder: NodeId) -> set[str]:
        """A copy must find room on any disk: also on one for which its name is that of another in other letters."""
        if folder not in self._folded:
            views = (self._canopy.local, self._canopy.remote)
            nodes = (view.get(child) for view in views for child in view.children(folder))
            self._folded[folder] = {node.at.name.casefold() for node in nodes if node is not None}
        return self._folded[folder]

    def copy_id(self, node: Node) -> NodeId:
        """The id of the copy that ``node`` is to be from now on."""
        base, label = self._canopy.synced.get(node.id), machine_label(self._policy.machine)
        return copy_id(node.id, self._canopy.rev(node.id), _inside(base), _inside(node), label)


def _inside(node: Node | None) -> Digest | str:
    match node:
        case File(content=content):
            return content.digest
        case Link(target=target):
            return target
        case _:
            return ""
