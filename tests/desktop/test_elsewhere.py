"""The tray by pystray: its own base, with a system behind it that only writes down."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.places import places
from syncagent.desktop import actions
from syncagent.desktop.actions import Action
from syncagent.desktop.app import Options
from syncagent.desktop.elsewhere import IconPanel, Run
from syncagent.desktop.menu import Item, Line
from syncagent.desktop.notices import Notice
from syncagent.desktop.notify import Level
from syncagent.desktop.ports import View
from tests.desktop.agent import Agent
from tests.desktop.told import told

MENU = (
    Item("headline", "Everything is in sync"),
    Item("detail", "", shown=False),
    Line("line"),
    Item("folder", "Open R&D", actions.OpenFolder()),
    Item("notify", "Notifications", children=(Item("all", "Everything", actions.SetLevel(Level.ALL), chosen=True),)),
)
VIEW = View("syncagent-idle", "Everything is in sync", "1,234 files", MENU, False)


@pytest.fixture
def pystray(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real one, whose Icon is on a system of ours."""
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    for name in [name for name in sys.modules if name.partition(".")[0] == "pystray"]:
        monkeypatch.delitem(sys.modules, name)
    found: Any = importlib.import_module("pystray")

    class Icon(found.Icon):  # type: ignore[misc]
        HAS_NOTIFICATION = True

        def __init__(self, *args: Any, **more: Any) -> None:
            self.did: list[str] = []
            self.rung: list[Any] = []
            self.ended = threading.Event()
            super().__init__(*args, **more)

        def _show(self) -> None:
            self.did.append("show")

        def _hide(self) -> None:
            self.did.append("hide")

        def _update_icon(self) -> None:
            self.did.append("icon")

        def _update_title(self) -> None:
            self.did.append("title")

        def _update_menu(self) -> None:
            self.did.append("menu")

        def _notify(self, message: str, title: str | None = None) -> None:
            self.rung.append((title, message))

        def _remove_notification(self) -> None:
            self.rung.append("gone")

        def _run(self) -> None:
            self._mark_ready()
            assert self.ended.wait(60)

        def _stop(self) -> None:
            self.ended.set()

    monkeypatch.setattr(found, "Icon", Icon)
    return found


def test_the_menu_is_that_of_every_system(pystray: Any) -> None:
    chosen: list[Action] = []
    panel = IconPanel(pystray, "syncagent", chosen.append)
    panel.show(VIEW)
    headline, line, folder, notify = panel.icon.menu
    assert (headline.text, headline.enabled) == ("Everything is in sync", False)
    assert line is pystray.Menu.SEPARATOR
    assert (folder.text, folder.default, folder.enabled) == ("Open R&&D", True, True)
    (everything,) = notify.submenu
    assert (everything.checked, everything.radio) == (True, True)
    folder(panel.icon)
    everything(panel.icon)
    assert chosen == [actions.OpenFolder(), actions.SetLevel(Level.ALL)]


def test_only_what_has_changed_is_drawn(pystray: Any) -> None:
    panel = IconPanel(pystray, "syncagent", lambda _: None)
    panel.icon.visible = True
    panel.show(VIEW)
    panel.icon.did.clear()
    panel.show(VIEW)
    assert panel.icon.did == []
    panel.show(View("syncagent-paused", "Paused", "x" * 300, MENU, False))
    assert panel.icon.did == ["icon", "title"]
    assert len(panel.icon.title) == 127


def test_notifications_have_no_buttons_and_the_length_that_fits(pystray: Any) -> None:
    panel = IconPanel(pystray, "syncagent", lambda _: None)
    panel.ring(Notice("held", "t" * 100, "b" * 300, True, (("Look", actions.Resume()),)))
    panel.withdraw("another")
    panel.withdraw("held")
    assert panel.icon.rung == [("t" * 63, "b" * 255), "gone"]


def test_from_the_icon_to_the_end(pystray: Any, tmp_path: Path) -> None:
    agent, spot = Agent(), places(tmp_path / "data")
    with agent.running(spot):
        agent.tell(told())
        one = Run(pystray, spot, Options(lambda _: None))
        shown = threading.Event()

        def watch() -> None:
            while one.panel.icon.title.partition("\n")[0] != "Everything is in sync":
                if shown.wait(0.01):
                    return
            shown.set()
            quits = next(item for item in one.panel.icon.menu.items if item.text.startswith("Quit"))
            quits(one.panel.icon)

        person = threading.Thread(target=watch)
        person.start()
        one.run()
        assert shown.is_set()
        shown.set()
        person.join(20)
