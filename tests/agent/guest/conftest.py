"""A system bus of the test's own, and the services of a Linux machine on it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from syncagent.agent.guest import under_logind, under_networkmanager, under_upower
from syncagent.agent.guest.senses import BUS_ADDRESS
from syncagent.desktop.bus.exports import Body
from tests.desktop.bus.conftest import Other, address, bus, other

__all__ = ["address", "bus", "other"]

NM, UPOWER, LOGIND = under_networkmanager, under_upower, under_logind
PROFILES = under_upower.PROFILES[0]
OLD_PROFILES = under_upower.PROFILES[1]


@pytest.fixture
def system(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The bus of the test is that of the machine."""
    monkeypatch.setenv(BUS_ADDRESS, address)
    return address


class Service:
    """One with properties that change."""

    xml = ""

    def __init__(self, other: Other, name: str, path: str, interface: str = "", **values: Variant) -> None:
        self.other, self.name, self.path = other, name, path
        self.interface = interface or name
        self.values = dict(values)
        other.exports.put(path, self)

    async def appear(self) -> None:
        await self.other.bus.request_name(self.name)

    async def vanish(self) -> None:
        await self.other.bus.release_name(self.name)

    def properties(self) -> dict[str, Variant]:
        return self.values

    def call(self, member: str, body: list[Any]) -> Body:
        raise AssertionError(member)

    def change(self, **values: Variant) -> None:
        self.values |= values
        self._say([self.interface, values, []])

    def change_silently_and_say_so(self, **values: Variant) -> None:
        """Only that it has changed is told, and not to what."""
        self.values |= values
        self._say([self.interface, {}, list(values)])

    def _say(self, body: list[Any]) -> None:
        interface = "org.freedesktop.DBus.Properties"
        self.other.bus.send(Message.new_signal(self.path, interface, "PropertiesChanged", "sa{sv}as", body))


def network_manager(other: Other, metered: int = 0) -> Service:
    return Service(other, NM.NAME, NM.PATH, Metered=Variant("u", metered))


def upower(other: Other, *, on_battery: bool = False, percent: float = 80.0) -> tuple[Service, Service]:
    machine = Service(other, UPOWER.NAME, UPOWER.PATH, OnBattery=Variant("b", on_battery))
    battery = Service(
        other, UPOWER.NAME, UPOWER.DISPLAY, UPOWER.DEVICE,
        Percentage=Variant("d", percent), IsPresent=Variant("b", True),
    )  # fmt: skip
    return machine, battery


def profiles(other: Other, active: str, which: tuple[str, str] = PROFILES) -> Service:
    return Service(other, which[0], which[1], ActiveProfile=Variant("s", active))


class SleepManager:
    """logind, as far as it is about sleep: a lock is the writing end of a pipe, and is given back by closing it."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self.locks: list[int] = []
        self.asked: list[list[Any]] = []
        bus.add_message_handler(self._answer)

    async def appear(self) -> None:
        await self.bus.request_name(LOGIND.NAME)

    async def vanish(self) -> None:
        await self.bus.release_name(LOGIND.NAME)

    def _answer(self, message: Message) -> bool:
        if message.message_type is not MessageType.METHOD_CALL or message.member != "Inhibit":
            return False
        self.asked.append(list(message.body))
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        self.locks.append(ours)
        sent = self.bus.send(Message.new_method_return(message, "h", [0], unix_fds=[theirs]))
        sent.add_done_callback(lambda _: os.close(theirs))
        return True

    def prepare(self, *, begins: bool) -> None:
        self.bus.send(Message.new_signal(LOGIND.PATH, LOGIND.MANAGER, "PrepareForSleep", "b", [begins]))

    async def until_locks(self, number: int) -> None:
        """So many were taken by now, and the last of them is held."""
        async with asyncio.timeout(60):
            while len(self.locks) < number or not self.held:  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.005)

    async def until_free(self) -> None:
        async with asyncio.timeout(60):
            while self.held:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.005)

    @property
    def held(self) -> bool:
        """Whether the last lock is held."""
        try:
            return os.read(self.locks[-1], 1) != b""
        except BlockingIOError:
            return True


@pytest.fixture
async def logind(address: str) -> AsyncIterator[SleepManager]:
    connected = await MessageBus(address, BusType.SESSION, negotiate_unix_fd=True).connect()
    made = SleepManager(connected)
    yield made
    connected.disconnect()
    for lock in made.locks:
        os.close(lock)
