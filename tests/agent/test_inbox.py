"""What is told of single files, and lately changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from syncagent.control import ControlClient
from syncagent.errors import NotAsked
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


COPY = "docs/a (conflict 2026-11-22 Laptop).txt"
OTHER = "docs/a (conflict 2026-11-22 Desk).txt"


async def test_a_conflict_is_listed_with_both_versions_and_settled_everywhere(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "docs").mkdir()
        (one.root / "docs" / "a.txt").write_text("theirs")
        (one.root / COPY).write_text("mine")
        await one.wait()
        await other.wait()
        [found] = (await one.call("conflicts"))["conflicts"]
        beside = await one.call("why", path="docs/a.txt")
        assert (beside["state"], beside["copies"]) == ("conflict", [COPY])
        assert (found["path"], found["copy"], found["day"], found["same"]) == ("docs/a.txt", COPY, "2026-11-22", False)
        assert (found["mine"]["path"], found["mine"]["size"], found["mine"]["by"]) == (COPY, 4, "Laptop")
        assert (found["theirs"]["path"], found["theirs"]["size"]) == ("docs/a.txt", 6)
        [there] = (await other.call("conflicts"))["conflicts"]
        assert there["mine"]["path"] == "docs/a.txt", "to the other machine the laptop's copy is theirs"
        answer = await other.call("conflict.keep", path="docs/a.txt", keep="theirs")
        assert answer["kept"] == "copy"
        [loser] = (await other.call("trash"))["items"]
        assert (loser["path"], loser["bytes"]) == ("docs/a.txt", 6), "what did not stay can be had back"
        await other.wait()
        await one.wait()
        assert [path.name for path in (one.root / "docs").iterdir()] == ["a.txt"]
        assert (one.root / "docs" / "a.txt").read_text() == "mine"
        assert (await one.call("conflicts"))["conflicts"] == []
        assert (await one.call("why", path="docs/a.txt"))["hub"]["revision"] == 2, "an edit, and no new file"


async def test_what_cannot_be_settled_is_said_and_nothing_is_done(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "docs").mkdir()
        for path in (COPY, OTHER):
            (agent.root / path).write_text(path)
        await agent.wait()
        for path, keep, said in (
            ("docs/a.txt", "both", "say which"), (COPY, "everything", "mine, theirs and both"),
            ("x", "both", "no conflict"),
            (COPY, "theirs", "nothing stands at"), (COPY, "original", "not there"),
        ):  # fmt: skip
            with pytest.raises(NotAsked, match=said):
                await agent.call("conflict.keep", path=path, keep=keep)
        assert sorted(path.name for path in (agent.root / "docs").iterdir()) == [OTHER[5:], COPY[5:]]
        await agent.call("conflict.keep", path=OTHER, keep="both")
        await agent.call("conflict.keep", path=COPY, keep="mine")
        await agent.wait()
        assert sorted(path.name for path in (agent.root / "docs").iterdir()) == ["a (2026-11-22 Desk).txt", "a.txt"]


async def test_all_machines_tell_the_same_time_which_is_the_hub_s(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "a").write_text("1")
        await one.wait()
        await other.wait()
        here = (await one.call("activity"))["activity"][-1]
        there = (await other.call("activity"))["activity"][-1]
        [kept] = (await other.call("history", path="a"))["history"]
        assert kept["time"] == pytest.approx(there["time"], abs=0.001), "that of the journal"
        assert here["time"] == pytest.approx(there["time"], abs=5)
        async with running(config_in(tmp_path / "c", server=server, name="Late")) as late:
            await late.wait()
            heard = (await late.call("activity"))["activity"][-1]
            assert heard["time"] == there["time"], "when it was done, and not when it was heard of"
            assert (await late.call("why", path="a"))["last_change"]["time"] == there["time"]


async def test_the_history_of_a_file_follows_it_through_its_names(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "first").mkdir()
        await agent.wait()
        (agent.root / "a").write_text("1")
        await agent.wait()
        (agent.root / "a").rename(agent.root / "b")
        await agent.wait()
        found = await agent.call("history", path="b")
        assert found["complete"] is True
        assert [(one["what"], one["rev"], one["path"], one["by"]) for one in found["history"]] == [
            ("added", 1, "a", "laptop-1"), ("moved", 2, "b", "laptop-1"),
        ]  # fmt: skip
        (agent.root / "b").unlink()
        await agent.wait()
        gone = (await agent.call("history", path="b"))["history"]
        assert [one["what"] for one in gone] == ["moved", "deleted"]
        assert (await agent.call("history", path="never"))["history"] == []
