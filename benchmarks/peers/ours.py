"""syncagent: a hub and two agents, each a process of its own, everything durable as always."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.base import Peer, Traffic
from syncagent import __version__

KEY: Final = "sak-for-benchmarks-0123456789"


class Ours(Peer):
    name = "syncagent"
    networked = True
    joins = True
    keeps = frozenset({".syncagent"})

    @classmethod
    def version(cls) -> str:
        return __version__

    def prepare(self) -> None:
        self._port = self.place.port()
        self._doors = {side: self.place.via(self._port) for side in ("a", "b")}

    def start_side(self, side: str) -> None:
        if side == "a":
            self._launch("hub", "hub", "--data-dir", self.place.own / "hub", "--listen", f"127.0.0.1:{self._port}")
        root = self.place.home / side
        self._launch(
            side, "run", "--data-dir", self._data(root), "--sync-root", root,
            "--server", f"ws://127.0.0.1:{self._doors[side]}", "--name", side,
        )  # fmt: skip

    def traffic(self) -> Traffic | None:
        a, b = (self._status(root).get("traffic") for root in (self.place.a, self.place.b))
        if not a or not b:
            return None
        return Traffic(
            a["sent"], a["received"], b["sent"], b["received"], True,
            a["content_sent"], a["content_received"], b["content_sent"], b["content_received"],
        )  # fmt: skip

    def grievance(self) -> str:
        """Both agents must say that they are in sync, of their own accord."""
        return self.wait("a", 30) or self.wait("b", 30)

    def wait(self, side: str, seconds: float) -> str:
        """Until one of them has proven that it is in sync; why not, when it has not."""
        end = time.monotonic() + seconds
        while True:
            done = self._ask(self.place.home / side, "wait", "--timeout", str(end - time.monotonic()))
            # It cannot be asked before it has started.
            if done.returncode == 0 or time.monotonic() > end or self.place.family.fallen():
                break
            time.sleep(0.1)
        return "" if done.returncode == 0 else f"{side} is not in sync: {done.stdout}{done.stderr}".strip()

    def _status(self, root: Path) -> dict[str, Any]:
        return dict(json.loads(self._ask(root, "status", "--json").stdout))

    def _ask(self, root: Path, *what: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "syncagent", *what, "--data-dir", str(self._data(root))]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _data(self, root: Path) -> Path:
        return self.place.own / root.name

    def _launch(self, name: str, *arguments: str | Path) -> None:
        # Without the brake: a folder deleted as a whole would wait for a person's word.
        environment = {"SYNCAGENT_API_KEY": KEY, "SYNCAGENT_BRAKE": "off"}
        # What is installed has been compiled: a shell that forbids it would have each start compile all anew.
        environment["PYTHONDONTWRITEBYTECODE"] = ""
        self.place.family.launch(name, [sys.executable, "-m", "syncagent", *arguments], environment)
