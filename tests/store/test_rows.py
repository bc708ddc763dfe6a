"""Rows, facts and recipes as columns: they come back as they were, or the damage is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.model.facts import Stamp
from syncagent.model.ids import ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Content, Dir, File, Placement
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.rows import (
    COLUMNS,
    DIGEST_AT,
    FILE,
    Unpacker,
    at_one,
    contents_of,
    fact_sum,
    pack_node,
    pack_recipe,
    pack_row,
    unpack_recipe,
)
from syncagent.trees.delta import Row
from syncagent.trees.kept import KeptRows
from tests.support.strategies import digests, recipes, rows

FOLDER = Dir(NodeId("d"), Placement(ROOT, Name("docs")))


def a_file(digest: bytes = b"x" * 32, parent: str = "d") -> File:
    return File(NodeId("f"), Placement(NodeId(parent), Name("a.txt")), Content(Digest(digest), 3), False, 1)


@given(row=rows())
def test_a_row_comes_back(row: Row) -> None:
    packed = pack_row(row)
    assert len(packed) == len(COLUMNS)
    assert Unpacker().row(packed) == row


@given(row=rows(), data=st.data())
def test_e3_a_changed_bit_is_damage(row: Row, data: st.DataObject) -> None:
    columns = list(pack_row(row))
    at = data.draw(st.sampled_from([number for number, value in enumerate(columns) if value not in (None, b"")]))
    match columns[at]:
        case int(number):
            columns[at] = number ^ 1 << data.draw(st.integers(0, 31))
        case str(text):
            columns[at] = text[:-1] + chr(ord(text[-1]) ^ 1 << data.draw(st.integers(0, 6)))
        case bytes(raw):
            where = data.draw(st.integers(0, len(raw) - 1))
            changed = raw[where] ^ 1 << data.draw(st.integers(0, 7))
            columns[at] = raw[:where] + bytes([changed]) + raw[where + 1 :]
    with pytest.raises(DatabaseDamaged):
        Unpacker().row(tuple(columns))


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("id", "crc")])
@pytest.mark.parametrize("value", [None, b"", 7, "text"])
def test_e3_a_value_of_another_kind_is_damage(column: str, value: object) -> None:
    columns = list(pack_row(Row(NodeId("f"), a_file(), None, a_file(b"y" * 32), Rev(3), None, "x")))
    at = COLUMNS.index(column)
    if columns[at] == value:
        return
    columns[at] = value  # type: ignore[call-overload]  # that is the damage
    with pytest.raises(DatabaseDamaged):
        Unpacker().row(tuple(columns))


def test_what_is_as_agreed_is_not_kept_again() -> None:
    equal = a_file()
    columns = dict(zip(COLUMNS, pack_row(Row(equal.id, a_file(), equal, None, Rev(1), None, None)), strict=True))
    assert columns["local"] is None
    assert columns["remote"] == b""
    back = Unpacker().row(tuple(columns.values()))
    assert back.local is back.synced


def test_folders_are_named_by_one_object_in_all_rows() -> None:
    unpacker = Unpacker()
    child = unpacker.row(pack_row(Row(NodeId("f"), a_file(), a_file(), a_file(), Rev(1), None, None))).synced
    folder = unpacker.row(pack_row(Row(FOLDER.id, None, FOLDER, None, Rev(0), None, None)))
    assert child is not None
    assert folder.id is child.at.parent


def test_the_digest_is_found_where_it_is_said_to_be() -> None:
    packed = pack_node(a_file(bytes(range(32))))
    start, length = DIGEST_AT
    assert packed[0] == FILE
    assert packed[start - 1 : start - 1 + length] == bytes(range(32))


def test_the_contents_that_a_row_names_are_those_of_all_three_trees() -> None:
    row = Row(NodeId("f"), a_file(b"1" * 32), None, a_file(b"3" * 32), Rev(1), None, None)
    assert list(contents_of(row)) == [b"1" * 32, b"3" * 32]
    assert not at_one(row)
    assert at_one(Row(NodeId("f"), a_file(), a_file(), a_file(), Rev(1), None, None))


@given(digest=digests, recipe=recipes, where=st.integers(0, 71), bit=st.integers(0, 7))
def test_e3_a_recipe_comes_back_or_not_at_all(digest: Digest, recipe: tuple, where: int, bit: int) -> None:  # type: ignore[type-arg]
    name, blocks, crc = pack_recipe(digest, recipe)
    assert isinstance(name, bytes)
    assert isinstance(blocks, bytes)
    assert isinstance(crc, int)
    assert unpack_recipe(name, blocks, crc) == recipe
    damaged = blocks[:where] + bytes([blocks[where] ^ 1 << bit]) + blocks[where + 1 :]
    assert unpack_recipe(name, damaged, crc) is None
    assert unpack_recipe(name, blocks[:-1], crc) is None


def test_a_fact_is_summed_with_its_key() -> None:
    assert len({fact_sum("a", "b"), fact_sum("b", "a"), fact_sum("ab", ""), fact_sum("", "ab")}) == 4


@given(found=st.lists(rows(), max_size=8, unique_by=lambda row: row.id))
def test_what_is_kept_pressed_without_being_made_an_object_is_the_same(found: list[Row]) -> None:
    pressed, made, unpacker = KeptRows(), KeptRows(), Unpacker()
    for row in found:
        packed = pack_row(row)
        made.add(unpacker.row(packed))
        if not unpacker.press(packed, pressed):
            pressed.add(unpacker.row(packed))
    assert list(pressed) == list(made)
    assert len(pressed.pressed) == len(made.pressed)


@given(where=st.integers(0, 200), bit=st.integers(0, 7))
def test_e3_a_changed_bit_is_damage_there_too(where: int, bit: int) -> None:
    stamp = Stamp(bytes(44))
    columns = list(pack_row(Row(NodeId("f"), a_file(), a_file(), a_file(), Rev(1), stamp, None)))
    assert Unpacker().press(tuple(columns), KeptRows())
    raw = columns[COLUMNS.index("synced")]
    assert isinstance(raw, bytes)
    where %= len(raw)
    columns[COLUMNS.index("synced")] = raw[:where] + bytes([raw[where] ^ 1 << bit]) + raw[where + 1 :]
    with pytest.raises(DatabaseDamaged):
        if not Unpacker().press(tuple(columns), KeptRows()):
            Unpacker().row(tuple(columns))
