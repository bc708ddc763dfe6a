"""Rows as columns, and back."""

from __future__ import annotations

import pytest

from syncagent.hub.rows import Row
from syncagent.hub.stores.columns import ROW_COLUMNS, WIDTH, from_columns, pack_recipe, to_columns
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content

TWO = (Block(Digest(b"1" * 32), 1_000_000), Block(Digest(b"2" * 32), 7))


def row(kind: Kind, content: Content | None = None, recipe: tuple[Block, ...] = (), target: str = "") -> Row:
    return Row(
        NodeId("i"), Rev(3), Seq(2**40), kind is not Kind.DIR, ClientId("c"), kind, ROOT, Name("ü\n"), content, True,
        -(2**62), target, recipe,
    )  # fmt: skip


@pytest.mark.parametrize(
    "one",
    [
        row(Kind.DIR),
        row(Kind.LINK, target="../x"),
        row(Kind.FILE, Content(Digest(b"0" * 32), 0)),
        row(Kind.FILE, Content(Digest(b"1" * 32), 9), (Block(Digest(b"1" * 32), 9),)),
        row(Kind.FILE, Content(Digest(b"w" * 32), 1_000_007), TWO),
    ],
)
def test_a_row_comes_back_as_it_was(one: Row) -> None:
    columns = to_columns(one)
    assert len(columns) == WIDTH == len(ROW_COLUMNS.split(", "))
    assert from_columns(columns) == one


def test_a_recipe_of_one_block_takes_no_room() -> None:
    assert pack_recipe(TWO[:1]) is None
    assert len(pack_recipe(TWO) or b"") == 72
