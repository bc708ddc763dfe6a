"""The hub's tree, asked anew: from a real hub, and from one that does not answer as it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncagent.agent import census
from syncagent.agent.census import hub_bytes, hub_history, hub_tree
from syncagent.content.digest import content_of, digest_of
from syncagent.engine.dialogue import Dialogue, Introduction
from syncagent.errors import BadMessage, LinkLost, Refused
from syncagent.model.ids import ClientId
from syncagent.model.nodes import Block, Content, File
from syncagent.transport.ports import Link
from syncagent.transport.ws_link import WsDialer
from tests.agent.test_conversation import WHEN, MemoryLink, hub
from tests.support.agents import config_in, running
from tests.support.hubs import KEY, hub_in
from tests.support.virtual_time import run_virtually


def introduce(key: str = KEY) -> Any:
    who = Introduction(ClientId("reader"), "Reader", "/", key)
    return lambda now: Dialogue(who, lambda: WHEN, now)


async def test_it_is_the_hub_s_tree_in_as_many_pages_as_it_takes(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        for number in range(700):
            (agent.root / f"f{number}").write_text(str(number))
        (agent.root / "f3").unlink()
        (agent.root / "d").mkdir()
        (agent.root / "f4").rename(agent.root / "d" / "moved")
        await agent.wait()
        tree = await hub_tree(WsDialer(server), introduce())
        assert len(tree.picture) == 700
        assert {"d", "d/moved", "f699"} <= tree.picture.keys()
        assert not {"f3", "f4"} & tree.picture.keys()
        assert tree.head == (await agent.status())["hub_seq"]
        assert (await agent.status())["in_sync"], "the agent's own connection went on"


async def test_the_journal_tells_the_history_of_a_file(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        for text in ("1", "22"):
            (agent.root / "a").write_text(text)
            (agent.root / "other").write_text(text)
            await agent.wait()
        (agent.root / "a").rename(agent.root / "b")
        await agent.wait()
        found = await hub_history(WsDialer(server), introduce(), lambda entry: entry.path in ("a", "b"))
        assert found.complete
        assert [(one.operation.value, one.rev, one.path) for one in found.entries] == [
            ("create", 1, "a"), ("update", 2, "a"), ("move", 3, "b"),
        ]  # fmt: skip
        assert found.head == (await agent.status())["hub_seq"]


async def test_what_a_file_held_at_some_time_can_be_had(tmp_path: Path) -> None:
    large = bytes(range(256)) * 2_000
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        for data in (b"first", b"", large, b"last"):
            (agent.root / "a").write_bytes(data)
            await agent.wait()
        found = await hub_history(WsDialer(server), introduce(), lambda entry: entry.path == "a")
        held = []
        for entry in found.entries:
            assert isinstance(entry.node, File)
            held.append(await hub_bytes(WsDialer(server), introduce(), entry.node.content, entry.recipe))
        assert held == [b"first", b"", large, b"last"]
        nobody = digest_of(b"what nobody ever sent")
        assert await hub_bytes(WsDialer(server), introduce(), Content(nobody, 3), (Block(nobody, 3),)) is None
        [recipe] = [entry.recipe for entry in found.entries if len(entry.recipe) > 1]
        other = content_of(b"x" * len(large))
        assert await hub_bytes(WsDialer(server), introduce(), other, recipe) is None, "blocks of another file"


async def test_a_hub_that_refuses_says_so(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server:
        with pytest.raises(Refused):
            await hub_tree(WsDialer(server), introduce("another key"))


def answered(*frames: str | Exception) -> None:
    async def run() -> None:
        link = MemoryLink()
        for frame in frames:
            link.coming.put_nowait(frame)

        async def dial() -> Link:
            return link

        try:
            await hub_tree(dial, introduce())
        finally:
            assert link.closed

    run_virtually(run())


def welcome(*capabilities: str) -> str:
    return hub(
        "client_connect", success=True, message="", server_time=WHEN, protocol_version=2, hub_id="h", epoch="e", head=3,
        capabilities=list(capabilities), heartbeat_interval=30,
    )  # fmt: skip


def test_a_hub_that_breaks_off_or_says_nothing_is_not_waited_for() -> None:
    with pytest.raises(LinkLost):
        answered(welcome("journal", "blocks"), LinkLost("cut"))
    with pytest.raises(LinkLost, match=f"within {census.ANSWER_SECONDS:g} s"):
        answered(welcome("journal", "blocks"))


def test_a_hub_without_a_journal_has_nothing_to_compare() -> None:
    with pytest.raises(BadMessage):
        answered(welcome())
