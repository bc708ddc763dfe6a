"""What this system tells of itself; and that nothing is hindered where it tells nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from syncagent.agent.guest import on_linux, senses
from syncagent.agent.guest.deciding import UNKNOWN, Conditions
from syncagent.agent.guest.ports import Learn, Sleeper
from syncagent.agent.guest.senses import BUS_ADDRESS, Senses
from tests.agent.guest.conftest import network_manager
from tests.agent.guest.hearing import Dozer, Learner
from tests.desktop.bus.conftest import Other
from tests.support.virtual_time import run_virtually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is heard here is heard on Linux")


async def end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_heard_is_told_when_it_changes_and_forgotten_with_the_bus(system: str, other: Other) -> None:
    service = network_manager(other, 1)
    await service.appear()
    learner = Learner()
    running = asyncio.ensure_future(Senses(learner.see, Dozer()).run())
    await learner.until(metered=True)
    await end(running)
    assert learner.found == UNKNOWN


def test_without_a_bus_nothing_is_known_and_nothing_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BUS_ADDRESS, raising=False)
    monkeypatch.setattr(senses, "_SOCKETS", ())
    assert times_listened(monkeypatch, hours=5) == 0


def test_a_bus_that_hangs_up_is_called_again_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUS_ADDRESS, "unix:path=/nowhere")
    assert times_listened(monkeypatch, hours=1) == 60


def test_without_the_library_it_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUS_ADDRESS, "unix:path=/nowhere")
    monkeypatch.setattr(senses.importlib.util, "find_spec", lambda name: None)
    assert times_listened(monkeypatch, hours=1) == 0
    assert senses.lacks_library()
    monkeypatch.delenv(BUS_ADDRESS)
    monkeypatch.setattr(senses, "_SOCKETS", ())
    assert not senses.lacks_library(), "there is nothing to be heard"


def times_listened(monkeypatch: pytest.MonkeyPatch, *, hours: float) -> int:
    """How often it is tried to listen on the bus in so many hours."""
    count = 0

    async def listen(learn: Learn, sleeper: Sleeper) -> None:
        nonlocal count
        count += 1
        raise on_linux.NoBus("it hung up")

    monkeypatch.setattr(on_linux, "listen", listen)

    async def run() -> None:
        running = asyncio.ensure_future(Senses(lambda found: None, Dozer()).run())
        await asyncio.sleep(hours * 3600 - 1)
        await end(running)

    run_virtually(run())
    return count


async def test_whatever_goes_wrong_there_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUS_ADDRESS, "unix:path=/nowhere")

    async def listen(learn: Learn, sleeper: Sleeper) -> None:
        learn(metered=True)
        raise ZeroDivisionError("a service that says what nobody expects")

    monkeypatch.setattr(on_linux, "listen", listen)
    told: list[Conditions] = []
    running = asyncio.ensure_future(Senses(told.append, Dozer()).run())
    async with asyncio.timeout(20):
        while len(told) < 2:  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0)
    assert told == [Conditions(metered=True), UNKNOWN]
    assert not running.done()
    await end(running)


async def test_systems_that_tell_nothing_by_themselves_are_asked_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(senses, "AGAIN_SECONDS", 0.001)
    answers = [Conditions(on_battery=False), Conditions(on_battery=True), Conditions(on_battery=True), UNKNOWN]
    left, told = list(answers), Learner()
    asking = asyncio.ensure_future(Senses(told.see, Dozer())._asking(lambda: left.pop(0) if left else answers[2]))
    await told.until(on_battery=True)
    await told.until(on_battery=None)
    await told.until(on_battery=True)
    await end(asking)


def test_an_agent_is_loaded_without_the_library() -> None:
    """It costs memory, and most servers have no use for it."""
    program = "import sys, syncagent.agent.household; print('dbus_fast' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
