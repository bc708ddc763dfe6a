"""Tickets that let in once, and the visits that come of them."""

from __future__ import annotations

import pytest

from syncagent.agent.page.door import IDLE_SECONDS, MOST_TICKETS, MOST_VISITS, TICKET_SECONDS, Door, Visit, has_key


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> Door:
    return Door(clock)


def enter(door: Door) -> Visit:
    visit = door.enter(door.ticket())
    assert visit is not None
    return visit


@pytest.mark.hazard("G8")
def test_a_ticket_lets_in_once(door: Door) -> None:
    ticket = door.ticket()
    assert door.enter(ticket) is not None
    assert door.enter(ticket) is None


@pytest.mark.hazard("G8")
def test_a_ticket_that_was_not_used_soon_is_worth_nothing(door: Door, clock: Clock) -> None:
    ticket = door.ticket()
    clock.now += TICKET_SECONDS + 1
    assert door.enter(ticket) is None


def test_what_was_never_a_ticket_lets_nobody_in(door: Door) -> None:
    for made_up in ("", "guess", "\udcff"):
        assert door.enter(made_up) is None
        assert door.visit(made_up) is None


def test_cookie_and_key_are_two_secrets_of_each_visit(door: Door) -> None:
    one, other = enter(door), enter(door)
    assert len({one.cookie, one.key, other.cookie, other.key}) == 4
    assert has_key(one, one.key)
    assert not has_key(one, other.key)
    assert not has_key(one, one.cookie)
    assert not has_key(one, "")


def test_a_visit_ends_when_it_is_idle_and_lasts_while_it_is_used(door: Door, clock: Clock) -> None:
    visit = enter(door)
    for _ in range(3):
        clock.now += IDLE_SECONDS - 1
        assert door.visit(visit.cookie) is visit
    clock.now += IDLE_SECONDS + 1
    assert door.visit(visit.cookie) is None
    assert not door.knows(visit)


def test_a_visit_that_is_being_told_things_is_not_idle(door: Door, clock: Clock) -> None:
    visit = enter(door)
    visit.open += 1
    clock.now += 10 * IDLE_SECONDS
    assert door.knows(visit)
    visit.open -= 1
    assert not door.knows(visit)


def test_who_leaves_is_out(door: Door) -> None:
    visit = enter(door)
    door.leave(visit)
    assert door.visit(visit.cookie) is None


def test_the_door_is_empty_when_nobody_is_here_or_about_to_come(door: Door, clock: Clock) -> None:
    assert door.empty
    door.ticket()
    assert not door.empty
    clock.now += TICKET_SECONDS + 1
    assert door.empty
    door.leave(enter(door))
    assert door.empty


def test_there_are_only_so_many_tickets_and_visits(door: Door, clock: Clock) -> None:
    first = door.ticket()
    tickets = [door.ticket() for _ in range(MOST_TICKETS)]
    assert door.enter(first) is None
    oldest = door.enter(tickets[0])
    assert oldest is not None
    for _ in range(MOST_VISITS):
        clock.now += 1
        enter(door)
    assert not door.knows(oldest)
