"""A hub and two agents in this process: real sockets, real folders, real watchers, without the price of processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.brake import BrakeRules
from tests.e2e.machines import copies, tree
from tests.support.agents import Running, config_in, running

KEY = "the-key-of-these-tests"


@dataclass(frozen=True, slots=True)
class Pair:
    """Anna's and Bert's machines."""

    anna: Running
    bert: Running

    async def settle(self, seconds: float = 60) -> dict[str, str]:
        """Until both are in sync with the hub and so with each other; what both have then."""
        for _ in range(2):
            for agent in (self.anna, self.bert):
                await agent.wait(seconds)
        one, other = tree(self.anna.root), tree(self.bert.root)
        assert one == other
        return one

    async def apart(self) -> None:
        """From here on neither sends or receives."""
        for agent in (self.anna, self.bert):
            await agent.call("pause")

    async def together(self) -> dict[str, str]:
        for agent in (self.anna, self.bert):
            await agent.call("resume")
        return await self.settle()

    async def head(self) -> int:
        return int((await self.anna.status())["hub_seq"])

    def copies(self) -> list[str]:
        return copies(self.anna.root)


def hub_in(folder: Path) -> Hub:
    """A hub that asks nobody whether so many deletes are meant."""
    return Hub(HubConfig(folder / "hub", port=0, bootstrap_key=KEY, brake=BrakeRules(on=False)))


@asynccontextmanager
async def pair_in(folder: Path, **more: Any) -> AsyncIterator[Pair]:
    """The agents ask nobody either, unless ``more`` says so."""
    more = {"brake": "off", **more}
    async with hub_in(folder) as hub:
        anna, bert = (config_in(folder / name, name=name, server=hub.url, **more) for name in ("anna", "bert"))
        async with running(anna) as one, running(bert) as other:
            yield Pair(one, other)
