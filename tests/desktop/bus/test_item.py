"""Our icon, as panels see it on the bus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending
from syncagent.desktop.actions import Action, OpenFolder, OpenPage, Place
from syncagent.desktop.bus.exports import Exports
from syncagent.desktop.bus.item import MENU_PATH, PATH, Item
from syncagent.desktop.ports import View
from tests.desktop.bus.conftest import Other

REST = View("syncagent-idle", "Everything is in sync", "1,234 files", (), False)
NAME = "org.kde.StatusNotifierItem"


async def test_what_panels_ask_for(bus: MessageBus, other: Other) -> None:
    Item(Exports(bus, Sending(bus)), "syncagent", lambda _: None, REST)
    us = str(bus.unique_name)
    found = await other.ask(us, PATH, "org.freedesktop.DBus.Properties.GetAll", "s", NAME)
    values = {name: value.value for name, value in found.items()}
    assert values["Category"] == "ApplicationStatus"
    assert (values["Id"], values["Title"], values["Status"]) == ("syncagent", "syncagent", "Active")
    assert (values["IconName"], values["Menu"], values["ItemIsMenu"]) == ("syncagent-idle", MENU_PATH, False)
    assert list(values["ToolTip"]) == ["syncagent-idle", [], "Everything is in sync", "1,234 files"]
    assert [(width, len(argb)) for width, _, argb in values["IconPixmap"]][:2] == [(22, 1936), (32, 4096)]
    assert (Path(values["IconThemePath"]) / "hicolor" / "22x22" / "status" / "syncagent-idle.png").is_file()


async def test_only_what_has_changed_is_told(bus: MessageBus, other: Other) -> None:
    item = Item(Exports(bus, Sending(bus)), "syncagent", lambda _: None, REST)
    item.show(REST)
    item.show(replace(REST, text="1,235 files"))
    await other.until_heard("NewToolTip")
    item.show(replace(REST, icon="syncagent-attention", needs_person=True, title="2 conflicts to look at"))
    assert await other.until_heard("NewIcon") == []
    assert await other.until_heard("NewStatus") == ["NeedsAttention"]
    assert await other.until_heard("NewToolTip") == []
    us = str(bus.unique_name)
    assert await other.get(us, PATH, NAME, "AttentionIconName") == "syncagent-attention"
    assert [member for member, _ in other.heard] == []


async def test_clicks(bus: MessageBus, other: Other) -> None:
    chosen: list[Action] = []
    Item(Exports(bus, Sending(bus)), "syncagent", chosen.append, REST)
    us = str(bus.unique_name)
    for member in ("Activate", "SecondaryActivate", "ContextMenu"):
        assert await other.ask(us, PATH, f"{NAME}.{member}", "ii", 5, 5) == []
    await other.ask(us, PATH, f"{NAME}.Scroll", "is", 1, "vertical")
    assert chosen == [OpenFolder(), OpenPage(Place.STATUS)]
