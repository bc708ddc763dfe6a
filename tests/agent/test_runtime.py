"""An agent without a hub: how it begins, what it does when something fails, and how it ends.

What it does with a hub is in tests/e2e.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from syncagent.agent.lock import hold
from syncagent.engine.engine import Engine
from syncagent.engine.events import Event, Paused, Started, Tick
from syncagent.errors import AlreadyRunning
from tests.support.agents import config_in, run_agent, running


async def test_it_looks_through_the_folder_and_waits_for_a_hub(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    for number in range(50):
        (config.sync_root / f"f{number}").write_text(str(number))
    async with running(config) as agent:
        status = await agent.until(lambda one: one["pending"] == 50)
        assert status["state"] == "offline"
        assert "cannot be reached" in status["reason"]
        assert not status["in_sync"]
        answer = await agent.call("wait", timeout=0.1)
        assert answer["in_sync"] is False


async def test_what_changes_is_seen_at_once(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        await agent.until(lambda one: one["state"] == "offline")
        (config.sync_root / "new").write_text("hello")
        await agent.until(lambda one: one["pending"] == 1)
        (config.sync_root / "new").unlink()
        await agent.until(lambda one: one["pending"] == 0)


async def test_what_it_has_seen_it_remembers(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        (config.sync_root / "a").write_text("hello")
        await agent.until(lambda one: one["pending"] == 1)
    async with running(config) as agent:
        await agent.until(lambda one: one["pending"] == 1)


async def test_stop_ends_it_with_its_files_left_in_order(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        await agent.call("stop")
        assert await asyncio.wait_for(agent.task, 20) == 0
        assert not config.places.control.exists()
        assert not Path(f"{config.places.database}-wal").exists()


async def test_another_agent_on_the_same_folder_is_refused_a20(tmp_path: Path) -> None:
    first = config_in(tmp_path / "one")
    second = config_in(tmp_path / "two").model_copy(update={"sync_root": first.sync_root})
    async with running(first) as agent:
        await agent.until(lambda one: one["state"] == "offline")
        with hold(second.places.lock), pytest.raises(AlreadyRunning):
            await run_agent(second)
        assert not agent.task.done()


async def test_a_folder_that_goes_is_waited_for_and_nothing_is_deleted_e1(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        for number in range(20):
            (config.sync_root / f"f{number}").write_text(str(number))
        await agent.until(lambda one: one["pending"] == 20)
        config.sync_root.rename(tmp_path / "elsewhere")
        status = await agent.until(lambda one: one["state"] == "halted")
        assert status["pending"] == 20
        assert not config.sync_root.exists()
        (tmp_path / "elsewhere").rename(config.sync_root)
        (config.sync_root / "one more").write_text("x")
        await agent.until(lambda one: one["state"] == "offline" and one["pending"] == 21)
        (config.sync_root / "seen").write_text("live again")
        await agent.until(lambda one: one["pending"] == 22)


async def test_a_folder_that_is_not_there_at_the_start_is_waited_for_e1(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        (config.sync_root / "a").write_text("hello")
        await agent.until(lambda one: one["pending"] == 1)
    config.sync_root.rename(tmp_path / "elsewhere")
    async with running(config) as agent:
        status = await agent.until(lambda one: one["state"] == "halted")
        assert "gone" in status["reason"]
        (tmp_path / "elsewhere").rename(config.sync_root)
        await agent.until(lambda one: one["state"] == "offline" and one["pending"] == 1)


async def test_a_memory_that_is_damaged_is_put_aside_e3(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        for number in range(300):
            (config.sync_root / f"f{number}").write_text(str(number))
        await agent.until(lambda one: one["pending"] == 300)
    with config.places.database.open("r+b") as file:
        file.seek(os.path.getsize(config.places.database) // 2)
        file.write(b"\xa5" * 5000)
    async with running(config) as agent:
        await agent.until(lambda one: one["pending"] == 300)
        entries = (await agent.call("log", limit=10))["entries"]
        assert any("put aside" in entry["text"] for entry in entries)


async def test_a_bug_in_the_engine_begins_a_new_life_and_leaves_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Engine.step

    failures = [ZeroDivisionError("a bug")]

    def broken(self: Engine, event: Event, now: float) -> object:
        if isinstance(event, Paused) and failures:
            raise failures.pop()
        return step(self, event, now)

    monkeypatch.setattr(Engine, "step", broken)
    monkeypatch.setattr("syncagent.agent.lives.FIRST_PAUSE", 0.01)
    config = config_in(tmp_path)
    async with running(config) as agent:
        await agent.until(lambda one: one["state"] == "offline")
        await agent.call("pause")
        await agent.call("resume")
        (config.sync_root / "after").write_text("the fall")
        await agent.until(lambda _: any((config.data_dir / "flight").glob("*.jsonl")))
        await agent.until(lambda one: one["pending"] == 1)
    [record] = (config.data_dir / "flight").glob("*.jsonl")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert lines[-2]["event"]["_"] == "Paused"
    assert "ZeroDivisionError" in lines[-1]["error"]


async def test_ticks_carry_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days: list[str] = []
    step = Engine.step

    def listening(self: Engine, event: Event, now: float) -> object:
        if isinstance(event, Tick):
            days.append(event.day)
        return step(self, event, now)

    monkeypatch.setattr(Engine, "step", listening)
    config = config_in(tmp_path)
    async with running(config) as agent:
        (config.sync_root / "a").write_text("hello")
        await agent.until(lambda one: one["pending"] == 1)
        (config.sync_root / "a").unlink()
        await agent.until(lambda one: one["pending"] == 0)
    assert set(days) <= {time.strftime("%Y-%m-%d"), time.strftime("%Y-%m-%d", time.localtime(time.time() - 60))}
    assert days


async def test_what_was_wished_before_it_started_or_failed_is_heard_by_each_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    step = Engine.step

    def listening(self: Engine, event: Event, now: float) -> object:
        heard.append(event)
        if isinstance(event, Tick):
            raise ZeroDivisionError("a bug")
        return step(self, event, now)

    monkeypatch.setattr(Engine, "step", listening)
    monkeypatch.setattr("syncagent.agent.lives.FIRST_PAUSE", 0.01)
    config = config_in(tmp_path)
    (config.sync_root / "a").write_text("hello")
    async with running(config) as agent:
        await agent.call("pause")
        await agent.until(lambda one: one["state"] == "paused")
        (config.sync_root / "a").unlink()
        await agent.until(lambda _: sum(isinstance(event, Started) for event in heard) == 2)
        await agent.until(lambda one: one["state"] == "paused")
    lives = [place for place, event in enumerate(heard) if isinstance(event, Started)]
    assert lives[0] == 0
    assert heard[lives[1] + 1] == Paused(paused=True)


async def test_pause_and_resume(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        await agent.call("pause")
        await agent.until(lambda one: one["state"] == "paused")
        await agent.call("resume")
        await agent.until(lambda one: one["state"] == "offline")


async def test_the_data_directory_that_vanishes_does_not_hang_the_end(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as agent:
        await agent.until(lambda one: one["state"] == "offline")
        shutil.rmtree(config.data_dir)
