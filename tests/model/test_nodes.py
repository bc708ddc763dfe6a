"""Nodes at a place."""

from __future__ import annotations

from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Content, File, Placement, placed


def test_a_node_that_is_at_its_place_is_the_same_and_else_another_one_there() -> None:
    here, there = Placement(ROOT, Name("a")), Placement(ROOT, Name("b"))
    file = File(NodeId("n"), here, Content(Digest("0" * 64), 3), executable=False, mtime_ns=1)
    assert placed(file, Placement(ROOT, Name("a"))) is file
    assert placed(file, there) == File(file.id, there, file.content, executable=False, mtime_ns=1)
