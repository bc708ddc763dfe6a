"""A user saves a file while we replace, delete or move it, over and over: nothing of the user's is ever lost.

Each race is one save and one task, let loose at the same moment, on a real disk, in two processes.  Afterwards the
saved text lies at a name in the folder, or the task was done on it (then it was what the hub has, and was expected).
Whoever reads the file meanwhile sees one whole text.

``make races RACES=100000`` runs many; ``make test`` a share.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Self

import pytest

from syncagent.content.digest import content_of
from syncagent.localfs.probe import probe
from syncagent.localfs.real import RealDisk
from syncagent.localfs.root import open_root
from syncagent.model.nodes import Content, File
from syncagent.planner.tasks import Done, Outcome, Task
from tests.e2e.saver import WAYS, content
from tests.support.disks import Bench, has_leases

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

RACES = int(os.environ.get("SYNCAGENT_RACES", "3000"))
SEED = int(os.environ.get("SYNCAGENT_RACES_SEED", "1"))
WHOLE = ("replace", "exchange")
"""The ways of saving in which the user's own file is never half there."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs the ways of Linux to save and to replace")


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """On a file system in memory a race takes a moment, and on a disk the waits are those of a disk."""
    if request.param == "disk":
        yield tmp_path
        return
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("there is no file system in memory")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as made:
        yield Path(made)


class Race:
    """One folder, one saver, one applier."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = Random(seed)
        disk = RealDisk(str(folder))
        open_root(disk, known=None, folder="default", new_id=lambda: "id").close()
        self.bench = Bench(disk, probe(disk))
        self.saver = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("saver.py"), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self.count: Counter[str] = Counter()
        self.texts: dict[Content, bytes] = {}
        self.spread_ns = 300_000
        self.told = 0

    def text(self, tag: str) -> bytes:
        data = content(tag)
        self.texts[content_of(data)] = data
        return data

    def run(self, number: int, ways: list[str]) -> None:
        """One race, and what is left of it is judged and cleared."""
        how = self.rng.choice(ways)
        tag = f"user-{number}"
        saved = self.text(tag)
        if not (self.folder / "a").exists():
            self._begin_with(self.text(f"start-{number}"))
        task, before = self._task(number)
        outcome = self._let_loose(task, how, tag)
        left = self._left()
        kept = any(saved in one for one in left.values())
        replaced = isinstance(outcome, Done) and before is not None and saved in before
        assert kept or replaced, f"race {number} ({how}, {type(task).__name__}, {outcome}): lost, left is {list(left)}"
        self._count(how, task, outcome, left)
        for name in left:
            if name != "a":
                (self.folder / name).unlink()
        if len(left.get("a", b"")) != len(saved):
            (self.folder / "a").unlink(missing_ok=True)
        assert self.bench.staged() == [], f"race {number} ({how}): left in the stage"

    def _begin_with(self, data: bytes) -> None:
        """``a`` is there with all of ``data`` at once, whoever reads it."""
        beside = self.folder / "beside"
        beside.write_bytes(data)
        beside.rename(self.folder / "a")

    def _task(self, number: int) -> tuple[Task, bytes | None]:
        """What we are about to do, and the text on which it is done."""
        before = (self.folder / "a").read_bytes()
        match self.rng.randrange(6):
            case 0:
                return self.bench.delete("a"), before
            case 1:
                return self.bench.move("a", "moved"), None
            case _:
                task = self.bench.write("a", self.text(f"agent-{number}"))
                assert isinstance(task.op.expect, File)
                return task, before

    def _let_loose(self, task: Task, how: str, tag: str) -> Outcome:
        assert self.saver.stdin is not None and self.saver.stdout is not None
        self.saver.stdin.write(f"{how} {tag} {self.rng.randrange(self.spread_ns)}\n")
        start = time.perf_counter_ns()
        [outcome] = self.bench.run(task)
        took = time.perf_counter_ns() - start
        self.spread_ns = max(1000, (self.spread_ns * 15 + min(took, 20_000_000)) // 16)
        assert self.saver.stdout.readline() == "done\n"
        return outcome

    def _left(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def _count(self, how: str, task: Task, outcome: Outcome, left: dict[str, bytes]) -> None:
        self.count[f"{how}: {'done' if isinstance(outcome, Done) else getattr(outcome, 'reason', '')}"] += 1
        if len(left) > ("moved" in left) + ("a" in left):
            self.count["put aside"] += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.saver.stdin is not None and self.saver.stdout is not None
        self.saver.stdin.close()
        self.saver.stdout.close()
        self.saver.wait(20)


@linux
@pytest.mark.hazard("B1", "N7", "N2")
def test_whatever_the_user_saves_while_we_replace_it_is_kept(folder: Path) -> None:
    ways = [way for way in WAYS if way != "slowly" or has_leases(folder)]
    with Race(folder, SEED) as race:
        for number in range(RACES):
            race.run(number, ways)
    _tell(race)
    met = [kind for kind in race.count if not kind.endswith((": done", "aside"))]
    assert met, "the two never met: these were no races"


@linux
@pytest.mark.hazard("N8", "N2")
def test_who_reads_meanwhile_sees_one_whole_text(folder: Path) -> None:
    stop, seen = threading.Event(), set[Content]()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.add(content_of((folder / "a").read_bytes()))
            except FileNotFoundError:
                continue

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with Race(folder, SEED) as race:
            for number in range(RACES // 4):
                race.run(number, list(WHOLE))
    finally:
        stop.set()
        reader.join()
    _tell(race)
    assert len(seen) > 20
    assert seen <= race.texts.keys()


def _tell(race: Race) -> None:
    for kind, count in sorted(race.count.items()):
        sys.stdout.write(f"{count:8} {kind}\n")
