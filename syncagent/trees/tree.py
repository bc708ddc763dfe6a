"""A tree of nodes by id, and an overlay that says only where another tree differs from it.

Both answer the same three questions (``View``): what is this node, who stands at this name, who is in this folder.
A slot may for a moment hold two nodes (Synced is a collection of agreements, not a picture of one disk), so the index
allows it; the views that a person could look at, Local and Remote, never keep two for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, takewhile
from typing import Final, Protocol

from syncagent.model.facts import Stamp
from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.names import Name, NameKey, RelPath, name_key
from syncagent.model.nodes import Dir, File, Node, Placement
from syncagent.trees.pressed import Pressed

ROOT_DIR: Final = Dir(ROOT, Placement(ROOT, Name("")))
PARK_DIR: Final = Dir(PARK, Placement(ROOT, Name("")))
_FIXED: Final[dict[NodeId, Node]] = {ROOT: ROOT_DIR, PARK: PARK_DIR}
_NOBODY: Final[dict[NameKey, NodeId | tuple[NodeId, ...]]] = {}


class View(Protocol):
    """How a tree is read."""

    def get(self, node_id: NodeId) -> Node | None: ...

    def at(self, parent: NodeId, key: NameKey) -> NodeId | None: ...

    def children(self, parent: NodeId) -> Iterator[NodeId]: ...


class Tree:
    """Nodes by id, with an index of who stands where; files about which nothing is going on are ``pressed``."""

    __slots__ = ("_folders", "_nodes", "_slots", "_unpressed", "pressed")

    def __init__(self, pressed: Pressed | None = None, unpressed: Mapping[NodeId, None] | None = None) -> None:
        """``unpressed`` are nodes of which it is known, without looking, that they are not among the pressed."""
        self.pressed = Pressed() if pressed is None else pressed
        self._unpressed = {} if unpressed is None else unpressed
        self._folders = 0
        self._nodes: dict[NodeId, Node] = {}
        self._slots: dict[NodeId, dict[NameKey, NodeId | tuple[NodeId, ...]]] = {}

    def __len__(self) -> int:
        return len(self._nodes) + len(self.pressed)

    def __contains__(self, node_id: NodeId) -> bool:
        return node_id in self._nodes or (node_id not in self._unpressed and node_id in self.pressed)

    def ids(self) -> Iterable[NodeId]:
        """Every id: first of those about which nothing is going on."""
        return chain(self.pressed.ids(), self._nodes) if self.pressed else self._nodes.keys()

    def count_files(self) -> int:
        """How many nodes are no folders."""
        return len(self) - self._folders

    def get(self, node_id: NodeId) -> Node | None:
        node = self._nodes.get(node_id)
        if node is None and node_id not in self._unpressed:
            node = _FIXED.get(node_id) or self.pressed.get(node_id)
        return node

    def press(self, node_id: NodeId, stamp: Stamp) -> bool:
        """Nothing is going on about this node any more.  False when it stays as it is: it is no file, or unusual."""
        node = self._nodes.get(node_id)
        if not isinstance(node, File) or not self.pressed.add(node, stamp):
            return False
        del self._nodes[node_id]
        self._leave(node)
        return True

    def revive(self, node_id: NodeId) -> Stamp | None:
        """Something is going on about this node: gives the stamp, if it was pressed."""
        found = self.pressed.take(node_id)
        if found is None:
            return None
        self.put(found[0])
        return found[1]

    def revive_all(self, node_ids: Iterable[NodeId]) -> Iterator[tuple[NodeId, Stamp]]:
        """The same of folders with all that is in them; gives the stamps of those that were pressed."""
        nodes = self._nodes
        for node_id in node_ids if self.pressed else ():
            node = nodes.get(node_id)
            if isinstance(node, Dir):
                for file, stamp in self.pressed.take_in(node_id):
                    self.put(file)
                    yield file.id, stamp
            elif node is None and (found := self.revive(node_id)) is not None:
                yield node_id, found

    def put(self, node: Node) -> None:
        """Let ``node``, which is not pressed, stand where it says, and no longer where it stood before."""
        node_id, at = node.id, node.at
        old = self._nodes.get(node_id)
        self._nodes[node_id] = node
        if old is not None:
            if old.at == at:
                return
            self._leave(old)
        elif isinstance(node, Dir):
            self._folders += 1
        folder = self._slots.get(at.parent)
        if folder is None:
            folder = self._slots[at.parent] = {}
        key = name_key(at.name)
        there = folder.setdefault(key, node_id)
        if there is not node_id:
            folder[key] = (*_all(there), node_id)

    def drop(self, node_id: NodeId) -> None:
        """Forget the node, if it is known; it is not pressed."""
        old = self._nodes.pop(node_id, None)
        if old is not None:
            self._folders -= isinstance(old, Dir)
            self._leave(old)

    def at(self, parent: NodeId, key: NameKey) -> NodeId | None:
        """Who stands at this name; of two, the one that came first."""
        if self.pressed and (found := self.pressed.all_at(parent, key)):
            return found[0]
        folder = self._slots.get(parent)
        there = folder.get(key) if folder is not None else None
        return there[0] if isinstance(there, tuple) else there

    def all_at(self, parent: NodeId, key: NameKey) -> tuple[NodeId, ...]:
        folder = self._slots.get(parent)
        there = folder.get(key) if folder is not None else None
        found = self.pressed.all_at(parent, key) if self.pressed else ()
        return found if there is None else (*found, *_all(there))

    def children(self, parent: NodeId) -> Iterator[NodeId]:
        # Asked of each of ten thousand files when their folder goes, too: in them is nothing.
        if parent not in self._slots:
            return self.pressed.children(parent)
        return chain(self.pressed.children(parent), self.unpressed_children(parent))

    def unpressed_children(self, parent: NodeId) -> Iterator[NodeId]:
        """Those of the children that are not pressed: all folders are among them."""
        for there in self._slots.get(parent, _NOBODY).values():
            if isinstance(there, tuple):
                yield from there
            else:
                yield there

    def names(self, parent: NodeId) -> Iterator[str]:
        """What those in a folder are called."""
        return chain(self.pressed.names(parent), self._slots.get(parent, ()))

    def _leave(self, node: Node) -> None:
        folder = self._slots[node.at.parent]
        key = name_key(node.at.name)
        there = folder[key]
        left = tuple([one for one in there if one != node.id]) if isinstance(there, tuple) else ()
        if not left:
            del folder[key]
            if not folder:
                del self._slots[node.at.parent]
        else:
            folder[key] = left[0] if len(left) == 1 else left


class Overlay:
    """A tree told as its difference from ``base``.

    What it holds is exactly what differs: a node set to what the base says leaves the overlay by itself.
    """

    # Asked of each node many times over: it looks into the dicts of its two trees itself, without calling them.

    __slots__ = ("_base", "_base_nodes", "_base_slots", "_gone", "_own", "_own_nodes", "_own_slots", "_unpressed")

    def __init__(self, base: Tree) -> None:
        self._base, self._own = base, Tree()
        self._base_nodes, self._own_nodes, self._unpressed = base._nodes, self._own._nodes, base._unpressed
        self._base_slots, self._own_slots = base._slots, self._own._slots
        self._gone: dict[NodeId, None] = {}

    def __len__(self) -> int:
        return len(self._own_nodes) + len(self._gone)

    def __contains__(self, node_id: NodeId) -> bool:
        return node_id in self._own_nodes or node_id in self._gone

    def lacks(self, node_id: NodeId) -> bool:
        """Whether the base has the node, and this tree has not."""
        return node_id in self._gone

    def ids(self) -> Iterator[NodeId]:
        """The ids of all that differs from the base."""
        yield from self._own_nodes
        yield from self._gone

    def get(self, node_id: NodeId) -> Node | None:
        node = self._own_nodes.get(node_id)
        if node is None and node_id not in self._gone:
            node = self._base_nodes.get(node_id)
            if node is None and node_id not in self._unpressed:
                return self._base.get(node_id)
        return node

    def set(self, node_id: NodeId, node: Node | None) -> None:
        """Say what this tree has for ``node_id``, which is not pressed."""
        base = self._base_nodes.get(node_id)
        if node is base or node == base:
            self.follow(node_id)
        elif node is None:
            self._own.drop(node_id)
            self._gone[node_id] = None
        else:
            self._gone.pop(node_id, None)
            self._own.put(node)

    def lose(self, node_id: NodeId) -> bool:
        """Have nothing for a node that is not pressed, and of which this tree says what the base does; False where that
        has nothing either."""
        if node_id not in self._base_nodes:
            return False
        self._gone[node_id] = None
        return True

    def follow(self, node_id: NodeId) -> None:
        """Have for ``node_id`` whatever the base has."""
        if node_id in self._own_nodes:
            self._own.drop(node_id)
        elif node_id in self._gone:
            del self._gone[node_id]

    def at(self, parent: NodeId, key: NameKey) -> NodeId | None:
        folder = self._own_slots.get(parent)
        if folder is not None and (own := folder.get(key)) is not None:
            return own[0] if isinstance(own, tuple) else own
        if parent not in self._base_slots and not self._base.pressed:
            return None
        for node_id in self._base.all_at(parent, key):
            if node_id not in self._own_nodes and node_id not in self._gone:
                return node_id
        return None

    def children(self, parent: NodeId) -> Iterator[NodeId]:
        children = self._base.children(parent)
        return self._of_both(parent, children) if self._own_nodes or self._gone else children

    def unpressed_children(self, parent: NodeId) -> Iterator[NodeId]:
        """Those of the children that are not pressed: all folders are among them."""
        return self._of_both(parent, self._base.unpressed_children(parent))

    def has_own_in(self, parent: NodeId) -> bool:
        """Whether anything in this folder is not what the base has there."""
        return parent in self._own._slots

    def _of_both(self, parent: NodeId, base: Iterator[NodeId]) -> Iterator[NodeId]:
        own, gone = self._own_nodes, self._gone
        if own:
            yield from self._own.children(parent)
        for node_id in base:
            if node_id not in own and node_id not in gone:
                yield node_id


def _all(there: NodeId | tuple[NodeId, ...]) -> tuple[NodeId, ...]:
    return there if isinstance(there, tuple) else (there,)


def ancestors(view: View, node_id: NodeId) -> Iterator[NodeId]:
    """``node_id`` itself, its folder, and so on up; ROOT is not given.

    It ends where a folder is missing, and where a circle closes (which no tree that is in order has).
    """
    seen: set[NodeId] = set()
    while node_id not in (ROOT, PARK) and node_id not in seen:
        node = view.get(node_id)
        if node is None:
            return
        seen.add(node_id)
        yield node_id
        node_id = node.at.parent


def missing_above(has: View, lacks: View, folder: NodeId) -> Iterator[NodeId]:
    """Going up from ``folder`` in the one tree, the folders before the first that the other has too: where that one
    stands there, and in what, is not for this tree to say."""
    return takewhile(lambda one: lacks.get(one) is None, ancestors(has, folder))


def path_of(view: View, node_id: NodeId) -> RelPath | None:
    """The path of a node in ``view``; None when it, or a folder above it, is not there (or it is parked)."""
    names: list[str] = []
    while node_id != ROOT:
        node = view.get(node_id)
        if node is None or node_id == PARK or len(names) > 100_000:
            return None
        names.append(node.at.name)
        node_id = node.at.parent
    return RelPath("/".join(reversed(names)))


def find(view: View, names: Iterable[Name]) -> NodeId | None:
    """The node at the path of these names; ROOT for none of them."""
    here: NodeId | None = ROOT
    for name in names:
        if here is None:
            return None
        here = view.at(here, name_key(name))
    return here


def subtree(view: View, top: NodeId) -> Iterator[NodeId]:
    """``top`` and all beneath it, folders before what they hold."""
    waiting = [top]
    while waiting:
        node_id = waiting.pop()
        yield node_id
        waiting.extend(view.children(node_id))
