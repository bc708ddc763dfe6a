"""Real processes: a hub and agents, started and asked through the command line alone, as a person would.

Nothing here sleeps blindly: `syncagent wait` says when an agent is in sync, and its exit code is believed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

KEY = "sak-for-tests-0123456789abcdef"
PATIENCE = float(os.environ.get("SYNCAGENT_E2E_PATIENCE", "60"))


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "syncagent", *map(str, arguments)]


class Namespace:
    """A view of the file systems of this machine in which a test may mount what it likes, without being root.

    What runs in it sees the mounts, and we see them by ``inside``.  ``permitted`` says whether it can be had.
    """

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._holder = subprocess.Popen(
            ["unshare", "-Urm", "--propagation", "private", "sh", "-c", "echo here; exec cat"], stdin=pipe, stdout=pipe
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"here\n"
        number = str(self._holder.pid)
        self.enter = ["nsenter", "-t", number, "-U", "-m", "--preserve-credentials", f"--wd={Path.cwd()}"]

    @staticmethod
    def permitted() -> bool:
        if shutil.which("unshare") is None or shutil.which("nsenter") is None:
            return False
        tried = ["unshare", "-Urm", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0

    def run(self, *arguments: str | Path) -> str:
        done = subprocess.run([*self.enter, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        return done.stdout

    def mount(self, place: Path, size: str = "64m") -> None:
        """An empty file system of its own, at this folder."""
        self.run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", place)

    def inside(self, place: Path) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{place}")

    def end(self) -> None:
        self._holder.communicate()


class Process:
    """A program of ours, its output kept in a file for when a test fails."""

    prefix: tuple[str, ...] = ()
    """What goes before its command, to run it in a namespace."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.key = KEY
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, *arguments: str | Path) -> None:
        environment = {**os.environ, "SYNCAGENT_API_KEY": self.key, "PYTHONUNBUFFERED": "1"}
        with (self.home / f"{self.name}.out").open("ab") as output:
            self.process = subprocess.Popen(
                [*self.prefix, *command(*arguments)],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=environment,
            )

    def kill(self) -> None:
        """As the machine's out-of-memory killer would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def terminate(self) -> int:
        if self.process is None:
            return 0
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def output(self) -> str:
        path = self.home / f"{self.name}.out"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""


class HubProcess(Process):
    def __init__(self, home: Path) -> None:
        super().__init__("hub", home)
        self.port = free_port()
        self.data = home / "hub-data"

    def start(self) -> None:
        self.launch("hub", "--data-dir", self.data, "--listen", f"127.0.0.1:{self.port}")
        until(self._listens, lambda: f"the hub does not listen\n{self.output()}")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Machine(Process):
    """An agent, its folder and its data directory."""

    def __init__(self, name: str, home: Path, hub: HubProcess) -> None:
        super().__init__(name, home)
        self.hub = hub
        self.root = home / name
        self.data = home / f"{name}-data"
        self.brake = "off"
        """What most tests do to a small folder, again and again, would be asked about."""
        self.root.mkdir(parents=True)

    def start(self, *more: str) -> None:
        self.launch(
            "run", "--data-dir", self.data, "--sync-root", self.root,
            "--server", f"ws://127.0.0.1:{self.hub.port}", "--name", self.name, "--brake", self.brake, *more,
        )  # fmt: skip
        until(lambda: self.ask("status", "--json").returncode == 0, lambda: f"{self.name}: no answer\n{self.output()}")

    def ask(self, *arguments: str, patience: float = PATIENCE * 3) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.prefix, *command(*arguments, "--data-dir", self.data)],
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
        )

    def status(self) -> dict[str, Any]:
        answer = self.ask("status", "--json")
        assert answer.returncode == 0, f"{answer.stdout}{answer.stderr}{self.output()}"
        parsed: dict[str, Any] = json.loads(answer.stdout)
        return parsed

    def wait(self, timeout: float = PATIENCE) -> None:
        """Until the folder has just been looked through and is as at the hub."""
        answer = self.ask("wait", "--timeout", str(timeout), patience=timeout + PATIENCE * 2)
        if answer.returncode != 0:
            raise AssertionError(f"{self.name} is not in sync: {answer}\n{self.status()}\n{self.output()}")

    def stuck(self) -> int:
        """The exit code of a `wait` that ends because only a person can help; it says so in one line."""
        answer = self.ask("wait", "--timeout", str(PATIENCE))
        assert answer.stdout == ""
        assert answer.stderr.startswith("syncagent: not in sync until this is mended: "), answer
        assert answer.stderr.count("\n") == 1
        return answer.returncode

    def tree(self) -> dict[str, str]:
        return tree(self.root)


def in_sync(*machines: Machine) -> None:
    """All of them are in sync with the hub, and so with each other: what the first ones sent, the last ones have."""
    for _ in range(2):
        for machine in machines:
            machine.wait()


def tree(root: Path) -> dict[str, str]:
    """Each path beneath ``root`` (but our own folder), with what is there: kind, executable bit, content."""
    found: dict[str, str] = {}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        for entry in os.scandir(folder):
            if folder == root and entry.name == ".syncagent":
                continue
            path = os.path.relpath(entry.path, root)
            if entry.is_symlink():
                found[path] = f"link {os.readlink(entry.path)}"
            elif entry.is_dir():
                found[path] = "folder"
                waiting.append(Path(entry.path))
            else:
                mode = "x" if entry.stat().st_mode & stat.S_IXUSR else "-"
                found[path] = f"file {mode} {hashlib.sha256(Path(entry.path).read_bytes()).hexdigest()}"
    return found


def until(true: Any, why: Any, patience: float = PATIENCE, pause: float = 0.02) -> None:
    """Wait for a condition outside of this process; there is nothing to be woken by."""
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise AssertionError(why())
        time.sleep(pause)


def copies(root: Path) -> list[str]:
    return [path for path in tree(root) if "(conflict " in path]
