"""When to tell what."""

from __future__ import annotations

from dataclasses import replace

from syncagent.engine.effects import Publish, WakeAt
from syncagent.engine.status import State, Status
from syncagent.engine.teller import PUBLISH_EVERY, Teller

SYNCING = Status(state=State.SYNCING)


def test_what_means_something_else_is_told_at_once() -> None:
    teller = Teller()
    for status in (SYNCING, replace(SYNCING, reason="why"), Status(state=State.IDLE, in_sync=True)):
        assert teller.tell(status, None, 1.0) == [Publish(status)]
        assert teller.status == status


def test_what_is_the_same_is_not_told() -> None:
    teller = Teller()
    teller.tell(SYNCING, None, 1.0)
    assert teller.tell(SYNCING, None, 99.0) == []


def test_counts_are_told_now_and_then_and_never_forgotten() -> None:
    teller = Teller()
    teller.tell(SYNCING, None, 1.0)
    more, most = replace(SYNCING, pending=1), replace(SYNCING, pending=2)
    assert teller.tell(more, None, 1.1) == [WakeAt(1.0 + PUBLISH_EVERY)]
    assert teller.tell(most, None, 1.15) == []
    teller.woken()
    assert teller.tell(most, None, 1.0 + PUBLISH_EVERY) == [Publish(most)]


def test_a_proof_is_told_at_once() -> None:
    teller = Teller()
    teller.tell(SYNCING, None, 1.0)
    assert teller.tell(replace(SYNCING, proven=1), None, 1.0) == [Publish(replace(SYNCING, proven=1))]


def test_it_is_woken_at_the_earliest_time_that_was_wanted() -> None:
    teller = Teller()
    teller.tell(SYNCING, None, 1.0)
    assert teller.tell(SYNCING, 9.0, 1.0) == [WakeAt(9.0)]
    assert teller.tell(SYNCING, 9.5, 1.0) == []
    assert teller.tell(SYNCING, 5.0, 1.0) == [WakeAt(5.0)]
    teller.woken()
    assert teller.tell(SYNCING, 9.0, 5.0) == [WakeAt(9.0)]


def test_who_has_nothing_to_wait_for_any_more_is_not_woken() -> None:
    teller = Teller()
    teller.tell(SYNCING, None, 1.0)
    assert teller.tell(replace(SYNCING, pending=1), None, 1.1) == [WakeAt(1.0 + PUBLISH_EVERY)]
    idle = Status(state=State.IDLE)
    assert teller.tell(idle, None, 1.15) == [Publish(idle), WakeAt(None)]
    assert teller.tell(idle, None, 1.2) == []
    assert teller.tell(idle, 9.0, 1.2) == [WakeAt(9.0)]


def test_it_rests_while_all_is_at_one_and_nothing_is_due() -> None:
    teller = Teller()
    assert not teller.rests(0.0)
    teller.tell(Status(state=State.IDLE, settled=True), None, 1.0)
    assert teller.rests(99.0)
    teller.tell(Status(state=State.IDLE, settled=True), 100.0, 99.0)
    assert teller.rests(99.0)
    assert not teller.rests(100.0)
    teller.tell(Status(state=State.SYNCING), 100.0, 99.0)
    assert not teller.rests(99.0)
