"""What is told of single files, and lately changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from syncagent.control import ControlClient
from tests.support.agents import config_in, running
from tests.support.hubs import hub_in


async def test_activity_tells_who_changed_what_the_latest_last(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "a").write_text("1")
        await one.wait()
        await other.wait()
        (other.root / "b").write_text("2")
        await other.wait()
        await one.wait()
        found = (await one.call("activity"))["activity"]
        assert [(row["what"], row["path"], row["by"]) for row in found] == [
            ("added", "a", ""), ("added", "b", "desk-1"),
        ]  # fmt: skip
        assert 0 < found[0]["seq"] < found[1]["seq"]
        assert (await one.call("activity", limit=1))["activity"] == found[1:]


async def test_who_follows_is_told_of_each_as_it_comes(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "a").write_text("1")
        await agent.wait()
        events = ControlClient(agent.config.places.control).follow("activity", limit=5)
        assert (await asyncio.to_thread(next, events))["path"] == "a"
        (agent.root / "b").write_text("2")
        assert (await asyncio.to_thread(next, events))["path"] == "b"
        events.close()
