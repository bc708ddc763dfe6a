"""What a desktop asks of the running agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from syncagent.agent import desk
from syncagent.agent.autostart import choice
from syncagent.agent.check import Grounds
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.desk import Desk, invitation
from syncagent.engine.status import Waiting
from syncagent.errors import BadConfig, RootMissing
from syncagent.model.link import parse_link
from syncagent.model.names import RelPath

KEY = "a key that only a link has"


class Agent:
    def __init__(self) -> None:
        self.waiting: list[Waiting] | None = []
        self.config: AgentConfig

    def grounds(self) -> Grounds:
        if self.waiting is None:
            raise RootMissing("it is gone")
        waiting = self.waiting
        return cast(Grounds, SimpleNamespace(waiting=lambda most: waiting[:most]))


class Subject:
    async def answer(self, what: str, args: dict[str, Any]) -> dict[str, Any]:
        return {}

    async def news(self) -> AsyncGenerator[dict[str, Any], None]:
        yield {}


def settings(root: Path, **more: Any) -> AgentConfig:
    given = {"server": "ws://127.0.0.1:8765", "name": "Laptop", "client_id": "laptop-1", **more}
    return AgentConfig(sync_root=root, data_dir=root.parent, api_key=SecretStr(KEY), **given)


def desk_of(root: Path, agent: Agent | None = None) -> Desk:
    agent = agent or Agent()
    agent.config = settings(root)
    return Desk(agent, Subject)


async def test_the_page_is_served_when_it_is_asked_for_and_ends_with_the_agent(tmp_path: Path) -> None:
    made = desk_of(tmp_path)
    url = (await made.answers()["page"]({}))["url"]
    again = (await made.answers()["page"]({}))["url"]
    assert url != again
    assert url.partition("?")[0] == again.partition("?")[0]
    port = int(url.split(":")[2].partition("/")[0])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await made.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_what_waits_is_listed_with_its_way_and_its_age(tmp_path: Path) -> None:
    agent = Agent()
    now = asyncio.get_running_loop().time()
    agent.waiting = [
        Waiting(RelPath("a"), out=True, busy=True, size=3, since=now - 5), Waiting(RelPath("b"), False, False, 0),
        Waiting(RelPath("c"), False, False, 0),
    ]  # fmt: skip
    found = (await desk_of(tmp_path, agent).answers()["pending"]({"limit": 2}))["pending"]
    assert [(one["path"], one["direction"], one["busy"], one["size"]) for one in found] == [
        ("a", "outgoing", True, 3), ("b", "incoming", False, 0),
    ]  # fmt: skip
    assert found[0]["seconds"] >= 5
    assert found[1]["seconds"] is None


async def test_nothing_is_known_to_wait_while_there_is_no_folder(tmp_path: Path) -> None:
    agent = Agent()
    agent.waiting = None
    assert await desk_of(tmp_path, agent).answers()["pending"]({}) == {"pending": []}


async def test_starting_at_login_is_switched_on_and_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Item:
        kind = "systemd"
        enabled = False

        def on(self, *, force: bool, start: bool) -> None:
            assert not force
            assert not start, "the one who is asked runs already"
            self.enabled = True

        def off(self, *, force: bool) -> None:
            assert not force
            self.enabled = False

        def look(self) -> Any:
            return SimpleNamespace(enabled=self.enabled)

    item = Item()
    monkeypatch.setattr(choice, "login_item", lambda *_: item)
    made = desk_of(tmp_path)
    for args, on in (({}, False), ({"on": True}, True), ({}, True), ({"on": "no"}, True), ({"on": False}, False)):
        assert await made.answers()["autostart"](args) == {"on": on, "kind": "systemd"}


async def test_the_folder_of_a_file_is_shown_or_the_nearest_that_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").write_text("")
    (root / "a" / "away").symlink_to("/etc")
    shown: list[Path] = []

    async def opened(folder: Path) -> None:
        shown.append(folder)

    monkeypatch.setattr(desk, "opened", opened)
    for path in ("", "a/b", "a/b/file", "a/b/gone/for/good", "a/away"):
        await desk_of(root).answers()["open"]({"path": path})
    assert shown == [root, root / "a" / "b", root / "a" / "b", root / "a" / "b", root / "a"]


@pytest.mark.parametrize("path", ["../outside", "/etc", "a/../../b", "a//b", "nul\0"])
async def test_nothing_outside_of_the_folder_is_shown(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadConfig, match="no path within the folder"):
        await desk_of(tmp_path).answers()["open"]({"path": path})


def test_the_invitation_leads_to_the_hub_with_the_key(tmp_path: Path) -> None:
    found = invitation(settings(tmp_path, server="wss://hub.example:8765", fingerprint="ab" * 32, folder="team"))
    link = parse_link(found["link"])
    assert (link.server, link.key, link.folder, link.fingerprint) == ("wss://hub.example:8765", KEY, "team", "ab" * 32)
    assert not found["only_here"]


def test_an_invitation_to_a_hub_that_only_this_machine_reaches_says_so(tmp_path: Path) -> None:
    own = invitation(settings(tmp_path, listen="127.0.0.1:8765"))
    assert (own["only_here"], own["own_hub"]) == (True, True)
    joined = invitation(settings(tmp_path))
    assert (joined["only_here"], joined["own_hub"]) == (True, False)
    assert not invitation(settings(tmp_path, listen="0.0.0.0:8765"))["only_here"]
