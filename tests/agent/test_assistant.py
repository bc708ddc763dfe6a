"""The first run, as its page asks for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent import assistant as asked
from syncagent.agent.assistant import PORTS_TRIED, Assistant, assist, free_port
from syncagent.agent.config.reading import read_settings
from syncagent.agent.founding import PORT
from syncagent.agent.places import Places
from syncagent.control import ControlServer, UnknownCommand
from syncagent.errors import BadConfig, SyncAgentError


class World:
    """A home, and an agent that is only an ear."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.spot = Places(folder / "data")
        self.started = 0
        self.finished = 0
        self.fails = ""
        self.assistant = Assistant(self.spot, {"PATH": "/usr/bin:/bin"}, self.home, self._finish, self._start)

    def _finish(self) -> None:
        self.finished += 1

    def _start(self, spot: Places) -> Mapping[str, Any]:
        if self.fails:
            raise SyncAgentError(self.fails)
        self.started += 1
        return {}

    async def finish(self, **args: Any) -> dict[str, Any]:
        async def handle(command: str, args: dict[str, Any]) -> dict[str, Any]:
            return {"url": f"http://127.0.0.1:1/enter?ticket={command}&part={args['part']}"}

        async with ControlServer(self.spot.control, handle):
            return await self.assistant.answer("finish", {"name": "Laptop", "folder": "~/Documents", **args})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def no_hub() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def test_it_begins_with_what_is_usual(world: World) -> None:
    known = await world.assistant.answer("start", {})
    assert known["folder"] == "~/syncagent"
    assert known["data_dir"] == str(world.spot.data_dir)
    assert known["name"]
    assert not world.spot.data_dir.exists(), "nothing is made before it is wanted"


async def test_a_hub_here_is_set_up_and_started_and_leads_to_the_page(world: World) -> None:
    answer = await world.finish(way="hub", others=False)
    assert answer["url"] == "http://127.0.0.1:1/enter?ticket=page&part=welcome"
    settings = read_settings(world.spot)
    assert settings.listen.startswith("127.0.0.1:")
    assert (settings.name, settings.sync_root) == ("Laptop", world.home / "Documents")
    assert (world.home / "Documents").is_dir()
    assert (world.started, world.finished) == (1, 1)


async def test_for_other_machines_the_hub_listens_on_the_network(world: World) -> None:
    await world.finish(way="hub", others=True)
    assert read_settings(world.spot).listen.startswith("0.0.0.0:")


async def test_by_a_link_one_joins(world: World) -> None:
    await world.finish(way="join", link=f"syncagent://hub.example:8765/team?key=k&fp={'ab' * 32}")
    settings = read_settings(world.spot)
    assert (settings.server, settings.folder, settings.listen) == ("wss://hub.example:8765", "team", "")


@pytest.mark.parametrize(
    "args",
    [
        {"way": "hub", "folder": "/"},
        {"way": "hub", "folder": ""},
        {"way": "hub", "folder": 7},
        {"way": "elsewhere"},
        {"way": "join", "link": "https://example.org"},
        {"way": "join", "link": "syncagent://192.168.1.20:8765/default?key=k"},
        {"way": "hub", "name": "two\nlines"},
        {"way": "hub", "name": "x" * 65},
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_set_up(world: World, args: dict[str, Any]) -> None:
    with pytest.raises(BadConfig):
        await world.finish(**args)
    assert not world.spot.config.exists()
    assert (world.started, world.finished) == (0, 0)


async def test_a_start_that_fails_leaves_the_choice_open(world: World) -> None:
    world.fails = "the port is taken"
    with pytest.raises(SyncAgentError, match="the port is taken"):
        await world.finish(way="hub")
    world.fails = ""
    await world.finish(way="hub", folder="~/Another")
    assert read_settings(world.spot).sync_root == world.home / "Another"


async def test_of_a_folder_it_is_said_what_is_there_and_what_forbids_it(world: World) -> None:
    (world.home / "Documents").mkdir()
    (world.home / "Documents" / "a.txt").touch()
    found = await world.assistant.answer("folder", {"path": "~/Documents"})
    assert (found["problem"], found["entries"], found["kept"]) == ("", 1, False)
    assert (await world.assistant.answer("folder", {"path": ""}))["problem"] == "which folder?"
    assert (await world.assistant.answer("list", {"path": "~/D"}))["folders"] == ["~/Documents"]


async def test_a_link_is_looked_at_before_anything_is_done(world: World, no_hub: int) -> None:
    async def said(link: str) -> dict[str, Any]:
        return await world.assistant.answer("link", {"link": link})

    assert "one begins with syncagent://" in (await said("nonsense"))["problem"]
    cut = await said("syncagent://192.168.1.20:8765/default?key=k")
    assert cut["problem"].endswith("was it cut off?")
    silent = await said(f"syncagent://127.0.0.1:{no_hub}/default?key=k")
    assert "problem" not in silent
    assert silent["where"] == f"127.0.0.1:{no_hub}"
    assert not silent["reached"]
    assert "you can go on" in silent["warning"]
    assert not world.spot.data_dir.exists()


async def test_what_nobody_knows_is_not_answered(world: World) -> None:
    with pytest.raises(UnknownCommand):
        await world.assistant.answer("stop", {})
    with pytest.raises(BadConfig):
        await world.assistant.answer("list", {"path": "x" * 5000})


def test_a_port_that_is_taken_is_not_chosen() -> None:
    first = free_port()
    assert PORT <= first < PORT + PORTS_TRIED
    with socket.create_server(("0.0.0.0", first)):
        assert free_port() != first


async def test_it_waits_until_it_is_done_or_nobody_looks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "GOODBYE_SECONDS", 0.0)
    shown: list[str] = []

    class Done(Assistant):
        def __init__(self, spot: Places, environment: Mapping[str, str], home: Path, finished: Any) -> None:
            super().__init__(spot, environment, home, finished)
            finished()

    monkeypatch.setattr(asked, "Assistant", Done)
    assert await asyncio.wait_for(assist(world.spot, shown.append, {}), 10)
    assert shown[0].startswith("http://127.0.0.1:")
