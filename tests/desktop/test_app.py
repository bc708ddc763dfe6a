"""`syncagent tray` as a process, on a session bus with a panel that the test is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Variant

from syncagent.agent.places import Places, places
from syncagent.desktop.bus.item import MENU_PATH, PATH
from tests.desktop.agent import Agent
from tests.desktop.bus.conftest import Daemon, Other, Watcher, address, other, watcher
from tests.desktop.told import conflicts, told

__all__ = ["address", "other", "watcher"]

MENU = "com.canonical.dbusmenu"


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    return places(tmp_path / "data")


class Process:
    """A tray."""

    def __init__(self, process: asyncio.subprocess.Process, other: Other) -> None:
        self.process = process
        self._other = other
        self.service = f"org.kde.StatusNotifierItem-{process.pid}-1"

    async def icon(self) -> str:
        return str(await self._other.get(self.service, PATH, "org.kde.StatusNotifierItem", "IconName"))

    async def until_icon(self, name: str) -> None:
        async with asyncio.timeout(30):
            while await self.icon() != name:
                await self._other.until_heard("NewIcon")

    async def choose(self, label: str) -> None:
        layout = await self._other.ask(self.service, MENU_PATH, f"{MENU}.GetLayout", "iias", 0, -1, ["label"])
        rows = [child.value for child in layout[1][2]]
        number = next(row[0] for row in rows if row[1].get("label", Variant("s", "")).value == label)
        await self._other.ask(
            self.service, MENU_PATH, f"{MENU}.Event", "isvu", number, "clicked", Variant("s", ""), 0
        )  # fmt: skip

    async def ended(self) -> tuple[int, str]:
        async with asyncio.timeout(30):
            _, said = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


@asynccontextmanager
async def tray(spot: Places, address: str, other: Other, *options: str) -> AsyncIterator[Process]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SYNCAGENT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "syncagent", "tray", "--data-dir", str(spot.data_dir), *options,
        env={**environment, "DBUS_SESSION_BUS_ADDRESS": address}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Process(process, other)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(40):
        while not true():  # noqa: ASYNC110 - what another process does
            await asyncio.sleep(0.02)


async def registered(watcher: Watcher, many: int = 1) -> None:
    await until(lambda: len(watcher.registered) >= many)


async def test_it_shows_the_agent_survives_its_restart_and_quits(
    spot: Places, address: str, other: Other, watcher: Watcher
) -> None:
    await watcher.appear()
    async with tray(spot, address, other) as one:
        await registered(watcher)
        assert await one.icon() == "syncagent-offline"
        for _ in range(2):
            agent = Agent()
            with agent.running(spot):
                agent.tell(told())
                await one.until_icon("syncagent-idle")
                agent.tell(told(conflicts=conflicts(1)))
                await one.until_icon("syncagent-attention")
            await one.until_icon("syncagent-offline")
        await one.choose("Quit")
        assert await one.ended() == (0, "")


async def test_one_that_was_killed_is_followed_by_another_that_shows_the_same(
    spot: Places, address: str, other: Other, watcher: Watcher
) -> None:
    await watcher.appear()
    agent = Agent()
    with agent.running(spot):
        agent.tell(told())
        async with tray(spot, address, other) as one:
            await registered(watcher)
            await one.until_icon("syncagent-idle")
            one.process.send_signal(signal.SIGKILL)
        async with tray(spot, address, other) as two:
            await registered(watcher, 2)
            await two.until_icon("syncagent-idle")
            two.process.send_signal(signal.SIGTERM)
            assert await two.ended() == (0, "")


async def test_there_is_one_for_each_data_directory(
    spot: Places, address: str, other: Other, watcher: Watcher, tmp_path: Path
) -> None:
    await watcher.appear()
    async with tray(spot, address, other):
        await registered(watcher)
        async with tray(spot, address, other) as second:
            code, said = await second.ended()
            assert (code, said) == (6, "syncagent: the tray is running already; --open shows the agent's page\n")
        async with tray(places(tmp_path / "other"), address, other):
            await registered(watcher, 2)


async def test_without_a_tray_it_says_so_and_notifies_all_the_same(spot: Places, address: str, other: Other) -> None:
    daemon = Daemon(other, "actions")
    await daemon.appear()
    agent = Agent()
    with agent.running(spot):
        agent.tell(told())
        async with tray(spot, address, other) as one:
            await until(lambda: daemon.shown and agent.asked)
            one.process.terminate()
            code, said = await one.ended()
    assert code == 0
    assert "this desktop shows no tray icons" in said
    assert "gnome-shell-extension-appindicator" in said
    assert daemon.shown[0][3] == "There is no tray here"
    assert agent.asked[0] == ("page", {"part": "overview"}), "the page is opened in its place"


async def test_without_a_session_there_is_a_line_and_no_traceback(spot: Places, other: Other) -> None:
    async with tray(spot, "unix:path=/nowhere/bus", other) as one:
        code, said = await one.ended()
    assert code == 1
    assert said.startswith("syncagent: there is no session bus to show an icon on")
    assert "syncagent page" in said
    assert said.count("\n") == 1


async def test_notifications_alone(spot: Places, address: str, other: Other, watcher: Watcher) -> None:
    await watcher.appear()
    daemon = Daemon(other)
    await daemon.appear()
    agent = Agent()
    with agent.running(spot):
        agent.tell(told(conflicts=conflicts(100)))
        async with tray(spot, address, other, "--no-tray") as one:
            await until(lambda: any("100 files" in shown[3] for shown in daemon.shown))
            one.process.terminate()
            await one.ended()
    assert watcher.registered == []
    titles: list[Any] = [shown[3] for shown in daemon.shown]
    assert titles.count("100 files were changed on two machines") == 1
