"""Agents and a hub with a bad network between them: it converges, nothing is done twice, nothing is copied aside.

The agents and the hub run in this process, over real sockets and real folders; the network is ``support/proxy.py``.
``make chaos SEEDS=50`` runs more seeds.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.rules import Rules
from tests.e2e.machines import HubProcess, Machine, copies, tree
from tests.support.agents import Running, config_in, running
from tests.support.proxy import CALM, STORM, Proxy, Weather
from tests.support.saving import save

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SEEDS = int(os.environ.get("SYNCAGENT_CHAOS_SEEDS", "3"))
FIRST = int(os.environ.get("SYNCAGENT_CHAOS_FIRST", "0"))
KEY = "the-key-of-these-tests"
BUSY = 45.0
"""Seconds that a busy machine may take for what takes a moment."""
QUICK = Rules(heartbeat=1.0)
"""A hub that wants a heartbeat each second, where thirty are usual: all that hangs on it is that much quicker."""


@asynccontextmanager
async def hub_in(folder: Path, rules: Rules = QUICK) -> AsyncIterator[Hub]:
    async with Hub(HubConfig(folder / "hub", port=0, bootstrap_key=KEY, rules=rules)) as hub:
        yield hub


@asynccontextmanager
async def agents_in(folder: Path, *proxies: Proxy) -> AsyncIterator[list[Running]]:
    """An agent behind each proxy."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(running(config_in(folder / name, name=name, server=proxy.url, brake="off")))
            for name, proxy in zip(("anna", "bert"), proxies, strict=False)
        ]


async def at_one(*agents: Running, seconds: float = 90) -> None:
    for _ in range(2):
        for agent in agents:
            await agent.wait(seconds)


# --- chaos ------------------------------------------------------------------------------------------------------


class Person:
    """Works in one folder on files of their own, and counts what they did."""

    def __init__(self, root: Path, name: str, rng: Random) -> None:
        self.root, self.name, self.rng = root, name, rng
        self.acts = 0
        self.paths: list[str] = []

    def act(self) -> None:
        self.acts += 1
        kind = self.rng.choice(["new", "new", "new", "edit", "edit", "move", "delete", "large"])
        if kind in ("new", "large") or not self.paths:
            path = f"{self.name} {self.acts}"
            size = 400_000 if kind == "large" else self.rng.randrange(3000)
            (self.root / path).write_bytes(self.rng.randbytes(size))
            self.paths.append(path)
            return
        path = self.rng.choice(self.paths)
        match kind:
            case "edit":
                (self.root / path).write_bytes(self.rng.randbytes(self.rng.randrange(1, 5000)))
            case "move":
                (self.root / path).rename(self.root / f"{path}, moved")
                self.paths[self.paths.index(path)] = f"{path}, moved"
            case "delete":
                (self.root / path).unlink()
                self.paths.remove(path)


@pytest.mark.hazard("F1", "F2", "F3", "N4", "N5", "N6", "N13")
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
async def test_both_work_in_a_storm_and_are_at_one_when_it_is_over(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    async with (
        hub_in(tmp_path) as hub,
        Proxy(hub.port, Random(seed + 1), STORM) as one,
        Proxy(hub.port, Random(seed + 2), STORM) as other,
        agents_in(tmp_path, one, other) as agents,
    ):
        people = [Person(agent.root, f"person {number}", rng) for number, agent in enumerate(agents)]
        for _ in range(80):
            rng.choice(people).act()
            await asyncio.sleep(rng.random() * 0.1)  # the pace of the people, not a wait for anything
        wanted = {f"{person.name} {path}" for person in people for path in person.paths}
        one.weather = other.weather = CALM
        await at_one(*agents)
        anna, bert = (tree(agent.root) for agent in agents)
        assert anna == bert
        assert len(anna) == len(wanted)
        assert not copies(agents[0].root)
        head = (await agents[0].status())["hub_seq"]
        assert head <= sum(person.acts for person in people) * 2, "what was done once was told more than once"
        assert one.counts or other.counts, "there was no storm"


# --- exactly the verdicts ---------------------------------------------------------------------------------------


@pytest.mark.hazard("F2", "N13", "N6")
async def test_a_verdict_that_is_lost_is_neither_a_second_change_nor_a_conflict(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub, Proxy(hub.port, Random(1)) as way, Proxy(hub.port, Random(2)) as other:
        lose = [0]

        def lost(message: bytes) -> bool:
            hit = b'"verdicts"' in message and lose[0] > 0
            lose[0] -= hit
            return hit

        way.drop = lost
        async with agents_in(tmp_path, way, other) as (anna, bert):
            await at_one(anna, bert)
            root = anna.root
            acts: list[Callable[[], object]] = [
                lambda: save(root, "a", "made"),
                lambda: save(root, "a", "edited"),
                lambda: (root / "a").rename(root / "b"),
                (root / "d").mkdir,
                lambda: (root / "b").rename(root / "d" / "b"),
                lambda: (root / "l").symlink_to("d"),
                (root / "d" / "b").unlink,
            ]
            for number, act in enumerate(acts, 1):
                lose[0] = 1
                act()
                async with asyncio.timeout(60):
                    while way.counts.get("dropped", 0) < number:  # noqa: ASYNC110 - it is counted in another world
                        await asyncio.sleep(0.01)
                await anna.call("resume")  # so that the next connection is begun at once
                await at_one(anna, bert)
                assert (await anna.status())["hub_seq"] == number
                assert tree(anna.root) == tree(bert.root)
            assert not copies(bert.root)


# --- silence ----------------------------------------------------------------------------------------------------


@pytest.mark.hazard("F1")
async def test_a_connection_that_went_silent_is_noticed_by_both_ends_and_opened_anew(tmp_path: Path) -> None:
    """The hub's heartbeat is 1 s here and 30 s in life: two and a half of them are less than 90 s."""
    async with hub_in(tmp_path) as hub, Proxy(hub.port, Random(1)) as way, agents_in(tmp_path, way) as (anna,):
        await anna.wait()
        [silent] = way.open_ways
        way.closed = True
        way.go_silent()
        since = time.monotonic()
        await anna.until(lambda status: status["state"] == "offline", 60)
        took = time.monotonic() - since
        assert took < 90 / 30 * QUICK.heartbeat + BUSY
        async with asyncio.timeout(60):
            await silent.closed_by_hub.wait()
        save(anna.root, "meanwhile", "1")
        way.closed = False
        await anna.wait(60)
        assert (await anna.status())["hub_seq"] == 1


@pytest.mark.hazard("F23")
async def test_heartbeats_keep_a_connection_alive_that_would_be_dropped_when_idle(tmp_path: Path) -> None:
    idle = 45 / 30 * QUICK.heartbeat
    async with (
        hub_in(tmp_path) as hub,
        Proxy(hub.port, Random(1), Weather(idle_kill=idle)) as way,
        agents_in(tmp_path, way) as (anna,),
    ):
        await anna.wait()
        [held] = way.ways
        before = held.messages_up
        async with asyncio.timeout(60):
            while held.messages_up < before + 6:
                assert not held.over.is_set(), "it was dropped for being idle"
                await asyncio.sleep(0.05)
        assert way.ways == [held]


@pytest.mark.hazard("F1", "E10")
async def test_an_agent_that_is_stopped_for_long_is_let_go_and_comes_back_soon_after(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub, Proxy(hub.port, Random(1)) as way, Proxy(hub.port, Random(2)) as other:
        sleeper = Machine("sleeper", tmp_path, HubProcess(tmp_path))
        sleeper.hub.port, sleeper.key = way.port, KEY
        await asyncio.to_thread(sleeper.start)
        try:
            async with agents_in(tmp_path, other) as (anna,):
                await asyncio.to_thread(sleeper.wait)
                assert sleeper.process is not None
                [held] = way.open_ways
                sleeper.process.send_signal(signal.SIGSTOP)
                async with asyncio.timeout(60):
                    await held.closed_by_hub.wait()
                (anna.root / "meanwhile").write_text("made while the other slept")
                await anna.wait()
                assert len(other.ways) == 1, "the others are not disturbed"
                sleeper.process.send_signal(signal.SIGCONT)
                since = time.monotonic()
                await asyncio.to_thread(sleeper.wait)
                assert time.monotonic() - since < 30 + BUSY
                assert (sleeper.root / "meanwhile").exists()
        finally:
            await asyncio.to_thread(sleeper.kill)
