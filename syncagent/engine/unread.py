"""Files of which a full scan has the names, and not the content yet.

All else goes on meanwhile: of a hundred thousand files that are new here the first is sent when the last is still to be
read, and what someone else has edited does not wait either.  Only what stands at such a path, here or at the hub, is
left alone until it is known what it is: to fetch what lies there already would be for nothing.  This spares work, and
guards nothing: nothing is ever put in a place before someone has looked at it once more.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from syncagent.model.facts import LookAt
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Placement
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import path_of

FIRST = 400
"""So many are read first by all: what lies topmost in the folder is what people look at."""


class Unread:
    """The paths, and the nodes that wait for them.

    ``begin_at`` is where among many files the reading begins, from 0 to 1: machines that have the same files, and come
    to an empty hub at once, each begin elsewhere, and what one has sent the others need not send.
    """

    def __init__(self, canopy: Canopy, begin_at: float = 0.0) -> None:
        self._canopy = canopy
        self._begin_at = begin_at
        self._paths: set[RelPath] = set()
        self._waiting: dict[RelPath, NodeId | tuple[NodeId, ...]] = {}
        """Who waits for each: mostly one, for which a dict would take 230 bytes, and a tuple 50."""
        self._names = array("i", [0])
        """How many of their last parts have each hash: who is called otherwise is elsewhere, and that is known without
        going up the tree.  The names themselves would take 150 bytes of each of a million files."""
        self._folders: dict[NodeId, RelPath | None] = {}
        """At the hub, as looked up for one plan."""

    def begin(self, reads: Sequence[LookAt]) -> list[LookAt]:
        """These are about to be read; gives them in the order in which they are."""
        self._paths = {wish.path for wish in reads}
        self._names = array("i", [0]) * (1 << (2 * len(reads)).bit_length())
        for wish in reads:
            self._names[self._place_of(_name(wish.path))] += 1
        first, many = reads[:FIRST], reads[FIRST:]
        middle = int(len(many) * self._begin_at)
        return [*first, *many[middle:], *many[:middle]]

    @property
    def reads(self) -> bool:
        """Whether anything is still to be read."""
        return bool(self._paths)

    def anew(self) -> Unread:
        """For the next plan: folders at the hub may be elsewhere by now."""
        self._folders.clear()
        return self

    def __contains__(self, node_id: object) -> bool:
        return self.keeps(node_id)  # type: ignore[arg-type]  # a Container is asked of anything; this one of nodes alone

    def keeps(self, node_id: NodeId) -> bool:
        """Whether the node stands where it is not known what stands there; it is given when that is known."""
        if not self._paths:
            return False
        canopy, path = self._canopy, None
        here, there = canopy.local.get(node_id), canopy.remote.get(node_id)
        if here is not None and self._may_be(canopy.spelling(node_id) or here.at.name):
            path = canopy.local_path(node_id)
        if path not in self._paths and there is not None and self._may_be(there.at.name):
            path = self._path_there(there.at)
        if path is None or path not in self._paths:
            return False
        known = self._waiting.setdefault(path, node_id)
        if known != node_id and not (isinstance(known, tuple) and node_id in known):
            self._waiting[path] = (*_all(known), node_id)
        return True

    def _may_be(self, name: str) -> bool:
        return self._names[self._place_of(name)] > 0

    def _place_of(self, name: str) -> int:
        return hash(name) & (len(self._names) - 1)

    def _path_there(self, at: Placement) -> RelPath | None:
        parent = at.parent
        if parent not in self._folders:
            self._folders[parent] = path_of(self._canopy.remote, parent)
        above = self._folders[parent]
        return None if above is None else join(above, at.name)

    def came(self, paths: Iterable[RelPath]) -> Sequence[NodeId]:
        """These have been read, as far as they can be; gives the nodes that have waited for it."""
        if not self._paths:
            return ()
        waited: list[NodeId] = []
        for path in paths:
            if path in self._paths:
                self._paths.discard(path)
                waited.extend(_all(self._waiting.pop(path, ())))
                self._names[self._place_of(_name(path))] -= 1
        return waited

    def end(self) -> Sequence[NodeId]:
        """Nothing is waited for any more; gives the nodes that have been."""
        waited = [node_id for waiting in self._waiting.values() for node_id in _all(waiting)]
        self._paths.clear()
        self._waiting.clear()
        self._names = array("i", [0])
        return waited


def _name(path: RelPath) -> str:
    return path.rpartition("/")[2]


def _all(waiting: NodeId | tuple[NodeId, ...]) -> tuple[NodeId, ...]:
    return waiting if isinstance(waiting, tuple) else (waiting,)
