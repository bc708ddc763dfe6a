"""Our side of the bus as a whole."""

from __future__ import annotations

import asyncio

import pytest

from syncagent.desktop.bus.item import MENU_PATH, PATH
from syncagent.desktop.bus.panel import BusPanel, NoBus, gone, session_bus
from syncagent.desktop.menu import Item
from syncagent.desktop.ports import View
from tests.desktop.bus.conftest import Other, Watcher

VIEW = View("syncagent-idle", "Everything is in sync", "", (Item("headline", "Everything is in sync"),), False)


async def test_from_appearing_to_vanishing(
    address: str, other: Other, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    await watcher.appear()
    bus = await session_bus()
    panel = BusPanel(bus, "syncagent", lambda _: None, lambda _: None)
    await panel.begin()
    assert panel.host.shown
    panel.show(VIEW)
    (service,) = watcher.registered
    assert await other.get(service, PATH, "org.kde.StatusNotifierItem", "IconName") == "syncagent-idle"
    _, layout = await other.ask(service, MENU_PATH, "com.canonical.dbusmenu.GetLayout", "iias", 0, -1, [])
    assert len(layout[2]) == 1
    again = BusPanel(await session_bus(), "syncagent", lambda _: None, lambda _: None)
    with pytest.raises(NoBus):
        await again.begin()
    again.end()
    ended = asyncio.ensure_future(gone(bus))
    panel.end()
    await asyncio.wait_for(ended, 20)
    with pytest.raises(AssertionError, match=r"ServiceUnknown|NameHasNoOwner"):
        await other.get(service, PATH, "org.kde.StatusNotifierItem", "IconName")


async def test_without_a_session_there_is_no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("unix:path=/nowhere/bus", "nonsense", ""):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", wrong)
        monkeypatch.setenv("DISPLAY", "")
        with pytest.raises(NoBus):
            await session_bus()
