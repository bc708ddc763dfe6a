"""What a peer is to the works: two folders that it keeps the same, and ways to start, stop and ask it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.processes import Family
from benchmarks.proxy import Proxy


@dataclass
class Place:
    """Where one peer works: the two folders, a folder for its own files, and its processes."""

    home: Path
    wired: bool = False
    """Whether all connections pass through a proxy that counts."""
    proxies: list[Proxy] = field(default_factory=list)

    def __post_init__(self) -> None:
        for folder in (self.a, self.b, self.own, self.stage):
            folder.mkdir(parents=True, exist_ok=True)
        self.family = Family(self.home / "log")

    @property
    def a(self) -> Path:
        return self.home / "a"

    @property
    def b(self) -> Path:
        return self.home / "b"

    @property
    def own(self) -> Path:
        """For the databases, keys and settings of the peer."""
        return self.home / "own"

    @property
    def stage(self) -> Path:
        """On the same disk as the folders: what is made here gets there by a rename."""
        return self.home / "stage"

    def port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def wait_for(self, port: int, patience: float = 10.0) -> None:
        """Until someone listens there."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.01)

    def via(self, port: int) -> int:
        """The port to dial in order to reach ``port``."""
        if not self.wired:
            return port
        self.proxies.append(Proxy(port))
        return self.proxies[-1].port


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a peer says itself that it sent and received, in bytes: ``a`` and ``b`` for the two machines.

    ``content_…`` is the part of it that is bytes of files, where the peer tells it apart.
    """

    sent_a: int
    received_a: int
    sent_b: int
    received_b: int
    tells_content: bool = False
    content_sent_a: int = 0
    content_received_a: int = 0
    content_sent_b: int = 0
    content_received_b: int = 0


class Peer:
    """Those that run all the time see for themselves that there is something to do; a command is told (``work``)."""

    name: ClassVar[str]
    program: ClassVar[str] = ""
    """What has to be there."""
    runs: ClassVar[bool] = True
    """Whether it is there all the time.  A command is not."""
    networked: ClassVar[bool] = False
    """Whether its two sides speak over a connection that can be counted."""
    keeps: ClassVar[frozenset[str]] = frozenset()
    """Names within the folders that are its own."""
    leaves_out: ClassVar[frozenset[str]] = frozenset()
    """Works that it cannot do, by name."""
    edits: ClassVar[int] = 200
    """How many small edits are measured: fewer where each takes a second."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @classmethod
    def missing(cls) -> str:
        """Why it cannot be measured here; empty when it can."""
        return "" if not cls.program or tool(cls.program) else f"no {cls.program} here (`make bench-peers`)"

    @classmethod
    def version(cls) -> str:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make its settings, before any clock runs."""

    joins: ClassVar[bool] = False
    """Whether one side can be started alone, and has made up its mind about its files before the other one comes."""

    def start(self) -> None:
        """Start both sides.  Does not wait until they have met."""
        for side in ("a", "b"):
            self.start_side(side)

    def start_side(self, side: str) -> None:
        """Start one of them: "a" first, with what both need."""

    def work(self) -> None:
        """Do what there is to do, to the end (commands only)."""

    def stop(self) -> None:
        self.place.family.end()

    def traffic(self) -> Traffic | None:
        """What it counted itself, if it does."""
        return None

    def grievance(self) -> str:
        """What it says is wrong, after all is done; empty when nothing is, or it cannot tell."""
        return ""


def first_line(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def tool(name: str) -> str:
    """The path of a peer's program: as ``make bench-peers`` unpacks it, or else of the system; empty without one."""
    unpacked = _HOME / "bin" / name
    return str(unpacked) if unpacked.exists() else shutil.which(name) or ""


_HOME: Final = Path(
    os.environ.get("SYNCAGENT_BENCH_PEERS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "syncagent-benchmarks"
)
