"""A running agent that is only an ear and a script, behind the real control socket and the real lock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.lock import hold
from syncagent.agent.places import Places, places
from syncagent.cli.app import run
from syncagent.control import ControlServer
from syncagent.errors import NotAsked, Refused, SyncAgentError
from syncagent.private import make_private

STATUS: dict[str, Any] = {
    "state": "idle", "in_sync": True, "pending": 0, "hub_seq": 12, "applied_seq": 12, "skipped": [], "held": [],
    "last_contact": time.time(), "server": "ws://127.0.0.1:8765", "root": "/srv/folder", "name": "Laptop",
    "transfers": {}, "watch": {"live": True, "degraded": False},
}  # fmt: skip


class Script:
    """What the agent says, and what it was asked."""

    def __init__(self) -> None:
        self.status = dict(STATUS)
        self.entries = [{"time": "2026-11-22T23:18:00Z", "level": "info", "text": f"entry {n}"} for n in range(3)]
        self.acts: list[dict[str, Any]] = []
        self.in_sync = True
        self.refuses = False
        self.answers: dict[str, dict[str, Any]] = {}
        """To commands that have no answer of their own here."""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.stopped = asyncio.Event()

    async def handle(self, command: str, args: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((command, args))
        if self.refuses:
            raise Refused("authentication_failed", "the hub does not know this key")
        match command:
            case "status":
                return self.status
            case "wait":
                return self.status | {"in_sync": self.in_sync}
            case "log":
                return {"entries": self.entries[-args["limit"] :]}
            case "pause" | "resume" | "heal":
                return self.answers.get(command, {})
            case "held":
                return {"acts": self.acts, "held": len(self.acts)}
            case "approve" | "reject" | "undo" if args["act"] == 99:
                raise NotAsked("there is no 99; `syncagent held` lists what there is")
            case "approve" | "reject" | "undo":
                return {"concerned": 12, "left": 1}
            case "stop":
                self.stopped.set()
                return {}
        if command in self.answers:
            return self.answers[command]
        raise SyncAgentError(f"no such command: {command}")

    async def follow(self, command: str, args: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        for entry in self.entries:
            yield entry


@contextmanager
def running(spot: Places, script: Script) -> Iterator[None]:
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            make_private(spot.data_dir)
            stack.enter_context(hold(spot.lock))
            await stack.enter_async_context(ControlServer(spot.control, script.handle, script.follow))
            ready.set()
            await script.stopped.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        loop.call_soon_threadsafe(script.stopped.set)
        thread.join(10)
        loop.close()


@pytest.fixture
def spot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A data directory of its own, that every command takes without being told."""
    for variable in ("SYNCAGENT_API_KEY", "SYNCAGENT_SERVER", "SYNCAGENT_NAME", "SYNCAGENT_SYNC_ROOT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SYNCAGENT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return places(tmp_path / "data")


@pytest.fixture
def agent(spot: Places) -> Iterator[Script]:
    script = Script()
    with running(spot, script):
        yield script


@pytest.fixture
def command(spot: Places, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line in this process: gives exit code, stdout and stderr."""

    def go(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return go
