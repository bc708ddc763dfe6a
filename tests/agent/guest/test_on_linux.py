"""All that is heard on the system bus, together."""

from __future__ import annotations

import asyncio

import pytest

from syncagent.agent.guest.on_linux import NoBus, listen
from tests.agent.guest.conftest import SleepManager, network_manager, upower
from tests.agent.guest.hearing import Dozer, Learner
from tests.desktop.bus.conftest import Other


async def test_network_battery_and_sleep_are_heard_on_one_connection(
    system: str, other: Other, logind: SleepManager
) -> None:
    service, (machine, _) = network_manager(other, 1), upower(other, on_battery=True, percent=50.0)
    for one in (service, machine, logind):
        await one.appear()
    learner, dozer = Learner(), Dozer()
    listening = asyncio.ensure_future(listen(learner, dozer))
    await learner.until(metered=True, on_battery=True, percent=50.0, saver=None)
    await logind.until_locks(1)
    logind.prepare(begins=True)
    await logind.until_free()
    assert dozer.told == ["asleep"]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_on_a_bus_without_any_of_them_nothing_is_known(system: str) -> None:
    learner = Learner()
    listening = asyncio.ensure_future(listen(learner, Dozer()))
    done, _ = await asyncio.wait([listening], timeout=0.2)
    assert not done
    await learner.until(metered=None, on_battery=None, percent=None, saver=None)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_where_there_is_no_bus_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    with pytest.raises(NoBus):
        await listen(Learner(), Dozer())
