"""The works: each is done in folder ``a``, and gives the seconds until folder ``b`` is the same."""

from __future__ import annotations

import filecmp
import os
import random
import shutil
import time
from pathlib import Path

from benchmarks.pair import Pair, until

FILES = 10_000
LARGE = 1 << 30


def small_edits(pair: Pair, times: int = 100) -> list[float]:
    """Seconds of each of a hundred small edits, one after the other, from before the write to the new content."""
    mine, theirs = pair.a / "edited", pair.b / "edited"
    seconds = []
    for number in range(times):
        content = f"{number} {time.time_ns()}".encode()
        began = time.perf_counter()
        mine.write_bytes(content)
        until(lambda content=content: theirs.exists() and theirs.read_bytes() == content, pause=0.0002)  # type: ignore[misc]
        seconds.append(time.perf_counter() - began)
        time.sleep(0.05)
    return seconds


def make_files(folder: Path, count: int = FILES) -> None:
    """Small files, a hundred in a folder; sizes log-normal, median 4 KiB, about 100 MB in all."""
    rng = random.Random(1)
    for number in range(count):
        if number % 100 == 0:
            (folder / f"{number // 100}").mkdir(parents=True)
        size = int(min(max(rng.lognormvariate(8.3, 1.2), 10), 400_000))
        (folder / f"{number // 100}" / f"{number}").write_bytes(rng.randbytes(size))


def many_files(pair: Pair, source: Path) -> float:
    """A folder of small files appears in one rename, so that its making is not measured."""
    began = time.perf_counter()
    source.rename(pair.a / "many")
    until(lambda: _count(pair.b / "many") >= FILES, pause=0.02)
    seconds = time.perf_counter() - began
    assert not filecmp.dircmp(pair.a / "many", pair.b / "many").left_only
    return seconds


def rename_folder(pair: Pair) -> float:
    began = time.perf_counter()
    (pair.a / "many").rename(pair.a / "renamed")
    until(lambda: (pair.b / "renamed").exists() and not (pair.b / "many").exists())
    return time.perf_counter() - began


def delete_folder(pair: Pair) -> float:
    began = time.perf_counter()
    shutil.rmtree(pair.a / "renamed")
    until(lambda: not (pair.b / "renamed").exists(), pause=0.005)
    return time.perf_counter() - began


def large_file(pair: Pair, source: Path) -> float:
    began = time.perf_counter()
    source.rename(pair.a / "large")
    until((pair.b / "large").exists, pause=0.01)
    return time.perf_counter() - began


def edit_large(pair: Pair) -> float:
    """A byte is inserted in the middle (the file is written anew, as editors do)."""
    before = (pair.b / "large").stat().st_ino
    with (pair.a / "large").open("rb") as old, (pair.a.parent / "new").open("wb") as new:
        shutil.copyfileobj(_Part(old, LARGE // 2), new, 1 << 20)
        new.write(b"!")
        shutil.copyfileobj(old, new, 1 << 20)
    began = time.perf_counter()
    (pair.a.parent / "new").rename(pair.a / "large")
    until(lambda: (pair.b / "large").stat().st_ino != before, pause=0.01)
    return time.perf_counter() - began


def copy(source: Path, target: Path) -> float:
    """The yardstick: ``cp -a`` and ``sync``."""
    began = time.perf_counter()
    shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    os.sync()
    return time.perf_counter() - began


class _Part:
    def __init__(self, file: object, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int) -> bytes:
        data: bytes = self._file.read(min(size, self._left))  # type: ignore[attr-defined]
        self._left -= len(data)
        return data


def _count(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))
