"""Tasks that wait, and those of them that are prepared meanwhile."""

from __future__ import annotations

from syncagent.agent.waiting import Waiting
from syncagent.content.digest import content_of
from syncagent.localfs.applier import Applier
from syncagent.localfs.begun import FEW
from syncagent.planner.tasks import Staged, Task
from tests.support.disks import memory_bench

DISK, BENCH = memory_bench()


def tasks(*names: str) -> tuple[Task, ...]:
    return tuple(BENCH.make_dir(name) for name in names)


def test_they_are_taken_as_they_came_until_there_are_enough() -> None:
    waiting = Waiting()
    first, second, third = tasks("a", "b"), tasks("c"), tasks("d")
    for some in (first, second, third):
        waiting.put(some)
    assert waiting.take(3) == [*first, *second]
    assert waiting.take_unprepared(9) == third
    assert waiting.take_unprepared(9) == ()
    assert waiting.take(3) == []


def test_what_is_prepared_is_taken_alone_when_it_comes_first() -> None:
    waiting = Waiting()
    begun = Applier(DISK, BENCH.staging, DISK.abilities).batch(apart=True)
    first, second, third = tasks("a"), tasks("b"), tasks("c")
    waiting.announce(second)
    assert waiting.is_announced(second)
    waiting.prepared(second, begun)
    for some in (first, second, third):
        waiting.put(some)
    assert waiting.take_prepared() is None
    assert waiting.take(9) == list(first)
    assert waiting.take_unprepared(9) == ()
    assert waiting.take_prepared() == (second, begun)
    assert not waiting.is_announced(second)
    assert waiting.take(9) == list(third)


def test_what_was_taken_before_it_was_prepared_is_not_to_be_any_more() -> None:
    waiting = Waiting()
    first = tasks("a")
    waiting.announce(first)
    waiting.put(first)
    assert waiting.take(1) == list(first)
    assert not waiting.is_announced(first)


def test_so_many_that_they_are_more_than_one_batch_are_taken_in_parts() -> None:
    waiting = Waiting()
    some = tasks("a", "b", "c", "d", "e")
    waiting.put(some)
    waiting.put(tasks("f"))
    assert waiting.take_unprepared(2) == some[:2]
    assert waiting.take(2) == list(some[2:4])
    assert waiting.take(9) == [*some[4:], *tasks("f")]


def test_those_that_may_want_the_same_staging_file_are_taken_together() -> None:
    waiting = Waiting()
    content = content_of(b"data")
    some = tuple(BENCH.write(name, b"data", source=Staged(content)) for name in "abc")
    waiting.put(some)
    assert waiting.take_unprepared(2) == some


def test_it_is_told_whether_they_are_few() -> None:
    waiting = Waiting()
    assert waiting.are_few
    waiting.put(tasks(*(f"x{number}" for number in range(FEW))))
    assert waiting.are_few
    waiting.put(tasks("y"))
    assert not waiting.are_few
