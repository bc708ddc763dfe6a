"""What a page is told of two versions, and how they become one."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.errors import NotAsked, TryAgain
from tests.agent.test_ancestry import clash
from tests.support.agents import config_in, running
from tests.support.hubs import hub_in

BASE = "bread\nmilk\nsoap\n"


async def test_changes_of_other_lines_are_shown_merged_and_taken(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "a.txt").write_text(BASE)
        await one.wait()
        await other.wait()
        await clash(one, other, BASE + "tea\n", "rye bread\nmilk\nsoap\n")
        [conflict] = (await other.call("conflicts"))["conflicts"]
        found = await other.call("conflict.diff", path="a.txt")
        assert found["text"] and "-rye bread" in found["lines"] and "+tea" in found["lines"]
        merged = await other.call("conflict.merge", path="a.txt")
        assert (merged["clean"], merged["open"], merged["taken"], merged["base"]) == (True, 0, False, True)
        assert [line for line in merged["lines"] if line[0] in "+-"][2:] == ["+tea"]
        assert (other.root / "a.txt").read_text() == "rye bread\nmilk\nsoap\n", "only shown"
        with pytest.raises(TryAgain, match="look at it again"):
            await other.call("conflict.merge", path="a.txt", take=True, merged="of something else")
        taken = await other.call("conflict.merge", path="a.txt", take=True, merged=merged["merged"])
        assert taken["taken"]
        assert (other.root / "a.txt").read_text() == "rye bread\nmilk\nsoap\ntea\n"
        assert not (other.root / conflict["copy"]).exists()
        await other.wait()
        await one.wait()
        assert (one.root / "a.txt").read_text() == "rye bread\nmilk\nsoap\ntea\n"
        assert sorted(item["path"] for item in (await other.call("trash"))["items"]) == [conflict["copy"], "a.txt"]


async def test_changes_of_the_same_line_are_not_taken(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "a.txt").write_text(BASE)
        await one.wait()
        await other.wait()
        await clash(one, other, BASE.replace("milk", "oat milk"), BASE.replace("milk", "cream"))
        found = await one.call("conflict.merge", path="a.txt")
        assert (found["clean"], found["open"]) == (False, 1)
        with pytest.raises(NotAsked, match="the same lines"):
            await one.call("conflict.merge", path="a.txt", take=True, merged=found["merged"])


async def test_what_is_no_text_is_said_in_a_line(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "a.txt").write_bytes(b"\0")
        await one.wait()
        await other.wait()
        await clash(one, other, "\0mine", "\0theirs")
        assert not (await one.call("conflict.diff", path="a.txt"))["text"]
        found = await one.call("conflict.merge", path="a.txt")
        assert (found["clean"], found["why"]) == (False, "what both came from is no text")
