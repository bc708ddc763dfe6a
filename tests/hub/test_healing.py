"""What the hub has lost comes back from whoever has it, while it runs."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncagent.control import ControlClient
from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.rules import Rules
from syncagent.private import control_socket
from tests.support.raw_client import KEY, LEVEL_2, RawClient, file_change, hexdigest, pack, unpack

pytestmark = pytest.mark.hazard("E8")
SMALL, LARGE = b"small", b"l" * 70_000
HEALER = {**LEVEL_2, "capabilities": ["journal", "batch", "blocks", "heal"]}


@pytest.fixture
async def hub(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Hub]:
    rules = Rules(heal=getattr(request, "param", 3600.0))
    async with Hub(HubConfig(tmp_path, port=0, bootstrap_key=KEY, rules=rules)) as hub:
        yield hub
        await RawClient.end_all()


async def lose(hub: Hub, directory: Path) -> None:
    """The folder has a file, and the hub loses its block."""
    author = await RawClient.live(hub.url, "author")
    await author.submit(file_change("n1", "a.bin", LARGE), blocks=(LARGE,))
    await author.close()
    [path] = (directory / "blocks").rglob(hexdigest(LARGE))
    path.write_bytes(b"m" + LARGE[1:])


async def fsck(directory: Path) -> dict[str, Any]:
    return await asyncio.to_thread(ControlClient(control_socket(directory), who="hub").call, "fsck", within=60)


async def healer(hub: Hub, name: str = "healer") -> RawClient:
    client = await RawClient.joined(hub.url, name, **HEALER)
    await client.say("sync_request", {"kind": "changes", "since": 0})
    return client


async def hear_wanted(client: RawClient) -> list[dict[str, Any]]:
    while True:
        frame = await client.frame()
        data = json.loads(frame)["data"] if isinstance(frame, str) else {}
        if data.get("kind") == "wanted":
            files: list[dict[str, Any]] = data["files"]
            return files


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def in_order(directory: Path) -> None:
    async with asyncio.timeout(20):
        while (await fsck(directory))["wrong"]:
            pass


async def test_a_block_that_fsck_found_damaged_is_asked_for_and_comes_back(
    hub: Hub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "syncagent.hub.audit")
    await lose(hub, tmp_path)
    assert (await fsck(tmp_path))["wrong"] == 2
    client = await healer(hub)
    assert await hear_wanted(client) == [{"node_id": "n1", "digest": hexdigest(LARGE), "size": len(LARGE)}]
    await client.raw(pack(LARGE))
    await in_order(tmp_path)
    other = await RawClient.live(hub.url, "other")
    await other.say("sync_request", {"kind": "blocks", "request_id": "1", "digests": [hexdigest(LARGE)]})
    frame = await other.frame()
    assert isinstance(frame, bytes)
    assert unpack(frame) == [LARGE]
    async with asyncio.timeout(20):
        while "healed from=hub folder=default blocks=0 files=0" not in (lines := said(caplog)):
            await fsck(tmp_path)
    assert "lost from=hub folder=default blocks=1 files=1" in lines


async def test_a_block_that_a_reader_found_damaged_is_asked_for_by_itself(hub: Hub, tmp_path: Path) -> None:
    await lose(hub, tmp_path)
    client, other = await healer(hub), await RawClient.live(hub.url, "other")
    answer = await other.ask(kind="blocks", request_id="1", digests=[hexdigest(LARGE)])
    assert answer["digests"] == [hexdigest(LARGE)], "wrong bytes are never served"
    assert [one["node_id"] for one in await hear_wanted(client)] == ["n1"]
    await client.raw(pack(LARGE))
    await in_order(tmp_path)


@pytest.mark.parametrize("hub", [0.2], indirect=True)
async def test_who_was_not_ready_is_told_again_and_who_cannot_help_is_not(hub: Hub, tmp_path: Path) -> None:
    await lose(hub, tmp_path)
    await fsck(tmp_path)
    client = await healer(hub)
    old = await RawClient.live(hub.url, "old")
    for _ in range(2):
        assert await hear_wanted(client)
    await old.say("heartbeat", {"client_id": "old", "timestamp": ""})
    assert (await old.hear())["type"] == "heartbeat"


async def test_wrong_bytes_do_not_heal(hub: Hub, tmp_path: Path) -> None:
    await lose(hub, tmp_path)
    await fsck(tmp_path)
    client = await healer(hub)
    await hear_wanted(client)
    await client.raw(pack(LARGE).replace(b"llll", b"mmmm", 1))
    assert (await fsck(tmp_path))["wrong"] == 1


async def test_a_small_block_is_kept_without_a_change_that_it_belongs_to(tmp_path: Path) -> None:
    config = HubConfig(tmp_path, port=0, bootstrap_key=KEY)
    async with Hub(config) as first:
        author = await RawClient.live(first.url, "author")
        await author.submit(file_change("n1", "a.txt", SMALL), blocks=(SMALL,))
        await RawClient.end_all()
    with closing(sqlite3.connect(tmp_path / "hub.db")) as database, database:
        database.execute("UPDATE block SET bytes = ?", (b"smell",))
    async with Hub(config) as second:
        await fsck(tmp_path)
        client = await healer(second)
        await hear_wanted(client)
        await client.raw(pack(SMALL))
        await in_order(tmp_path)
        await RawClient.end_all()
