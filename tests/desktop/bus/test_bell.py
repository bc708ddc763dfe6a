"""Notifications on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from dbus_fast.aio import MessageBus

from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from syncagent.desktop import actions
from syncagent.desktop.actions import Action, Place
from syncagent.desktop.bus.bell import DesktopBell
from syncagent.desktop.notices import Notice
from tests.desktop.bus.conftest import Daemon, Other

LOOK = actions.OpenPage(Place.HELD)
NOTICE = Notice("held", "Is this meant?", "12 deletes <here>", True, (("Look", LOOK), ("No", actions.Resume())), LOOK)


class Person:
    def __init__(self, bus: MessageBus) -> None:
        self.chosen: asyncio.Queue[Action] = asyncio.Queue()
        self.bell = DesktopBell(Others(bus, Sending(bus)), self.chosen.put_nowait)

    async def rings(self, *notices: Notice) -> None:
        for one in notices:
            self.bell.ring(one)
        await asyncio.wait_for(self.bell.empty(), 20)


@pytest.fixture
async def person(bus: MessageBus) -> AsyncIterator[Person]:
    made = Person(bus)
    running = asyncio.ensure_future(made.bell.run())
    yield made
    running.cancel()


async def test_what_is_shown(person: Person, other: Other) -> None:
    daemon = Daemon(other, "actions", "body-markup")
    await daemon.appear()
    await person.rings(NOTICE)
    ((name, replaces, icon, title, body, names, hints, seconds),) = daemon.shown
    assert (name, replaces, icon) == ("syncagent", 0, "syncagent")
    assert (title, body) == ("Is this meant?", "12 deletes &lt;here&gt;")
    assert names == ["default", "Open", "0", "Look", "1", "No"]
    assert hints["urgency"].value == 2
    assert hints["image-path"].value.endswith("syncagent-attention.png")
    assert seconds == 0, "it stays until someone has seen it"


async def test_a_daemon_that_can_less_is_asked_for_less(person: Person, other: Other) -> None:
    daemon = Daemon(other)
    await daemon.appear()
    await person.rings(replace(NOTICE, urgent=False))
    assert daemon.shown[0][4:6] == ["12 deletes <here>", []]
    assert daemon.shown[0][7] == -1


async def test_one_takes_the_place_of_another_of_its_kind(person: Person, other: Other) -> None:
    daemon = Daemon(other)
    await daemon.appear()
    await person.rings(NOTICE, replace(NOTICE, key="conflicts"), replace(NOTICE, title="2 of them"))
    assert [one[1] for one in daemon.shown] == [0, 0, 1]
    person.bell.withdraw("held")
    person.bell.withdraw("never shown")
    await asyncio.wait_for(person.bell.empty(), 20)
    assert daemon.taken_away == [1]


async def test_buttons_choose(person: Person, other: Other) -> None:
    daemon = Daemon(other, "actions")
    await daemon.appear()
    await person.rings(NOTICE)
    daemon.click(99, "default")
    daemon.click(1, "1")
    daemon.click(1, "default")
    assert await asyncio.wait_for(person.chosen.get(), 20) == actions.Resume()
    assert await asyncio.wait_for(person.chosen.get(), 20) == LOOK


async def test_one_that_was_closed_is_not_replaced(person: Person, other: Other) -> None:
    daemon = Daemon(other, "actions")
    await daemon.appear()
    await person.rings(NOTICE)
    daemon.close(1)
    daemon.click(1, "default")
    await other.ask(str(person.bell._others._bus.unique_name), "/", "org.freedesktop.DBus.Peer.Ping")
    await person.rings(NOTICE)
    assert [one[1] for one in daemon.shown] == [0, 0]
    assert person.chosen.empty()


async def test_without_a_daemon_it_is_in_the_log(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    await person.rings(NOTICE)
    assert "Is this meant?: 12 deletes" in caplog.text
