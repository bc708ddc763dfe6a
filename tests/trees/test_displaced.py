"""A node in whose place another stands.  How that comes about on a disk is told in ``test_identify``."""

from __future__ import annotations

from syncagent.model.facts import Stamp
from syncagent.model.ids import ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Content, File, Placement
from syncagent.trees.canopy import Canopy
from syncagent.trees.displaced import NOWHERE, YOUNG, is_displaced, take_over

DOCUMENT, TEMPORARY = NodeId("document"), NodeId("temporary")


def a_file(node_id: NodeId, name: str, holds: bytes = b"1") -> File:
    return File(node_id, Placement(ROOT, Name(name)), Content(Digest(holds * 32), 1), False, 0)


def moved_over(rev: int) -> Canopy:
    """The temporary, of so many revisions, stands where the document stood, which is nowhere any more."""
    canopy = Canopy()
    canopy.agree(DOCUMENT, a_file(DOCUMENT, "doc"), Rev(1), Stamp(b"old"))
    canopy.agree(TEMPORARY, a_file(TEMPORARY, "tmp", b"2"), Rev(rev), Stamp(b"new"))
    canopy.set_local(DOCUMENT, a_file(DOCUMENT, f"{NOWHERE}document"))
    canopy.set_local(TEMPORARY, a_file(TEMPORARY, "doc", b"2"))
    return canopy


def test_a_displaced_node_has_a_name_that_no_disk_has() -> None:
    canopy = moved_over(1)
    assert is_displaced(canopy.local.get(DOCUMENT))
    assert not is_displaced(canopy.local.get(TEMPORARY))
    assert not is_displaced(None)


def test_a_young_file_that_was_moved_over_a_document_is_the_document_edited() -> None:
    canopy = moved_over(YOUNG)
    assert take_over(canopy, DOCUMENT)
    assert canopy.local.get(DOCUMENT) == a_file(DOCUMENT, "doc", b"2")
    assert canopy.stamp(DOCUMENT) == b"new"
    assert canopy.local.get(TEMPORARY) is None


def test_a_file_with_a_history_keeps_its_identity() -> None:
    canopy = moved_over(YOUNG + 1)
    assert not take_over(canopy, DOCUMENT)
    assert canopy.local.get(TEMPORARY) == a_file(TEMPORARY, "doc", b"2")
