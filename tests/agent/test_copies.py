"""Conflict copies are found in the trees."""

from __future__ import annotations

import pytest

from syncagent.agent import copies
from syncagent.agent.copies import Copies, conflict_copies
from syncagent.content.digest import digest_of
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Content, Dir, File, Node, Placement
from syncagent.trees.canopy import Canopy

COPY = Name("a (conflict 2026-11-22 Laptop).txt")


def file(node_id: str, name: str, parent: NodeId = ROOT) -> File:
    return File(NodeId(node_id), Placement(parent, Name(name)), Content(digest_of(b""), 0), False, 0)


def grown(*nodes: Node) -> Canopy:
    canopy = Canopy()
    for node in nodes:
        canopy.agree(node.id, node)
    return canopy


async def test_those_on_this_disk_are_found_wherever_they_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "AT_ONCE", 1)
    canopy = grown(
        Dir(NodeId("d"), Placement(ROOT, Name("docs"))), file("a", "a.txt"), file("b", COPY, NodeId("d")),
        file("c", "a (conflict of interests).txt"),
    )  # fmt: skip
    canopy.set_local(NodeId("e"), file("e", COPY))
    canopy.set_remote(NodeId("f"), file("f", "not here yet (conflict 2026-11-22 Desk)"))
    assert await conflict_copies(canopy) == [COPY, f"docs/{COPY}"]


async def test_it_is_looked_again_when_a_copy_was_concerned_or_has_gone_and_once_more_when_all_is_at_rest() -> None:
    canopy, found = grown(file("a", "a")), Copies()
    other = "b (conflict 2026-11-22 Laptop)"
    await found.look(canopy, 1, at_rest=False)
    canopy.agree(NodeId("b"), file("b", other))  # it was told of before, and is taken in by now
    await found.look(canopy, 1, at_rest=False)
    assert found.paths == [], "not for each question while a mass is under way"
    await found.look(canopy, 1, at_rest=True)
    assert found.paths == [other]
    canopy.agree(NodeId("c"), file("c", COPY))
    await found.look(canopy, 1, at_rest=True)
    assert found.paths == [other], "of this nothing was told"
    await found.look(canopy, 2, at_rest=True)
    assert found.paths == [COPY, other]
    canopy.agree(NodeId("b"), file("b", "settled"))
    await found.look(canopy, 2, at_rest=True)
    assert found.paths == [COPY]
