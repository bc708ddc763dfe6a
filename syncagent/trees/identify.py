"""From facts to Local: which node is it that stands there?

What stands at the path where a node stood is that node, edited.  What stands at a new path while a node is missing
from its old one is that node, moved: known by its inode, or else by its content.  What stands where a node was
deleted, of which the hub has not heard yet, is that node again.  All else is new.  An identity that the hub knows is
kept in preference to one that it does not, so that the temporary file of an editor does not take the place of the
document it replaces (HAZARDS A9-A11); where the hub knows the temporary already, ``displaced`` sees to it.  Nothing is
deleted here: who is missing is told, and the engine concludes, later, that it is gone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from syncagent.errors import BadName
from syncagent.model.facts import (
    UNSURE,
    DirSeen,
    Fact,
    FileSeen,
    LinkSeen,
    Listed,
    LookAt,
    NothingThere,
    NotKept,
    Stamp,
    Unreadable,
    inode_of,
    with_known_mtime,
    without_ctime,
)
from syncagent.model.ids import PARK, ROOT, Digest, NodeId
from syncagent.model.names import Name, RelPath, check_name, name_key, split
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement
from syncagent.model.sources import IdSource
from syncagent.model.values import replace
from syncagent.trees.canopy import Canopy
from syncagent.trees.displaced import NOWHERE
from syncagent.trees.exchanged import exchanged, same_bytes
from syncagent.trees.missed import Missed
from syncagent.trees.returned import met, respelled, returned

PARKED: Final = RelPath(".syncagent/park")
_LEAVES: Final = (FileSeen, LinkSeen)


@dataclass(slots=True)
class Sightings:
    """What a scan has shown so far.

    ``missing`` are the nodes whose paths were found without them (the topmost of each subtree); ``read`` are files
    whose content has to be read before it is known who they are; ``met`` what both sides had before they met.
    ``skipped`` are paths that are not kept, or could not be learnt of, with the reason; ``unreadable`` those that
    should be kept: an error stood in the way, or what is not kept stands where a kept node is known (N15)."""

    missing: dict[NodeId, None] = field(default_factory=dict)
    missed: dict[NodeId, None] = field(default_factory=dict)  # all that were, for a time
    read: dict[RelPath, LookAt] = field(default_factory=dict)
    met: list[Node] = field(default_factory=list)
    skipped: dict[RelPath, str] = field(default_factory=dict)
    unreadable: dict[RelPath, str] = field(default_factory=dict)


class Identifier:
    """Turns facts into changes of Local, for one scan."""

    def __init__(
        self, canopy: Canopy, ids: IdSource, sightings: Sightings, bars: Callable[[Placement], str] | None = None
    ) -> None:
        self._bars = bars  # why nothing new is taken in at a place; empty when it is
        self._canopy = canopy
        self._ids = ids
        self._seen = sightings
        self._folders: dict[RelPath, NodeId] = {RelPath(""): ROOT}
        self._missed = Missed(canopy, sightings.missing, sightings.missed)
        self._replaced: dict[NodeId, FileSeen] = {}  # what stands where a known file stood, touched or another
        self._found: dict[RelPath, DirSeen] = {}
        self._unresolved: list[Fact] = []
        self._noting = False
        self._nowhere: set[RelPath] = set()  # folders that are not known, as long as nothing is placed

    def take(self, facts: Sequence[Fact]) -> None:
        """Take in what a look or a walk has shown: who is missing first, then folders, then what they hold."""
        self.note(facts)
        self.meet()
        self.place(facts)

    def note(self, facts: Sequence[Fact]) -> None:
        """Note who is not where it was; of many facts a part at a time.  Nothing changes yet."""
        self._forget_paths()
        self._noting = True
        for fact in facts:
            if isinstance(fact, DirSeen):
                self._found[fact.path] = fact
            if not self._note(fact):
                self._unresolved.append(fact)
        self._noting = False

    def meet(self) -> None:
        """All has been noted: now it shows who has changed places, and which folder stands where."""
        local = self._canopy.local
        for node_id in exchanged(self._canopy, {one: fact for one, fact in self._replaced.items() if local.get(one)}):
            self._missed.add(node_id)
        self._forget_paths()
        for folder in sorted(self._found.values(), key=lambda one: one.path.count("/")):
            self._try(folder)
        # Folders that were found at new paths: what is missing from them shows only now.
        for fact in self._unresolved:
            self._note(fact)
        self._replaced.clear()
        self._found.clear()
        self._unresolved.clear()

    def place(self, facts: Sequence[Fact]) -> None:
        """Place the files and links; of many facts a part at a time."""
        self._forget_paths()
        for fact in facts:
            if isinstance(fact, _LEAVES):
                self._try(fact)

    def _forget_paths(self) -> None:
        self._folders = {RelPath(""): ROOT, PARKED: PARK}
        self._nowhere.clear()

    def known_at(self, path: RelPath) -> NodeId | None:
        """The node that Local has at ``path``, as spelled on disk."""
        return self._at(path)

    def kept_folders(self, paths: Iterable[RelPath]) -> Iterator[RelPath]:
        """Those of the paths at which Local has a folder."""
        for path in paths:
            known = self._at(path) if path else ROOT
            if known is not None and isinstance(self._canopy.local.get(known), Dir):
                yield path

    def keeps_folder(self, paths: Iterable[RelPath]) -> bool:
        """Whether it has one at any of them."""
        return any(True for _ in self.kept_folders(paths))

    def is_missing(self, node_id: NodeId) -> bool:
        """Whether the node, or a folder above it, is missing from its place."""
        return self._missed.holds(node_id)

    def is_new(self, fact: DirSeen) -> bool:
        """Whether another folder than this was known at its path, or none: what it holds is not known then."""
        known = self._at(fact.path)
        return known is None or not self._unchanged(known, fact)

    def _note(self, fact: Fact) -> bool:
        """Note who is not where it was.  False when it cannot be told yet."""
        match fact:
            case FileSeen(path=path):  # first, for there are many
                known = self._at(path)
                if known is not None:
                    self._note_known(known, fact)
            case NothingThere(path=path):
                self._seen.skipped.pop(path, None)
                self._seen.unreadable.pop(path, None)
                self._missed.add(self._at(path))
            case Listed(path=path, names=names):
                folder = self._at(path) if path not in self._folders else self._folders[path]
                if folder is None:
                    return False
                for child in list(self._canopy.local.children(folder)):
                    if self._spelled(child) not in names:
                        self._missed.add(child)
                return not (self._noting and path in self._found)  # another may stand there, and miss something, too
            case Unreadable(path=path, reason=reason):
                self._seen.skipped[path] = self._seen.unreadable[path] = reason
            case NotKept(path=path, reason=reason):
                self._seen.skipped[path] = reason
                if path and self._at(path) is not None:
                    self._seen.unreadable[path] = f"{reason}, and something that is kept was there"
            case DirSeen(path=path) | LinkSeen(path=path):
                known = self._at(path)
                if known is not None:
                    self._note_known(known, fact)
        return True

    def _note_known(self, known: NodeId, fact: DirSeen | FileSeen | LinkSeen) -> None:
        if not self._is_of_kind(known, fact):
            self._missed.add(known)  # kinds never change: it is somewhere else, or gone
        elif isinstance(fact, FileSeen) and not self._unchanged(known, fact):
            self._replaced[known] = fact

    def _try(self, fact: DirSeen | FileSeen | LinkSeen) -> None:
        try:
            self._place(fact)
        except BadName as reason:
            self._seen.skipped[fact.path] = str(reason)

    # --- one fact ---------------------------------------------------------------------------------------------

    def _place(self, fact: DirSeen | FileSeen | LinkSeen) -> None:
        above, _, spelled = fact.path.rpartition("/")
        parent = self._folders.get(RelPath(above)) or self._folder(RelPath(above))
        if parent is None:
            return  # its folder is not known (it could not be read, or has a name that is not kept)
        name = check_name(spelled)
        known = self._canopy.local.at(parent, name_key(name))
        if known is not None and self._spelled(known) != spelled:
            if known not in self._seen.missing and not respelled(self._canopy, known, fact.stamp):
                self._seen.skipped[fact.path] = "another name in this folder is the same name, written otherwise"
                return
        elif known is not None and self._unchanged(known, fact):
            self._seen.missing.pop(known, None)
            if isinstance(fact, DirSeen):
                self._folders[fact.path] = known
            return
        at = Placement(parent, name)
        if parent == PARK and known is None:
            known = self._from_park(fact, at)
        if known is None and self._bars is not None and (why := self._bars(at)):
            self._seen.skipped[fact.path] = why
            return
        match fact:
            case DirSeen():
                self._place_dir(fact, at, known)
            case FileSeen():
                self._place_file(fact, at, known)
            case LinkSeen():
                self._place_link(fact, at, known)
        self._canopy_spell(parent, name, spelled)

    def _is_of_kind(self, node_id: NodeId, fact: DirSeen | FileSeen | LinkSeen) -> bool:
        match (self._canopy.local.get(node_id), fact):
            case (Dir(), DirSeen()) | (File(), FileSeen()) | (Link(), LinkSeen()):
                return True
            case _:
                return False

    def _unchanged(self, known: NodeId, fact: DirSeen | FileSeen | LinkSeen) -> bool:
        """Whether the stamp alone says that nothing happened.  That of a folder changes with every name in it, so only
        its inode counts."""
        node, stamp = self._canopy.local.get(known), self._canopy.stamp(known)
        match (node, fact):
            case (Dir(), DirSeen()):
                return stamp is not None and inode_of(stamp) == inode_of(fact.stamp)
            case (File(), FileSeen()) | (Link(), LinkSeen()):
                return bool(stamp) and stamp == fact.stamp
            case _:
                return False

    def _place_dir(self, fact: DirSeen, at: Placement, known: NodeId | None) -> None:
        same = self._kept(known, Dir)
        moved = self._missed.by_inode(fact.stamp, Dir, at)
        if moved is not None and self._outranks(moved, same):
            self._settle(replace(self._local(moved), at=at), fact.stamp, known)
        elif same is not None:
            self._settle(replace(self._local(same), at=at), fact.stamp, None)
        else:
            self._settle(Dir(self._fresh(at, Dir, lambda one: Dir(one, at)), at), fact.stamp, known)
        stands = self._canopy.local.at(at.parent, name_key(at.name))
        assert stands is not None
        self._folders[fact.path] = stands

    def _place_link(self, fact: LinkSeen, at: Placement, known: NodeId | None) -> None:
        same = self._kept(known, Link)
        moved = self._missed.by_inode(fact.stamp, Link, at)
        if moved is not None and self._outranks(moved, same):
            self._settle(Link(moved, at, fact.target), fact.stamp, known)
        elif same is not None:
            self._settle(Link(same, at, fact.target), fact.stamp, None)
        else:
            node_id = self._fresh(at, Link, lambda one: Link(one, at, fact.target))
            self._settle(Link(node_id, at, fact.target), fact.stamp, known)

    def _place_file(self, fact: FileSeen, at: Placement, known: NodeId | None) -> None:
        same = self._kept(known, File)
        moved = self._missed.by_inode(fact.stamp, File, at)
        if moved is not None and not same_bytes(self._canopy, moved, fact):
            moved = None
        content = fact.content
        if moved is not None and self._outranks(moved, same) and not (moved == known and content is None):
            was = self._local(moved)
            assert isinstance(was, File)
            # Unread, it is the very file.  A rename gives it a new ctime, behind which a write could hide that set the
            # mtime back (HAZARDS A7): so nothing is read now, but the next look at it reads it.
            stamp = without_ctime(fact.stamp) if content is None else fact.stamp
            self._settle(File(moved, at, content or was.content, _bit(fact, was), fact.mtime_ns), stamp, known)
        elif content is None:
            self._seen.read[fact.path] = LookAt(fact.path, None)
        elif same is not None:
            bit = _bit(fact, self._local(same))
            self._settle(File(same, at, content, bit, fact.mtime_ns), fact.stamp, None)
        else:
            copied = self._missed.by_content(content, at.name)
            bit = _bit(fact, self._canopy.local.get(copied) if copied else self._at_hub(at))
            rest = (at, content, bit, fact.mtime_ns)
            node_id = copied or self._fresh(at, File, lambda one: File(one, *rest))
            self._settle(File(node_id, *rest), fact.stamp, known)

    def _at_hub(self, at: Placement) -> Node | None:
        there = self._canopy.remote.at(at.parent, name_key(at.name))
        return None if there is None else self._canopy.remote.get(there)

    def _from_park(self, fact: DirSeen | FileSeen | LinkSeen, at: Placement) -> NodeId:
        """What lies in the park bears its id as its name.  It is known as standing elsewhere, or not at all, when we
        were stopped between parking it and remembering that."""
        node_id = NodeId(at.name)
        if self._canopy.local.get(node_id) is None and isinstance(fact, FileSeen):
            bit = _bit(fact, self._canopy.remote.get(node_id))
            unread = File(node_id, at, Content(Digest(b""), 0), bit, fact.mtime_ns)
            self._canopy.set_local(node_id, unread, UNSURE)
        return node_id

    def _fresh(self, at: Placement, kind: type[Dir | File | Link], made: Callable[[NodeId], Node]) -> NodeId:
        if at.parent == PARK:
            return NodeId(at.name)
        if self._canopy.remote.at(at.parent, name_key(at.name)) is None:
            return self._ids.new_id()  # asked of each of a mass that is new here: the hub has nobody at this name
        return returned(self._canopy, at, kind) or met(self._canopy, at, made) or self._ids.new_id()

    def _settle(self, node: Node, stamp: Stamp, displaced: NodeId | None) -> None:
        """Let ``node`` stand where it was found; whoever was known there before is missing now."""
        if displaced is not None and displaced != node.id:
            self._missed.add(displaced)
            # It must leave the name; where it went, if anywhere, is not known yet.  Until then it keeps no place.
            self._vacate(displaced)
        self._seen.missing.pop(node.id, None)
        was = self._canopy.local.get(node.id)
        if was is None and self._canopy.remote.get(node.id) == node:
            self._canopy.agree(node.id, node, stamp=stamp)  # nothing need be planned
            self._seen.met.append(node)
        else:
            self._canopy.set_local(node.id, with_known_mtime(was, node), stamp)

    def _vacate(self, node_id: NodeId) -> None:
        """Let a missing node stand under a name that no disk has, so that two nodes never share one name here."""
        node = self._local(node_id)
        self._canopy.set_local(node_id, replace(node, at=Placement(node.at.parent, Name(f"{NOWHERE}{node_id}"))))

    # --- who could it be --------------------------------------------------------------------------------------

    def _kept(self, known: NodeId | None, kind: type) -> NodeId | None:
        """The node known at the path, if it is of the kind that stands there now: kinds never change."""
        return known if known is not None and isinstance(self._canopy.local.get(known), kind) else None

    def _outranks(self, moved: NodeId, same: NodeId | None) -> bool:
        """Whether what moved here keeps its identity, although another node is known at this path."""
        return same is None or same == moved or self._missed.is_at_hub(moved) or not self._missed.is_at_hub(same)

    # --- paths ------------------------------------------------------------------------------------------------

    def _local(self, node_id: NodeId) -> Node:
        node = self._canopy.local.get(node_id)
        assert node is not None
        return node

    def _spelled(self, node_id: NodeId) -> str:
        return self._canopy.spelling(node_id) or self._local(node_id).at.name

    def _canopy_spell(self, parent: NodeId, name: Name, spelled: str) -> None:
        if spelled == name and not self._canopy.is_spelled_otherwise:
            return
        node_id = self._canopy.local.at(parent, name_key(name))
        if node_id is not None:
            self._canopy.spell(node_id, spelled if spelled != name else None)

    def _at(self, path: RelPath) -> NodeId | None:
        above, _, spelled = path.rpartition("/")
        parent = self._folders.get(RelPath(above)) or self._folder(RelPath(above))
        return None if parent is None else self._within(parent, spelled)

    def _within(self, parent: NodeId, spelled: str) -> NodeId | None:
        name = spelled if spelled.isascii() else unicodedata.normalize("NFC", spelled)
        known = self._canopy.local.at(parent, name_key(Name(name)))
        return known if known is not None and self._spelled(known) == spelled else None

    def _folder(self, path: RelPath) -> NodeId | None:
        """The folder that stands at ``path`` by what is known so far."""
        if path in self._nowhere:
            return None
        down: list[RelPath] = []
        while path not in self._folders:  # the root always is
            down.append(path)
            path = split(path)[0]
        here = self._folders[path]
        for at in reversed(down):
            found = self._within(here, split(at)[1])
            if found is None or not isinstance(self._canopy.local.get(found), Dir):
                if self._noting:  # else it may be met later in the same scan
                    self._nowhere.update(down[: down.index(at) + 1])
                return None
            self._folders[at] = here = found
        return here


def _bit(fact: FileSeen, known: Node | None) -> bool:
    """Whether it is executable: as the disk says; where it does not, as it is ``known``, so that a machine without such
    a thing takes it from nobody."""
    if fact.executable is not None:
        return fact.executable
    return isinstance(known, File) and known.executable
