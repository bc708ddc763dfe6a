"""Our menu, as panels see it on the bus."""

from __future__ import annotations

from typing import Any

import pytest
from dbus_fast import Variant
from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending
from syncagent.desktop import actions
from syncagent.desktop.actions import Action
from syncagent.desktop.bus.exports import Exports
from syncagent.desktop.bus.item import MENU_PATH
from syncagent.desktop.bus.menus import Menu
from syncagent.desktop.menu import Entry, Item, Line
from tests.desktop.bus.conftest import Other

NAME = "com.canonical.dbusmenu"
ENTRIES: tuple[Entry, ...] = (
    Item("headline", "Everything is in sync"),
    Item("detail", "", shown=False),
    Line("line"),
    Item("folder", "Open my_files", actions.OpenFolder()),
    Item(
        "pause",
        "Pause",
        children=(Item("p30", "30 min", actions.PauseFor(1800)), Item("p60", "1 h", actions.PauseFor(3600))),
    ),
    Item("all", "Everything", actions.Quit(), chosen=True),
)


class Panel:
    """Draws menus."""

    def __init__(self, bus: MessageBus, other: Other) -> None:
        self.chosen: list[Action] = []
        self.menu = Menu(Exports(bus, Sending(bus)), self.chosen.append)
        self._us, self._other = str(bus.unique_name), other
        self.menu.show(ENTRIES)

    async def ask(self, member: str, signature: str, *body: Any) -> Any:
        return await self._other.ask(self._us, MENU_PATH, f"{NAME}.{member}", signature, *body)

    async def layout(self, number: int = 0, depth: int = -1, *names: str) -> list[Any]:
        """What a panel draws: lists of number, properties and children."""
        _, found = await self.ask("GetLayout", "iias", number, depth, list(names))
        return plain(found)

    async def number(self, label: str) -> int:
        _, _, children = await self.layout()
        every = [*children, *(child for one in children for child in one[2])]
        return next(one[0] for one in every if one[1].get("label") == label)


def plain(row: list[Any]) -> list[Any]:
    number, properties, children = row
    return [number, {name: value.value for name, value in properties.items()}, [plain(one.value) for one in children]]


@pytest.fixture
def panel(bus: MessageBus, other: Other) -> Panel:
    return Panel(bus, other)


async def test_the_layout(panel: Panel) -> None:
    _, root, children = await panel.layout()
    assert root == {"children-display": "submenu"}
    assert [one[1] for one in children] == [
        {"label": "Everything is in sync", "enabled": False},
        {"label": "", "enabled": False, "visible": False},
        {"type": "separator"},
        {"label": "Open my__files"},
        {"label": "Pause", "children-display": "submenu"},
        {"label": "Everything", "toggle-type": "radio", "toggle-state": 1},
    ]
    assert [one[1]["label"] for one in children[4][2]] == ["30 min", "1 h"]


async def test_parts_of_the_layout(panel: Panel) -> None:
    number = await panel.number("Pause")
    assert (await panel.layout(0, 1))[2][4][2] == []
    assert (await panel.layout(0, 0))[2] == []
    _, pause, below = await panel.layout(number, -1, "label")
    assert pause == {"label": "Pause"}
    assert len(below) == 2
    with pytest.raises(AssertionError, match="InvalidArgs"):
        await panel.layout(999)


async def test_properties_of_entries(panel: Panel) -> None:
    number = await panel.number("Open my__files")
    found = await panel.ask("GetGroupProperties", "aias", [number, 999], ["label"])
    assert [(one, {name: value.value for name, value in more.items()}) for one, more in found] == [
        (number, {"label": "Open my__files"})
    ]
    assert (await panel.ask("GetProperty", "is", number, "label")).value == "Open my__files"
    assert len(await panel.ask("GetGroupProperties", "aias", [], [])) == 9
    with pytest.raises(AssertionError, match="InvalidArgs"):
        await panel.ask("GetProperty", "is", number, "shortcut")


async def test_a_click_chooses(panel: Panel) -> None:
    number = await panel.number("30 min")
    await panel.ask("Event", "isvu", number, "opened", Variant("s", ""), 0)
    assert panel.chosen == []
    await panel.ask("Event", "isvu", number, "clicked", Variant("s", ""), 0)
    assert panel.chosen == [actions.PauseFor(1800)]


async def test_clicks_in_a_group(panel: Panel) -> None:
    first, second = await panel.number("30 min"), await panel.number("1 h")
    no = Variant("s", "")
    unknown = await panel.ask(
        "EventGroup", "a(isvu)", [[first, "clicked", no, 0], [999, "clicked", no, 0], [second, "clicked", no, 0]]
    )
    assert unknown == [999]
    assert panel.chosen == [actions.PauseFor(1800), actions.PauseFor(3600)]
    with pytest.raises(AssertionError, match="InvalidArgs"):
        await panel.ask("EventGroup", "a(isvu)", [[999, "clicked", no, 0]])


async def test_what_cannot_be_chosen_does_nothing(panel: Panel) -> None:
    for label in ("Everything is in sync", "Pause"):
        await panel.ask("Event", "isvu", await panel.number(label), "clicked", Variant("s", ""), 0)
    assert panel.chosen == []


async def test_a_menu_that_is_about_to_be_shown_is_up_to_date(panel: Panel) -> None:
    assert await panel.ask("AboutToShow", "i", 0) is False
    assert await panel.ask("AboutToShowGroup", "ai", [0, 999]) == [[], [999]]


async def test_other_words_leave_an_open_menu_in_its_place(panel: Panel, other: Other) -> None:
    number = await panel.number("Everything is in sync")
    hidden = (await panel.layout())[2][1][0]
    panel.menu.show(ENTRIES)
    panel.menu.show((Item("headline", "Syncing 3 changes"), Item("detail", "3 of 4"), *ENTRIES[2:]))
    updated, removed = await other.until_heard("ItemsPropertiesUpdated")
    assert [(one, {name: value.value for name, value in more.items()}) for one, more in updated] == [
        (number, {"label": "Syncing 3 changes"}), (hidden, {"label": "3 of 4"}),
    ]  # fmt: skip
    assert [(one, names) for one, names in removed] == [(hidden, ["visible"])]
    assert other.heard == []


async def test_another_layout_is_told_and_entries_keep_their_numbers(panel: Panel, other: Other) -> None:
    number = await panel.number("Open my__files")
    panel.menu.show((*ENTRIES[:2], Item("new", "2 conflicts…", actions.Quit()), *ENTRIES[2:]))
    revision, parent = 0, -1
    while revision != (await panel.ask("GetLayout", "iias", 0, 0, []))[0]:
        revision, parent = await other.until_heard("LayoutUpdated")
    assert parent == 0
    assert await panel.number("Open my__files") == number
    panel.menu.show(ENTRIES)
    await other.until_heard("LayoutUpdated")
    assert "2 conflicts…" not in str(await panel.layout())
