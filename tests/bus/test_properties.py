"""Properties of another's object, kept up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from syncagent.bus.asking import Others
from syncagent.bus.properties import Properties
from syncagent.bus.sending import Sending
from tests.agent.guest.conftest import Service
from tests.desktop.bus.conftest import Other

NAME, PATH = "org.example.Lamp", "/org/example/Lamp"


class Told:
    """What was told last."""

    def __init__(self) -> None:
        self.values: Mapping[str, Any] = {}
        self.times = 0
        self._news = asyncio.Event()

    def __call__(self, values: Mapping[str, Any]) -> None:
        self.values, self.times = dict(values), self.times + 1
        self._news.set()

    async def until(self, **wanted: Any) -> None:
        async with asyncio.timeout(20):
            while self.values != wanted:
                self._news.clear()
                await self._news.wait()


async def test_they_are_read_and_then_heard(bus: MessageBus, other: Other) -> None:
    lamp, told = Service(other, NAME, PATH, On=Variant("b", True), Watt=Variant("u", 5)), Told()
    properties = Properties(Others(bus, Sending(bus)), NAME, PATH, NAME, told)
    await properties.begin()
    assert (told.values, told.times) == ({}, 1)
    await lamp.appear()
    await told.until(On=True, Watt=5)
    lamp.change(Watt=Variant("u", 7))
    await told.until(On=True, Watt=7)
    lamp.change_silently_and_say_so(On=Variant("b", False))
    await told.until(On=False, Watt=7)
    await lamp.vanish()
    await told.until()
    properties.end()


async def test_what_another_says_in_its_name_is_not_believed(bus: MessageBus, other: Other, address: str) -> None:
    lamp, told = Service(other, NAME, PATH, On=Variant("b", True)), Told()
    await lamp.appear()
    properties = Properties(Others(bus, Sending(bus)), NAME, PATH, NAME, told)
    await properties.begin()
    assert told.values == {"On": True}
    liar = await MessageBus(address).connect()
    lie = Message.new_signal(PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
                             [NAME, {"On": Variant("b", False)}, []])  # fmt: skip
    lie.destination = bus.unique_name
    await liar.send(lie)
    await liar.call(Message("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ListNames"))
    lamp.change(Watt=Variant("u", 1))
    await told.until(On=True, Watt=1)
    liar.disconnect()
    properties.end()


async def test_another_interface_of_the_same_object_is_not_meant(bus: MessageBus, other: Other) -> None:
    lamp, told = Service(other, NAME, PATH, On=Variant("b", True)), Told()
    await lamp.appear()
    properties = Properties(Others(bus, Sending(bus)), NAME, PATH, NAME, told)
    await properties.begin()
    lamp._say(["org.example.Other", {"On": Variant("b", False)}, []])
    lamp.change(Watt=Variant("u", 1))
    await told.until(On=True, Watt=1)
    properties.end()
