"""What is shown of the trees and of the plan; and a whole agent that is asked for it, and recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

from syncagent.agent.debug import told, trees
from syncagent.agent.replay import read_flight, replay
from syncagent.control import ControlClient
from syncagent.engine import effects as ef
from syncagent.planner.policy import Policy
from tests.support.agents import config_in, running
from tests.support.hubs import hub_in
from tests.support.solo import Solo, file


def test_the_three_trees_of_what_differs_and_of_any_path() -> None:
    solo = Solo().synced(a=b"1", same=b"2").offline()
    solo.user.write("a", b"edited")
    solo.hinted("a")
    canopy = solo.engine.canopy
    [row] = trees(canopy)
    assert (row["path"], row["rev"], row["diverged"]) == ("a", 1, True)
    assert row["synced"].startswith("a: file of 1 bytes, ")
    assert row["local"].startswith("a: file of 6 bytes, ")
    assert row["remote"] == row["synced"]
    assert row["row"]["_"] == "Row"
    [same] = trees(canopy, "same")
    assert (same["diverged"], same["local"]) == (False, same["synced"])
    assert list(trees(canopy, "nothing/there")) == []


def test_what_stood_at_a_path_before_and_what_stands_there_now_are_both_shown() -> None:
    solo = Solo().synced(a=b"1").offline()
    solo.user.move("a", "b")
    solo.hinted("a", "b").pass_time(1)
    assert [row["local"].split(":")[0] for row in trees(solo.engine.canopy, "a")] == ["b"]
    assert [row["synced"].split(":")[0] for row in trees(solo.engine.canopy, "b")] == ["a"]


def test_the_plan_is_shown_and_nothing_comes_of_it() -> None:
    solo = Solo().synced(a=b"1").offline()
    solo.user.write("a", b"edited")
    solo.user.write("new", b"n")
    solo.hinted("a", "new")
    allowed, forbidden = Policy("Laptop", "2026-11-22"), Policy(may_submit=False, may_write=False)
    plan = solo.engine.standing.preview(allowed, solo.now)
    assert [(row["op"], row["path"]) for row in told(solo.engine.canopy, plan)] == [
        ("SubmitEdit", "a"),
        ("SubmitCreate", "new"),
    ]
    [*waits] = told(solo.engine.canopy, solo.engine.standing.preview(forbidden, solo.now))
    assert {(row["op"], row["on"]) for row in waits} == {("wait", "policy allows it")}
    assert solo.drain(ef.Submit) == []
    solo.online()
    assert len(solo.submitted()) == 2
    assert solo.engine.standing.preview(allowed, solo.now).ops == (), "what is under way is not planned again"


def test_what_is_not_here_yet_has_its_path_from_the_hub() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.hear(solo.entry(file("x", "new", b"n")))
    [row] = trees(solo.engine.canopy, "new")
    assert (row["path"], row["local"], row["synced"]) == ("new", "nothing", "nothing")


async def test_a_running_agent_is_recorded_and_its_recording_can_be_replayed(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "docs").mkdir()
        for number in range(30):
            (agent.root / "docs" / f"{number}").write_text("x" * number * 9000)
        await agent.wait()
        (agent.root / "docs" / "3").unlink()
        (agent.root / "docs" / "4").rename(agent.root / "moved")
        await agent.wait()
        path = Path((await agent.call("record"))["path"])
        assert (await agent.call("trees"))["nodes"] == (await agent.call("plan"))["plan"] == []
        [moved] = (await agent.call("trees", path="moved"))["nodes"]
        assert moved["local"] == moved["remote"] == moved["synced"]
        client = ControlClient(agent.config.places.control)
        assert (await asyncio.to_thread(client.call, "trees", path="docs"))["nodes"][0]["synced"] == "docs: folder"
    assert path.parent == agent.config.places.flights
    assert path.stat().st_mode & 0o777 == 0o600
    flight = read_flight(path)
    steps = list(replay(flight))
    assert len(steps) == len(flight.events) > 10
    assert [step.differs for step in steps if step.differs] == []
    assert "SubmitDelete" not in path.read_text()
    assert "x" * 9000 not in path.read_text()
