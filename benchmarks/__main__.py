"""Measure us and the peers on the same works: ``python -m benchmarks [WORK …] [--peers …]``."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import goals, tables, works
from benchmarks.document import renewed
from benchmarks.peers import PEERS
from benchmarks.peers.base import Peer
from benchmarks.results import US, Entry, Results
from benchmarks.runner import Runner
from benchmarks.trees import Templates


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no process of a peer is left behind
    unknown = [name for name in options.works if name not in works.ALL]
    wanted = _peers(options)
    if unknown or wanted is None:
        print(f"no such work: {', '.join(unknown)}" if unknown else f"no such peer in {options.peers}", file=sys.stderr)
        return 2
    path = Path(options.json) if options.json else None
    results = Results.read(path) if path else Results()
    for other in options.merge:
        results.add(Results.read(Path(other)).entries.values())
        if path:
            results.write(path)
    if not options.show:
        results.machine |= _machine(options.at)
        _measure(options, wanted, results, path)
    _print(results, wanted)
    if options.document:
        document = Path(options.document)
        document.write_text(renewed(document.read_text(encoding="utf-8"), results), encoding="utf-8")
    if options.pictures:
        from benchmarks.pictures import draw  # matplotlib is not there for everyone

        draw(results, Path(options.pictures))
    return 0


def _measure(options: argparse.Namespace, wanted: list[type[Peer]], results: Results, path: Path | None) -> None:
    chosen = [work for work in works.ALL.values() if not options.works or work.name in options.works]
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=options.at) as home:
        templates = Templates(Path(home) / "templates", options.files, options.equal, options.large << 20)
        runner = Runner(Path(home), templates, options.runs)
        for peer in wanted:
            if peer.missing():
                continue
            for entry in runner.measure(peer, chosen):
                _tell(entry)
                results.add([entry])
                if path:
                    results.write(path)


def _tell(entry: Entry) -> None:
    figures = "; ".join(", ".join(f"{name} {value:,.4g}" for name, value in run.items()) for run in entry.runs)
    print(f"{entry.peer:<14}{entry.work:<9}{figures} {entry.failure}", flush=True)


def _print(results: Results, wanted: Sequence[type[Peer]]) -> None:
    for table in tables.tables(results):
        print(f"\n{tables.as_text(table)}")
    for line in tables.failures(results):
        print(f"\nfailed: {line}")
    print("\nGoals")
    for line in goals.as_lines(results):
        print(f"  {line}")
    for peer in wanted:
        if reason := peer.missing():
            print(f"left out: {peer.name}: {reason}")


def _peers(options: argparse.Namespace) -> list[type[Peer]] | None:
    ours = [] if options.without_us else [PEERS[US]]
    if options.peers == "none":
        return ours
    if options.peers == "all":
        return [*ours, *(peer for name, peer in PEERS.items() if name != US)]
    names = [name for name in options.peers.split(",") if name != US]
    return [*ours, *(PEERS[name] for name in names)] if all(name in PEERS for name in names) else None


def _machine(at: str | None) -> dict[str, str]:
    """What the figures came about on."""
    kernel = platform.uname()
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        kernel.machine,
    )
    kind = subprocess.run(
        ["stat", "-f", "-c", "%T", at or tempfile.gettempdir()], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "processor": f"{os.cpu_count()} × {model}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 30} GiB",
        "system": f"{kernel.system} {kernel.release}, {kind}",
        "python": platform.python_version(),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"which works (default: all): {' '.join(works.ALL)}")
    parser.add_argument("--peers", default="all", help=f"whom beside us: all, none, or some of {','.join(PEERS)}")
    parser.add_argument("--without-us", action="store_true", help="the peers only")
    parser.add_argument("--runs", type=int, default=1, help="runs of each, of which the median counts")
    parser.add_argument("--large", type=int, default=1024, metavar="MIB", help="size of the large file")
    parser.add_argument("--files", type=int, default=10_000, metavar="N", help="how many small files")
    parser.add_argument("--equal", type=int, default=50_000, metavar="N", help="how many files both sides have already")
    parser.add_argument("--json", metavar="FILE", help="keep the results there; those that are there already stay")
    parser.add_argument("--merge", metavar="FILE", action="append", default=[], help="take in what is there, too")
    parser.add_argument("--pictures", metavar="DIR", help="draw the results there, as SVG")
    parser.add_argument("--document", metavar="FILE", help="write the results into it, between its markers")
    parser.add_argument("--at", metavar="DIR", help="where to work (default: the place for temporary files)")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what is in --json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
