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
        """All runs of all works that are to be asked of such a peer: what there is of a work, after each run of it."""
        wanted = [work for work in works if _fits(kind, work)]
        for _, scene in groupby(wanted, key=lambda work: work.scene):
            yield from self._scene(kind, list(scene))

    def _scene(self, kind: type[Peer], works: Sequence[Work]) -> Iterator[Entry]:
        done: dict[str, tuple[Figures, ...]] = {work.name: () for work in works}
        failed: dict[str, str] = {}
        for _ in range(self.runs):
            left = list(works)
            while left:  # what fails takes its world along; the rest go on in a new one
                with self._world(kind, wired=left[0].scene == "wire") as world:
                    for work in tuple(left):
                        left.remove(work)
                        try:
                            world.begin(work.scene in ("live", "wire"))
                            done[work.name] += (work.do(world),)
                        except (NotDone, OSError, RuntimeError) as error:
                            failed[work.name] = str(error)
                        yield self._entry(kind, work, done[work.name], failed.get(work.name, ""))
                        if work.name in failed:
                            self._keep_log(world.peer, work)
                            break

    def _entry(self, kind: type[Peer], work: Work, runs: tuple[Figures, ...], failure: str) -> Entry:
        sizes = {"files": self.templates.files, "equal": self.templates.equal, "large": self.templates.large}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Entry(kind.name, work.name, kind.version(), runs, failure, sizes, now)

    @contextmanager
    def _world(self, kind: type[Peer], wired: bool) -> Iterator[World]:
        home = Path(tempfile.mkdtemp(prefix=f"{kind.name}-", dir=self.at))
        peer = kind(Place(home, wired=wired))
        try:
            yield World(peer, self.templates)
        finally:
            peer.stop()
            shutil.rmtree(home, ignore_errors=True)
            os.sync()

    def _keep_log(self, peer: Peer, work: Work) -> None:
        log = peer.place.family.log
        if log.exists():
            shutil.copy(log, Path(tempfile.gettempdir()) / f"benchmark-{peer.name}-{work.name}.log")


def _fits(kind: type[Peer], work: Work) -> bool:
    if (work.scene == "wire" and not kind.networked) or (work.scene == "join" and not kind.joins):
        return False
    if work.name in kind.leaves_out:
        return False
    return kind.runs or work.for_commands
