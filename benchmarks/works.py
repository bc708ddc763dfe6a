"""The works.  Each is done in folder ``a``; it is over when folder ``b`` is the same, byte by byte.

Measured are seconds from the change (files are made elsewhere and appear by a rename) until the last name has its new
size in the other folder, and what all processes of a peer took of the processor from then until they rest again.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.peers.base import Peer
from benchmarks.results import Figures
from benchmarks.trees import Arrival, Templates, differences, with_inserted

PATIENCE: Final = 300.0
HEADS: Final = 100
"""Bytes that each small file may cost beyond its content, where content is counted."""


class NotDone(Exception):
    """It did not come to its end, or the end was wrong."""


@dataclass
class World:
    """One peer with its two folders, in which one work follows another."""

    peer: Peer
    templates: Templates
    begun: bool = False
    probes: int = 0

    @property
    def a(self) -> Path:
        return self.peer.place.a

    @property
    def b(self) -> Path:
        return self.peer.place.b

    def begin(self, met: bool) -> None:
        """Before the first work: settings are made, and if ``met``, both sides have started and met."""
        if not self.begun:
            self.begun = True
            self.peer.prepare()
            if met:
                self.meet()

    def meet(self) -> None:
        """Start from empty folders, and wait until both sides work and have nothing to do."""
        self.peer.start()
        if not self.peer.runs:
            self.peer.work()
            return
        self.probe()
        (self.a / "probe").unlink()
        self.until(lambda: not (self.b / "probe").exists())
        self.rest()

    def probe(self, patience: float = PATIENCE) -> float:
        """A small file appears in ``a``: the seconds until it has crossed."""
        self.probes += 1
        content = f"{time.time_ns()}{'.' * self.probes}"  # never as long as the one before, as in ``_edit``
        began = time.perf_counter()
        (self.a / "probe").write_text(content)
        self.until(lambda: _read(self.b / "probe") == content.encode(), patience=patience)
        return time.perf_counter() - began

    def until(self, true: Callable[[], bool], pause: float = 0.002, patience: float = PATIENCE) -> None:
        end = time.monotonic() + patience
        asked = 0
        while not true():
            now = time.monotonic()
            if now > end:
                raise NotDone(f"it had not arrived after {patience:.0f} s")
            if now > asked + 1:
                asked = now
                if fallen := self.peer.place.family.fallen():
                    raise NotDone(f"{', '.join(fallen)} ended by itself: see {self.peer.place.family.log}")
            time.sleep(pause)

    def timed(
        self, change: Callable[[], object], files: Sequence[tuple[str, int]] = (), gone: Sequence[str] = ()
    ) -> Figures:
        """Do ``change``, and wait until ``files`` are there, others are ``gone``, and all the rest is right."""
        family = self.peer.place.family
        arrived = Arrival(self.b, files, gone)
        cpu, began = family.cpu_seconds(), time.perf_counter()
        change()
        self.peer.work()
        self.until(arrived)
        seconds = time.perf_counter() - began
        end = time.monotonic() + PATIENCE
        while wrong := list(islice(differences(self.a, self.b, self.peer.keeps), 3)):
            # Names and sizes were there, but not all was right: then it was not over yet.
            if time.monotonic() > end:
                raise NotDone(f"the folders differ: {'; '.join(wrong)}")
            time.sleep(0.02)
            seconds = time.perf_counter() - began
        self.rest()
        return {"seconds": seconds, "cpu": family.cpu_seconds() - cpu}

    def rest(self) -> None:
        """Nobody's late work, and nothing that waits to be written to the disk, is the next one's cost."""
        self.peer.place.family.rest()
        os.sync()

    def check(self) -> None:
        """At the end, all is the same, and the peer does not say otherwise."""
        if wrong := list(islice(differences(self.a, self.b, self.peer.keeps), 3)):
            raise NotDone(f"the folders differ: {'; '.join(wrong)}")
        if grievance := self.peer.grievance():
            raise NotDone(grievance)

    # -- what must be there before a work -----------------------------------------------------------------------

    def have_many(self) -> str:
        """The folder of the small files, however it is called by now."""
        for name in ("many", "renamed"):
            if (self.a / name).exists():
                return name
        many(self)
        return "many"

    def have_large(self) -> Path:
        if not (self.a / "large").exists():
            large(self)
        return self.a / "large"


def edits(world: World) -> Figures:
    """Small edits of one file, each from before the write until the new content can be read; time enough between them
    for everyone to come to rest: there are peers that send at most four times a second."""
    return _edits(world, world.peer.edits, (0.3, 0.4))


def brisk(world: World) -> Figures:
    """The same, so soon after each other that many a peer still works on what followed from the one before."""
    return _edits(world, min(world.peer.edits, 100), (0.03, 0.13))


def _edits(world: World, times: int, pause: tuple[float, float]) -> Figures:
    mine, theirs = world.a / "edited", world.b / "edited"
    world.timed(lambda: mine.write_text("before"), [("edited", 6)])
    rng = random.Random(1)
    family = world.peer.place.family
    seconds = []
    cpu = family.cpu_seconds()
    for number in range(times):
        seconds.append(_edit(world, mine, theirs, number))
        time.sleep(rng.uniform(*pause))  # never in step with anyone's clock
    cpu = family.cpu_seconds() - cpu
    world.check()
    parts = quantiles(seconds, n=100, method="inclusive")
    return {"p50": median(seconds) * 1000, "p99": parts[98] * 1000, "cpu_each": cpu / len(seconds) * 1000}


def _edit(world: World, mine: Path, theirs: Path, number: int) -> float:
    # Never as long as the one before: there are peers to which the same size in the same second is the same file.
    content = f"{number} {time.time_ns()}{'.' * (number % 7 + 1)}".encode()
    began = time.perf_counter()
    mine.write_bytes(content)
    world.until(lambda: _read(theirs) == content, pause=0.0003, patience=60)
    return time.perf_counter() - began


def many(world: World) -> Figures:
    tree = world.templates.small_files(world.templates.files)
    staged = world.templates.copy(tree.path, world.peer.place.stage / "many")
    return world.timed(lambda: staged.rename(world.a / "many"), tree.under("many"))


def rename(world: World) -> Figures:
    before = world.have_many()
    after = "renamed" if before == "many" else "many"
    files = world.templates.small_files(world.templates.files).under(after)
    return world.timed(lambda: (world.a / before).rename(world.a / after), files, [before])


def delete(world: World) -> Figures:
    name = world.have_many()
    return world.timed(lambda: shutil.rmtree(world.a / name), gone=[name])


def large(world: World) -> Figures:
    staged = world.templates.copy(world.templates.large_file(1), world.peer.place.stage / "large")
    return world.timed(lambda: staged.rename(world.a / "large"), [("large", staged.stat().st_size)])


def insert(world: World) -> Figures:
    old, new = world.have_large(), world.peer.place.stage / "new"
    size = old.stat().st_size
    with_inserted(old, new, size // 2, b"!")
    os.sync()
    return world.timed(lambda: new.rename(old), [("large", size + 1)])


def append(world: World) -> Figures:
    path = world.have_large()

    def change() -> None:
        with path.open("ab") as file:
            file.write(b"12345")

    return world.timed(change, [("large", path.stat().st_size + 5)])


def beside(world: World) -> Figures:
    """Small edits while another large file is on its way."""
    mine, theirs = world.a / "edited", world.b / "edited"
    world.timed(lambda: mine.write_text("before"), [("edited", 6)])
    staged = world.templates.copy(world.templates.large_file(2), world.peer.place.stage / "other")
    arrived = Arrival(world.b, [("other", staged.stat().st_size)])
    seconds = []
    staged.rename(world.a / "other")
    while not arrived():
        seconds.append(_edit(world, mine, theirs, len(seconds)))
        time.sleep(0.05)
    world.rest()
    world.check()
    return {"p50": median(seconds) * 1000, "most": max(seconds) * 1000, "edits": float(len(seconds))}


def start(world: World) -> Figures:
    """The small files are put there while nobody runs, and found at the start."""
    world.meet()
    world.peer.stop()
    tree = world.templates.small_files(world.templates.files)
    world.templates.copy(tree.path, world.a / "many")
    figures = world.timed(world.peer.start, tree.under("many"))
    world.check()
    return figures


def link(world: World) -> Figures:
    """Both folders hold the same files, and the two sides have never met: until a small new file has crossed."""
    tree = world.templates.small_files(world.templates.equal)
    for root in (world.a, world.b):
        world.templates.copy(tree.path, root / "equal")
    return _until_a_probe_crosses(world)


def restart(world: World) -> Figures:
    _have_linked(world)
    world.peer.stop()
    os.sync()
    return _until_a_probe_crosses(world)


def _until_a_probe_crosses(world: World) -> Figures:
    family = world.peer.place.family
    cpu, began = family.cpu_seconds(), time.perf_counter()
    world.peer.start()
    world.probe()
    seconds = time.perf_counter() - began
    family.rest(10.0)
    settled = time.perf_counter() - began
    world.check()
    os.sync()
    return {"seconds": seconds, "cpu": family.cpu_seconds() - cpu, "settled": settled, **_content_sent(world)}


def join(world: World) -> Figures:
    """One side has linked, and rests; now the other one comes, which has the same files."""
    tree = world.templates.small_files(world.templates.equal)
    for root in (world.a, world.b):
        world.templates.copy(tree.path, root / "equal")
    family = world.peer.place.family
    world.peer.start_side("a")
    family.rest(120.0)
    cpu, began = family.cpu_seconds(), time.perf_counter()
    world.peer.start_side("b")
    world.probe()
    seconds = time.perf_counter() - began
    family.rest(10.0)
    settled = time.perf_counter() - began
    world.check()
    figures = {"seconds": seconds, "cpu": family.cpu_seconds() - cpu, "settled": settled}
    if (traffic := world.peer.traffic()) is not None:
        figures |= {"sent": float(traffic.sent_b), "received": float(traffic.received_b)}
        if traffic.tells_content:
            figures["content"] = float(traffic.content_sent_b + traffic.content_received_b)
    return figures


def _content_sent(world: World) -> Figures:
    """By both sides together, since they were started; and how much of the content must have been sent twice."""
    traffic = world.peer.traffic()
    if traffic is None:
        return {}
    figures = {"sent": float(traffic.sent_a + traffic.sent_b)}
    if traffic.tells_content:
        content = traffic.content_sent_a + traffic.content_sent_b
        there_is = sum(size + HEADS for _, size in world.templates.small_files(world.templates.equal).files)
        figures |= {"content": float(content), "twice": float(max(0, content - there_is))}
    return figures


def rest(world: World, seconds: float = 30.0) -> Figures:
    """All is the same, and nothing happens."""
    _have_linked(world)
    family = world.peer.place.family
    family.rest(10.0)
    cpu, began = family.cpu_seconds(), time.perf_counter()
    time.sleep(seconds)
    share = (family.cpu_seconds() - cpu) / (time.perf_counter() - began)
    memory = family.memory()
    return {"cpu_share": share * 100, "rss": memory.rss / (1 << 20), "pss": memory.pss / (1 << 20)}


def _have_linked(world: World) -> None:
    if not (world.a / "equal").exists():
        link(world)


def wire(world: World) -> Figures:
    """What goes over the wire, by the count of a proxy and by the peer's own; seconds are not measured here."""
    world.have_large()
    figures: Figures = {}
    for name, work in (("insert", insert), ("append", append)):
        figures |= _counted(world, name, lambda work=work: work(world))  # type: ignore[misc]
    mine, theirs = world.a / "edited", world.b / "edited"
    world.timed(lambda: mine.write_text("before"), [("edited", 6)])
    figures |= _counted(world, "ten_edits", lambda: [_edit(world, mine, theirs, number) for number in range(10)])
    world.check()
    return figures


def _counted(world: World, name: str, work: Callable[[], object]) -> Figures:
    proxies = world.peer.place.proxies
    before = [proxy.total for proxy in proxies]
    told = world.peer.traffic()
    work()
    grown = [proxy.total - old for proxy, old in zip(proxies, before, strict=True)]
    figures = {name: float(sum(grown)), f"{name}_most": float(max(grown))}
    after = world.peer.traffic()
    if told is not None and after is not None:
        own = (after.sent_a + after.received_a + after.sent_b + after.received_b) - (
            told.sent_a + told.received_a + told.sent_b + told.received_b
        )
        # What one side sends over a direct connection the other receives; over a hub these are two ways.
        figures[f"{name}_told"] = float(own if len(proxies) > 1 else own // 2)
    return figures


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True, slots=True)
class Work:
    """``scene`` says in which world it is done: works of one scene follow each other in one."""

    name: str
    do: Callable[[World], Figures]
    scene: str
    for_commands: bool = True
    """Whether it is to be asked of what does not run all the time."""


ALL: Final = {
    work.name: work
    for work in (
        Work("edits", edits, "live", for_commands=False),
        Work("brisk", brisk, "live", for_commands=False),
        Work("many", many, "live"),
        Work("rename", rename, "live"),
        Work("delete", delete, "live"),
        Work("large", large, "live"),
        Work("insert", insert, "live"),
        Work("append", append, "live"),
        Work("beside", beside, "live", for_commands=False),
        Work("start", start, "start"),
        Work("link", link, "equal", for_commands=False),
        Work("restart", restart, "equal", for_commands=False),
        Work("rest", rest, "equal", for_commands=False),
        Work("join", join, "join", for_commands=False),
        Work("wire", wire, "wire", for_commands=False),
    )
}
"""In the order in which they are done."""
