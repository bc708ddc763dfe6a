"""Each thing that can be wrong with a folder is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.hub.fsck import what_is_wrong
from syncagent.hub.rows import Row
from syncagent.model.changes import Entry, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content

DIGEST = Digest(b"d" * 32)
DOCS = Row(NodeId("docs"), Rev(1), Seq(1), True, ClientId("c"), Kind.DIR, ROOT, Name("docs"))
FILE = Row(
    NodeId("file"), Rev(1), Seq(2), True, ClientId("c"), Kind.FILE, DOCS.id, Name("a"), Content(DIGEST, 3),
    recipe=(Block(DIGEST, 3),),
)  # fmt: skip
BLOCKS = {DIGEST: 3}


def entry(row: Row) -> Entry:
    return Entry(row.seq, row.rev, Operation.CREATE, row.author, row.id, row.node(), row.recipe)


def found(*rows: Row, journal: tuple[Entry, ...] | None = None, blocks: dict[Digest, int] | None = None) -> str:
    entries = tuple(map(entry, rows)) if journal is None else journal
    return "; ".join(what_is_wrong({row.id: row for row in rows}, entries, BLOCKS if blocks is None else blocks))


def test_what_is_in_order_is_found_so() -> None:
    assert found(DOCS, FILE) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (found(DOCS, FILE, blocks={}), "needs a block"),
        (found(DOCS, FILE, blocks={DIGEST: 4}), "needs a block"),
        (found(DOCS, replace(FILE, seq=Seq(3))), "seq 3 stands at 2"),
        (found(DOCS, replace(FILE, rev=Rev(2))), "has rev 2 after 0"),
        (found(DOCS, FILE, journal=(entry(DOCS),)), "not of the same nodes"),
        (
            found(DOCS, FILE, journal=(entry(DOCS), entry(replace(FILE, name=Name("b"))))),
            "not what its last entry says",
        ),
        (found(DOCS, FILE, replace(FILE, id=NodeId("twin"), seq=Seq(3))), "has the name of its sibling"),
        (found(replace(DOCS, living=False), FILE), "not beneath living folders"),
        (found(replace(DOCS, parent=FILE.id), FILE), "not beneath living folders"),
        (found(replace(DOCS, parent=DOCS.id), FILE), "not beneath living folders"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    assert words in text
