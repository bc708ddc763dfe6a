"""Runs works of peers, one world after the other, and tells of each figure as it comes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from benchmarks.peers.base import Peer, Place
from benchmarks.results import Entry, Figures
from benchmarks.trees import Templates
from benchmarks.works import NotDone, Work, World


@dataclass(frozen=True, slots=True)
class Runner:
    """``at`` is a folder on the disk that is measured."""

    at: Path
    templates: Templates
    runs: int = 1

    def measure(self, kind: type[Peer], works: Sequence[Work]) -> Iterator[Entry]:
        """All runs of all works that are to be asked of such a peer, as they come to their end."""
        wanted = [work for work in works if _fits(kind, work)]
        for _, scene in groupby(wanted, key=lambda work: work.scene):
            yield from self._scene(kind, list(scene))

    def _scene(self, kind: type[Peer], works: Sequence[Work]) -> Iterator[Entry]:
        done: dict[str, list[Figures]] = {work.name: [] for work in works}
        failed: dict[str, str] = {}
        for _ in range(self.runs):
            left = list(works)
            while left:  # whatever fails takes its world along; the rest go on in a new one
                with self._world(kind, left[0]) as world:
                    while left:
                        work = left.pop(0)
                        try:
                            done[work.name].append(work.do(world))
                        except (NotDone, OSError, RuntimeError) as error:
                            failed[work.name] = str(error)
                            self._keep_log(world.peer, work)
                            break
        sizes = {"files": self.templates.files, "equal": self.templates.equal, "large": self.templates.large}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for work in works:
            runs = tuple(done[work.name])
            yield Entry(kind.name, work.name, kind.version(), runs, failed.get(work.name, ""), dict(sizes), now)

    @contextmanager
    def _world(self, kind: type[Peer], first: Work) -> Iterator[World]:
        home = Path(tempfile.mkdtemp(prefix=f"{kind.name}-", dir=self.at))
        peer = kind(Place(home, wired=first.scene == "wire"))
        try:
            world = World(peer, self.templates)
            peer.prepare()
            if first.scene in ("live", "wire"):
                world.meet()
            yield world
        finally:
            peer.stop()
            shutil.rmtree(home, ignore_errors=True)
            os.sync()

    def _keep_log(self, peer: Peer, work: Work) -> None:
        log = peer.place.family.log
        if log.exists():
            shutil.copy(log, Path(tempfile.gettempdir()) / f"benchmark-{peer.name}-{work.name}.log")


def _fits(kind: type[Peer], work: Work) -> bool:
    if work.name in kind.leaves_out or (work.scene == "wire" and not kind.networked):
        return False
    return kind.runs or work.for_commands
