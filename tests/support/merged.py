"""What two trees must come to, said without any order of doing it: the law that every plan is held to.

It knows three trees of nodes and nothing of ops, claims, waits or parks.  Existence, placement and content of each node
merge by the table in docs/ARCHITECTURE.md; then names that two nodes have by right are given to the hub's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import conflict_name
from syncagent.model.nodes import Dir, File, Link, Node, Placement

Nodes = dict[NodeId, Node]


class Undecided(Exception):
    """The law leaves open what comes of it: all is kept, but where depends on what is done first."""


def merged(
    base: Mapping[NodeId, Node], here: Mapping[NodeId, Node], there: Mapping[NodeId, Node], machine: str, day: str
) -> Nodes:
    """What this ``machine``, which has ``here``, and the hub, which has ``there``, both have in the end, when ``base``
    is what they last agreed on and nobody else does anything meanwhile."""
    return _Merge(base, here, there, machine, day).outcome()


class _Merge:
    def __init__(
        self,
        base: Mapping[NodeId, Node],
        here: Mapping[NodeId, Node],
        there: Mapping[NodeId, Node],
        machine: str,
        day: str,
    ) -> None:
        self._base, self._here, self._there = base, here, there
        self._machine, self._day = machine, day
        self._became: dict[NodeId, NodeId] = {}

    def outcome(self) -> Nodes:
        kept = {one: self._one(one) for one in sorted(self._here.keys() | self._there.keys()) if self._survives(one)}
        standing = self._with_folders(kept)
        kept = self._with_folders({one: self._opened(node, standing) for one, node in kept.items()})
        if any(_circle(one, kept) for one in kept):
            raise Undecided("to open one circle closes another")
        self._give_names(kept)
        for one, node in list(kept.items()):
            self._keep_both(one, node, kept)
        return kept

    # --- one node -----------------------------------------------------------------------------------------------

    def _survives(self, one: NodeId) -> bool:
        """A delete counts where the other side left the node as it was, and every folder that went with it, too."""
        base, here, there = self._base.get(one), self._here.get(one), self._there.get(one)
        if here is None:
            return there != base or self._went_along(one, self._there, self._here)
        return there is not None or here != base or self._went_along(one, self._here, self._there)

    def _went_along(self, one: NodeId, has: Mapping[NodeId, Node], lacks: Mapping[NodeId, Node]) -> bool:
        """Whether a folder above the node, which was deleted with it, was moved by the other side."""
        while (node := has.get(one)) is not None and one not in lacks:
            base = self._base.get(one)
            if base is not None and base.at != node.at:
                return True
            one = node.at.parent
        return False

    def _one(self, one: NodeId) -> Node:
        base, here, there = self._base.get(one), self._here.get(one), self._there.get(one)
        if here is None or there is None:
            node = here or there
            assert node is not None
            return node
        if base is None:
            return there
        node = replace(there, at=here.at if there.at == base.at else there.at)
        if self._clash(one):
            return node  # each version stays as its writer left it
        if isinstance(node, File) and isinstance(here, File) and isinstance(base, File) and isinstance(there, File):
            return replace(
                node,
                content=here.content if there.content == base.content else there.content,
                executable=here.executable if there.executable == base.executable else there.executable,
                mtime_ns=here.mtime_ns if there.mtime_ns == base.mtime_ns else there.mtime_ns,
            )
        if isinstance(node, Link) and isinstance(here, Link) and isinstance(base, Link) and isinstance(there, Link):
            return replace(node, target=here.target if there.target == base.target else there.target)
        return node

    def _with_folders(self, kept: Nodes) -> Nodes:
        """What survives has a folder to stand in, whoever deleted it."""
        kept = dict(kept)
        for node in list(kept.values()):
            folder = node.at.parent
            while folder != ROOT and folder not in kept:
                back = self._here.get(folder) or self._there.get(folder)
                assert back is not None
                kept[folder] = back
                folder = back.at.parent
        return kept

    def _opened(self, node: Node, kept: Nodes) -> Node:
        """Of folders that would stand in each other, the one that was moved here goes back to the hub's place."""
        there = self._there.get(node.id)
        if there is None or node.id not in self._here:
            return node
        circle = _circle(node.id, kept)  # one above it is others' to open
        if not circle:
            return node
        moved = [one for one in circle if one in self._there and kept[one].at != self._there[one].at]
        if len(moved) > 1:
            raise Undecided(f"{moved} were moved here, and are in a circle")
        return replace(node, at=there.at)

    # --- both are kept ------------------------------------------------------------------------------------------

    def _keep_both(self, one: NodeId, node: Node, kept: Nodes) -> None:
        """Bytes (or link texts) that were changed on both sides: those from here go beside those from the hub."""
        here = self._here.get(one)
        if here is None or not self._clash(one):
            return
        copy = NodeId(f"copy-{one}-{len(kept)}-{self._machine}")
        kept[copy] = replace(here, id=copy, at=self._aside(node.at, kept))

    def _clash(self, one: NodeId) -> bool:
        base, here, there = self._base.get(one), self._here.get(one), self._there.get(one)
        if here is None or there is None or _held(here) == _held(there):
            return False
        return _held(base) not in (_held(here), _held(there))

    def _give_names(self, kept: Nodes) -> None:
        for _ in range(100):
            slots: dict[Placement, list[Node]] = {}
            for node in kept.values():
                slots.setdefault(node.at, []).append(node)
            shared = next((nodes for nodes in slots.values() if len(nodes) > 1), None)
            if shared is None:
                return
            self._contest(shared, kept)
        raise AssertionError("the names never come to rest")

    def _contest(self, nodes: list[Node], kept: Nodes) -> None:
        """The hub's node has the name.  The one from here becomes it, where nobody could tell them apart."""
        ours, *_, theirs = sorted(nodes, key=self._stands_there)
        if not _alike(ours, theirs) or theirs.id in self._here or self._changed_there(ours):
            kept[ours.id] = replace(ours, at=self._aside(ours.at, kept))
            return
        del kept[ours.id]
        self._became[ours.id] = theirs.id
        for one, node in list(kept.items()):
            if node.at.parent == ours.id:
                kept[one] = replace(node, at=Placement(theirs.id, node.at.name))

    def _stands_there(self, node: Node) -> int:
        """How much the name is the node's own at the hub: more, where its folder did not take another's identity."""
        there = self._there.get(node.id)
        if there is None:
            return 0
        parent = there.at.parent
        while parent in self._became:
            parent = self._became[parent]
        return (Placement(parent, there.at.name) == node.at) + (there.at == node.at)

    def _changed_there(self, node: Node) -> bool:
        """Whether the other side changed the node, and that is not done here yet.  A folder takes another's identity
        only once all that the hub has in it is here."""
        there = self._there.get(node.id)
        if there is None or there.at.parent in self._became:
            return False
        return node.id in self._here and there != self._base.get(node.id)

    def _aside(self, at: Placement, kept: Nodes) -> Placement:
        used = {node.at for nodes in (kept, self._here, self._there) for node in nodes.values()}
        return Placement(
            at.parent, conflict_name(at.name, self._day, self._machine, lambda name: Placement(at.parent, name) in used)
        )


def _circle(one: NodeId, kept: Nodes) -> list[NodeId]:
    """The folders on the way up from ``one`` back to it; none where the way ends elsewhere."""
    circle = [one]
    folder = kept[one].at.parent
    while folder in kept and folder not in circle:
        circle.append(folder)
        folder = kept[folder].at.parent
    return circle if folder == one else []


def _held(node: Node | None) -> object:
    match node:
        case File():
            return node.content
        case Link():
            return node.target
        case _:
            return None


def _alike(one: Node, other: Node) -> bool:
    return type(one) is type(other) and (isinstance(one, Dir) or _held(one) == _held(other))


def paths_of(nodes: Mapping[NodeId, Node]) -> dict[str, Node]:
    """The nodes by their paths."""
    found: dict[str, Node] = {}
    for node in nodes.values():
        names, here = [str(node.at.name)], node.at.parent
        while here != ROOT:
            assert len(names) <= len(nodes), "folders stand in each other"
            names.append(nodes[here].at.name)
            here = nodes[here].at.parent
        path = "/".join(reversed(names))
        assert path not in found, f"two nodes at {path}"
        found[path] = node
    return found
