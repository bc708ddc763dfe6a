"""One folder's manners, with the engine's part played by the test."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from syncagent.agent.board import Board
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.guest import manners
from syncagent.agent.guest.deciding import UNKNOWN, Conditions
from syncagent.agent.guest.manners import Manners
from syncagent.engine.events import Event, Restrained
from tests.support.virtual_time import run_virtually

COSTLY, LOW = Conditions(metered=True), Conditions(on_battery=True, percent=5.0)


class Agent:
    def __init__(self, **settings: Any) -> None:
        self.board = Board()
        self.fed: list[Event] = []
        self.nudges = 0
        self.rates: list[tuple[int | None, int | None]] = []
        self.go_by(**settings)

    def go_by(self, **settings: Any) -> None:
        self.config = AgentConfig(
            sync_root=Path("/home/ann/Sync"), server="wss://hub.example:8765", data_dir=Path("/nowhere"),
            client_id="laptop-1", api_key=SecretStr("k"), **settings,
        )  # fmt: skip

    def feed(self, event: Event) -> None:
        self.fed.append(event)

    def nudge(self) -> None:
        self.nudges += 1

    def schedule(self, up: int | None, down: int | None) -> None:
        self.rates.append((up, down))


async def test_the_engine_is_told_what_may_be_done_and_why_and_when_it_is_over() -> None:
    agent = Agent()
    one = Manners(agent)
    one.see(UNKNOWN)
    assert agent.fed == []
    one.see(COSTLY)
    one.see(COSTLY)
    assert agent.fed == [Restrained("the network is metered", 10_000_000)]
    one.see(LOW)
    assert agent.fed[-1] == Restrained("the battery is at 5 %", 0)
    assert agent.nudges == 0
    one.see(UNKNOWN)
    assert agent.fed[-1] == Restrained()
    assert agent.nudges == 1
    assert [line["text"] for line in agent.board.lines(9)] == [
        "large files wait because the network is metered", "paused because the battery is at 5 %",
        "what there was to wait for is over",
    ]  # fmt: skip


async def test_a_battery_that_runs_down_is_told_and_noted_once() -> None:
    agent = Agent()
    one = Manners(agent)
    for percent in (9.0, 8.0, 7.0):
        one.see(Conditions(on_battery=True, percent=percent))
    assert [event.reason for event in agent.fed if isinstance(event, Restrained)] == [
        "the battery is at 9 %", "the battery is at 8 %", "the battery is at 7 %",
    ]  # fmt: skip
    assert len(agent.board.lines(9)) == 1


async def test_what_a_person_waives_is_over_until_it_comes_again() -> None:
    agent = Agent(on_metered="pause")
    one = Manners(agent)
    one.see(COSTLY)
    assert one.waive()
    assert agent.fed[-1] == Restrained()
    assert agent.board.lines(1)[0]["text"] == "it goes on although the network is metered"
    told = one.told()
    assert (told["does"], told["metered"]) == ("sync", True)
    assert told["reasons"] == [
        {"kind": "metered", "does": "pause", "text": "the network is metered", "waived": True},
    ]  # fmt: skip
    one.see(COSTLY)
    assert not one.waive()
    one.see(UNKNOWN)
    one.see(COSTLY)
    assert agent.fed[-1] == Restrained("the network is metered", 0)


async def test_changed_settings_count_at_once() -> None:
    agent = Agent()
    one = Manners(agent)
    one.see(COSTLY)
    agent.go_by(small_size="1MB")
    one.look()
    assert agent.fed[-1] == Restrained("the network is metered", 1_000_000)
    agent.go_by(on_metered="sync")
    one.look()
    assert agent.fed[-1] == Restrained()


def test_the_hours_are_kept_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zones are those of the machine; in this one the clocks go back on the 25th of October, at three."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    manners.time.tzset()
    try:
        seen = run_virtually(a_night())
    finally:
        monkeypatch.undo()
        manners.time.tzset()
    hours = {hour: len([at for at in seen if at == hour]) for hour in set(seen)}
    # The hour from two to three comes twice in that night.
    assert hours == {"pause from 01": 60, "pause from 02": 120}


async def a_night() -> list[str]:
    agent = Agent(schedule="01:00-03:00 pause; 03:00-04:00 up=1M")
    loop = asyncio.get_running_loop()
    began, midnight = loop.time(), 1792879200.0  # 2026-10-25T00:00+02:00
    one = Manners(agent, lambda: midnight + loop.time() - began)
    one.see(UNKNOWN)
    seen: list[str] = []
    for _ in range(6 * 60):
        await asyncio.sleep(60)
        if one.decision.does == "pause":
            seen.append(f"pause from {one._moment():%H}")
    assert agent.rates == [(1_000_000, None), (None, None)]
    one.end()
    return seen


def test_without_a_schedule_no_clock_is_looked_at() -> None:
    async def run() -> None:
        looks: list[float] = []
        one = Manners(Agent(), lambda: looks.append(1.0) or 0.0)  # type: ignore[func-returns-value]
        one.see(COSTLY)
        before = len(looks)
        await asyncio.sleep(3600)
        assert len(looks) == before
        one.end()

    run_virtually(run())
