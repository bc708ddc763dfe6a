"""Rows and entries as columns of a table, and back.  Called by the stores that are databases."""

from __future__ import annotations

import struct
from typing import Any, Final, TypeAlias

from syncagent.hub.rows import Row
from syncagent.model.changes import Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, Recipe

Columns: TypeAlias = tuple[Any, ...]

ROW_COLUMNS: Final = (
    "id, rev, seq, living, author, kind, parent, name, digest, size, executable, mtime_ns, target, recipe"
)
"""In this order in every table that has rows."""

WIDTH: Final = 14

KINDS: Final = (Kind.DIR, Kind.FILE, Kind.LINK)
OPERATIONS: Final = (Operation.CREATE, Operation.UPDATE, Operation.DELETE, Operation.MOVE)

_BLOCK: Final = struct.Struct(">32sI")


def to_columns(row: Row) -> Columns:
    """``row`` in the order of ROW_COLUMNS."""
    content = row.content
    return (
        row.id, row.rev, row.seq, row.living, row.author, KINDS.index(row.kind), row.parent, row.name,
        content and content.digest, content and content.size, row.executable, row.mtime_ns, row.target,
        pack_recipe(row.recipe),
    )  # fmt: skip


def from_columns(columns: Columns) -> Row:
    """The row that ``to_columns`` took apart."""
    node, rev, seq, living, author, kind, parent, name, digest, size, executable, mtime_ns, target, recipe = columns
    content = None if digest is None else Content(Digest(digest), size)
    return Row(
        NodeId(node), Rev(rev), Seq(seq), bool(living), ClientId(author), KINDS[kind], NodeId(parent), Name(name),
        content, bool(executable), mtime_ns, target, unpack_recipe(recipe, content),
    )  # fmt: skip


def pack_recipe(recipe: Recipe) -> bytes | None:
    """None where the content says all: no block, or one."""
    if len(recipe) < 2:
        return None
    return b"".join([_BLOCK.pack(block.digest, block.size) for block in recipe])


def unpack_recipe(packed: bytes | None, content: Content | None) -> Recipe:
    if packed is not None:
        return tuple(Block(Digest(digest), size) for digest, size in _BLOCK.iter_unpack(packed))
    return (Block(content.digest, content.size),) if content is not None and content.size else ()
