"""Rows of which most are pressed: the same rows, and the same trees."""

from __future__ import annotations

import pytest

from syncagent.model.facts import Stamp
from syncagent.model.ids import ROOT, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Link, Placement
from syncagent.trees.canopy import LOOSE, MANY_LOOSE, Canopy
from syncagent.trees.delta import Row
from syncagent.trees.kept import KeptRows
from syncagent.trees.pressed import Pressed
from tests.trees.test_pressed import made

FOLDER = Dir(NodeId("folder"), Placement(ROOT, Name("d")))
LINK = Link(NodeId("l"), Placement(NodeId("folder"), Name("l")), "to")
A, B, C, D, E = (made(one, parent="folder") for one in "abcde")
ROWS = [
    Row(FOLDER.id, FOLDER, FOLDER, FOLDER, Rev(1), Stamp(b"d"), None),
    Row(LINK.id, LINK, LINK, LINK, Rev(1), Stamp(b"l"), None),
    Row(A.id, A, A, A, Rev(1), Stamp(b"a"), None),
    Row(B.id, B, B, B, Rev(7), Stamp(b"b"), "B\u0301"),
    Row(C.id, C, None, C, Rev(1), None, None),
    Row(D.id, D, D, D, Rev(1), None, None),
    Row(E.id, None, E, None, Rev(0), Stamp(b"e"), None),
]


def kept() -> KeptRows:
    rows = KeptRows()
    for row in ROWS:
        rows.add(row)
    return rows


def by_id(rows: object) -> list[Row]:
    assert isinstance(rows, (list, KeptRows))
    return sorted(rows, key=lambda row: row.id)


def test_they_are_the_rows_that_were_added() -> None:
    rows = kept()
    assert len(rows) == len(ROWS)
    assert by_id(rows) == by_id(ROWS)
    assert len(rows.pressed) == 2
    assert [rows[index] for index in range(len(rows))] == list(rows)
    assert rows[-1] == list(rows)[-1]
    assert rows[1:3] == list(rows)[1:3]
    with pytest.raises(IndexError):
        rows[len(ROWS)]


def test_the_trees_are_the_same_and_the_rows_stay_what_they_were() -> None:
    rows = kept()
    for canopy in (Canopy.load(rows), Canopy.load(ROWS)):
        assert {one.id: canopy.row(one.id) for one in ROWS} == {one.id: one for one in ROWS}
        assert not canopy.take_delta()
        assert sorted(canopy.diverged()) == ["c", "e"]
        canopy.set_local(A.id, None)
        canopy.set_remote(B.id, None)
    assert by_id(rows) == by_id(ROWS)


def test_a_pressed_file_that_changes_is_what_it_was_in_all_else() -> None:
    canopy = Canopy.load(kept())
    canopy.set_remote(B.id, made("b", "other", "folder"), Rev(8))
    assert canopy.row(B.id) == Row(B.id, B, B, made("b", "other", "folder"), Rev(8), Stamp(b"b"), "B\u0301")
    canopy.set_local(A.id, A, Stamp(b"new"))
    assert canopy.stamp(A.id) == b"new"
    canopy.set_local(A.id, None)
    assert canopy.stamp(A.id) is None
    assert canopy.row(A.id) == Row(A.id, A, None, A, Rev(1), None, None)
    assert {row.id for row in canopy.take_delta().rows} == {"a", "b"}


def agreed(count: int) -> tuple[Canopy, list[File]]:
    canopy = Canopy()
    files = [made(f"n{number}", parent="folder") for number in range(count)]
    for file in files:
        canopy.set_local(file.id, file, Stamp(b"s"))
        canopy.set_remote(file.id, file, Rev(1))
        canopy.set_synced(file.id, file)
    return canopy, files


def test_files_that_have_come_to_be_at_one_are_pressed_at_rest() -> None:
    canopy, files = agreed(LOOSE + 500)
    changed = files[7]
    canopy.set_remote(changed.id, None)
    delta = canopy.take_delta()
    assert len(delta.rows) == len(files)
    assert not canopy.synced.pressed  # more may come
    canopy.rest()
    assert len(canopy.synced.pressed) == len(files) - 1
    assert changed.id not in canopy.synced.pressed
    assert [canopy.row(file.id) for file in files] == list(delta.rows)
    assert sorted(canopy.local.children(NodeId("folder"))) == sorted(file.id for file in files)


def test_of_what_comes_without_end_the_most_is_pressed_before_there_is_rest() -> None:
    canopy, files = agreed(MANY_LOOSE + 1)
    canopy.take_delta()
    assert len(canopy.synced.pressed) == len(files)


class Counting(Pressed):
    """How often it is looked up who is there."""

    lookups = 0

    def _place_of(self, node_id: NodeId) -> int:
        self.lookups += 1
        return super()._place_of(node_id)


def test_what_is_going_on_is_not_looked_up_among_what_is_at_rest() -> None:
    pressed = Counting()
    assert pressed.add(B, Stamp(b"b"))
    canopy = Canopy(pressed)
    new = made("new", parent="folder")
    canopy.set_local(new.id, new, Stamp(b"s"))
    assert pressed.lookups == 1  # it could have been there
    assert canopy.remote.get(new.id) is canopy.synced.get(new.id) is None
    assert canopy.rev(new.id) == 0
    assert canopy.local.get(new.id) == new
    canopy.agree(new.id, new, Rev(1))
    canopy.take_delta()
    assert pressed.lookups == 1
