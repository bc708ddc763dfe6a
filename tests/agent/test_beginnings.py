"""The beginning of a life."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from syncagent.agent.beginnings import introduction, recognise
from syncagent.agent.tally import BeginAnew, Place, Tally
from syncagent.agent.workers import Lane
from syncagent.engine.remote import Footing
from syncagent.errors import StorageFull
from syncagent.model.ids import Seq
from syncagent.store.ports import INCARNATION, Loaded
from tests.support.agents import config_in


class Agent:
    """Its three notes."""

    def __init__(self) -> None:
        self.note, self.remembered, self.marked = "", "", ""
        self.full = False
        self.tally = Tally(Place("m", "/d", 1), lambda: self.note, self._write)

    def _write(self, text: str) -> None:
        self.note = text

    async def _mark(self, token: str) -> None:
        if self.full:
            raise StorageFull("no room")
        self.marked = token

    async def _remember(self, token: str) -> None:
        self.remembered = token

    async def begin(self, *, knows: bool = True) -> None:
        lane = Lane("test", 1, lambda error: None)
        facts = {INCARNATION: "i", **({"start": self.remembered, "cursor": "3"} if knows else {})}
        memory: Any = SimpleNamespace(mark=self._remember)
        ground: Any = SimpleNamespace(mark=self._mark, start=self.marked)
        try:
            await recognise(Loaded((), facts), cast("Any", memory), ground, self.tally, lane)
        finally:
            lane.end()
            assert lane.join(10)


async def test_each_start_is_noted_everywhere() -> None:
    agent = Agent()
    for _ in range(3):
        await agent.begin()
        assert agent.remembered == agent.marked == agent.tally.token


@pytest.mark.hazard("E4", "E5")
async def test_what_does_not_fit_is_not_gone_by() -> None:
    agent = Agent()
    await agent.begin()
    agent.remembered = "older"
    before = agent.note
    with pytest.raises(BeginAnew, match="put back"):
        await agent.begin()
    assert agent.note == before


@pytest.mark.hazard("E3")
async def test_a_new_database_fits_anything() -> None:
    agent = Agent()
    await agent.begin()
    agent.remembered = ""
    await agent.begin(knows=False)
    assert agent.remembered == agent.marked == agent.tally.token


async def test_a_start_that_cannot_be_noted_everywhere_goes_on_and_so_does_the_next() -> None:
    agent = Agent()
    await agent.begin()
    agent.full = True
    await agent.begin()
    agent.full = False
    await agent.begin()
    assert agent.remembered == agent.marked == agent.tally.token


@pytest.mark.hazard("E7")
def test_who_speaks_says_what_it_knows_and_in_which_run_it_came_to_know_it(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    who = introduction(config, Footing("e1", Seq(7), "r1"), "i1")
    assert (who.client_id, who.epoch, who.cursor, who.run, who.incarnation) == (config.client_id, "e1", 7, "r1", "i1")
    assert who.api_key == config.api_key.get_secret_value()
