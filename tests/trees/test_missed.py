"""Nodes that are not where they were are known by inode and content, with all that is in them."""

from __future__ import annotations

from syncagent.content.digest import content_of
from syncagent.model.facts import Stamp, inode_of
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Placement
from syncagent.trees.canopy import Canopy
from syncagent.trees.missed import Missed

FOLDER, INSIDE, OTHER = NodeId("d"), NodeId("f"), NodeId("g")
ELSEWHERE = Placement(ROOT, Name("elsewhere"))


def stamp(inode: int) -> Stamp:
    return Stamp(b"\1" + bytes(7) + inode.to_bytes(8, "little") + bytes(28))


def canopy() -> Canopy:
    known = Canopy()
    known.set_local(FOLDER, Dir(FOLDER, Placement(ROOT, Name("d"))), stamp(1))
    known.set_local(INSIDE, File(INSIDE, Placement(FOLDER, Name("f")), content_of(b"f"), False, 0), stamp(2))
    known.set_local(OTHER, File(OTHER, Placement(ROOT, Name("g")), content_of(b"g"), False, 0), stamp(3))
    return known


def test_what_is_in_a_missing_folder_is_missing_and_known_by_inode_and_content() -> None:
    assert inode_of(stamp(2)) not in (None, inode_of(stamp(3)))
    missing: dict[NodeId, None] = {}
    missed = Missed(canopy(), missing, {})
    missed.add(FOLDER)
    assert missing == {FOLDER: None}
    assert missed.holds(INSIDE)
    assert missed.by_inode(stamp(2), File, ELSEWHERE) == INSIDE
    assert missed.by_content(content_of(b"f"), Name("elsewhere")) == INSIDE


def test_what_is_in_its_place_is_nobody_that_was_found_elsewhere() -> None:
    missed = Missed(canopy(), {FOLDER: None}, {})
    assert not missed.holds(OTHER)
    assert missed.by_inode(stamp(3), File, ELSEWHERE) is None
    assert missed.by_content(content_of(b"g"), Name("elsewhere")) is None


def test_who_was_met_is_missed_no_more() -> None:
    missing: dict[NodeId, None] = {FOLDER: None}
    missed = Missed(canopy(), missing, {})
    assert missed.by_inode(stamp(1), Dir, ELSEWHERE) == FOLDER
    del missing[FOLDER]
    assert missed.by_inode(stamp(2), File, ELSEWHERE) is None


def test_the_root_is_never_missed() -> None:
    missing: dict[NodeId, None] = {}
    missed = Missed(canopy(), missing, {})
    missed.add(ROOT)
    missed.add(None)
    assert missing == {}


def test_who_was_missed_for_a_time_is_known_to_have_been() -> None:
    missing: dict[NodeId, None] = {}
    missed: dict[NodeId, None] = {}
    Missed(canopy(), missing, missed).add(INSIDE)
    assert missing == missed == {INSIDE: None}
    del missing[INSIDE]
    assert missed == {INSIDE: None}
