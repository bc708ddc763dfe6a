"""Folders become links to the outside, and folders again, while tasks run: nothing outside is touched or seen (C2).

The one who swaps is a process of its own that does nothing else.  ``make swaps SWAPS=100000`` lets it swap so often;
``make test`` a share.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from syncagent.content.recipe import read_all
from syncagent.errors import StorageTrouble
from syncagent.localfs.probe import probe
from syncagent.localfs.real import RealDisk
from syncagent.localfs.root import open_root
from syncagent.planner.tasks import InPlace, Staged, StageWish, Task
from tests.support.disks import Bench, big

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        sys.platform != "linux", reason="needs the exchange of Linux to swap a folder and a link at once"
    ),
]

SWAPS = int(os.environ.get("SYNCAGENT_SWAPS", "6000"))
NAMES = ("old", "gone", "moved", "mode", "new", "link", "folder", "staged")

ATTACKER = """
import ctypes, os, random, sys, time
folder, link, count = os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]), 0
swap = ctypes.CDLL(None).renameat2
print("ready", flush=True)
os.set_blocking(0, False)
while count % 64 or not sys.stdin.buffer.raw.read(1):
    swap(-100, folder, -100, link, 2)
    count += 1
    until = time.perf_counter() + random.expovariate(15000)
    while time.perf_counter() < until:
        pass
if count % 2:
    swap(-100, folder, -100, link, 2)
print(count)
"""


@contextmanager
def swapping(folder: Path, link: Path, done: Callable[[int], None]) -> Iterator[None]:
    """Within, ``folder`` and ``link`` change places without end; in the end each is where it was."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", ATTACKER, folder, link], stdin=pipe, stdout=pipe) as attacker:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == b"ready\n"
        yield
        count, _ = attacker.communicate(b"x")
    done(int(count))


def all_of(folder: Path) -> dict[str, str]:
    """What is there, to the last bit that a task could change."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        seen = path.lstat()
        what = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = f"{seen.st_ino} {seen.st_mode} {seen.st_mtime_ns} {seen.st_nlink} {what}"
    return found


class Scene:
    """A root with a folder ``d``, and an outside with things of the same names, and with the stage's folders."""

    def __init__(self, base: Path) -> None:
        self.root, self.outside = base / "root", base / "outside"
        (self.root / "d").mkdir(parents=True)
        (self.outside / "stage").mkdir(parents=True)
        (self.outside / "park").mkdir()
        disk = RealDisk(str(self.root))
        open_root(disk, known=None, folder="default", new_id=lambda: "id").close()
        self.bench = Bench(disk, probe(disk))
        for name in ("root.json", "lock"):
            (self.outside / name).write_bytes((self.root / ".syncagent" / name).read_bytes())
        for name in ("old", "gone", "moved", "mode", "secret", "stage/new.1", "stage/part.x", "stage/held.0.0.1.x"):
            (self.outside / name).write_text("canary")
        self.link = self.root / "link"
        self.link.symlink_to(self.outside)
        self.outcomes: Counter[str] = Counter()

    def tasks(self, number: int) -> list[Task]:
        """One of each kind, made while all is quiet."""
        bench, data = self.bench, b"agent %d" % number
        staged = big(70_000, number % 7)
        content, recipe = read_all([staged])
        makers: list[Callable[[], Task]] = [
            lambda: bench.write("d/old", data),
            lambda: bench.write("d/new", data, over=False),
            lambda: bench.write(f"d/staged{number % 3}", staged, over=False, source=Staged(content)),
            lambda: bench.write("d/mode", b"canary", source=InPlace(), executable=number % 2 == 0),
            lambda: bench.write_link("d/symlink", f"to {number}"),
            lambda: bench.make_dir("d/folder"),
            lambda: bench.move("d/moved", "d/elsewhere"),
            lambda: bench.delete("d/gone"),
            lambda: bench.delete("d/empty"),
        ]
        missing = bench.staging.begin(StageWish(content, recipe))
        bench.staging.put(content, _blocks(staged, recipe, missing), recipe)
        return [make() for make in makers]

    def refill(self) -> None:
        """What the tasks need; by the root's own disk, which is not fooled either."""
        for name in ("old", "gone", "moved", "mode"):
            path = self.root / "d" / name
            if not path.exists():
                path.write_text("canary")
        for path in (self.root / "d").iterdir():
            if path.name in ("elsewhere", "new") or path.name.startswith("staged"):
                path.unlink()
        (self.root / "d/empty").mkdir(exist_ok=True)
        if (self.root / "d/folder").exists():
            (self.root / "d/folder").rmdir()

    def work(self, tasks: list[Task], number: int) -> None:
        for task in tasks:
            [outcome] = self.bench.run(task)
            self.outcomes[f"{type(task).__name__}: {type(outcome).__name__}"] += 1
        for facts in self.bench.scanner.walk():
            assert not [fact for fact in facts if "secret" in getattr(fact, "path", "")]
        content, recipe = read_all([big(70_000, number % 7 + 7)])
        with suppress(StorageTrouble):
            missing = self.bench.staging.begin(StageWish(content, recipe))
            self.bench.staging.put(content, _blocks(big(70_000, number % 7 + 7), recipe, missing), recipe)
        with suppress(StorageTrouble):
            self.bench.staging.sweep([])

    def is_tried(self) -> bool:
        """Whether all kinds of tasks have been done, and some have met a link: else nothing would be proven."""
        done = [kind for kind in self.outcomes if kind.endswith("Done")]
        return len(done) == 4 and self.outcomes.total() > sum(self.outcomes[kind] for kind in done)


def _blocks(data: bytes, recipe: object, missing: object) -> list[tuple[object, bytes]]:
    blocks, at = [], 0
    for block in recipe:  # type: ignore[attr-defined]
        if block.digest in missing:  # type: ignore[operator]
            blocks.append((block.digest, data[at : at + block.size]))
        at += block.size
    return blocks


@pytest.mark.hazard("C2", "N11")
@pytest.mark.parametrize("what", ["a folder", "our own folder", "the stage"])
def test_nothing_outside_is_touched_while_a_folder_is_swapped_for_a_link(tmp_path: Path, what: str) -> None:
    scene = Scene(tmp_path)
    folder = {"a folder": "d", "our own folder": ".syncagent", "the stage": ".syncagent/stage"}[what]
    if what == "the stage":
        scene.link.unlink()
        scene.link.symlink_to(scene.outside / "stage")
    before = all_of(scene.outside)
    swaps = 0

    def count(number: int) -> None:
        nonlocal swaps
        swaps += number

    number = 0
    while swaps < SWAPS or not scene.is_tried():
        number += 1
        scene.refill()
        tasks = scene.tasks(number)
        with swapping(scene.root / folder, scene.link, count):
            for again in range(8):
                scene.work(tasks, number + again)
        assert all_of(scene.outside) == before
        assert scene.link.is_symlink()
    told = [f"{count:8} {kind}\n" for kind, count in sorted(scene.outcomes.items())]
    sys.stdout.write(f"{swaps} swaps\n{''.join(told)}")
