"""Our menu on the bus (com.canonical.dbusmenu): panels ask for its layout, draw it, and say what was clicked.

An entry keeps its number for as long as it keeps its key.  Where only words have changed, only these are told: a menu
that is open stays as it is.
"""

from __future__ import annotations

from typing import Any, Final

from dbus_fast import ErrorType, Variant

from syncagent.desktop.actions import Action
from syncagent.desktop.bus.exports import NOTHING, Body, Exports, Refusal, described
from syncagent.desktop.bus.item import MENU_PATH
from syncagent.desktop.icons import HERE
from syncagent.desktop.menu import Entry, Item, Line
from syncagent.desktop.ports import Choose
from syncagent.model.values import fixed

ROOT: Final = 0

_METHODS: Final = {
    "GetLayout": ("i i as", "u (ia{sv}av)"), "GetGroupProperties": ("ai as", "a(ia{sv})"), "GetProperty": ("i s", "v"),
    "Event": ("i s v u", ""), "EventGroup": ("a(isvu)", "ai"), "AboutToShow": ("i", "b"),
    "AboutToShowGroup": ("ai", "ai ai"),
}  # fmt: skip
_SIGNALS: Final = {
    "ItemsPropertiesUpdated": "a(ia{sv}) a(ias)", "LayoutUpdated": "u i", "ItemActivationRequested": "i u",
}  # fmt: skip


@fixed
class _Row:
    properties: dict[str, Variant]
    children: tuple[int, ...] = ()
    action: Action | None = None


class Menu:
    """The menu as panels know it."""

    interface: Final = "com.canonical.dbusmenu"
    xml: Final = described(
        _METHODS, _SIGNALS, {"Version": "u", "TextDirection": "s", "Status": "s", "IconThemePath": "as"}
    )

    def __init__(self, exports: Exports, choose: Choose) -> None:
        self._exports = exports
        self._choose = choose
        self._numbers: dict[str, int] = {}
        self._rows: dict[int, _Row] = {ROOT: _Row({})}
        self._entries: tuple[Entry, ...] = ()
        self._revision = 1
        exports.put(MENU_PATH, self)

    def show(self, entries: tuple[Entry, ...]) -> None:
        if entries == self._entries:
            return
        self._entries = entries
        before = self._rows
        rows: dict[int, _Row] = {}
        children = tuple(self._enter(entry, rows) for entry in entries)
        rows[ROOT] = _Row({"children-display": Variant("s", "submenu")}, children)
        self._rows = rows
        if {number: row.children for number, row in rows.items()} != {n: row.children for n, row in before.items()}:
            self._revision += 1
            self._exports.signal(MENU_PATH, "LayoutUpdated", "ui", [self._revision, ROOT])
            return
        updated, removed = [], []
        for number, row in rows.items():
            old = before[number].properties
            if fresh := {name: value for name, value in row.properties.items() if old.get(name) != value}:
                updated.append([number, fresh])
            if gone := [name for name in old if name not in row.properties]:
                removed.append([number, gone])
        if updated or removed:
            self._exports.signal(MENU_PATH, "ItemsPropertiesUpdated", "a(ia{sv})a(ias)", [updated, removed])

    def _enter(self, entry: Entry, rows: dict[int, _Row]) -> int:
        number = self._numbers.setdefault(entry.key, len(self._numbers) + 1)
        match entry:
            case Line():
                rows[number] = _Row({"type": Variant("s", "separator")})
            case Item():
                children = tuple(self._enter(child, rows) for child in entry.children)
                rows[number] = _Row(_properties(entry), children, entry.action)
        return number

    # --- what is asked ----------------------------------------------------------------------------------------

    def properties(self) -> dict[str, Variant]:
        return {
            "Version": Variant("u", 3),
            "TextDirection": Variant("s", "ltr"),
            "Status": Variant("s", "normal"),
            "IconThemePath": Variant("as", [str(HERE)]),
        }

    def call(self, member: str, body: list[Any]) -> Body:
        match member:
            case "GetLayout":
                number, depth, names = body
                return "u(ia{sv}av)", [self._revision, self._layout(number, depth, names)]
            case "GetGroupProperties":
                numbers, names = body
                known = [one for one in numbers if one in self._rows] if numbers else list(self._rows)
                return "a(ia{sv})", [[[one, _chosen(self._rows[one].properties, names)] for one in known]]
            case "GetProperty":
                number, name = body
                return "v", [self._property(number, name)]
            case "Event":
                number, event, _, _ = body
                self._happened(number, event)
                return NOTHING
            case "EventGroup":
                (events,) = body
                return "ai", [self._happened_all(events)]
            case "AboutToShow":
                self._row(body[0])
                return "b", [False]
            case "AboutToShowGroup":
                (numbers,) = body
                return "aiai", [[], [one for one in numbers if one not in self._rows]]
            case _:
                raise Refusal(f"there is no {member} here", ErrorType.UNKNOWN_METHOD)

    def _layout(self, number: int, depth: int, names: list[str]) -> list[Any]:
        """The entry with so many levels beneath it; -1: all."""
        row = self._row(number)
        children = row.children if depth else ()
        below = [Variant("(ia{sv}av)", self._layout(child, depth - 1, names)) for child in children]
        return [number, _chosen(row.properties, names), below]

    def _property(self, number: int, name: str) -> Variant:
        found = self._row(number).properties.get(name)
        if found is None:
            raise Refusal(f"entry {number} has no {name}")
        return found

    def _happened_all(self, events: list[list[Any]]) -> list[int]:
        """The numbers that are not known (any more)."""
        unknown = []
        for number, event, _, _ in events:
            if number in self._rows:
                self._happened(number, event)
            else:
                unknown.append(number)
        if unknown and len(unknown) == len(events):
            raise Refusal("none of these entries is there")
        return unknown

    def _happened(self, number: int, event: str) -> None:
        action = self._row(number).action
        if event == "clicked" and action is not None:
            self._choose(action)

    def _row(self, number: int) -> _Row:
        row = self._rows.get(number)
        if row is None:
            raise Refusal(f"there is no entry {number}")
        return row


def _properties(item: Item) -> dict[str, Variant]:
    """What is not said is as usual: visible and enabled."""
    # An underscore would mark the letter that comes after it as a key to press.
    found = {"label": Variant("s", item.label.replace("_", "__"))}
    if not item.enabled:
        found["enabled"] = Variant("b", False)
    if not item.shown:
        found["visible"] = Variant("b", False)
    if item.children:
        found["children-display"] = Variant("s", "submenu")
    if item.chosen is not None:
        found["toggle-type"] = Variant("s", "radio")
        found["toggle-state"] = Variant("i", int(item.chosen))
    return found


def _chosen(properties: dict[str, Variant], names: list[str]) -> dict[str, Variant]:
    return {name: value for name, value in properties.items() if name in names} if names else dict(properties)
