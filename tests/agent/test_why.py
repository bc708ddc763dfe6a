"""How it stands with one path, asked of a whole agent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncagent.errors import NotAsked
from tests.support.agents import Running, config_in, running
from tests.support.hubs import hub_in


async def state(agent: Running, path: str) -> str:
    return str((await agent.call("why", path=path))["state"])


async def test_each_state_is_told_from_the_others(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "docs").mkdir()
        (agent.root / "docs" / "a.txt").write_text("one")
        (agent.root / ".syncignore").write_text("*.o\n")
        (agent.root / "x.o").write_text("left out")
        (agent.root / "a (conflict 2026-11-22 Desk).txt").write_text("other")
        os.mkfifo(agent.root / "pipe")
        await agent.wait()
        found = await agent.call("why", path="docs/a.txt")
        assert (found["state"], found["waits_for"], found["since"], found["beneath"]) == ("in sync", "", None, {})
        assert found["here"]["size"] == found["hub"]["size"] == 3
        assert (found["hub"]["acknowledged"], found["hub"]["revision"]) == (True, 1)
        assert 0 < found["hub"]["sequence"] <= found["hub"]["applied"]
        assert (found["last_change"]["what"], found["last_change"]["by"]) == ("added", "")
        assert await state(agent, "docs") == "in sync"
        ignored = await agent.call("why", path="x.o")
        assert (ignored["state"], ".syncignore:1:*.o" in ignored["waits_for"]) == ("ignored", True)
        assert await state(agent, "a (conflict 2026-11-22 Desk).txt") == "conflict"
        assert await state(agent, "pipe") == "skipped"
        assert await state(agent, "nowhere/at/all") == "nothing"
        with pytest.raises(NotAsked):
            await agent.call("why", path="../outside")
        await agent.call("exclude", path="docs")
        await agent.wait()
        assert await state(agent, "docs/a.txt") == "excluded"


@pytest.mark.hazard("N15")
async def test_what_the_hub_has_not_acknowledged_waits_and_says_for_what(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "docs").mkdir()
        (agent.root / "docs" / "a.txt").write_text("one")
        await agent.wait()
        await agent.call("pause")
        (agent.root / "docs" / "a.txt").write_text("edited")
        assert await state(agent, "docs/a.txt") == "waiting", "also before the engine has heard of it"
        await agent.until(lambda status: status["pending"] >= 1)
        found = await agent.call("why", path="docs/a.txt")
        assert (found["state"], "pause" in found["waits_for"]) == ("waiting", True)
        assert (found["here"]["size"], found["hub"]["size"]) == (6, 3)
        assert abs(found["since"] - (agent.root / "docs" / "a.txt").stat().st_mtime) < 60
        assert (await agent.call("why", path="docs"))["beneath"] == {"waiting": 1}
        (agent.root / "new").write_text("n")
        assert await state(agent, "new") == "waiting"
        await agent.call("resume")
        await agent.wait()
        assert await state(agent, "docs/a.txt") == await state(agent, "new") == "in sync"


async def test_without_a_hub_it_says_so(tmp_path: Path) -> None:
    async with running(config_in(tmp_path)) as agent:
        (agent.root / "a").write_text("a")
        await agent.until(lambda status: status["state"] == "offline" and status["pending"] == 1)
        found = await agent.call("why", path="a")
        assert (found["state"], found["hub"]["acknowledged"], found["hub"]["connected"]) == ("waiting", False, False)
        assert found["waits_for"].startswith("the connection to the hub")
