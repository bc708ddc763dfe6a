"""`check`, of a whole agent beside a real hub: what is not the same is found, whatever the agent believes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.check import DAMAGED
from syncagent.control import ControlClient
from syncagent.engine.engine import Engine
from syncagent.engine.remote import RemoteSide
from syncagent.localfs import survey
from syncagent.localfs.real import RealDisk
from syncagent.model.changes import Entry
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, File
from syncagent.trees.canopy import Canopy
from tests.support.agents import Running, config_in, running
from tests.support.hubs import hub_in


@dataclass
class Checked:
    summary: dict[str, Any]
    findings: list[dict[str, Any]]

    @property
    def verdict(self) -> str:
        return str(self.summary["verdict"])

    def kinds(self) -> dict[str, str]:
        return {one["path"]: one["kind"] for one in self.findings}


@dataclass
class Bench:
    agent: Running
    canopy: Canopy

    @property
    def root(self) -> Path:
        return self.agent.root

    async def check(self, *, deep: bool = True, timeout: float = 20) -> Checked:  # noqa: ASYNC109 - the command's own
        def ask() -> Checked:
            client = ControlClient(self.agent.config.places.control)
            events = list(client.follow("check", deep=deep, timeout=timeout))
            return Checked(events[-1]["summary"], [event["finding"] for event in events if "finding" in event])

        return await asyncio.to_thread(ask)


@contextlib.asynccontextmanager
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """An agent that is in sync with its hub about a small tree."""
    engines: list[Engine] = []
    begin = Engine.__init__

    def noted(self: Engine, *args: Any, **named: Any) -> None:
        begin(self, *args, **named)
        engines.append(self)

    monkeypatch.setattr(Engine, "__init__", noted)
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        (agent.root / "docs").mkdir()
        (agent.root / "docs" / "a.txt").write_text("alpha")
        (agent.root / "run").write_text("#!/bin/sh")
        (agent.root / "run").chmod(0o755)
        (agent.root / "large").write_bytes(os.urandom(300_000))
        (agent.root / "link").symlink_to("docs")
        await agent.wait()
        yield Bench(agent, engines[-1].canopy)


async def test_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        found = await one.check()
        assert (found.verdict, found.findings) == ("same", [])
        assert {key: found.summary[key] for key in ("files", "folders", "links", "hub_seq", "hub")} == {
            "files": 3, "folders": 1, "links": 1, "hub_seq": found.summary["applied_seq"], "hub": "",
        }  # fmt: skip
        assert found.summary["bytes_read"] == 5 + 9 + 300_000
        quick = await one.check(deep=False)
        assert (quick.verdict, quick.summary["bytes_read"]) == ("same", 0)
        assert (await one.agent.status())["in_sync"], "and the agent went on"


@pytest.mark.hazard("E15", "N15")
async def test_a_byte_that_a_disk_has_changed_is_found_and_goes_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        head = (await one.agent.status())["hub_seq"]
        data = (one.root / "docs" / "a.txt").read_bytes()
        rotten = bytes([data[0] ^ 1]) + data[1:]
        read = survey.Hasher.feed

        def feed(self: survey.Hasher, piece: bytes) -> None:
            read(self, rotten if piece == data else piece)

        # No test may write to the device beneath the file system: what the disk gives back is what is changed.
        monkeypatch.setattr(survey.Hasher, "feed", feed)
        found = await one.check()
        assert (found.verdict, found.kinds()) == ("different", {"docs/a.txt": "damaged"})
        assert found.findings[0]["text"] == DAMAGED
        assert (await one.agent.status())["hub_seq"] == head
        assert (await one.check(deep=False)).verdict == "same", "a quick one reads nothing, and finds no damage"


def other_content(file: File) -> File:
    return replace(file, content=Content(Digest(b"x" * 32), 5))


def other_bit(file: File) -> File:
    return replace(file, executable=True)


@pytest.mark.hazard("N15")
@pytest.mark.parametrize("believe", [other_content, other_bit])
async def test_what_the_agent_wrongly_remembers_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, believe: Callable[[File], File]
) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        synced = one.canopy.synced
        [file] = [node for node in map(synced.get, synced.ids()) if isinstance(node, File) and node.at.name == "a.txt"]
        synced.put(believe(file))
        await one.agent.wait()
        found = await one.check()
        assert found.verdict == "different", "though it says that it is in sync"
        assert [(one["path"], one["kind"], one["agree"]) for one in found.findings] == [
            ("docs/a.txt", "different", "disk+hub")
        ]


@pytest.mark.hazard("N15")
async def test_what_the_agent_has_not_understood_of_the_journal_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    understand = RemoteSide._take

    def deaf(side: RemoteSide, entry: Entry) -> None:
        if side._client_id == "laptop-1" and entry.node is not None and entry.node.at.name == "unheard":
            return
        understand(side, entry)

    monkeypatch.setattr(RemoteSide, "_take", deaf)
    async with bench(tmp_path, monkeypatch) as one:
        other = config_in(tmp_path / "b", name="Other", server=one.agent.config.server)
        async with running(other) as second:
            await second.wait()
            (second.root / "unheard").write_text("1")
            await second.wait()
            await one.agent.wait()
            found = await one.check()
            assert found.verdict == "different"
            assert [(one["path"], one["agree"]) for one in found.findings] == [("unheard", "disk+synced")]


@pytest.mark.hazard("N15")
async def test_what_is_on_its_way_is_open_and_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        await one.agent.call("pause")
        (one.root / "docs" / "a.txt").write_text("edited")
        (one.root / "docs").rename(one.root / "papers")
        await one.agent.until(lambda status: status["pending"] >= 2)
        found = await one.check(timeout=0)
        assert found.verdict == "open"
        assert set(found.kinds().values()) == {"open"}
        assert {"docs", "papers", "docs/a.txt", "papers/a.txt"} == set(found.kinds())
        assert all(one["reason"] for one in found.findings)
        await one.agent.call("resume")
        assert (await one.check()).verdict == "same"


async def test_what_was_changed_a_moment_ago_is_first_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        for number in range(50):
            (one.root / f"new {number}").write_text(str(number))
        found = await one.check()
        assert (found.verdict, found.findings, found.summary["files"]) == ("same", [], 53)


@pytest.mark.hazard("A13", "N15")
async def test_what_cannot_be_read_leaves_the_verdict_open_and_what_is_never_kept_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        os.mkfifo(one.root / "pipe")
        assert ((await one.check()).verdict, (await one.check()).kinds()) == ("same", {"pipe": "skipped"})
        opened = RealDisk.open

        def refuse(disk: RealDisk, path: RelPath, *args: Any) -> Any:
            if path == "run":
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return opened(disk, path, *args)

        monkeypatch.setattr(RealDisk, "open", refuse)
        found = await one.check()
        assert (found.verdict, found.kinds()["run"]) == ("open", "unreadable")


async def test_a_pipe_where_a_kept_file_was_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, monkeypatch) as one:
        (one.root / "run").unlink()
        os.mkfifo(one.root / "run")
        await one.agent.until(lambda status: bool(status["unreadable"]))
        found = await one.check(timeout=0)
        assert found.verdict == "open"
        assert [one["kind"] for one in found.findings] == ["open", "skipped"]


async def test_without_a_hub_the_disk_is_compared_and_the_verdict_is_open(tmp_path: Path) -> None:
    async with running(config_in(tmp_path)) as agent:
        await agent.until(lambda status: status["state"] == "offline")
        client = ControlClient(agent.config.places.control)
        events = await asyncio.to_thread(lambda: list(client.follow("check", timeout=0)))
        assert events[-1]["summary"]["verdict"] == "open"
        assert "cannot be reached" in events[-1]["summary"]["hub"]
