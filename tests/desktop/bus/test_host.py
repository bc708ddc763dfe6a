"""Whether a panel shows our icon."""

from __future__ import annotations

import asyncio

from dbus_fast.aio import MessageBus

from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from syncagent.desktop.bus.host import Host
from tests.desktop.bus.conftest import Watcher


class Us:
    def __init__(self, bus: MessageBus) -> None:
        self.changes: asyncio.Queue[bool] = asyncio.Queue()
        self.host = Host(Others(bus, Sending(bus)), "org.example.Item", self.changes.put_nowait)

    async def change(self) -> bool:
        return await asyncio.wait_for(self.changes.get(), 20)


async def test_a_panel_that_is_there_shows_it(bus: MessageBus, watcher: Watcher) -> None:
    await watcher.appear()
    us = Us(bus)
    await us.host.begin()
    assert us.host.shown
    assert watcher.registered == ["org.example.Item"]


async def test_without_a_panel_it_is_not_shown_until_one_comes(bus: MessageBus, watcher: Watcher) -> None:
    us = Us(bus)
    await us.host.begin()
    assert not us.host.shown
    await watcher.appear()
    assert await us.change() is True


async def test_a_panel_that_is_started_anew_is_told_again(bus: MessageBus, watcher: Watcher) -> None:
    await watcher.appear()
    us = Us(bus)
    await us.host.begin()
    assert await us.change() is True
    await watcher.vanish()
    assert await us.change() is False
    await watcher.appear()
    assert await us.change() is True
    assert len(watcher.registered) == 2


async def test_a_register_without_a_panel_shows_nothing(bus: MessageBus, watcher: Watcher) -> None:
    watcher.hosts = False
    await watcher.appear()
    us = Us(bus)
    await us.host.begin()
    assert not us.host.shown
    watcher.say_hosts(hosts=True)
    assert await us.change() is True
    watcher.say_hosts(hosts=False)
    assert await us.change() is False


async def test_a_panel_that_refuses_is_none(bus: MessageBus, watcher: Watcher) -> None:
    watcher.refuses = True
    await watcher.appear()
    us = Us(bus)
    await us.host.begin()
    assert not us.host.shown
