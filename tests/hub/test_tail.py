"""What was just written is told from memory; what is not all there is read again."""

from __future__ import annotations

from dataclasses import replace

from syncagent.hub.stretch import Stretch
from syncagent.hub.tail import Recent
from syncagent.model.changes import Operation
from syncagent.model.ids import Seq
from tests.support.hub_entries import timed


def stretch(first: int, last: int, size: int = 0) -> Stretch:
    block = timed(first).entry.recipe[0].digest
    return Stretch(tuple(timed(n) for n in range(first, last + 1)), {block: bytes(size)})


def found(recent: Recent, since: int, until: int) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in recent.after(Seq(since), Seq(until))]


def test_stretches_are_given_from_where_one_stands() -> None:
    recent = Recent()
    recent.add([stretch(1, 3), stretch(4, 4), stretch(5, 9)])
    assert found(recent, 0, 9) == [(1, 3), (4, 4)]
    assert found(recent, 3, 9) == [(4, 4), (5, 9)]
    assert found(recent, 4, 8) == []
    assert found(recent, 9, 9) == []
    assert found(recent, 3, 4) == [(4, 4)]


def test_who_stands_within_a_stretch_is_told_its_rest() -> None:
    recent = Recent()
    recent.add([stretch(1, 3), stretch(4, 4), stretch(5, 9)])
    assert found(recent, 2, 9) == [(3, 3), (4, 4)]
    assert found(recent, 6, 9) == [(7, 9)]
    assert found(recent, 6, 8) == []


def test_what_does_not_follow_starts_anew() -> None:
    recent = Recent()
    recent.add([stretch(1, 3)])
    recent.add([stretch(5, 6)])
    assert found(recent, 0, 9) == []
    assert found(recent, 4, 9) == [(5, 6)]
    recent.clear()
    assert found(recent, 4, 9) == []


def test_n17_only_so_much_is_kept() -> None:
    recent = Recent(100_000)
    for n in range(1, 100):
        recent.add([stretch(n, n, 10_000)])
    assert found(recent, 50, 99) == []
    assert found(recent, 98, 99) == [(99, 99)]


def folded(first: int, last: int) -> Stretch:
    one = timed(last, operation=Operation.DELETE)
    return Stretch((replace(one, entry=replace(one.entry, beneath=last - first)),), {})


def test_one_that_stands_for_many_is_given_as_a_whole_and_to_those_who_take_it() -> None:
    recent = Recent()
    recent.add([stretch(1, 3), folded(4, 9), stretch(10, 10)])
    assert found(recent, 0, 10) == [(1, 3), (4, 9)]
    assert found(recent, 3, 10) == [(4, 9), (10, 10)]
    assert found(recent, 5, 10) == [], "it has no rest: that is read from the store"
    assert [(one.first, one.last) for one in recent.after(Seq(0), Seq(10), folded=False)] == [(1, 3)]
    assert recent.after(Seq(3), Seq(10), folded=False) == ()
    assert [(one.first, one.last) for one in recent.after(Seq(9), Seq(10), folded=False)] == [(10, 10)]
