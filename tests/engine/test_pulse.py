"""Heartbeats and silence, told as a story of times."""

from __future__ import annotations

import pytest

from syncagent.engine.pulse import INTERVAL, PROBE_SECONDS, Pulse
from syncagent.errors import LinkLost


class Caller:
    """Someone who asks whenever they are wanted to, and hears from the hub when told so."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self.pulse = Pulse(0.0)
        self.pulse.agree(interval)
        self.beats: list[float] = []
        self.now = 0.0

    def until(self, end: float) -> None:
        while self.pulse.next <= end:
            self.now = max(self.now, self.pulse.next)
            self.ask()
        self.now = end

    def ask(self) -> None:
        if self.pulse.due(self.now):
            self.beats.append(self.now)

    def hear(self, *, heartbeat: bool = False) -> None:
        self.pulse.heard(self.now)
        if heartbeat:
            self.pulse.heartbeat(self.now)


def test_a_heartbeat_goes_out_every_interval() -> None:
    caller = Caller()
    for _ in range(4):
        caller.until(caller.now + 30)
        caller.hear(heartbeat=True)
    assert caller.beats == [30, 60, 90, 120]


def test_other_messages_do_not_take_the_place_of_heartbeats_f23() -> None:
    caller = Caller()
    for _ in range(70):
        caller.until(caller.now + 1)
        caller.hear()
    assert caller.beats == [30, 60]


def test_the_hub_says_how_often() -> None:
    caller = Caller(interval=10)
    caller.until(20)
    assert caller.beats == [10, 20]


@pytest.mark.parametrize(("said", "kept"), [(0, 30), (0.01, 1), (1e9, 300)], ids=["nothing", "too often", "never"])
def test_an_interval_that_makes_no_sense_is_not_taken(said: float, kept: float) -> None:
    caller = Caller(interval=said)
    caller.until(kept)
    assert caller.beats == [kept]


def test_silence_of_two_and_a_half_intervals_is_death_f1() -> None:
    caller = Caller()
    caller.until(30)
    caller.hear(heartbeat=True)
    with pytest.raises(LinkLost, match="silent for 75 s"):
        caller.until(1000)
    assert caller.now == 30 + 75
    assert caller.now <= 30 + 90


def test_the_hubs_question_is_answered_at_once() -> None:
    caller = Caller()
    caller.until(20)
    caller.hear(heartbeat=True)
    caller.ask()
    assert caller.beats == [20]


def test_an_answer_is_not_answered() -> None:
    caller = Caller()
    caller.until(30)
    caller.hear(heartbeat=True)
    caller.ask()
    assert caller.beats == [30]


def test_two_who_answer_every_heartbeat_do_not_do_so_for_ever() -> None:
    caller = Caller()
    caller.until(20)
    for _ in range(5):
        caller.hear(heartbeat=True)
        caller.ask()
    assert caller.beats == [20]


def test_who_was_stopped_for_long_does_not_take_the_others_for_dead_e10() -> None:
    caller = Caller()
    caller.until(30)
    caller.hear(heartbeat=True)
    caller.now = 10_000
    caller.ask()
    assert caller.beats[-1] == 10_000
    caller.hear(heartbeat=True)
    caller.until(10_060)
    assert caller.beats[-2:] == [10_030, 10_060]


def test_but_gives_them_no_more_than_an_interval() -> None:
    caller = Caller()
    caller.until(30)
    caller.now = 10_000
    caller.ask()
    with pytest.raises(LinkLost):
        caller.until(20_000)
    assert caller.now == 10_030


def test_a_probe_asks_at_once_and_waits_briefly() -> None:
    caller = Caller()
    caller.until(10)
    caller.pulse.probe(caller.now)
    with pytest.raises(LinkLost):
        caller.until(1000)
    assert caller.beats == [10]
    assert caller.now == 10 + PROBE_SECONDS


def test_a_probe_that_is_answered_changes_nothing() -> None:
    caller = Caller()
    caller.until(10)
    caller.pulse.probe(caller.now)
    caller.ask()
    caller.hear(heartbeat=True)
    caller.ask()
    caller.until(40)
    assert caller.beats == [10, 40]
