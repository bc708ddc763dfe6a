"""The folder: taken, watched, lost and found; on a real disk."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from blake3 import blake3

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.ground import Ground
from syncagent.agent.outside import REAL, Outside
from syncagent.agent.premises import Premises, open_premises
from syncagent.agent.tally import BeginAnew
from syncagent.agent.workers import Mailbox, Workers, done_in
from syncagent.engine.effects import CopyAhead, Look, ReadOn, Run
from syncagent.engine.events import AheadHeld, Event, Hinted, PartRead, RootFound, RootLost, Seen, TasksDone
from syncagent.errors import RootMissing
from syncagent.localfs.dirty import Hints
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.watcher import WatchState
from syncagent.model.facts import UNSURE, Fact, LookAt
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Block, Content, File, Placement
from syncagent.planner.ops import WriteLocal
from syncagent.planner.tasks import Copied, Inline, WriteTask
from tests.support.agents import config_in


class Owner:
    def __init__(self, config: AgentConfig, outside: Outside = REAL) -> None:
        self.root = config.sync_root
        self.events: list[Event] = []
        self.hindrances: list[str] = []
        self.failures: list[BaseException] = []
        self.news = asyncio.Event()
        self.workers = Workers(self.failures.append)
        self.mailbox: Mailbox[Event] = Mailbox(asyncio.get_running_loop(), self._come)
        self.ground = Ground(config, self.workers, self.mailbox.post, self._hindered, outside)

    def _come(self, events: list[Event]) -> None:
        self.events.extend(events)
        self.news.set()

    def _hindered(self, why: str) -> None:
        self.hindrances.append(why)
        self.news.set()

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not so():
                self.news.clear()
                await self.news.wait()

    def came(self, kind: type[Event]) -> bool:
        return any(isinstance(event, kind) for event in self.events)


@asynccontextmanager
async def owner(config: AgentConfig, outside: Outside = REAL) -> AsyncIterator[Owner]:
    made = Owner(config, outside)
    try:
        yield made
    finally:
        await made.ground.leave()
        assert await asyncio.to_thread(made.workers.end)
        made.ground.give_back()
        assert made.failures == []


async def test_it_is_watched_from_when_it_is_entered(tmp_path: Path) -> None:
    async with owner(config_in(tmp_path)) as one:
        assert await one.ground.enter() == ()
        assert one.ground.watch.degraded == ""
        (one.root / "a").write_text("hello")
        await one.until(lambda: one.came(Hinted))
        assert Hinted(paths=(RelPath("a"),), reason="seen") in one.events


async def test_a_new_folder_is_looked_at_itself_and_beneath(tmp_path: Path) -> None:
    async with owner(config_in(tmp_path)) as one:
        await one.ground.enter()
        (tmp_path / "made").mkdir()
        (tmp_path / "made").rename(one.root / "moved in")
        await one.until(lambda: one.came(Hinted))
        assert Hinted(paths=(RelPath("moved in"),), folders=(RelPath("moved in"),), reason="seen") in one.events


async def test_what_lies_in_the_park_is_told(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with owner(config) as one:
        await one.ground.enter()
    (config.sync_root / ".syncagent" / "park" / "n1").write_text("parked")
    async with owner(config) as one:
        [(node_id, _)] = await one.ground.enter()
        assert node_id == NodeId("n1")


async def test_what_a_crash_left_is_put_back_before_anything_is_looked_at(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with owner(config) as one:
        await one.ground.enter()
    (config.sync_root / ".syncagent" / "stage" / "back.1.report.txt").write_text("the user's")
    async with owner(config) as one:
        await one.ground.enter()
        assert (config.sync_root / "report.txt").read_text() == "the user's"


async def test_the_hub_is_noted_once(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with owner(config) as one:
        await one.ground.enter()
        assert one.ground.hub_id == ""
        one.ground.bind("hub-1")
        one.workers.change.end()
        assert await asyncio.to_thread(one.workers.change.join, 10)
        assert one.ground.hub_id == "hub-1"
        one.ground.bind("hub-2")
    marker = json.loads((config.sync_root / ".syncagent" / "root.json").read_text())
    assert marker["hub_id"] == "hub-1"
    async with owner(config) as one:
        await one.ground.enter()
        assert one.ground.hub_id == "hub-1"


async def test_a_start_is_noted_in_the_marker(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with owner(config) as one:
        await one.ground.enter()
        assert one.ground.start == ""
        await one.ground.mark("token")
        assert one.ground.start == "token"
    async with owner(config) as one:
        await one.ground.enter()
        assert one.ground.start == "token"


@pytest.mark.hazard("E5")
async def test_a_folder_that_comes_back_as_it_was_at_an_earlier_start_is_not_gone_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncagent.agent.ground.SEARCH_SECONDS", 0.02)
    config = config_in(tmp_path)
    async with owner(config) as one:
        await one.ground.enter()
        shutil.copytree(one.root, tmp_path / "backup")
        await one.ground.mark("token")
        one.root.rename(tmp_path / "away")
        one.ground.lost()
        (tmp_path / "backup").rename(one.root)
        with pytest.raises(BeginAnew, match="put back to an older state"):
            await asyncio.wait_for(one.ground.exchanged, 20)
        assert not one.came(RootFound)


async def test_a_folder_that_was_lost_is_found_and_works_again_e1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncagent.agent.ground.SEARCH_SECONDS", 0.02)
    async with owner(config_in(tmp_path)) as one:
        await one.ground.enter()
        one.root.rename(tmp_path / "elsewhere")
        one.ground.begin(Look(1, (LookAt(RelPath("a"), None),)))
        await one.until(lambda: one.came(RootLost))
        one.ground.lost()
        one.ground.lost()
        await one.until(lambda: any(one.hindrances))
        (tmp_path / "elsewhere").rename(one.root)
        await one.until(lambda: one.came(RootFound))
        assert one.hindrances[-1] == ""
        assert sum(isinstance(event, RootFound) for event in one.events) == 1
        one.ground.begin(Look(2, (LookAt(RelPath("a"), None),)))
        await one.until(lambda: one.came(Seen))


@pytest.mark.skipif(sys.platform != "linux", reason="what is open is asked of /proc")
@pytest.mark.hazard("E1")
async def test_nothing_of_a_folder_that_was_lost_is_still_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncagent.agent.ground.SEARCH_SECONDS", 0.02)
    async with owner(config_in(tmp_path)) as one:
        await one.ground.enter()
        (one.root / "film").write_bytes(b"a film")
        (one.root / "long film").write_bytes(bytes(20 << 20))
        stamp = one.ground.disk.stat(RelPath("film")).stamp if one.ground.disk is not None else UNSURE
        copied = Copied(0, (Block(Digest(blake3(b"a film").hexdigest()), 6),))
        one.ground.begin(CopyAhead(0, RelPath("film"), stamp, (copied,)))
        one.ground.begin(ReadOn(1, RelPath("long film")))
        await one.until(lambda: one.came(AheadHeld) and one.came(PartRead))
        one.root.rename(tmp_path / "elsewhere")
        one.ground.lost()
        await one.until(lambda: any(one.hindrances))
        for lane in (one.workers.read, one.workers.stage):
            await done_in(lane, lambda: None)
        assert _open_beneath(tmp_path / "elsewhere") == []
        (tmp_path / "elsewhere").rename(one.root)
        await one.until(lambda: one.came(RootFound))


def _open_beneath(folder: Path) -> list[str]:
    found = []
    for handle in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{handle}"))
    return [one for one in found if one.startswith(f"{folder}/")]


@pytest.mark.hazard("E1")
async def test_a_folder_that_another_agent_has_when_it_is_back_is_found_when_that_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncagent.agent.ground.SEARCH_SECONDS", 0.02)
    async with owner(config_in(tmp_path / "ours")) as one:
        await one.ground.enter()
        one.root.rename(tmp_path / "elsewhere")
        one.ground.lost()
        await one.until(lambda: any(one.hindrances))
        theirs = config_in(tmp_path / "theirs")
        theirs.sync_root.rmdir()
        (tmp_path / "elsewhere").rename(theirs.sync_root)
        other = open_premises(theirs)
        theirs.sync_root.rename(one.root)
        await one.until(lambda: "another" in one.hindrances[-1])
        other.leave()
        await one.until(lambda: one.came(RootFound))
        assert one.hindrances[-1] == ""


@pytest.mark.hazard("B8", "E1")
@pytest.mark.parametrize("trouble", [OSError(errno.EIO, "Input/output error"), RootMissing("the folder is gone")])
async def test_a_folder_that_cannot_be_read_when_it_is_taken_is_tried_again(tmp_path: Path, trouble: Exception) -> None:
    """The agent ended."""

    class Unreadable(Scanner):
        def parked(self) -> list[tuple[NodeId, Fact]]:
            raise trouble

    times = [0]

    def open_it(config: AgentConfig) -> Premises:
        premises = open_premises(config)
        times[0] += 1
        if times[0] > 1:
            return premises
        return dataclasses.replace(premises, scanner=Unreadable(premises.disk, premises.scanner.abilities))

    async with owner(config_in(tmp_path), dataclasses.replace(REAL, premises=open_it)) as one:
        assert await one.ground.enter() == ()
        assert times == [2]
        assert [bool(why) for why in one.hindrances][-2:] == [True, False]


class Silent:
    """A watcher that says that it sees when it is told to."""

    def __init__(self, on_hints: Callable[[Hints], None]) -> None:
        self.tell = on_hints
        self.see = lambda: on_hints(Hints((), (), True, "ready"))
        self.started = asyncio.Event()

    def start(self) -> None:
        self.started.set()

    def stop(self) -> None:
        pass

    def state(self) -> WatchState:
        return WatchState()


@pytest.mark.parametrize("iterations", range(6))
async def test_who_is_told_to_stop_just_as_the_watches_stand_stops(tmp_path: Path, iterations: int) -> None:
    watchers: list[Silent] = []

    def watcher(
        _: Path, on_hints: Callable[[Hints], None], rule_files: tuple[str, ...], is_own: Callable[[RelPath], bool]
    ) -> Silent:
        watchers.append(Silent(on_hints))
        return watchers[-1]

    async with owner(config_in(tmp_path), dataclasses.replace(REAL, watcher=watcher)) as one:
        entering = asyncio.ensure_future(one.ground.enter())
        await watchers[0].started.wait()
        await asyncio.sleep(0)
        watchers[0].see()
        for _ in range(iterations):
            await asyncio.sleep(0)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering


async def test_of_our_own_work_nothing_is_told_but_of_what_else_there_is(tmp_path: Path) -> None:
    watchers: list[Silent] = []

    def watcher(
        _: Path, on_hints: Callable[[Hints], None], rule_files: tuple[str, ...], is_own: Callable[[RelPath], bool]
    ) -> Silent:
        watchers.append(Silent(on_hints))
        return watchers[-1]

    def task(name: str) -> WriteTask:
        content = Content(Digest(blake3(b"data").digest()), 4)
        node = File(NodeId(name), Placement(ROOT, Name(name)), content, False, 1_700_000_000_000_000_000)
        return WriteTask(WriteLocal(node, None), RelPath(name), None, Inline(b"data"))

    async with owner(config_in(tmp_path), dataclasses.replace(REAL, watcher=watcher)) as one:
        entering = asyncio.ensure_future(one.ground.enter())
        await watchers[0].started.wait()
        watchers[0].see()
        await entering
        one.ground.begin(Run((task("ours"), task("edited"), task(".syncignore"))))
        await one.until(lambda: one.came(TasksDone))
        (one.root / "edited").write_bytes(b"a person's")
        paths = tuple(RelPath(name) for name in (".syncignore", "edited", "other", "ours"))
        watchers[0].tell(Hints(paths, (), everything=False, reason="seen"))
        await one.until(lambda: one.came(Hinted))
        [hinted] = [event for event in one.events if isinstance(event, Hinted)]
        assert hinted.paths == (".syncignore", "edited", "other"), "a rule file is read, whoever wrote it"
