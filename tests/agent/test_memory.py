"""What is remembered, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from syncagent.agent import memory as module
from syncagent.agent.memory import Memory
from syncagent.agent.workers import Lane
from syncagent.errors import StorageFull
from syncagent.model.ids import ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, Dir, File, Placement, Recipe
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.agent_db import AgentDb
from syncagent.trees.delta import Delta, Row


class Owner:
    """Someone who has a memory, and notes what it says."""

    def __init__(self, path: Path) -> None:
        self.broken: list[BaseException] = []
        self.hindrances: list[str] = []
        self.damages: list[DatabaseDamaged] = []
        self.kept = 0
        self.news = asyncio.Event()
        self.lane = Lane("keep", 1, self.broken.append)
        self.memory = Memory(str(path), self.lane, self._kept, self.hindrances.append, self._damaged)

    def _kept(self) -> None:
        self.kept += 1
        self.news.set()

    def _damaged(self, damage: DatabaseDamaged) -> None:
        self.damages.append(damage)
        self.news.set()

    async def keep(self, delta: Delta) -> None:
        self.news.clear()
        if self.memory.keep(delta):
            self._kept()
        await self.told()

    async def told(self) -> None:
        await asyncio.wait_for(self.news.wait(), 30)
        while not self.lane.idle:  # noqa: ASYNC110 - its thread tells before it is done, and not that it is
            await asyncio.sleep(0)


@asynccontextmanager
async def owner(path: Path) -> AsyncIterator[Owner]:
    made = Owner(path)
    try:
        yield made
    finally:
        made.memory.close()
        made.lane.end()
        assert made.lane.join(10)
        assert made.broken == []


def row(name: str) -> Row:
    node = Dir(NodeId(name), Placement(ROOT, Name(name)))
    return Row(NodeId(name), node, node, node, Rev(1), None, None)


async def test_what_was_kept_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    async with owner(path) as first:
        assert (await first.memory.load()).rows == ()
        await first.keep(Delta(rows=(row("a"), row("b")), facts={"cursor": "7"}))
        await first.keep(Delta(gone=(NodeId("a"),)))
        assert first.memory.facts["cursor"] == "7"
        assert first.kept == 2
    async with owner(path) as second:
        loaded = await second.memory.load()
        assert loaded.rows == (row("b"),)
        assert second.memory.facts["cursor"] == "7"
        assert second.memory.facts["incarnation"]


async def test_a_transaction_that_cannot_be_made_is_tried_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, failures = AgentDb.commit, [StorageFull("no room"), StorageFull("still no room")]

    def commit_later(self: AgentDb, delta: Delta) -> None:
        if failures:
            raise failures.pop(0)
        commit(self, delta)

    monkeypatch.setattr(AgentDb, "commit", commit_later)
    monkeypatch.setattr("syncagent.agent.memory.FIRST_RETRY", 0.01)
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        one.memory._pause = 0.01
        await one.keep(Delta(rows=(row("a"),)))
        assert one.kept == 1
        assert [why for why in one.hindrances if why] == ["no room", "still no room"]
        assert one.hindrances[-1] == ""


async def test_damage_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: AgentDb, delta: Delta) -> None:
        raise DatabaseDamaged("pages contradict each other")

    monkeypatch.setattr(AgentDb, "commit", damaged)
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        await one.keep(Delta(rows=(row("a"),)))
        assert len(one.damages) == 1
        assert one.kept == 0


async def test_a_damaged_file_is_put_aside_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    async with owner(path) as first:
        await first.memory.load()
        await first.keep(Delta(rows=tuple(row(f"n{number}") for number in range(500))))
    with path.open("r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        file.write(b"\xa5" * 5000)
    async with owner(path) as second:
        loaded = await second.memory.load()
        assert loaded.rows == ()
        assert loaded.rebuilt
        await second.keep(Delta(rows=(row("a"),)))
    assert [one.name for one in tmp_path.glob("agent.db.damaged-*")]


async def test_a_load_waits_for_a_disk_that_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load, failures = AgentDb.load, [StorageFull("no room")]

    def load_later(self: AgentDb) -> object:
        if failures:
            raise failures.pop(0)
        return load(self)

    monkeypatch.setattr(AgentDb, "load", load_later)
    monkeypatch.setattr("syncagent.agent.memory.FIRST_RETRY", 0.01)
    async with owner(tmp_path / "agent.db") as one:
        assert (await one.memory.load()).rows == ()
        assert one.hindrances == ["no room", ""]


async def test_recipes_are_looked_up_in_the_thread(tmp_path: Path) -> None:
    async with owner(tmp_path / "db") as one:
        answers: asyncio.Queue[Mapping[Digest, Recipe]] = asyncio.Queue()
        known, unknown = Digest(b"k" * 32), Digest(b"u" * 32)
        recipe = (Block(Digest(b"1" * 32), 5), Block(Digest(b"2" * 32), 5))
        one.memory.recall([unknown], answers.put_nowait)
        assert await answers.get() == {unknown: ()}
        await one.memory.load()
        file = File(NodeId("f"), Placement(ROOT, Name("f")), Content(known, 10), False, 0)
        await one.keep(Delta((Row(file.id, None, file, None, Rev(0), None, None),), recipes={known: recipe}))
        one.memory.recall([known, unknown], answers.put_nowait)
        assert await answers.get() == {known: recipe, unknown: ()}


@pytest.mark.hazard("E4")
async def test_a_token_is_kept_and_what_does_not_count_is_put_aside(tmp_path: Path) -> None:
    async with owner(tmp_path / "db") as one:
        await one.memory.load()
        await one.memory.mark("token")
    async with owner(tmp_path / "db") as one:
        assert (await one.memory.load()).facts["start"] == "token"
        await one.memory.put_aside()
    async with owner(tmp_path / "db") as one:
        assert "start" not in (await one.memory.load()).facts
    assert (tmp_path / "db.damaged-1").exists()


async def test_what_a_burst_leaves_in_memory_is_let_go_of_once_when_nothing_is_going_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY_ROWS", 3)
    rests: list[AgentDb] = []

    def rest(store: AgentDb) -> None:
        rests.append(store)

    monkeypatch.setattr(AgentDb, "rest", rest)
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        await one.keep(Delta(rows=(row("a"), row("b"))))
        one.memory.rest()
        await one.keep(Delta(rows=(row("c"),)))
        one.memory.rest()
        one.memory.rest()
    assert len(rests) == 1


async def test_a_few_rows_are_kept_at_once_when_the_thread_has_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOO_LONG", 99.0)
    path = tmp_path / "agent.db"
    async with owner(path) as one:
        await one.memory.load()
        await one.memory.mark("token")
        # The first one in a log that begins anew waits for the disk, and is not waited for here.
        assert not one.memory.keep(Delta(rows=(row("a"),)))
        await one.told()
        assert one.memory.keep(Delta(rows=(row("b"),), facts={"cursor": "7"}))
        assert one.memory.facts["cursor"] == "7"
        assert one.kept == 1
    async with owner(path) as one:
        loaded = await one.memory.load()
        assert sorted(found.id for found in loaded.rows) == ["a", "b"]


async def test_what_is_more_than_a_little_is_left_to_the_thread_and_so_is_what_comes_while_it_is_busy(
    tmp_path: Path,
) -> None:
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        await one.keep(Delta(rows=(row("a"),)))
        many = Delta(rows=tuple(row(f"n{number}") for number in range(module.FEW_ROWS + 1)))
        one.news.clear()
        assert not one.memory.keep(many)
        await one.told()
        go = threading.Event()
        one.lane.do(lambda: assert_true(go.wait(10)))
        one.news.clear()
        assert not one.memory.keep(Delta(rows=(row("b"),)))
        go.set()
        await one.told()
        assert one.kept == 3


async def test_where_the_disk_is_slow_nobody_waits_for_it_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOO_LONG", 99.0)
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        await one.keep(Delta(rows=(row("a"),)))
        monkeypatch.setattr(module, "TOO_LONG", -1.0)
        assert one.memory.keep(Delta(rows=(row("b"),)))
        assert not one.memory.keep(Delta(rows=(row("c"),)))


@pytest.mark.parametrize("at_once", [False, True])
async def test_b7_what_cannot_be_kept_at_once_is_tried_again_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    monkeypatch.setattr(module, "FIRST_RETRY", 0.01)
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        await one.keep(Delta(rows=(row("a"),)))
        commit, troubles = AgentDb.commit, [StorageFull("no room")]

        def full_once(store: AgentDb, delta: Delta) -> None:
            if troubles:
                raise troubles.pop()
            commit(store, delta)

        monkeypatch.setattr(AgentDb, "commit", full_once)
        monkeypatch.setattr(one.memory, "_not_before", 0.0)
        monkeypatch.setattr(module, "FEW_ROWS", 8 if at_once else 0)
        one.news.clear()
        assert not one.memory.keep(Delta(rows=(row("b"),)))
        await one.told()
        assert "no room" in one.hindrances
        assert one.hindrances[-1] == ""
        assert one.kept == 2


def assert_true(so: bool) -> None:
    assert so


@pytest.mark.hazard("B6")
async def test_what_is_to_be_done_before_is_over_when_a_delta_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    commit = AgentDb.commit

    def noted(self: AgentDb, delta: Delta) -> None:
        order.append("kept")
        commit(self, delta)

    monkeypatch.setattr(AgentDb, "commit", noted)
    async with owner(tmp_path / "agent.db") as one:
        await one.memory.load()
        one.memory._before = lambda: one.lane.do(lambda: order.append("before"))
        await one.keep(Delta(facts={"cursor": "7"}))
        assert order == ["before", "kept"]
