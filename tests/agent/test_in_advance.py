"""Files that are made in advance are made when there is time for it, and are nobody's trouble."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from syncagent.agent.in_advance import in_advance
from syncagent.agent.workers import Lane
from syncagent.content.digest import content_of
from syncagent.engine.effects import DropDrafts, MakeDrafts
from syncagent.errors import RootMissing
from syncagent.localfs.applier import Applier
from syncagent.planner.tasks import DraftWish
from tests.support.disks import MTIME, Bench, memory_bench

NEW = content_of(b"new")
MAKE = MakeDrafts((DraftWish(NEW, b"new", False, MTIME, None),))


class Table:
    """A lane, and a disk on which it works."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.lane = Lane("change", 1, self.failures.append)
        self.disk, self.bench = memory_bench()
        self.applier = Applier(self.disk, self.bench.staging, self.bench.abilities)

    def over(self) -> Bench:
        """When all that was given to the lane is done."""
        done = threading.Event()
        self.lane.do(done.set)
        assert done.wait(10)
        assert not self.failures
        return self.bench


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    made.lane.end()
    assert made.lane.join(10)


def test_what_is_wanted_is_made_and_what_is_dropped_goes(table: Table) -> None:
    in_advance(MAKE, table.applier, table.lane)
    assert len(table.over().staged()) == 1
    in_advance(DropDrafts((NEW,)), table.applier, table.lane)
    assert table.over().staged() == []


def test_while_there_is_something_to_be_done_nothing_is_made_but_what_is_dropped_goes(table: Table) -> None:
    in_advance(MAKE, table.applier, table.lane)
    table.over()
    gate = threading.Event()
    table.lane.do(lambda: gate.wait(10) and None)
    in_advance(MakeDrafts((DraftWish(content_of(b"x"), b"x", False, MTIME, None),)), table.applier, table.lane)
    in_advance(DropDrafts((NEW,)), table.applier, table.lane)
    gate.set()
    assert table.over().staged() == []


@pytest.mark.hazard("N19")
def test_a_folder_that_is_gone_is_told_by_those_who_need_it(table: Table) -> None:
    def lost() -> None:
        raise RootMissing("gone")

    applier = Applier(table.disk, table.bench.staging, table.bench.abilities, lost)
    in_advance(MAKE, applier, table.lane)
    assert table.over().staged() == []
