"""A hub and some agents, each a process of its own, on this machine's disk."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from syncagent.agent.places import places
from syncagent.control import ControlClient
from syncagent.errors import NotRunning
from tests.support.ports import free_port

KEY = "canary-0123456789abcdef0123456789abcdef"
START_SECONDS = 30.0
STOP_SECONDS = 30.0


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SYNCAGENT_")}
    return {**ours, "SYNCAGENT_API_KEY": KEY, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


class Program:
    """One process of ours; what it says goes into a file."""

    def __init__(self, output: Path, *arguments: str | Path) -> None:
        self._output = output
        self._arguments = [sys.executable, "-m", "syncagent", *map(str, arguments)]
        self.process: subprocess.Popen[bytes] | None = None
        self.once: tuple[str, ...] = ()
        """Options for the next start alone."""
        self.settings: dict[str, str] = {}
        """What it is told by its environment."""

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        assert not self.running
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                [*self._arguments, *self.once], stdout=output, stderr=output, env=_environment() | self.settings
            )
        self.once = ()

    def end(self, how: int = signal.SIGTERM) -> None:
        """End it, cleanly or not, and see that it has ended."""
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(how)
        code = self.process.wait(STOP_SECONDS)
        self.process = None
        assert how != signal.SIGTERM or code == 0, f"it ended with {code}: {self.said()}"

    def said(self) -> str:
        return self._output.read_text(errors="replace")[-4000:]


class Agent(Program):
    """An agent and its folder."""

    def __init__(self, base: Path, name: str, server: str, *more: str) -> None:
        base.mkdir()
        self.name = name
        self.data_dir, self.root = base / "data", base / "root"
        self.root.mkdir()
        super().__init__(
            base / "output", "run", "--data-dir", self.data_dir, "--sync-root", self.root, "--server", server,
            "--name", name, *more,
        )  # fmt: skip
        self.control = ControlClient(places(self.data_dir).control)

    def start(self) -> None:
        """Start it, and come back when it answers."""
        self.launch()
        until(self._answers, START_SECONDS, lambda: f"{self.name} does not answer: {self.said()}")

    def _answers(self) -> bool:
        if not self.running:
            raise AssertionError(f"{self.name} ended: {self.said()}")
        try:
            self.status()
        except NotRunning:
            return False
        return True

    def status(self) -> dict[str, Any]:
        return self.control.call("status")

    def wait(self, seconds: float = 60.0) -> None:
        """Come back when it has proven that it is in sync."""
        answer = self.control.call("wait", within=seconds + 15, timeout=seconds)
        assert answer["in_sync"], f"{self.name} is not in sync: {answer}\n{self.said()}"

    # --- the folder -------------------------------------------------------------------------------------------

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def tree(self) -> dict[str, str]:
        """All that is in the folder, but our own: what it is, by its path."""
        return tree_of(self.root)


class World:
    """A hub and its agents, in ``base``."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self.port = free_port()
        self.server = f"ws://127.0.0.1:{self.port}"
        self.agents: list[Agent] = []
        self.hub = Program(base / "hub-output", "hub", "--data-dir", base / "hub", "--listen", f"127.0.0.1:{self.port}")

    def start_hub(self) -> None:
        self.hub.launch()
        until(self._hub_listens, START_SECONDS, lambda: f"the hub does not listen: {self.hub.said()}")

    def _hub_listens(self) -> bool:
        if not self.hub.running:
            raise AssertionError(f"the hub ended: {self.hub.said()}")
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.connect(("127.0.0.1", self.port))
            return True
        return False

    def agent(self, name: str, *, start: bool = True, brake: int | None = None) -> Agent:
        """``brake``: so many deletes or overwrites are asked about.  What most tests do to a small folder would be."""
        made = Agent(self._base / name, name, self.server)
        on = {"SYNCAGENT_BRAKE": "on", "SYNCAGENT_BRAKE_FILES": str(brake)}
        made.settings = {"SYNCAGENT_BRAKE": "off"} if brake is None else on
        self.agents.append(made)
        if start:
            made.start()
        return made

    def settle(self, *agents: Agent) -> dict[str, str]:
        """Wait until these (all that run) are in sync with the hub and so with each other; what they all have now."""
        chosen = agents or tuple(agent for agent in self.agents if agent.running)
        for _ in range(2):  # what the last one sends is there for the first one in the second round
            for agent in chosen:
                agent.wait()
        first, *others = (agent.tree() for agent in chosen)
        for other in others:
            assert other == first
        return first

    def end(self) -> None:
        for program in (*self.agents, self.hub):
            if program.process is not None:
                if program.running:
                    program.process.send_signal(signal.SIGKILL)
                program.process.wait(STOP_SECONDS)


def until(so: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Look again and again whether it is so, for a while.  What changes while it is looked at is not so yet."""
    end = time.monotonic() + seconds
    while not _is(so):
        assert time.monotonic() < end, otherwise()
        time.sleep(0.005)


def _is(so: Callable[[], bool]) -> bool:
    try:
        return so()
    except OSError:
        return False


def tree_of(root: Path) -> dict[str, str]:
    """``{"docs": "/", "docs/run.sh": "*echo hi", "link": "-> docs"}``: ``*`` stands for executable."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name != ".syncagent"]
        for name in [*folders, *files]:
            path = Path(folder) / name
            key = path.relative_to(root).as_posix()
            seen = path.lstat()
            if stat.S_ISLNK(seen.st_mode):
                found[key] = f"-> {os.readlink(path)}"
            elif stat.S_ISDIR(seen.st_mode):
                found[key] = "/"
            else:
                found[key] = ("*" if seen.st_mode & 0o100 else "") + path.read_bytes().decode("utf-8", "replace")
    return found
