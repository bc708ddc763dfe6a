"""What a walk shows that Local has already: nearly all of it, nearly always.

A walk through a million names says of each that it is as it was.  Such facts are let go of as they come, so that what
is gathered until the end of the walk, and then taken in at once, is in proportion to what has changed.  Only what is
the same beyond any doubt is let go of: its folder, and each above that, is the one that was there; nobody is missing
from it; the stamp is the same to the bit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from syncagent.model.facts import DirSeen, Fact, FileSeen, LinkSeen, Listed, inode_of
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, name_key
from syncagent.model.nodes import Dir, File, Link
from syncagent.trees.canopy import Canopy


class Steady:
    """For one walk.  ``missing`` are the nodes that are looked for: of these every fact is wanted.  ``listings``: those
    of all folders are wanted, too."""

    def __init__(self, canopy: Canopy, missing: Mapping[NodeId, None], *, listings: bool = False) -> None:
        self._listings = listings
        self._canopy = canopy
        self._missing = missing
        self._folders: dict[str, NodeId] = {"": ROOT}

    def news(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those that say anything that is not known; a folder comes before what it holds."""
        return [fact for fact in facts if not self._is_known(fact)]

    def _is_known(self, fact: Fact) -> bool:
        if isinstance(fact, Listed):
            return not self._listings and not fact.ignored and self._has_all(fact)
        if not isinstance(fact, FileSeen | DirSeen | LinkSeen):
            return False
        above, _, spelled = fact.path.rpartition("/")
        folder = self._folders.get(above)
        if folder is None:
            return False
        if type(fact) is FileSeen and self._is_at_rest(folder, spelled, fact):
            return True
        name = spelled if spelled.isascii() else unicodedata.normalize("NFC", spelled)
        known = self._canopy.local.at(folder, name_key(Name(name)))
        if known is None or known in self._missing or self._spelled(known) != spelled:
            return False
        node, stamp = self._canopy.local.get(known), self._canopy.stamp(known)
        match fact:
            case FileSeen():
                return isinstance(node, File) and bool(stamp) and stamp == fact.stamp and fact.content is None
            case LinkSeen():
                return isinstance(node, Link) and bool(stamp) and stamp == fact.stamp
            case DirSeen():
                # Its stamp changes with every name in it.
                same = isinstance(node, Dir) and stamp is not None and inode_of(stamp) == inode_of(fact.stamp)
                if same:
                    self._folders[fact.path] = known
                return same

    def _is_at_rest(self, folder: NodeId, spelled: str, fact: FileSeen) -> bool:
        """What is true of nearly all, found out without making a node of each."""
        if self._missing or fact.content is not None or not fact.stamp or self._canopy.is_spelled_otherwise:
            return False
        if self._canopy.local.has_own_in(folder):
            return False
        return self._canopy.synced.pressed.has(folder, name_key(Name(spelled)), fact.stamp)

    def _has_all(self, listed: Listed) -> bool:
        folder = self._folders.get(listed.path)
        if folder is None:
            return False
        if self._canopy.is_plain:
            return listed.names.issuperset(self._canopy.synced.names(folder))
        return all(self._spelled(child) in listed.names for child in self._canopy.local.children(folder))

    def _spelled(self, node_id: NodeId) -> str | None:
        node = self._canopy.local.get(node_id)
        return self._canopy.spelling(node_id) or (node.at.name if node is not None else None)
