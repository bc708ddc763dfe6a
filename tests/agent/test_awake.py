"""What is noticed of sleep."""

from __future__ import annotations

import asyncio

from syncagent.agent import awake
from tests.support.virtual_time import run_virtually


def test_a_sleep_is_told_once_with_its_length_e10() -> None:
    slept = 100.0
    told: list[tuple[float, float]] = []

    async def run() -> None:
        nonlocal slept
        loop = asyncio.get_running_loop()
        watch = awake.SleepWatch(lambda length: told.append((loop.time(), length)), lambda: slept)
        watching = asyncio.ensure_future(watch.watch())
        await asyncio.sleep(60)
        slept += 8 * 3600
        await asyncio.sleep(60)
        slept += 1  # clocks are read one after the other
        await asyncio.sleep(60)
        watching.cancel()

    run_virtually(run())
    assert [length for _, length in told] == [8 * 3600]
    assert told[0][0] - 60 <= 30


def test_the_system_says_how_long_it_slept() -> None:
    assert abs(awake.asleep() - awake.asleep()) < awake.JUMP
