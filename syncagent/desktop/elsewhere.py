"""The tray on Windows and macOS, by pystray: it has the main thread there, and the event loop another.

What these systems do not have is left out: buttons in notifications, symbols beside entries.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from syncagent.agent.places import Places
from syncagent.desktop.app import Options, at_work
from syncagent.desktop.icons import icon_file
from syncagent.desktop.menu import Entry, Item, Line
from syncagent.desktop.notices import Notice
from syncagent.desktop.ports import Choose, View
from syncagent.desktop.tray import Tray
from syncagent.errors import SyncAgentError

SIZE: Final = 64
MOST_TITLE: Final = 63
MOST_BODY: Final = 255
MOST_TIP: Final = 127
"""Characters that Windows takes."""


class IconPanel:
    """Our icon, with its menu and notifications.  ``show``, ``ring`` and ``withdraw`` may be called from any thread."""

    def __init__(self, pystray: Any, name: str, choose: Choose) -> None:
        self._pystray = pystray
        self._choose = choose
        self._view: View | None = None
        self._rung = ""
        self.icon = pystray.Icon(name, self._image("syncagent-offline"), "syncagent", pystray.Menu(self._entries))

    def show(self, view: View) -> None:
        before, self._view = self._view, view
        if before is None or view.icon != before.icon:
            self.icon.icon = self._image(view.icon)
        tip = "\n".join(part for part in (view.title, view.text) if part)
        if before is None or (view.title, view.text) != (before.title, before.text):
            self.icon.title = tip[:MOST_TIP]
        if before is None or view.menu != before.menu:
            self.icon.update_menu()

    def ring(self, notice: Notice) -> None:
        if self.icon.HAS_NOTIFICATION:
            self._rung = notice.key
            self.icon.notify(notice.body[:MOST_BODY], notice.title[:MOST_TITLE])

    def withdraw(self, key: str) -> None:
        # There is one at a time: what is shown may be another by now.
        if self.icon.HAS_NOTIFICATION and self._rung == key:
            self._rung = ""
            self.icon.remove_notification()

    def _image(self, name: str) -> Any:
        with importlib.import_module("PIL.Image").open(icon_file(name, SIZE)) as picture:
            return picture.copy()

    def _entries(self) -> Iterator[Any]:
        return self._made(self._view.menu if self._view is not None else ())

    def _made(self, entries: tuple[Entry, ...]) -> Iterator[Any]:
        for entry in entries:
            match entry:
                case Line():
                    yield self._pystray.Menu.SEPARATOR
                case Item():
                    yield self._item(entry)

    def _item(self, item: Item) -> Any:
        label = item.label.replace("&", "&&")
        if item.children:
            return self._pystray.MenuItem(label, self._pystray.Menu(*self._made(item.children)))

        def chosen(*_: Any) -> None:
            if item.action is not None:
                self._choose(item.action)

        def is_chosen(_: Any) -> bool:
            return item.chosen is True

        return self._pystray.MenuItem(
            label, chosen, checked=None if item.chosen is None else is_chosen, radio=item.chosen is not None,
            default=item.key == "folder", visible=item.shown, enabled=item.enabled,
        )  # fmt: skip


def run(spot: Places, options: Options) -> None:
    """Show the tray until it is quit.  Raises SyncAgentError where there is nothing to show it with."""
    try:
        pystray: Any = importlib.import_module("pystray")
    except ImportError as error:
        raise SyncAgentError(f"the tray needs more: pip install 'syncagent[tray]' ({error})") from None
    Run(pystray, spot, options).run()


class Run:
    """From the icon's appearance to its end."""

    def __init__(self, pystray: Any, spot: Places, options: Options) -> None:
        self._spot, self._options = spot, options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tray: Tray | None = None
        self.panel = IconPanel(pystray, "syncagent", self._chosen)
        self._ended = threading.Event()

    def run(self) -> None:
        """In the main thread, which these systems want for it."""
        self.panel.icon.run(self._beside)
        # The icon may have gone first, with the session.
        self._in_loop(lambda tray: tray.over.set())
        self._ended.wait(5)

    def _beside(self, icon: Any) -> None:
        icon.visible = self._options.tray
        try:
            asyncio.run(self._work())
        finally:
            self._ended.set()
            icon.stop()

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with at_work(self._spot, self._options, self.panel, self.panel) as tray:
            self._tray = tray
            await tray.over.wait()

    def _chosen(self, action: Any) -> None:
        self._in_loop(lambda tray: tray.choose(action))

    def _in_loop(self, what: Callable[[Tray], None]) -> None:
        if self._loop is not None and self._tray is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, self._tray)
