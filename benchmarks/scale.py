"""How our time and memory grow with the number of files: ``python -m benchmarks.scale [--counts 10000,100000]``.

For each number: one agent has so many files and sends them to an empty hub; another one, which has the same, joins;
all three are started again.  Each is over when a small new file has crossed, the first two when it is proven, too, that
all is in sync.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.peers.base import Place
from benchmarks.peers.ours import Ours
from benchmarks.results import US, Entry, Figures, Results
from benchmarks.trees import Templates, make_small_files
from benchmarks.works import NotDone, World
from syncagent import __version__

MEDIAN: Final = 4.6
"""Of the logarithm of the sizes: a hundred bytes.  It is the number of files that is of interest here."""
PATIENCE: Final = 4 * 3600.0
FIGURES: Final = {
    "first": "first sync of one agent to an empty hub, s",
    "join": "another one with the same files joins, s",
    "restart": "all three started again, until a probe crosses, s",
    "cpu": "CPU of all of it, s",
    "hub": "most memory of the hub, MiB",
    "a": "… of the agent that sent the files",
    "b": "… of the one that had them",
    "again_hub": "… of the hub after the restart",
    "again_a": "… of an agent after the restart",
    "rest": "memory of all three at rest after it, MiB",
}
SETTLING: Final = 12.0
"""Seconds until what is not needed any more has been given back."""


def measure(count: int, at: Path) -> Figures:
    """All of it, for so many files."""
    home = Path(tempfile.mkdtemp(prefix="scale-", dir=at))
    peer = Ours(Place(home))
    family = peer.place.family
    world = World(peer, Templates(home / "templates"))
    try:
        tree = make_small_files(peer.place.a / "equal", count, MEDIAN)
        world.templates.copy(tree.path, peer.place.b / "equal")
        peer.prepare()
        figures = {"first": _until_in_sync(world, peer, "a", probe=False)}
        figures["join"] = _until_in_sync(world, peer, "b", probe=True)
        peaks = {name: peak / (1 << 20) for name, peak in family.peaks().items()}
        cpu = family.cpu_seconds()
        peer.stop()
        began = time.perf_counter()
        peer.start()
        world.probe(PATIENCE)
        figures |= {"restart": time.perf_counter() - began, "cpu": cpu, **peaks}
        figures |= {f"again_{name}": peak / (1 << 20) for name, peak in family.peaks().items()}
        family.rest(60.0)
        time.sleep(SETTLING)
        figures["rest"] = family.memory().rss / (1 << 20)
        world.check()
        return figures
    finally:
        peer.stop()
        shutil.rmtree(home, ignore_errors=True)


def _until_in_sync(world: World, peer: Ours, side: str, probe: bool) -> float:
    began = time.perf_counter()
    peer.start_side(side)
    if probe:
        world.probe(PATIENCE)
    if grievance := peer.wait(side, PATIENCE):
        raise NotDone(grievance)
    return time.perf_counter() - began


def as_markdown(results: Results) -> str:
    """A column for each number of files; the growth from one to the next is for the reader to see."""
    counts = sorted(int(entry.sizes["files"]) for entry in results.entries.values() if entry.work.startswith("scale-"))
    lines = [f"| files | {' | '.join(f'{count:,}' for count in counts)} |", f"|---|{'--:|' * len(counts)}"]
    for name, title in FIGURES.items():
        figures = [results.figure(US, f"scale-{count}", name) for count in counts]
        cells = ["–" if figure is None else f"{figure:,.1f}" for figure in figures]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    if len(counts) > 1:
        lines += ["", *_growth(results, counts[0], counts[-1])]
    return "\n".join(lines) if counts else "not measured yet"


def _growth(results: Results, few: int, many: int) -> list[str]:
    """What one more file costs, by the difference between the fewest and the most."""
    lines = [f"Of each file from {few:,} to {many:,}:", ""]
    for name, title in FIGURES.items():
        first, last = (results.figure(US, f"scale-{count}", name) for count in (few, many))
        if first is not None and last is not None:
            each = (last - first) / (many - few)
            seconds = title.endswith(", s")
            lines.append(
                f"* {title.removesuffix(', s').removesuffix(', MiB')}: "
                + (f"{each * 1e6:,.0f} µs" if seconds else f"{each * (1 << 20):,.0f} bytes")
            )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--counts", default="10000,100000", help="how many files, one after the other")
    parser.add_argument("--json", metavar="FILE", help="keep the results there; those that are there already stay")
    parser.add_argument("--at", metavar="DIR", help="where to work (default: the place for temporary files)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no process of ours is left behind
    path = Path(options.json) if options.json else None
    results = Results.read(path) if path else Results()
    for count in map(int, options.counts.split(",")):
        figures = measure(count, Path(options.at or tempfile.gettempdir()))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        results.add([Entry(US, f"scale-{count}", __version__, (figures,), "", {"files": float(count)}, now)])
        if path:
            results.write(path)
    print(as_markdown(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
