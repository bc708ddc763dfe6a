"""What each side did to a node since both agreed, and what follows for where it stands and what it holds.

Existence, placement and content merge separately, with Synced as the base.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.nodes import Dir, File, Link, Node, Placement
from syncagent.model.values import replace, value
from syncagent.planner.ops import is_passing
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import View, ancestors, missing_above

_Field = TypeVar("_Field")


class Fate(Enum):
    """What becomes of a node, by what each side did."""

    SETTLED = "both sides say the same"
    CREATED_HERE = "offer it to the hub"
    CREATED_THERE = "bring it here"
    DELETED_HERE = "delete it at the hub"
    DELETED_THERE = "delete it here"
    MERGE = "both have it: placement and content merge"


@value
class Three:
    """One node in the three trees.  ``local`` is where it would stand if it were not parked."""

    synced: Node | None
    local: Node | None
    remote: Node | None
    parked: bool


def three(canopy: Canopy, node_id: NodeId) -> Three:
    """Look a node up in the three trees.  A parked node counts as standing where it was agreed to stand: the park is
    ours, and says nothing of what the person wants."""
    synced = canopy.synced.get(node_id) if node_id in canopy.synced else None
    local, remote = canopy.local.get(node_id), canopy.remote.get(node_id)
    if local is None or local.at.parent != PARK:
        return Three(synced, local, remote, False)
    home = synced or remote
    local = replace(local, at=home.at if home else Placement(ROOT, local.at.name))
    return Three(synced, local, remote, True)


def fate(t: Three) -> Fate:
    """The row of the table that a node stands in.  An edit or a move on one side beats a delete on the other."""
    if t.local is None:
        if t.remote is None:
            return Fate.SETTLED
        return Fate.DELETED_HERE if is_same(t.remote, t.synced) else Fate.CREATED_THERE
    if t.remote is None:
        return Fate.DELETED_THERE if is_same(t.local, t.synced) else Fate.CREATED_HERE
    return Fate.MERGE


def is_same(one: Node | None, other: Node | None) -> bool:
    """Whether the two are equal; most that are are one object, and to compare takes a microsecond."""
    return one is other or one == other


def is_to_go(t: Three) -> bool:
    """Whether the node, by the table alone, is to be deleted where it still is."""
    return fate(t) in (Fate.DELETED_HERE, Fate.DELETED_THERE)


def comes_first(canopy: Canopy, has: View, lacks: View, folder: NodeId) -> NodeId | None:
    """Of the folders that the one tree ``has`` and the other ``lacks``, from ``folder`` upward, the one that what is to
    stand in ``folder`` waits for; None when none is missing.

    It is the nearest that comes by itself, and waits for its own in turn: so each step down a deep tree concerns one
    node.  One that is to go by the table alone comes only once it can, when what needs it summons it.  Where all are of
    that kind the topmost is first.
    """
    first: NodeId | None = None
    for one in missing_above(has, lacks, folder):
        first = one
        if not is_to_go(three(canopy, one)):
            break
    return first


def moves_out_first(canopy: Canopy, view: View, node_id: NodeId, folder: NodeId) -> NodeId | None:
    """When ``folder`` is beneath the node, the folder between the two that is itself about to move out."""
    between = list(ancestors(view, folder))
    if node_id not in between:
        return None
    for one in between[: between.index(node_id)]:
        node = view.get(one)
        if node is not None and placement(canopy, one, three(canopy, one)) != node.at:
            return one
    return between[0]


def placement(canopy: Canopy, node_id: NodeId, t: Three) -> Placement | None:
    """Where the node is to stand on both sides in the end; None when it is to be gone.

    Moved on both sides: the hub's order wins.  A local move that would make a circle with the hub's is undone.
    """
    match fate(t):
        case Fate.CREATED_THERE:
            return t.remote.at if t.remote else None
        case Fate.CREATED_HERE:
            return t.local.at if t.local else None
        case Fate.MERGE:
            chosen = _chosen(t)
            if t.remote is not None and chosen != t.remote.at and _makes_circle(canopy, node_id, chosen):
                return t.remote.at
            return chosen
        case _:
            # What is the same everywhere stands where it stands; what is to go, nowhere.
            return t.local.at if t.local is not None and t.local == t.remote else None


def _chosen(t: Three) -> Placement:
    """The placement by the table alone, for a node that both sides have."""
    assert t.local is not None and t.remote is not None
    if t.synced is not None and t.remote.at == t.synced.at:
        return t.local.at
    if t.synced is not None and t.local.at != t.synced.at and is_passing(t.remote):
        # Nobody wants it there: it was on its way, perhaps sent by ourselves before the power took our memory of it.
        return t.local.at
    return t.remote.at


def _makes_circle(canopy: Canopy, node_id: NodeId, at: Placement) -> bool:
    """Whether going up from ``at``, each folder standing where the table alone would put it, leads back to the node.

    Every folder of a circle comes to the same answer, and with all of them back at the hub's places, which form a tree,
    the circle is open.  What merely stands beneath a circle is no part of it, and stays where it was put.
    """
    seen: set[NodeId] = set()
    here = at.parent
    while here not in (ROOT, PARK):
        if here == node_id:
            return True
        if here in seen:
            return False
        seen.add(here)
        t = three(canopy, here)
        if t.local is not None and t.remote is not None:
            here = _chosen(t).parent
        elif (only := t.local or t.remote) is not None:
            here = only.at.parent
        else:
            return False
    return False


class ContentMerge(Enum):
    SAME = "nothing to do"
    TAKE_REMOTE = "write it here"
    GIVE_LOCAL = "submit it"
    CONFLICT = "keep both"


def content(t: Three) -> tuple[ContentMerge, Node | None]:
    """What the node is to hold, for a node that both sides have: the verdict, and the node that the receiving side is
    to have (its placement is of no account).

    Only differing bytes (or link texts) are a conflict.  The executable bit and the mtime merge on their own, the hub's
    winning where both were changed.
    """
    match (t.local, t.remote):
        case (File() as local, File() as remote):
            base = t.synced if isinstance(t.synced, File) else None
            return _merge_files(base, local, remote)
        case (Link() as link, Link() as other):
            base_target = t.synced.target if isinstance(t.synced, Link) else None
            if link.target == other.target:
                return ContentMerge.SAME, None
            if other.target == base_target:
                return ContentMerge.GIVE_LOCAL, link
            return (ContentMerge.TAKE_REMOTE if link.target == base_target else ContentMerge.CONFLICT), other
        case _:
            return ContentMerge.SAME, None


def _merge_files(base: File | None, local: File, remote: File) -> tuple[ContentMerge, Node | None]:
    merged = replace(
        remote,
        content=_pick(None if base is None else base.content, local.content, remote.content),
        executable=_pick(None if base is None else base.executable, local.executable, remote.executable),
        mtime_ns=_pick(None if base is None else base.mtime_ns, local.mtime_ns, remote.mtime_ns),
    )
    if local.content != remote.content and (base is None or base.content not in (local.content, remote.content)):
        return ContentMerge.CONFLICT, remote
    if not same_inside(merged, local):
        return ContentMerge.TAKE_REMOTE, merged
    if not same_inside(merged, remote):
        return ContentMerge.GIVE_LOCAL, merged
    return ContentMerge.SAME, None


def _pick(base: _Field | None, local: _Field, remote: _Field) -> _Field:
    """Local's where it alone was changed, else the hub's."""
    return local if base is not None and remote == base else remote


def same_inside(one: Node, other: Node) -> bool:
    """Whether two nodes hold the same, wherever they stand and whoever they are."""
    match (one, other):
        case (Dir(), Dir()):
            return True
        case (File(), File()):
            return (one.content, one.executable, one.mtime_ns) == (other.content, other.executable, other.mtime_ns)
        case (Link(), Link()):
            return one.target == other.target
        case _:
            return False


def interchangeable(one: Node, other: Node) -> bool:
    """Whether either could pass for the other, so that two ids at one name need no conflict copy: two folders, files of
    equal bytes, links of equal text."""
    match (one, other):
        case (File(), File()):
            return one.content == other.content
        case _:
            return same_inside(one, other)
