"""Sleep, as logind tells of it: it is delayed for a moment, and for no longer than that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from dbus_fast import BusType
from dbus_fast.aio import MessageBus

from syncagent.agent.guest import under_logind
from syncagent.agent.guest.under_logind import Logind
from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from tests.agent.guest.conftest import SleepManager
from tests.agent.guest.hearing import Dozer


@contextlib.asynccontextmanager
async def listening(address: str, dozer: Dozer) -> AsyncIterator[Logind]:
    bus = await MessageBus(address, BusType.SESSION, negotiate_unix_fd=True).connect()
    sending = Sending(bus)
    one = Logind(Others(bus, sending), dozer)
    await one.begin()
    yield one
    sending.close()
    bus.disconnect()


async def test_the_lock_is_held_awake_and_given_back_when_all_is_said(address: str, logind: SleepManager) -> None:
    await logind.appear()
    dozer = Dozer()
    async with listening(address, dozer) as one:
        await logind.until_locks(1)
        assert logind.asked == [["sleep", "syncagent", "to say goodbye to the hub", "delay"]]
        logind.prepare(begins=True)
        await logind.until_free()
        assert dozer.told == ["asleep"]
        logind.prepare(begins=False)
        await asyncio.wait_for(dozer.awake.wait(), 20)
        await logind.until_locks(2)
        one.end()
        await logind.until_free()


async def test_who_is_slow_does_not_keep_the_machine_awake(
    address: str, logind: SleepManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_logind, "SECONDS", 0.01)
    await logind.appear()
    dozer = Dozer(slow=True)
    async with listening(address, dozer) as one:
        logind.prepare(begins=True)
        await logind.until_free()
        logind.prepare(begins=False)
        await logind.until_locks(2)
        assert dozer.told == ["asleep", "awake"]
        one.end()


async def test_a_sleep_that_is_called_off_at_once_leaves_a_lock(address: str, logind: SleepManager) -> None:
    await logind.appear()
    dozer = Dozer()
    async with listening(address, dozer) as one:
        logind.prepare(begins=True)
        logind.prepare(begins=False)
        await asyncio.wait_for(dozer.awake.wait(), 20)
        await logind.until_locks(2)
        one.end()


async def test_a_logind_that_comes_later_is_asked_for_a_lock_then(address: str, logind: SleepManager) -> None:
    async with listening(address, Dozer()) as one:
        assert logind.locks == []
        await logind.appear()
        await logind.until_locks(1)
        await logind.vanish()
        await logind.until_free()
        one.end()


async def test_what_somebody_else_says_is_not_believed(address: str, logind: SleepManager) -> None:
    await logind.appear()
    dozer = Dozer()
    async with listening(address, dozer) as one:
        await logind.until_locks(1)
        liar = SleepManager(await MessageBus(address, BusType.SESSION).connect())
        liar.prepare(begins=True)
        # It has arrived by the time that it has been asked for something and has answered.
        logind.prepare(begins=True)
        await logind.until_free()
        assert dozer.told == ["asleep"]
        one.end()
        liar.bus.disconnect()
