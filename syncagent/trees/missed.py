"""Nodes that are not where they were, and by what they are known if they stand elsewhere: inode, content."""

from __future__ import annotations

from syncagent.model.facts import Stamp, inode_of
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name, is_conflict_name
from syncagent.model.nodes import Content, Dir, File, Placement
from syncagent.trees.canopy import Canopy


class Missed:
    """``missing`` are the topmost of each subtree; whoever has it may take nodes out of it as they are met;
    in ``missed`` they stay."""

    def __init__(self, canopy: Canopy, missing: dict[NodeId, None], missed: dict[NodeId, None]) -> None:
        self._canopy = canopy
        self._missing = missing
        self._missed = missed
        self._to_index = list(missing)
        self._folders_to_index = list(missing)
        self._indexed: set[NodeId] = set()
        self._folders_indexed: set[NodeId] = set()
        self._inodes: dict[bytes, NodeId] = {}
        self._folder_inodes: dict[bytes, NodeId] = {}
        self._digests: dict[Digest, list[NodeId]] = {}

    def add(self, node_id: NodeId | None) -> None:
        """The node is not where it was."""
        if node_id is not None and node_id != ROOT:
            self._missing[node_id] = self._missed[node_id] = None
            self._to_index.append(node_id)
            self._folders_to_index.append(node_id)

    def holds(self, node_id: NodeId) -> bool:
        """Whether the node, or a folder above it, is missing from its place."""
        here = node_id
        for _ in range(100_000):
            if here in self._missing:
                return True
            node = self._canopy.local.get(here)
            if node is None or here == ROOT:
                return False
            here = node.at.parent
        return False

    def is_at_hub(self, node_id: NodeId) -> bool:
        """Whether the hub has it, or had it when both sides agreed."""
        return node_id in self._canopy.synced or self._canopy.remote.get(node_id) is not None

    def by_inode(self, stamp: Stamp, kind: type, at: Placement) -> NodeId | None:
        """The missing node that had this inode."""
        if not self._missing:
            return None
        inode = inode_of(stamp)
        if inode is None:
            return None
        if kind is Dir:
            self._index_folders()  # a folder that was renamed is found without looking at what is in it
        else:
            self._index()
        found = (self._folder_inodes if kind is Dir else self._inodes).get(inode)
        if found is None or not self.holds(found) or not isinstance(self._canopy.local.get(found), kind):
            return None
        return None if self._was_set_aside(found, at) else found

    def by_content(self, content: Content, name: Name) -> NodeId | None:
        """A missing file of the same bytes, preferably of the same name.  Empty files are all the same, and a conflict
        copy is never taken for the file that it was set aside from."""
        if not content.size or not self._missing or is_conflict_name(name):
            return None
        self._index()
        fit = [one for one in self._digests.get(content.digest, ()) if self.holds(one)]
        return min(fit, key=lambda one: (self._name(one) != name, one), default=None)

    def _was_set_aside(self, node_id: NodeId, at: Placement) -> bool:
        """Whether what stands at ``at`` is a copy that we made of the node before we were stopped, and have forgotten.
        It is a file of its own: taken for the node, moved, it would take the name from what the hub has of it."""
        node = self._canopy.local.get(node_id)
        if node is None or isinstance(node, Dir) or node.at.parent != at.parent:
            return False
        return is_conflict_name(at.name) and not is_conflict_name(node.at.name) and self.is_at_hub(node_id)

    def _name(self, node_id: NodeId) -> Name | None:
        node = self._canopy.local.get(node_id)
        return None if node is None else node.at.name

    def _index_folders(self) -> None:
        waiting = self._folders_to_index
        while waiting:
            node_id = waiting.pop()
            if node_id in self._folders_indexed or not isinstance(self._canopy.local.get(node_id), Dir):
                continue
            self._folders_indexed.add(node_id)
            inode = inode_of(self._canopy.stamp(node_id))
            if inode is not None:
                self._folder_inodes[inode] = node_id
            waiting.extend(self._canopy.local.unpressed_children(node_id))

    def _index(self) -> None:
        """Have what is missing found by its inode and its content, with all that is in it.  Not before someone asks:
        where things are only deleted, nobody does."""
        waiting = self._to_index
        while waiting:
            node_id = waiting.pop()
            if node_id in self._indexed:
                continue
            self._indexed.add(node_id)
            inode = inode_of(self._canopy.stamp(node_id))
            if inode is not None:
                self._inodes[inode] = node_id
            node = self._canopy.local.get(node_id)
            if isinstance(node, File):
                self._digests.setdefault(node.content.digest, []).append(node_id)
            elif isinstance(node, Dir):
                waiting.extend(self._canopy.local.children(node_id))
