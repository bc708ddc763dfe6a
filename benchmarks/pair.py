"""A hub and two agents in processes of their own on this machine, everything durable as always."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEY = "sak-for-benchmarks-0123456789"


class Pair:
    """``a`` and ``b`` are the two folders."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.a, self.b = home / "a", home / "b"
        self.a.mkdir()
        self.b.mkdir()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._launch("hub", "--data-dir", str(self.home / "hub"), "--listen", f"127.0.0.1:{port}")
        for root in (self.a, self.b):
            self._launch(
                "run", "--data-dir", f"{root}-data", "--sync-root", str(root),
                "--server", f"ws://127.0.0.1:{port}", "--name", root.name,
            )  # fmt: skip
        (self.a / "ready").write_text("?")
        until((self.b / "ready").exists)
        (self.a / "ready").unlink()
        until(lambda: not (self.b / "ready").exists())

    def cpu_seconds(self) -> float:
        """What all processes together have used so far."""
        ticks = os.sysconf("SC_CLK_TCK")
        total = 0.0
        for process in self._processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / ticks
        return total

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait()

    def _launch(self, *arguments: str) -> None:
        log = (self.home / "log").open("ab")
        command = [sys.executable, "-m", "syncagent", *arguments]
        environment = {**os.environ, "SYNCAGENT_API_KEY": KEY}
        self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))


@contextmanager
def pair(home: Path) -> Iterator[Pair]:
    """Both machines, connected and at rest."""
    both = Pair(home)
    try:
        both.start()
        yield both
    finally:
        both.stop()


def until(true: Callable[[], bool], patience: float = 300.0, pause: float = 0.001) -> None:
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not arrive")
        time.sleep(pause)
