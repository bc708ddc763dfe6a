"""Files that are looked at in the moment in which the watcher tells of them."""

from __future__ import annotations

import pytest

from syncagent.agent.glances import FRESH_SECONDS, MOST, Glances
from syncagent.engine.effects import Look
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.scanner import Scanner
from syncagent.model.facts import FileSeen, LookAt, Stamp
from syncagent.model.names import RelPath

A, RULES = RelPath("a"), RelPath(".syncignore")


class Table:
    """A disk with a small file, a rule file and a large one; a clock that stands."""

    def __init__(self) -> None:
        self.disk, self.now = MemoryDisk(), 0.0
        self.disk.user.write("a", b"one")
        self.disk.user.write(".syncignore", b"x")
        self.disk.user.write("large", bytes(MOST + 1))
        self.scanner = Scanner(self.disk, self.disk.abilities)
        self.glances = Glances(self.scanner, lambda: self.now)

    def wish(self, path: RelPath = A, known: Stamp | None = None) -> Look:
        return Look(1, (LookAt(path, known),))


def test_it_is_what_the_wish_would_come_to_and_counts_for_the_next_one_alone() -> None:
    table = Table()
    table.glances.take(A)
    seen = table.glances.answer(table.wish())
    assert [seen] == table.scanner.look([LookAt(A, None)])
    assert table.glances.answer(table.wish()) is None


def test_another_wish_is_not_answered_by_it() -> None:
    table = Table()
    for wish in (table.wish(RULES), Look(1, (LookAt(A, None), LookAt(RULES, None))), Look(1, (), (RelPath(""),))):
        table.glances.take(A)
        assert table.glances.answer(wish) is None


def test_of_what_is_as_known_no_content_is_told() -> None:
    table = Table()
    [fact] = table.scanner.look([LookAt(A, None)])
    assert isinstance(fact, FileSeen)
    table.glances.take(A)
    assert table.glances.answer(table.wish(known=fact.stamp)) is None


@pytest.mark.parametrize("path", [RULES, RelPath("large"), RelPath("gone"), RelPath("")])
def test_rules_and_what_is_no_small_file_are_left_to_the_wish(path: RelPath) -> None:
    table = Table()
    table.glances.take(path)
    assert table.glances.answer(table.wish(path)) is None


def test_none_is_taken_while_a_task_of_ours_is_under_way_and_none_counts_once_one_has_begun() -> None:
    table = Table()
    table.glances.begin(2)
    table.glances.over(1)
    table.glances.take(A)
    assert table.glances.answer(table.wish()) is None
    table.glances.over(1)
    table.glances.take(A)
    table.glances.begin(1)
    assert table.glances.answer(table.wish()) is None
    table.glances.over(1)
    table.glances.take(A)
    assert table.glances.answer(table.wish()) is not None


def test_what_was_seen_a_while_ago_does_not_count() -> None:
    table = Table()
    table.glances.take(A)
    table.now += 2 * FRESH_SECONDS
    assert table.glances.answer(table.wish()) is None


def test_a_root_that_is_gone_is_told_by_the_wish() -> None:
    table = Table()
    table.disk.root_there = False
    table.glances.take(A)
    assert table.glances.answer(table.wish()) is None
