"""Entries of a journal, made up."""

from __future__ import annotations

from syncagent.content.digest import digest_of
from syncagent.hub.rows import Timed
from syncagent.model.changes import Entry, Operation
from syncagent.model.ids import ROOT, ClientId, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, File, Placement


def timed(seq: int, author: str = "a", size: int = 5, operation: Operation = Operation.CREATE) -> Timed:
    plain = bytes(size)
    content = Content(digest_of(plain), size)
    node = File(NodeId(f"n{seq}"), Placement(ROOT, Name(f"f{seq}")), content, False, 0)
    gone = operation is Operation.DELETE
    entry = Entry(
        Seq(seq), Rev(1), operation, ClientId(author), node.id, None if gone else node,
        () if gone else (Block(content.digest, size),), path=node.at.name,  # type: ignore[arg-type]
    )  # fmt: skip
    return Timed(entry, 1_700_000_000_123_456_789)
