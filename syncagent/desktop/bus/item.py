"""Our icon, as a StatusNotifierItem: what panels ask of it, and what they are told when it changes."""

from __future__ import annotations

from typing import Any, Final

from dbus_fast import ErrorType, Variant

from syncagent.desktop.actions import OpenFolder, OpenPage, Place
from syncagent.desktop.bus.exports import NOTHING, Body, Exports, Refusal, described
from syncagent.desktop.icons import HERE, pixmaps
from syncagent.desktop.ports import Choose, View

PATH: Final = "/StatusNotifierItem"
MENU_PATH: Final = "/MenuBar"
"""The path that panels expect, since it is what the first of these programs used."""

_METHODS: Final = {
    "Activate": ("i i", ""), "SecondaryActivate": ("i i", ""), "ContextMenu": ("i i", ""), "Scroll": ("i s", ""),
    "ProvideXdgActivationToken": ("s", ""),
}  # fmt: skip
_SIGNALS: Final = {
    "NewTitle": "", "NewIcon": "", "NewAttentionIcon": "", "NewOverlayIcon": "", "NewToolTip": "", "NewStatus": "s",
}  # fmt: skip
_PROPERTIES: Final = {
    "Category": "s", "Id": "s", "Title": "s", "Status": "s", "WindowId": "i", "IconThemePath": "s", "Menu": "o",
    "ItemIsMenu": "b", "IconName": "s", "IconPixmap": "a(iiay)", "OverlayIconName": "s", "OverlayIconPixmap": "a(iiay)",
    "AttentionIconName": "s", "AttentionIconPixmap": "a(iiay)", "AttentionMovieName": "s", "ToolTip": "(sa(iiay)ss)",
    "IconAccessibleDesc": "s", "AttentionAccessibleDesc": "s",
}  # fmt: skip


class Item:
    """``name`` tells the trays of several data directories apart."""

    interface: Final = "org.kde.StatusNotifierItem"
    xml: Final = described(_METHODS, _SIGNALS, _PROPERTIES)

    def __init__(self, exports: Exports, name: str, choose: Choose, view: View) -> None:
        self._exports = exports
        self._name = name
        self._choose = choose
        self._view = view
        exports.put(PATH, self)

    def show(self, view: View) -> None:
        """Panels ask anew for what they are told has changed."""
        before, self._view = self._view, view
        if view.icon != before.icon:
            self._exports.signal(PATH, "NewIcon")
            self._exports.signal(PATH, "NewAttentionIcon")
        if view.needs_person != before.needs_person:
            self._exports.signal(PATH, "NewStatus", "s", [_status(view)])
        if (view.title, view.text, view.icon) != (before.title, before.text, before.icon):
            self._exports.signal(PATH, "NewToolTip")

    def properties(self) -> dict[str, Variant]:
        view = self._view
        none: list[Any] = []
        pictures = [list(one) for one in pixmaps(view.icon)]
        values: dict[str, Any] = {
            "Category": "ApplicationStatus", "Id": self._name, "Title": "syncagent", "Status": _status(view),
            "WindowId": 0, "IconThemePath": str(HERE), "Menu": MENU_PATH, "ItemIsMenu": False,
            "IconName": view.icon, "IconPixmap": pictures, "OverlayIconName": "", "OverlayIconPixmap": none,
            "AttentionIconName": view.icon, "AttentionIconPixmap": pictures if view.needs_person else none,
            "AttentionMovieName": "",
            "ToolTip": [view.icon, none, view.title, view.text],
            "IconAccessibleDesc": view.title, "AttentionAccessibleDesc": view.title,
        }  # fmt: skip
        return {name: Variant(signature, values[name]) for name, signature in _PROPERTIES.items()}

    def call(self, member: str, body: list[Any]) -> Body:
        match member:
            case "Activate":
                self._choose(OpenFolder())
            case "SecondaryActivate":
                self._choose(OpenPage(Place.STATUS))
            case "ContextMenu" | "Scroll" | "ProvideXdgActivationToken":
                pass  # the menu is on the bus, for the panel to draw
            case _:
                raise Refusal(f"there is no {member} here", ErrorType.UNKNOWN_METHOD)
        return NOTHING


def _status(view: View) -> str:
    return "NeedsAttention" if view.needs_person else "Active"
