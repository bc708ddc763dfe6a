"""A row is a node; a tombstone is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.hub.rows import Judgement, Row, told_path
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement

AT = Placement(ROOT, Name("n"))
BASE = Row(NodeId("i"), Rev(1), Seq(1), True, ClientId("c"), Kind.DIR, ROOT, Name("n"))
CONTENT = Content(Digest(b"d" * 32), 3)


@pytest.mark.parametrize(
    ("row", "node"),
    [
        (BASE, Dir(NodeId("i"), AT)),
        (replace(BASE, kind=Kind.LINK, target="t"), Link(NodeId("i"), AT, "t")),
        (replace(BASE, kind=Kind.FILE, content=CONTENT, mtime_ns=4), File(NodeId("i"), AT, CONTENT, False, 4)),
        (replace(BASE, living=False), None),
    ],
)
def test_a_row_is_a_node(row: Row, node: Node | None) -> None:
    assert row.node() == node


def test_a_judgement_without_entries_leaves_the_head() -> None:
    assert Judgement(Seq(7), ()).new_head == 7


def test_a_path_that_is_too_long_is_told_by_its_name() -> None:
    assert told_path("a/b", Name("b")) == "a/b"
    assert told_path("ä" * 2048, Name("b")) == "ä" * 2048
    assert told_path("ä" * 2049, Name("b")) == "b"
