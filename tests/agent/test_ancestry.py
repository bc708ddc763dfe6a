"""What both versions of a conflict came from is found, by every machine, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncagent.agent import ancestry as module
from syncagent.agent.ancestry import Ancestor, Ancestry, ancestor_in
from syncagent.agent.census import History
from syncagent.content.digest import content_of
from syncagent.model.changes import Entry, Operation
from syncagent.model.ids import ROOT, ClientId, NodeId, Rev, Seq, copy_id
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import File, Placement
from syncagent.trees.canopy import Canopy
from tests.support.agents import Running, config_in, running
from tests.support.hubs import hub_in

NODE = NodeId("n")
COPY = copy_id(NODE, Rev(3), content_of(b"1").digest, content_of(b"mine").digest, "Laptop")


def entry(seq: int, rev: int, data: bytes, node_id: NodeId = NODE) -> Entry:
    node = File(node_id, Placement(ROOT, Name("a")), content_of(data), executable=False, mtime_ns=0)
    return Entry(Seq(seq), Rev(rev), Operation.UPDATE, ClientId("c"), node_id, node, path=RelPath("a"))


HISTORY = [entry(1, 1, b"0"), entry(2, 2, b"1"), entry(3, 3, b"2"), entry(4, 1, b"mine", COPY), entry(5, 4, b"1")]


def test_it_is_what_was_agreed_on_before_the_copy_was_made() -> None:
    assert ancestor_in(HISTORY, COPY, "Laptop") == HISTORY[1]


@pytest.mark.parametrize("history", [
    [], HISTORY[:3], [HISTORY[0], *HISTORY[2:]],
    [*HISTORY[:3], entry(4, 1, b"edited since", COPY)],
])  # fmt: skip
def test_where_it_is_not_in_the_journal_nothing_else_is_taken_for_it(history: list[Entry]) -> None:
    assert ancestor_in(history, COPY, "Laptop") is None
    assert ancestor_in(HISTORY, COPY, "Desk") is None


def test_what_is_no_text_is_none() -> None:
    assert [Ancestor(data).text for data in (b"a", b"\0", b"\xff", None)] == ["a", None, None, None]


async def clash(one: Running, other: Running, mine: str, theirs: str) -> None:
    """Both write while they do not hear of each other; ``one`` is the one that steps aside."""
    await one.call("pause")
    (one.root / "a.txt").write_text(mine)
    (other.root / "a.txt").write_text(theirs)
    await other.wait()
    await one.call("resume")
    await one.wait()
    await other.wait()


async def test_both_machines_find_what_both_came_from(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server, name="Anna's (old) Laptop")) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        (one.root / "first").mkdir()
        for text in ("older", "base\n"):
            (one.root / "a.txt").write_text(text)
            await one.wait()
            await other.wait()
        await clash(one, other, "mine\n", "theirs\n")
        for machine in (one, other):
            [conflict] = (await machine.call("conflicts"))["conflicts"]
            found = await machine.call("conflict.base", path=conflict["copy"])
            assert (found["base"], found["why"]) == ("base\n", "")
        # Both go on with it, and the file gets another name: what they came from stays what it was.
        (one.root / conflict["copy"]).write_text("mine, and more\n")
        (one.root / "a.txt").write_text("theirs, and more\n")
        await one.wait()
        found = await one.call("conflict.base", path="a.txt")
        assert found["base"] == "base\n"


async def test_what_was_never_one_file_came_from_nothing(tmp_path: Path) -> None:
    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server)) as one,
        running(config_in(tmp_path / "b", server=server, name="Desk")) as other,
    ):
        await clash(one, other, "mine\n", "theirs\n")
        found = await one.call("conflict.base", path="a.txt")
        assert (found["base"], found["why"]) == (None, "nothing is known from which both came")


async def test_without_a_hub_it_is_not_to_be_had_and_found_later(tmp_path: Path) -> None:
    async with (
        running(config_in(tmp_path / "b", name="Desk")) as alone,
    ):
        (alone.root / "a.txt").write_text("1")
        (alone.root / "a (conflict 2026-11-22 Laptop).txt").write_text("2")
        await alone.until(lambda status: status["files"] == 2 or status["pending"] == 2)
        found = await alone.call("conflict.base", path="a.txt")
        assert found["base"] is None and "the hub cannot be asked" in found["why"]


async def test_a_copy_that_the_hub_has_not_heard_of_yet_is_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canopy, ancestry = Canopy(), Ancestry()
    heard = [HISTORY[:3], HISTORY]

    async def history(*_: object) -> History:
        return History(Seq(5), tuple(heard.pop(0)), complete=True)

    async def data(*_: object) -> bytes:
        return b"1"

    monkeypatch.setattr(module, "hub_history", history)
    monkeypatch.setattr(module, "hub_bytes", data)
    name = Name("a (conflict 2026-11-22 Laptop)")
    canopy.set_local(COPY, File(COPY, Placement(ROOT, name), content_of(b"mine"), executable=False, mtime_ns=0))
    nobody: Any = None
    told = [await ancestry.of(canopy, RelPath(name), nobody, nobody) for _ in range(3)]
    assert [one.data for one in told] == [None, b"1", b"1"], "the third time nobody is asked: nothing was left to hear"
