"""In which order frames leave, and how fast, in virtual time."""

from __future__ import annotations

from syncagent.agent.outbox import FIRST_GUESS, Outbox, Paces
from syncagent.engine.dialogue import Frame
from syncagent.engine.events import BlocksSent

BLOCK = bytes(100_000)


def leave(outbox: Outbox, until: float, now: float = 0.0) -> list[tuple[float, Frame | BlocksSent]]:
    """What leaves from ``now`` on, and when."""
    left: list[tuple[float, Frame | BlocksSent]] = []
    while now < until:
        one, wait = outbox.next(now)
        if one is not None:
            left.append((round(now, 3), one))
        elif wait is None:
            break
        else:
            now += wait + 1e-9
    return left


def test_who_is_waited_for_goes_first_and_bulk_when_nothing_else_does() -> None:
    outbox = Outbox(Paces())
    outbox.send_bulk([b"1", b"2"], BlocksSent(7))
    outbox.ask(["ask"], 1)
    outbox.say(["edit"])
    assert [one for _, one in leave(outbox, 1)] == ["edit", "ask", b"1", b"2", BlocksSent(7)]


def test_a_large_file_leaves_as_fast_as_it_may_and_an_edit_at_once() -> None:
    outbox = Outbox(Paces(up=200_000))
    outbox.send_bulk([BLOCK] * 10, BlocksSent(7))
    before = leave(outbox, 2.0)
    assert [at for at, _ in before] == [0.0, 0.5, 1.0, 1.5]
    outbox.say(["edit"])
    (at, one), *rest = leave(outbox, 60, now=2.2)
    assert (at, one) == (2.2, "edit")
    assert rest[-1][1] == BlocksSent(7)
    assert 4.5 <= rest[-1][0] <= 4.7


def test_what_is_waited_for_counts_too() -> None:
    outbox = Outbox(Paces(up=200_000))
    outbox.say([BLOCK] * 10)
    outbox.send_bulk([BLOCK], BlocksSent(1))
    times = [at for at, _ in leave(outbox, 60)]
    assert 3.0 <= times[9] <= 3.5, "a second's worth of credit"
    assert times[10] >= 5.0, "which has to be made good before bulk goes on"


def test_blocks_are_asked_for_as_fast_as_they_may_come() -> None:
    outbox = Outbox(Paces(down=400_000))
    came = 0
    now = 0.0
    for _ in range(20):
        outbox.came(now, 100_000, [100_000])  # it finds out how large they are
    assert outbox.asked_at_once() == 1
    outbox = Outbox(Paces(down=400_000))
    assert outbox.asked_at_once() == int(100_000 / FIRST_GUESS)
    outbox.ask([f"{number}" for number in range(40)], 40)
    while now < 30 and came < 40:
        one, wait = outbox.next(now)
        if one is None:
            assert wait is not None
            now += wait + 1e-9
        else:
            outbox.came(now, 100_040, [100_000])
            came += 1
    assert 9.5 <= now <= 10.5, "4 MB at 400 kB a second"


def test_entries_are_never_held_back_but_what_they_bring_counts() -> None:
    outbox = Outbox(Paces(down=100_000))
    outbox.came(0.0, 1_000_000)
    outbox.ask(["ask"], 1)
    [(at, _)] = leave(outbox, 60)
    assert 9.9 <= at <= 11


def test_without_limits_nothing_waits() -> None:
    outbox = Outbox(Paces())
    outbox.came(0.0, 1 << 30, [1 << 20])
    outbox.ask(["a", "b"], 1000)
    outbox.say([BLOCK] * 100)
    assert outbox.asked_at_once() == 0
    assert {at for at, _ in leave(outbox, 1)} == {0.0}


def test_a_limit_that_is_taken_off_holds_nothing_back() -> None:
    paces = Paces(up=10_000, down=10_000)
    outbox = Outbox(paces)
    outbox.send_bulk([BLOCK] * 3, BlocksSent(1))
    outbox.ask(["a", "b"], 2)
    leave(outbox, 1)
    paces.up.change(0)
    paces.down.change(0)
    left = leave(outbox, 1.1, now=1)
    assert left[-1] == (1, BlocksSent(1))


def test_what_is_held_stays_until_it_may_go_and_the_connection_is_kept_meanwhile() -> None:
    outbox = Outbox(paces := Paces())
    paces.held = True
    outbox.send_bulk([b"1", b"2"], BlocksSent(7))
    outbox.ask(["ask"], 1)
    outbox.say(["heartbeat"])
    assert [one for _, one in leave(outbox, 60)] == ["heartbeat"]
    paces.held = False
    assert [one for _, one in leave(outbox, 60)] == ["ask", b"1", b"2", BlocksSent(7)]
