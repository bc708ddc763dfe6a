"""The answers to the commands of the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from syncagent.agent import commands, watching
from syncagent.agent.board import Board
from syncagent.agent.commands import Commands
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.guest.deciding import Conditions
from syncagent.agent.guest.manners import Manners
from syncagent.agent.outbox import Paces
from syncagent.content.digest import digest_of
from syncagent.control import UnknownCommand
from syncagent.engine.effects import Note
from syncagent.engine.events import Event, HealWanted, Heard, Hinted, Paused, ProofWanted, Restrained
from syncagent.engine.lines import Around
from syncagent.engine.status import Asked, State, Status
from syncagent.errors import BadConfig, RootMissing
from syncagent.model.acts import Act, Direction, Part
from syncagent.model.ids import ROOT, ClientId, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Content, File, Placement
from syncagent.trees.canopy import Canopy
from tests.support.hub_entries import timed


class Agent:
    """An agent whose engine is the test."""

    def __init__(self, data_dir: Path = Path("/nowhere")) -> None:
        self.board = Board()
        self.last_contact: float | None = 12.5
        self.outside = Around(now=100.0, heard=99.0)
        self.overflows = 0
        self.refusal = ""
        self.paces = Paces()
        self.fed: list[Event] = []
        self.nudges = 0
        self.paced: list[tuple[int | None, int | None]] = []
        self.stopped = asyncio.Event()
        self.canopy: Canopy | None = None
        self.config_trouble = ""
        self.config_waits: tuple[str, ...] = ()
        self.config = AgentConfig(
            sync_root=Path("/home/ann/Sync"), server="ws://127.0.0.1:8765", name="Laptop", data_dir=data_dir,
            client_id="laptop-1", api_key=SecretStr("a key that no one must see"),
        )  # fmt: skip
        self.manners = Manners(self)
        self.commands = Commands(self, self.stopped.set)

    def grounds(self) -> Any:
        if self.canopy is None:
            raise RootMissing("there is nothing yet")
        return SimpleNamespace(canopy=self.canopy)

    def around(self) -> Around:
        return replace(self.outside, hindrances=self.board.hindrances)

    def feed(self, event: Event) -> None:
        self.fed.append(event)

    def acts(self) -> list[tuple[Act, list[Part]]]:
        return []

    def schedule(self, up: int | None, down: int | None) -> None:
        raise AssertionError("there is no schedule")

    def pace(self, up: int | None, down: int | None) -> None:
        self.paced.append((up, down))

    def nudge(self) -> None:
        self.nudges += 1
        self.refusal = ""


async def test_status_says_how_things_stand() -> None:
    agent = Agent()
    agent.outside = Around(now=100.0, watch="the watches are used up", heard=99.0)
    agent.overflows = 2
    agent.board.traffic.said("hello")
    agent.board.traffic.heard(b"\x01\x00")
    agent.board.publish(
        Status(
            state=State.SYNCING, pending=4, hub_seq=9, applied_seq=7, uploading=10,
            skipped=((RelPath("pipe"), "it is a pipe"), (RelPath("secret"), "permission denied")),
            held=((RelPath("a"), "the disk is full"),), unreadable=((RelPath("secret"), "permission denied"),),
            unacknowledged=4, unacknowledged_since=90.0, scan="overflow", looking=True,
            asked=(Asked(3, Direction.OUT, 12, 0, "T", ("me",), False, (RelPath("x"),)),),
        )
    )  # fmt: skip
    answer = await agent.commands.handle("status", {})
    assert answer == {
        "name": "Laptop", "profile": "default", "config": {"error": "", "waiting": []},
        "trash": {"count": 0, "bytes": 0},
        "root": "/home/ann/Sync", "server": "ws://127.0.0.1:8765", "proxy": "", "folder": "default",
        "client_id": "laptop-1", "state": "syncing", "reason": "", "stuck": "held", "in_sync": False, "pending": 4,
        "pause": {"paused": False, "until": None},
        "guest": {
            "does": "sync", "reasons": [], "limits": {"up": None, "down": None},
            "metered": None, "on_battery": None, "battery_percent": None,
            "power_saver": None, "large": {"count": 0, "bytes": 0},
        },
        "hub_seq": 9, "applied_seq": 7, "files": 0, "last_contact": 12.5,
        "priority": {"level": "normal", "text": "normal: as every program", "refused": {}},
        "transfers": {"upload_bytes": 10, "download_bytes": 0}, "limits": {"up": None, "down": None},
        "traffic": {"sent": 11, "received": 4, "content_sent": 0, "content_received": 4},
        "watch": {"degraded": True, "reason": "the watches are used up", "overflows": 2},
        "scan": {"running": True, "reason": "overflow"}, "unacknowledged": {"count": 4, "oldest_seconds": 10.0},
        "held": [{"path": "a", "reason": "the disk is full"}],
        "asked": [{"id": 3, "direction": "outgoing", "deleted": 12, "overwritten": 0, "since": "T", "held_by": "agent",
                   "paths": ["x"]}],
        "respect_gitignore": False, "ignored": 0, "excluded": [],
        "skipped": [
            {"path": "pipe", "reason": "it is a pipe"}, {"path": "secret", "reason": "permission denied"},
        ],
        "unreadable": [{"path": "secret", "reason": "permission denied"}],
        "lines": [
            {
                "kind": "watch", "hinders": True,
                "text": "watching: degraded; not every change is seen as it happens: the watches are used up",
            },
            {"kind": "scan", "text": "rescanning (overflow)", "hinders": True},
            {"kind": "unreadable", "text": "permission denied", "hinders": True, "path": "secret"},
            {
                "kind": "asked", "hinders": True,
                "text": "held until you say yes or no (see `syncagent held`): 12 deletes, outgoing",
            },
            {
                "kind": "unacknowledged", "hinders": True,
                "text": "4 changes not acknowledged by the hub, the oldest for 10 s",
            },
            {"kind": "held", "text": "the disk is full", "hinders": True, "path": "a"},
            {"kind": "skipped", "text": "it is a pipe", "hinders": False, "path": "pipe"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("command", ["resume", "sync"])
async def test_a_person_has_the_last_word_on_what_the_machine_is_spared(command: str) -> None:
    agent = Agent()
    agent.config = agent.config.model_copy(update={"on_battery": "pause"})
    agent.manners.see(Conditions(on_battery=True))
    assert agent.fed == [Restrained("this machine runs on battery", 0)]
    await agent.commands.handle(command, {})
    assert agent.fed[-1] in (Restrained(), Hinted(everything=True, reason="you asked for it"))
    assert Restrained() in agent.fed
    answer = await agent.commands.handle("status", {})
    assert (answer["guest"]["does"], answer["guest"]["on_battery"]) == ("sync", True)
    [line] = [line for line in answer["lines"] if line["kind"] == "waived"]
    assert (line["text"], line["hinders"]) == ("this machine runs on battery; it goes on since you said so", False)
    assert answer["pause"] == {"paused": False, "until": None}


async def test_wait_wants_a_proof_of_its_own() -> None:
    agent = Agent()
    agent.board.publish(Status(state=State.IDLE, in_sync=True))
    waiting = asyncio.ensure_future(agent.commands.handle("wait", {"timeout": 30}))
    await asyncio.sleep(0)
    assert agent.fed == [ProofWanted(1)]
    agent.board.publish(Status(state=State.SYNCING, in_sync=False, proven=1))
    await asyncio.sleep(0)
    assert not waiting.done()
    agent.board.publish(Status(state=State.IDLE, in_sync=True, proven=1))
    assert (await waiting)["in_sync"] is True
    again = asyncio.ensure_future(agent.commands.handle("wait", {"timeout": 0.01}))
    unproven = await again
    assert (unproven["in_sync"], [line["kind"] for line in unproven["lines"]]) == (False, ["unproven"])
    assert agent.fed == [ProofWanted(1), ProofWanted(2)]


@pytest.mark.hazard("N15", "A2")
@pytest.mark.parametrize(
    "outside",
    [Around(watch="the limit is reached"), Around(now=100.0, heard=10.0), Around(now=100.0, gathering_since=98.0)],
)
async def test_what_the_engine_does_not_know_of_keeps_the_status_from_in_sync_and_wait_has_its_own_proof(
    outside: Around,
) -> None:
    agent = Agent()
    agent.board.publish(Status(state=State.IDLE, in_sync=True, proven=1))
    assert (await agent.commands.handle("status", {}))["in_sync"] is True
    agent.outside = outside
    said = await agent.commands.handle("status", {})
    assert (said["in_sync"], [line["hinders"] for line in said["lines"]]) == (False, [True])
    proven = await agent.commands.handle("wait", {"timeout": 5})
    assert (proven["in_sync"], [line["hinders"] for line in proven["lines"]]) == (True, [False])


@pytest.mark.hazard("N15")
async def test_what_hinders_the_agent_has_its_line() -> None:
    agent = Agent()
    agent.board.publish(Status(state=State.IDLE, in_sync=True))
    agent.board.hinder("memory", "the disk of the database is full")
    answer = await agent.commands.handle("status", {})
    assert answer["in_sync"] is False
    assert [(line["kind"], line["text"]) for line in answer["lines"]] == [
        ("database", "the disk of the database is full")
    ]


@pytest.mark.hazard("E15")
async def test_heal_is_the_engines() -> None:
    agent = Agent()
    assert await agent.commands.handle("heal", {}) == {}
    assert agent.fed == [HealWanted()]


async def test_pause_and_resume(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    await agent.commands.handle("pause", {})
    await agent.commands.handle("resume", {})
    assert agent.fed == [Paused(paused=True), Paused(paused=False)]
    assert agent.nudges == 1


async def test_a_pause_for_a_time_says_when_it_ends(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    before = time.time()
    answer = await agent.commands.handle("pause", {"seconds": 1800})
    assert before + 1800 <= answer["until"] <= time.time() + 1800
    agent.board.publish(Status(state=State.PAUSED))
    status = await agent.commands.handle("status", {})
    assert status["pause"] == {"paused": True, "until": answer["until"]}
    assert re.search(r"until \S*.*\d\d:\d\d.*, or `resume`", status["lines"][0]["text"])
    for wrong in (1.0, time.time() + 400 * 86400):
        with pytest.raises(BadConfig, match="within a year"):
            await agent.commands.handle("pause", {"until": wrong})


async def test_an_agent_that_begins_goes_on_with_the_pause(tmp_path: Path) -> None:
    await Agent(tmp_path).commands.handle("pause", {})
    begun = Agent(tmp_path)
    assert begun.fed == [Paused(paused=True)]
    await begun.commands.handle("resume", {})
    assert Agent(tmp_path).fed == []


async def test_sync_looks_at_everything_and_tries_to_connect() -> None:
    agent = Agent()
    await agent.commands.handle("sync", {})
    assert agent.fed == [Hinted(everything=True, reason="you asked for it")]
    assert agent.nudges == 1


async def test_who_watches_is_told_how_things_stand_and_when_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "GATHER", 0.0)
    agent = Agent()
    agent.canopy = canopy = Canopy()
    copy = Name("a (conflict 2026-11-22 Laptop).txt")
    canopy.set_local(NodeId("n"), File(NodeId("n"), Placement(ROOT, copy), Content(digest_of(b""), 0), False, 0))
    entry = replace(timed(1, author="desk-20261122T231800Z-3f9a").entry, path=RelPath("b"))
    agent.board.recents.hear(Heard((entry,)), ClientId("laptop-1"))
    async with contextlib.aclosing(agent.commands.follow("watch", {})) as events:
        first = await anext(events)
        agent.board.publish(Status(state=State.IDLE, in_sync=True))
        second = await anext(events)
    assert first["state"] == "starting"
    assert first["conflicts"] == {"count": 1, "paths": [copy]}
    assert [(one["what"], one["path"], one["by"]) for one in first["recent"]] == [("added", "b", "desk")]
    assert (second["state"], second["in_sync"]) == ("idle", True)


async def test_stop_is_answered_before_it_is_done() -> None:
    agent = Agent()
    assert await agent.commands.handle("stop", {}) == {}
    assert not agent.stopped.is_set()
    await asyncio.wait_for(agent.stopped.wait(), 30)


async def test_log_gives_the_latest_lines() -> None:
    agent = Agent()
    for number in range(3):
        agent.board.write(Note("info", str(number)))
    answer = await agent.commands.handle("log", {"limit": 2})
    assert [entry["text"] for entry in answer["entries"]] == ["1", "2"]
    followed = agent.commands.follow("log", {"limit": 1})
    assert (await anext(followed))["text"] == "2"
    await followed.aclose()


async def test_what_is_not_known_is_refused() -> None:
    agent = Agent()
    with pytest.raises(UnknownCommand):
        await agent.commands.handle("dance", {})
    with pytest.raises(UnknownCommand):
        await anext(agent.commands.follow("dance", {}))


async def test_wait_ends_soon_when_only_a_person_can_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "STUCK_SECONDS", 0.1)
    monkeypatch.setattr(commands, "LOOK_SECONDS", 0.01)
    agent = Agent()
    agent.board.hinder("folder", "it is gone")
    answer = await agent.commands.handle("wait", {"timeout": 60})
    assert (answer["in_sync"], answer["stuck"], answer["reason"]) == (False, "folder", "it is gone")
    agent.board.hinder("folder", "")

    agent.refusal = "the key is not valid"
    waiting = asyncio.ensure_future(agent.commands.handle("wait", {"timeout": 60}))
    await asyncio.sleep(0)
    assert agent.nudges == 1, "it may have been mended"
    assert not waiting.done()
    agent.refusal = "the key is not valid"
    agent.board.publish(Status(state=State.HALTED, reason=agent.refusal))
    assert (await waiting)["stuck"] == "hub"


async def test_a_database_that_cannot_be_written_may_mend_itself() -> None:
    agent = Agent()
    agent.board.hinder("memory", "the disk is full")
    assert (await agent.commands.handle("status", {}))["stuck"] == ""


async def test_a_limit_counts_at_once_and_at_later_starts(tmp_path: Path) -> None:
    agent = Agent()
    agent.config = agent.config.model_copy(update={"data_dir": tmp_path})
    agent.paces.up.change(500_000)
    assert (await agent.commands.handle("limit", {}))["limits"] == {"up": 500_000, "down": None}
    assert agent.paced == []
    await agent.commands.handle("limit", {"up": "2MB", "down": "off"})
    await agent.commands.handle("limit", {"up": None, "down": 65_536})
    assert agent.paced == [(2_000_000, 0), (None, 65_536)]
    kept = tomllib.loads((tmp_path / "config.toml").read_text())
    assert kept == {"max_up": 2_000_000, "max_down": 65_536}


async def test_a_limit_that_is_none_changes_nothing(tmp_path: Path) -> None:
    agent = Agent()
    agent.config = agent.config.model_copy(update={"data_dir": tmp_path})
    with pytest.raises(BadConfig, match="a limit must be bytes a second"):
        await agent.commands.handle("limit", {"up": "2MB", "down": "fast"})
    assert (agent.paced, list(tmp_path.iterdir())) == ([], [])
