"""A guest on the person's machine: real agents and a hub, and the services of a Linux machine on a bus of ours."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from dbus_fast import Variant

from tests.agent.guest.conftest import (
    Service,
    SleepManager,
    address,
    logind,
    network_manager,
    other,
    system,
    upower,
)
from tests.desktop.bus.conftest import Other
from tests.e2e.machines import HubProcess, Machine, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="these are Linux's services"),
]

__all__ = ["address", "logind", "other", "system"]

BIG = Random(7).randbytes(24_000_000)
LATER = Random(8).randbytes(20_000_000)


class Pair:
    """Two machines; the first one is the guest's, and its hub is not called by a name that says that it is here."""

    def __init__(self, home: Path) -> None:
        self.hub = HubProcess(home)
        self.hub.start()
        self.laptop, self.desk = Machine("laptop", home, self.hub), Machine("desk", home, self.hub)
        self.desk.start()

    def start(self, **settings: str) -> None:
        """The settings are those of config.toml."""
        self.laptop.data.mkdir(mode=0o700)
        lines = [f'{key} = "{value}"' for key, value in settings.items()]
        (self.laptop.data / "config.toml").write_text("\n".join(lines))
        self.laptop.launch(
            "run", "--data-dir", self.laptop.data, "--sync-root", self.laptop.root,
            "--server", f"ws://0.0.0.0:{self.hub.port}", "--name", "laptop", "--brake", "off",
        )  # fmt: skip
        until(lambda: self.laptop.ask("status").returncode == 0, self.laptop.output)

    async def status(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.laptop.status)

    async def until(self, so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(120):
            while not so(status := await self.status()):
                pass
        return status

    async def say(self, *arguments: str) -> str:
        done = await asyncio.to_thread(self.laptop.ask, *arguments)
        assert done.returncode == 0, done
        return done.stdout

    async def in_sync(self) -> None:
        for machine in (self.laptop, self.desk):
            await asyncio.to_thread(machine.wait)
        assert self.laptop.tree() == self.desk.tree()

    async def nothing_passes(self) -> None:
        """What was on its way when it began may leave; then nothing does, as long as someone waits for it."""
        for _ in range(20):
            before = (await self.status())["traffic"]
            done = await asyncio.to_thread(self.laptop.ask, "wait", "--timeout", "0.5")
            assert done.returncode != 0
            after = (await self.status())["traffic"]
            if all(before[key] == after[key] for key in ("content_sent", "content_received")):
                return
        raise AssertionError(f"it goes on: {before} {after}")


@pytest.fixture
async def pair(tmp_path: Path, system: str) -> AsyncIterator[Pair]:
    made = Pair(tmp_path)
    yield made
    for process in (made.laptop, made.desk, made.hub):
        process.terminate()


async def metered(other: Other, value: int = 2) -> Service:
    service = network_manager(other, value)
    await service.appear()
    return service


async def test_a_metered_network_stops_a_large_transfer_and_the_next_one_goes_on_with_it(
    pair: Pair, other: Other
) -> None:
    network = await metered(other)
    pair.start(on_metered="pause", max_up="2MB", max_down="2MB")
    await pair.in_sync()
    (pair.laptop.root / "big").write_bytes(BIG)
    await pair.until(lambda one: one["traffic"]["content_sent"] > 2_000_000)
    network.change(Metered=Variant("u", 3))
    status = await pair.until(lambda one: one["state"] == "paused")
    assert (status["reason"], status["pause"]) == ("the network is metered", {"paused": False, "until": None})
    assert (status["guest"]["metered"], status["guest"]["does"]) == (True, "pause")
    said = await pair.say("status")
    assert "  paused: " in said and "; the network is metered\n" in said
    assert "`resume` goes on all the same" in said
    await pair.nothing_passes()
    assert not (pair.desk.root / "big").exists()
    (pair.desk.root / "theirs").write_text("a word")
    await asyncio.to_thread(pair.desk.wait)
    await pair.nothing_passes()
    assert not (pair.laptop.root / "theirs").exists()
    network.change(Metered=Variant("u", 4))
    await pair.until(lambda one: one["state"] != "paused")
    await pair.say("limit", "--up", "off", "--down", "off")
    await pair.in_sync()
    sent = (await pair.status())["traffic"]["content_sent"]
    assert sent < 1.3 * len(BIG), "what had left is not sent again"


async def test_a_person_overrules_it_until_it_comes_again(pair: Pair, other: Other) -> None:
    network = await metered(other, 1)
    pair.start(on_metered="pause")
    await pair.until(lambda one: one["state"] == "paused")
    (pair.laptop.root / "a").write_text("a word")
    await pair.say("resume")
    await pair.in_sync()
    assert "it goes on since you said so" in await pair.say("status")
    network.change(Metered=Variant("u", 2))
    await pair.until(lambda one: one["guest"]["metered"] is False)
    network.change(Metered=Variant("u", 1))
    await pair.until(lambda one: one["state"] == "paused")
    # Their own pause is another one: it stays when the network is another.
    await pair.say("pause")
    network.change(Metered=Variant("u", 2))
    status = await pair.until(lambda one: one["guest"]["metered"] is False)
    assert (status["state"], status["reason"], status["pause"]["paused"]) == ("paused", "", True)
    await pair.say("resume")
    await pair.in_sync()


async def test_large_files_wait_and_small_ones_do_not_in_both_directions(pair: Pair, other: Other) -> None:
    network = await metered(other, 1)
    pair.start()
    await pair.in_sync()
    await pair.until(lambda one: one["guest"]["metered"] is True)
    (pair.laptop.root / "big").write_bytes(BIG)
    (pair.laptop.root / "a").write_text("a word")
    (pair.desk.root / "later").write_bytes(LATER)
    (pair.desk.root / "b").write_text("a word of theirs")
    until(lambda: (pair.desk.root / "a").exists() and (pair.laptop.root / "b").exists(), pair.laptop.output)
    status = await pair.until(lambda one: one["state"] == "waiting" and one["guest"]["large"]["count"] == 2)
    assert status["guest"]["large"]["bytes"] == len(BIG) + len(LATER)
    assert not status["in_sync"]
    await pair.nothing_passes()
    why = await asyncio.to_thread(pair.laptop.ask, "why", "big")
    assert "large files wait because the network is metered" in why.stdout
    await pair.say("config", "set", "small_size", "30MB")
    await pair.in_sync()
    assert network.values["Metered"].value == 1


async def test_a_battery_that_is_nearly_empty_pauses_and_a_plug_ends_that(pair: Pair, other: Other) -> None:
    machine, battery = upower(other, on_battery=True, percent=40.0)
    await machine.appear()
    pair.start()
    await pair.in_sync()
    battery.change(Percentage=Variant("d", 8.0))
    status = await pair.until(lambda one: one["state"] == "paused")
    assert status["reason"] == "the battery is at 8 %"
    machine.change(OnBattery=Variant("b", False))
    await pair.in_sync()


async def test_hours_pause_and_limit_as_soon_as_they_are_set(pair: Pair) -> None:
    pair.start()
    await pair.in_sync()
    await pair.say("config", "set", "schedule", "pause")
    status = await pair.until(lambda one: one["state"] == "paused")
    assert status["reason"] == "the schedule says so"
    await pair.say("config", "set", "schedule", "00:00-24:00 up=2MB down=3MB")
    status = await pair.until(lambda one: one["limits"] == {"up": 2_000_000, "down": 3_000_000})
    await pair.in_sync()
    await pair.say("config", "set", "schedule", "")
    await pair.until(lambda one: one["limits"] == {"up": None, "down": None})


async def test_before_it_sleeps_it_hangs_up_and_when_it_wakes_it_calls_at_once(
    pair: Pair, logind: SleepManager
) -> None:
    await logind.appear()
    pair.start()
    await logind.until_locks(1)
    await pair.in_sync()
    logind.prepare(begins=True)
    await logind.until_free()
    status = await pair.status()
    assert (status["state"], status["reason"]) == ("offline", "this machine goes to sleep")
    logind.prepare(begins=False)
    await pair.in_sync()
    await logind.until_locks(2)
