"""Measure, and print a table: seconds, CPU seconds of hub and both agents, and the ratio to a plain copy and sync."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import works
from benchmarks.pair import Pair, pair


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=works.LARGE >> 20, help="size of the large file, in MiB")
    parser.add_argument("--at", help="where to work (default: the place for temporary files)")
    options = parser.parse_args()
    works.LARGE = options.large << 20
    with tempfile.TemporaryDirectory(dir=options.at) as home, pair(Path(home)) as both:
        edits = sorted(works.small_edits(both))
        print(f"{'work':<34}{'seconds':>9}{'CPU':>8}{'copy':>8}{'ratio':>8}")
        print(f"{'a small edit, median':<34}{edits[len(edits) // 2]:>9.4f}")
        print(f"{'a small edit, 99th of 100':<34}{edits[-2]:>9.4f}")
        many, large = Path(home) / "many", Path(home) / "large"
        works.make_files(many)
        _row(both, f"{works.FILES:,} small files", lambda: works.many_files(both, many), many)
        _row(both, "their folder renamed", lambda: works.rename_folder(both))
        _row(both, "their folder deleted", lambda: works.delete_folder(both))
        with large.open("wb") as file:
            for number in range(options.large):
                file.write(random.Random(number).randbytes(1 << 20))
        _row(both, f"a file of {options.large} MiB", lambda: works.large_file(both, large), large)
        _row(both, "a byte inserted in its middle", lambda: works.edit_large(both))


def _row(both: Pair, name: str, work: Callable[[], float], source: Path | None = None) -> None:
    copied = works.copy(source, source.with_name("copied")) if source is not None else None
    before = both.cpu_seconds()
    seconds = work()
    cpu = both.cpu_seconds() - before
    yardstick = f"{copied:>8.2f}{seconds / copied:>8.1f}" if copied else ""
    print(f"{name:<34}{seconds:>9.2f}{cpu:>8.2f}{yardstick}", flush=True)


if __name__ == "__main__":
    main()
