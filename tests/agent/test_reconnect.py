"""When the next connection is tried, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from syncagent.agent.reconnect import AFTER_REFUSAL, Nudge, keep_connected
from syncagent.errors import LinkLost, Refused
from tests.support.virtual_time import run_virtually


class Attempts:
    """A hub that lets each connection live for a while; notes when each attempt began."""

    def __init__(self, *lives: float | Exception, most: int = 12) -> None:
        self.began: list[float] = []
        self.ended: list[float] = []
        self._lives = list(lives)
        self._most = most
        self.enough = asyncio.Event()

    async def __call__(self) -> None:
        clock = asyncio.get_running_loop().time
        self.began.append(clock())
        if len(self.began) >= self._most:
            self.enough.set()
        life = self._lives.pop(0) if self._lives else LinkLost("down")
        try:
            if isinstance(life, Exception):
                raise life
            await asyncio.sleep(abs(life))
            if life > 0:
                raise LinkLost("broke")
        finally:
            self.ended.append(clock())

    @property
    def pauses(self) -> list[float]:
        return [began - ended for began, ended in zip(self.began[1:], self.ended, strict=False)]


def watch(attempts: Callable[[], Attempts], meanwhile: Callable[[Nudge], Awaitable[None]] | None = None) -> Attempts:
    async def run() -> Attempts:
        nudge, made = Nudge(), attempts()
        keeping = asyncio.ensure_future(keep_connected(made, nudge))
        if meanwhile is not None:
            await meanwhile(nudge)
        await asyncio.wait({keeping, asyncio.ensure_future(made.enough.wait())}, return_when="FIRST_COMPLETED")
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        return made

    return run_virtually(run())


def test_the_first_attempt_is_at_once_and_the_bounds_double_up_to_a_minute() -> None:
    bounds = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert_pauses_within(bounds, [watch(lambda: Attempts(5.0)) for _ in range(60)])


def test_until_the_first_connection_has_held_they_double_from_an_eighth_of_a_second() -> None:
    bounds = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert_pauses_within(bounds, [watch(Attempts) for _ in range(60)])


def assert_pauses_within(bounds: list[float], many: list[Attempts]) -> None:
    assert all(one.began[0] == 0 for one in many)
    for number, bound in enumerate(bounds):
        pauses = [one.pauses[number] for one in many]
        assert max(pauses) <= bound + 1e-6
        assert max(pauses) > bound / 2, "the whole of the bound is used"
        assert min(pauses) < bound / 2, "from nothing on"


@pytest.mark.hazard("F13")
def test_all_come_back_within_a_minute_of_each_other_and_not_at_once_f13() -> None:
    lives = [100.0]
    backs = [watch(lambda: Attempts(*lives, most=2)).began[1] - 100 for _ in range(100)]
    assert max(backs) <= 1
    assert len([one for one in backs if one < 0.1]) < 40


def test_a_minute_of_health_starts_the_bounds_anew() -> None:
    made = watch(lambda: Attempts(*[LinkLost("down")] * 8, 61.0, LinkLost("down"), most=11))
    assert made.pauses[8] <= 1
    assert made.pauses[9] <= 2


def test_a_short_life_does_not() -> None:
    many = [watch(lambda: Attempts(*[LinkLost("down")] * 7, 5.0, most=9)) for _ in range(30)]
    assert max(one.pauses[7] for one in many) > 20


def test_a_nudge_ends_the_pause_at_once_and_starts_the_bounds_anew() -> None:
    async def meanwhile(nudge: Nudge) -> None:
        await asyncio.sleep(1000)
        nudge()

    made = watch(lambda: Attempts(most=60), meanwhile)
    after = [number for number, began in enumerate(made.began) if began == 1000]
    assert len(after) == 1
    assert made.pauses[after[0]] <= 1


def test_a_refusal_is_tried_again_rarely_or_when_nudged() -> None:
    async def meanwhile(nudge: Nudge) -> None:
        await asyncio.sleep(700)
        nudge()

    refusal = Refused("authentication_failed", "no such key")
    made = watch(lambda: Attempts(refusal, refusal, refusal, most=3), meanwhile)
    assert made.began == [0, AFTER_REFUSAL, 700]


def test_one_that_may_be_opened_again_at_once_is() -> None:
    made = watch(lambda: Attempts(-5.0, -5.0, most=3))
    assert made.began == [0, 5, 10]


@pytest.mark.hazard("F13")
def test_but_not_in_a_circle() -> None:
    made = watch(lambda: Attempts(*[-0.01] * 30, most=20))
    assert made.began[-1] > 60


def test_a_bug_is_not_tried_again() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_virtually(keep_connected(broken, Nudge()))
