"""Names: those that must get nowhere get nowhere; all others are the same everywhere, or are listed with a reason."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from syncagent.model.names import OWN_FOLDER
from tests.e2e.machines import tree
from tests.e2e.names import EVIL, LOOK_ALIKES, NO_TEXT
from tests.support.agents import config_in, running
from tests.support.pair import KEY, hub_in, pair_in
from tests.support.raw_client import RawClient

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WHEN = "2026-11-22T23:18:00+00:00"


def test_there_are_some_two_hundred_of_them() -> None:
    assert len(set(EVIL)) == len(EVIL) > 200


@pytest.mark.hazard("C1", "C3", "C9", "N11")
async def test_the_hub_takes_none_of_them(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub, running(config_in(tmp_path / "anna", name="anna", server=hub.url)) as anna:
        (anna.root / "good").write_text("1")
        await anna.wait()
        client = await RawClient.joined(hub.url, "evil-1", key=KEY, **LEVEL_2)
        await client.catch_up(0)
        text = [path for path in EVIL if path not in NO_TEXT]
        for start in range(0, len(text), 50):
            batch = [folder(f"n{start + number}", path) for number, path in enumerate(text[start : start + 50])]
            verdicts = await client.submit(*batch)
            assert [one["status"] for one in verdicts] == ["rejected"] * len(batch), verdicts
        [taken] = await client.submit(folder("fine", "fine"))
        assert taken["status"] == "committed", "who was refused may go on"
        for path in NO_TEXT:
            await client.submit_only(folder("no-text", path))
            assert (await client.hear("error"))["data"]["error_code"] == "malformed_json"
        await RawClient.end_all()
        await anna.wait()
        assert sorted(tree(anna.root)) == ["fine", "good"]


LEVEL_2: dict[str, Any] = {"protocol_version": 2, "capabilities": ["journal", "batch", "blocks", "push"]}


def folder(node: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "operation": "create", "file_path": path, "change_id": f"c-{node}", "node_id": node, "parent_id": "root",
        "base_rev": 0, "kind": "directory", **more,
    }  # fmt: skip


class EvilHub:
    """A hub that lets everyone in, and tells each who connects of one more folder with a path of its own choice: in a
    page of the journal, or as news."""

    def __init__(self) -> None:
        self.paths = list(EVIL)
        self.told = 0
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with serve(self._talk, "127.0.0.1", 0) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield

    async def _talk(self, socket: ServerConnection) -> None:
        try:
            async for frame in socket:
                message = json.loads(frame) if isinstance(frame, str) else {"type": "pack"}
                data = message.get("data", {})
                match message["type"]:
                    case "client_connect":
                        await self._say(socket, "client_connect", self._welcome())
                    case "sync_request" if data.get("kind") == "changes":
                        await self._tell(socket, data)
        except ConnectionClosed:
            return

    async def _tell(self, socket: ServerConnection, asked: dict[str, Any]) -> None:
        path = self.paths[self.told % len(self.paths)]
        as_news = self.told % 2 == 1
        self.told += 1
        entry = {
            "operation": "create", "file_path": path, "client_id": "evil-1", "node_id": "e" * 25, "parent_id": "root",
            "kind": "directory", "seq": 1, "rev": 1,
        }  # fmt: skip
        page = {
            "success": True, "message": "", "operations": [], "files_to_sync": [], "conflicts": [], "kind": "changes",
            "changes": [] if as_news else [entry], "head": 0 if as_news else 1, "next": 0 if as_news else 1,
        }  # fmt: skip
        if "request_id" in asked:
            page["request_id"] = asked["request_id"]
        await self._say(socket, "sync_response", page)
        if as_news:
            await self._say(socket, "file_changed", {"client_id": "evil-1", "changes": [entry], "head": 1})

    async def _say(self, socket: ServerConnection, kind: str, data: dict[str, Any]) -> None:
        await socket.send(json.dumps({"type": kind, "data": data, "client_id": "server", "timestamp": WHEN}))

    def _welcome(self) -> dict[str, Any]:
        limits = {"text_bytes": 4 << 20, "frame_bytes": 1 << 20, "batch_changes": 100, "push_bytes": 65536}
        return {
            "success": True, "message": "Connected successfully", "server_time": WHEN, "protocol_version": 2,
            "capabilities": ["journal", "batch", "blocks", "push"], "hub_id": "evil", "epoch": "e1", "head": 1,
            "heartbeat_interval": 30.0, "limits": limits, "role": "writer",
        }  # fmt: skip


@pytest.mark.hazard("C1", "C3", "C9", "G13", "N11")
async def test_the_agent_takes_none_of_them_from_a_hub_that_means_evil(tmp_path: Path) -> None:
    evil = EvilHub()
    canary = tmp_path / "outside" / "canary"
    canary.parent.mkdir()
    canary.write_text("untouched")
    async with evil.open():
        config = config_in(tmp_path / "anna", name="anna", server=f"ws://127.0.0.1:{evil.port}")
        async with running(config) as anna:
            async with asyncio.timeout(30):
                while not evil.told:  # noqa: ASYNC110 - the agent comes when it does
                    await asyncio.sleep(0.01)
            before = everything(tmp_path, anna.root)
            ours = {path.name for path in (anna.root / OWN_FOLDER).iterdir()}
            while evil.told < 2 * len(EVIL):  # each of them in both ways
                told = evil.told
                await anna.call("resume")
                async with asyncio.timeout(30):
                    while evil.told == told:  # noqa: ASYNC110 - the agent comes back when it does
                        await asyncio.sleep(0.001)
            assert tree(anna.root) == {}
            assert everything(tmp_path, anna.root) == before
            assert {path.name for path in (anna.root / OWN_FOLDER).iterdir()} == ours
            lines = (await anna.call("log", limit=20))["entries"]
            assert any(line["text"].startswith("stopped until someone mends it: the ") for line in lines), lines


def everything(base: Path, root: Path) -> set[str]:
    """All there is but what the agent keeps in its data directory."""
    return {str(path) for path in base.rglob("*") if root.parent not in path.parents} | {
        str(path) for path in root.rglob("*") if OWN_FOLDER not in path.parts
    }


@pytest.mark.hazard("C3", "N15")
async def test_what_looks_like_our_own_folder_is_listed_and_left_alone(tmp_path: Path) -> None:
    names = [name for name in LOOK_ALIKES if name != OWN_FOLDER]
    async with pair_in(tmp_path) as pair:
        (pair.anna.root / "sub").mkdir()
        for name in names:
            (pair.anna.root / "sub" / name).mkdir()
            (pair.anna.root / "sub" / name / "x").write_text("kept here")
        for name in (".SYNCAGENT", ".syncagent.", ".sync\u200cagent"):
            (pair.anna.root / name).mkdir()
        (pair.anna.root / "good").write_text("1")
        await pair.anna.wait()
        await pair.bert.wait()
        assert sorted(tree(pair.bert.root)) == ["good", "sub"]
        skipped = {row["path"] for row in (await pair.anna.status())["skipped"]}
        assert {f"sub/{name}" for name in names} | {".SYNCAGENT", ".syncagent.", ".sync\u200cagent"} == skipped
        assert (pair.anna.root / "sub" / ".SyncAgent" / "x").read_text() == "kept here"


@pytest.mark.hazard("C4", "C5", "N15", "N5")
async def test_twins_of_one_name_in_two_spellings_are_both_kept_here_and_one_is_listed(tmp_path: Path) -> None:
    apart, composed = unicodedata.normalize("NFD", "é.txt"), unicodedata.normalize("NFC", "é.txt")
    async with pair_in(tmp_path) as pair:
        root = pair.anna.root
        (root / composed).write_text("composed")
        (root / apart).write_text("apart")
        if len({path.name for path in root.iterdir()} & {apart, composed}) < 2:
            pytest.skip("this disk takes them for one name")
        for name in ("README", "readme", "Readme"):
            (root / name).write_text(name)
        for _ in range(2):
            await pair.anna.wait()
            await pair.bert.wait()
        head = await pair.head()
        assert (root / composed).read_text() == "composed"
        assert (root / apart).read_text() == "apart"
        assert (pair.bert.root / composed).read_text() in ("composed", "apart")
        assert {path.name for path in pair.bert.root.iterdir()} == {composed, "README", "readme", "Readme", OWN_FOLDER}
        [listed] = (await pair.anna.status())["skipped"]
        assert listed["path"] in (apart, composed)
        (pair.bert.root / composed).write_text("by bert")
        await pair.bert.wait()
        await pair.anna.wait()
        assert sorted(path.read_text() for path in (root / apart, root / composed)) in (
            ["apart", "by bert"],
            ["by bert", "composed"],
        )
        assert await pair.head() == head + 1, "no going to and fro"
