"""A pause that lasts, and ends by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from syncagent.agent import pausing
from syncagent.agent.pausing import Pausing
from syncagent.engine.events import Event, Paused
from syncagent.errors import BadConfig

ON, OFF = Paused(paused=True), Paused(paused=False)


class Agent:
    """Hears what it is told, and has a clock on its wall."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.fed: list[Event] = []
        self.nudges = 0
        self.resumed = asyncio.Event()

    def clock(self) -> float:
        return self.now

    def feed(self, event: Event) -> None:
        self.fed.append(event)
        if event == OFF:
            self.resumed.set()

    def nudge(self) -> None:
        self.nudges += 1


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "EVERY", 0.001)


async def test_it_ends_when_the_clock_says_so_however_long_the_machine_slept(tmp_path: Path) -> None:
    agent = Agent()
    one = Pausing(tmp_path / "pause", agent, agent.clock)
    await one.pause(1000.0 + 3600)
    assert (one.paused, one.until, agent.fed) == (True, 4600.0, [ON])
    agent.now = 50_000.0  # no timer has run in the meantime
    await asyncio.wait_for(agent.resumed.wait(), 10)
    assert (one.paused, one.until, agent.fed, agent.nudges) == (False, None, [ON, OFF], 1)


async def test_it_goes_on_after_a_restart_for_what_is_left(tmp_path: Path) -> None:
    agent, later, last = Agent(), Agent(), Agent()
    await Pausing(tmp_path / "pause", agent, agent.clock).pause(4600.0)
    begun = Pausing(tmp_path / "pause", later, later.clock)
    begun.recall()
    assert (begun.paused, begun.until, later.fed) == (True, 4600.0, [ON])
    last.now = 4600.0
    over = Pausing(tmp_path / "pause", last, last.clock)
    over.recall()
    assert (over.paused, last.fed) == (False, [])


async def test_one_without_an_end_lasts_until_someone_resumes(tmp_path: Path) -> None:
    agent = Agent()
    await Pausing(tmp_path / "pause", agent, agent.clock).pause(None)
    again = Pausing(tmp_path / "pause", agent, agent.clock)
    again.recall()
    assert (again.paused, again.in_words()) == (True, "")
    await again.resume()
    assert not (tmp_path / "pause").exists()
    assert agent.fed == [ON, ON, OFF]


async def test_another_pause_takes_the_place_of_the_first(tmp_path: Path) -> None:
    agent = Agent()
    one = Pausing(tmp_path / "pause", agent, agent.clock)
    await one.pause(1010.0)
    await one.pause(None)
    agent.now = 2000.0
    await asyncio.sleep(0)
    again = Pausing(tmp_path / "pause", agent, agent.clock)
    again.recall()
    assert one.paused
    assert again.until is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"until": '])
async def test_what_cannot_be_read_is_no_pause(tmp_path: Path, text: str) -> None:
    (tmp_path / "pause").write_text(text)
    agent = Agent()
    one = Pausing(tmp_path / "pause", agent, agent.clock)
    one.recall()
    assert (one.paused, agent.fed) == (False, [])


async def test_a_pause_that_cannot_be_written_down_holds_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    agent = Agent()
    one = Pausing(tmp_path / "file" / "pause", agent, agent.clock)
    with pytest.raises(BadConfig):
        await one.pause(None)
    assert (one.paused, agent.fed) == (True, [ON])
