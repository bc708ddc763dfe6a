"""When the engine is told what time it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from syncagent.agent.alarm import TOLD_FOR, Alarm


class Timer(asyncio.TimerHandle):
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when_due, self.callback, self.off = when, callback, False

    def cancel(self) -> None:
        self.off = True


class Loop:
    """Its time is set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer:
        self.timers.append(Timer(when, callback))
        return self.timers[-1]

    def pass_to(self, now: float) -> None:
        self.now = now
        for timer in self.timers:
            if timer.when_due <= now and not timer.off:
                timer.off = True
                timer.callback()


def alarm_in(loop: Loop, told: list[float]) -> Alarm:
    tell: Callable[[], None] = lambda: told.append(loop.now)  # noqa: E731
    return Alarm(loop, tell)


def test_it_is_told_when_it_was_asked_for_and_not_when_that_was_taken_back() -> None:
    loop, told = Loop(), list[float]()
    alarm = alarm_in(loop, told)
    alarm.set(105.0)
    alarm.set(103.0)
    loop.pass_to(104.0)
    loop.pass_to(110.0)
    assert told == [104.0]
    alarm.set(112.0)
    alarm.set(None)
    loop.pass_to(120.0)
    assert told == [104.0]


def test_before_anything_else_it_is_told_when_that_was_long_ago() -> None:
    loop, told = Loop(), list[float]()
    alarm = alarm_in(loop, told)
    alarm.before(loop.now)
    assert told == []
    loop.now += TOLD_FOR
    alarm.before(loop.now)
    alarm.before(loop.now)
    assert told == [loop.now]
