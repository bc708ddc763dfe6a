"""The tray as a whole, with a panel, a bell and deeds that only write down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from syncagent.desktop import actions
from syncagent.desktop.actions import Action
from syncagent.desktop.notices import Notice, Told
from syncagent.desktop.notify import Level
from syncagent.desktop.ports import View
from syncagent.desktop.remembered import Remembered
from syncagent.desktop.tray import Tray
from tests.desktop.told import SYNCING, conflicts, told
from tests.support.virtual_time import run_virtually

COMPLETE = Remembered(Told(complete=("/home/ann/Sync",)))


class Desktop:
    def __init__(self, remembered: Remembered = COMPLETE, level: Level = Level.ALL) -> None:
        self.views: list[View] = []
        self.rung: list[str] = []
        self.begun: list[tuple[Action, str]] = []
        self.kept: list[Remembered] = []
        loop = asyncio.get_running_loop()
        self.tray = Tray(
            self, self, self, remembered=remembered, keep=self.kept.append, level=level,
            hour=lambda: 1_764_158_400.0 + loop.time(),
        )  # fmt: skip
        self.tray.look()

    def show(self, view: View) -> None:
        self.views.append(view)

    def ring(self, notice: Notice) -> None:
        self.rung.append(notice.key)

    def withdraw(self, key: str) -> None:
        self.rung.append(f"no {key}")

    def carry_out(self, action: Action, root: str) -> None:
        self.begun.append((action, root))

    @property
    def label(self) -> str:
        return str(getattr(self.views[-1].menu[0], "label", ""))


def on_a_desktop(go: Callable[[Desktop], Coroutine[Any, Any, None]], **more: Any) -> Desktop:
    async def run() -> Desktop:
        desktop = Desktop(**more)
        await go(desktop)
        desktop.tray.end()
        return desktop

    return run_virtually(run())


def test_before_anything_is_heard_it_says_that_nothing_runs() -> None:
    async def go(desktop: Desktop) -> None:
        assert desktop.views[-1].icon == "syncagent-offline"
        assert desktop.label == "syncagent is not running"

    on_a_desktop(go)


def test_it_says_that_nothing_is_set_up() -> None:
    async def go(desktop: Desktop) -> None:
        desktop.tray._is_set_up = lambda: False
        desktop.tray.hear(None)
        assert desktop.label == "Nothing is set up yet"
        desktop.tray.hear(told())
        assert desktop.label == "Everything is in sync"
        desktop.tray.hear(None)
        assert desktop.label == "syncagent is not running", "one that was given everything by options"

    on_a_desktop(go)


def test_it_shows_what_the_agent_tells_and_that_it_is_gone() -> None:
    async def go(desktop: Desktop) -> None:
        desktop.tray.hear(told())
        assert (desktop.views[-1].icon, desktop.views[-1].needs_person) == ("syncagent-idle", False)
        desktop.tray.hear(told(conflicts=conflicts(2)))
        assert (desktop.views[-1].icon, desktop.views[-1].needs_person) == ("syncagent-attention", True)
        desktop.tray.hear(None)
        assert desktop.label == "syncagent is not running"

    on_a_desktop(go)


def test_the_arrows_turn_while_something_is_carried_over() -> None:
    async def go(desktop: Desktop) -> None:
        desktop.tray.hear(SYNCING)
        await asyncio.sleep(10)
        assert {view.icon for view in desktop.views[1:]} == {f"syncagent-syncing-{frame}" for frame in range(4)}
        desktop.tray.hear(told())
        shown = len(desktop.views)
        await asyncio.sleep(29)
        assert len(desktop.views) == shown, "at rest nothing is done"

    on_a_desktop(go)


def test_notices_come_when_it_has_been_quiet_and_are_remembered() -> None:
    async def go(desktop: Desktop) -> None:
        desktop.tray.hear(told(conflicts=conflicts(2)))
        assert desktop.rung == []
        await asyncio.sleep(5)
        assert desktop.rung == ["conflicts"]
        assert desktop.kept[-1].told.conflicts == 2
        desktop.tray.hear(told())
        assert desktop.rung == ["conflicts", "no conflicts"]

    on_a_desktop(go)


def test_a_snooze_ends_by_itself_and_outlasts_the_tray() -> None:
    async def go(desktop: Desktop) -> None:
        desktop.tray.choose(actions.Snooze(1800))
        desktop.tray.hear(told(conflicts=conflicts(1)))
        await asyncio.sleep(1700)
        assert desktop.rung == []
        assert desktop.kept[-1].snoozed_until == 1_764_158_400.0 + 1800
        await asyncio.sleep(200)
        assert desktop.rung == ["conflicts"]

    on_a_desktop(go)

    async def later(desktop: Desktop) -> None:
        desktop.tray.hear(told(conflicts=conflicts(1)))
        await asyncio.sleep(600)
        assert desktop.rung == []
        desktop.tray.choose(actions.Snooze(0))
        await asyncio.sleep(5)
        assert desktop.rung == ["conflicts"]

    on_a_desktop(later, remembered=Remembered(COMPLETE.told, 1_764_158_400.0 + 1800))


def test_choices_become_deeds_with_the_folder_that_is_kept() -> None:
    async def go(desktop: Desktop) -> None:
        desktop.tray.hear(told())
        desktop.tray.choose(actions.OpenFolder())
        desktop.tray.choose(actions.SetLevel(Level.NONE))
        desktop.tray.hear(told(conflicts=conflicts(1)))
        await asyncio.sleep(60)
        assert desktop.begun == [
            (actions.OpenFolder(), "/home/ann/Sync"), (actions.SetLevel(Level.NONE), "/home/ann/Sync"),
        ]  # fmt: skip
        assert desktop.rung == []

    on_a_desktop(go)


def test_quit_ends_the_tray_and_asks_nothing() -> None:
    async def go(desktop: Desktop) -> None:
        assert not desktop.tray.over.is_set()
        desktop.tray.choose(actions.Quit())
        assert desktop.tray.over.is_set()
        assert desktop.begun == []

    on_a_desktop(go)


def test_that_there_is_no_tray_is_told_once() -> None:
    async def go(desktop: Desktop) -> None:
        notice = Notice("no-tray", "There is no tray here", "")
        assert desktop.tray.say_no_tray(notice)
        assert not desktop.tray.say_no_tray(notice)
        assert desktop.rung == ["no-tray"]
        assert desktop.kept[-1].no_tray_told

    on_a_desktop(go)
