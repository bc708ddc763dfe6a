"""What is worked with: folders of small files and large files, made once; and whether two folders are the same."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

A_HUNDRED: Final = 100
"""Files in one folder."""
MEDIAN, SPREAD = 8.3, 1.2
"""Of the logarithm of the sizes: a median of 4 KiB, about 10.8 KB on average."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder that was made, and its files with their sizes."""

    path: Path
    files: tuple[tuple[str, int], ...]

    def under(self, name: str) -> list[tuple[str, int]]:
        """Its files, as they are called once the folder is called ``name``."""
        return [(f"{name}/{file}", size) for file, size in self.files]


@dataclass
class Templates:
    """Made when first asked for; each work gets a copy of its own."""

    home: Path
    files: int = 10_000
    equal: int = 50_000
    large: int = 1 << 30
    _small: dict[int, Tree] = field(default_factory=dict)

    def small_files(self, count: int) -> Tree:
        if count not in self._small:
            self._small[count] = make_small_files(self.home / f"small-{count}", count)
        return self._small[count]

    def large_file(self, seed: int) -> Path:
        path = self.home / f"large-{seed}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            make_large_file(path, self.large, seed)
        return path

    def copy(self, source: Path, target: Path) -> Path:
        """A copy with its times, on the disk for good, so that its writing is nobody's cost."""
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", source, target], check=True)
        os.sync()
        return target


def make_small_files(folder: Path, count: int, median: float = MEDIAN) -> Tree:
    """``count`` files of random bytes, a hundred in a folder, their sizes log-normal."""
    rng = random.Random(1)
    files = []
    for number in range(count):
        if number % A_HUNDRED == 0:
            (folder / f"{number // A_HUNDRED}").mkdir(parents=True)
        size = int(min(max(rng.lognormvariate(median, SPREAD), 10), 400_000))
        name = f"{number // A_HUNDRED}/{number}"
        (folder / name).write_bytes(rng.randbytes(size))
        files.append((name, size))
    return Tree(folder, tuple(files))


def make_large_file(path: Path, size: int, seed: int) -> None:
    rng = random.Random(seed)
    with path.open("wb") as file:
        while size:
            piece = min(size, 1 << 20)
            file.write(rng.randbytes(piece))
            size -= piece


def with_inserted(source: Path, target: Path, at: int, what: bytes) -> None:
    """``target`` is ``source`` with ``what`` inserted, written anew as editors do."""
    with source.open("rb") as old, target.open("wb") as new:
        while at:
            piece = old.read(min(at, 1 << 20))
            new.write(piece)
            at -= len(piece)
        new.write(what)
        shutil.copyfileobj(old, new, 1 << 20)


class Arrival:
    """Whether files have come, by name and size, and other things have gone.

    It goes on where it stopped the last time, so that asking often costs next to nothing, however many files there are.
    """

    def __init__(self, root: Path, files: Sequence[tuple[str, int]] = (), gone: Sequence[str] = ()) -> None:
        self._root = os.fspath(root)
        self._files = files
        self._gone = gone
        self._seen = 0

    def __call__(self) -> bool:
        while self._seen < len(self._files):
            name, size = self._files[self._seen]
            try:
                if os.stat(f"{self._root}/{name}").st_size != size:
                    return False
            except OSError:
                return False
            self._seen += 1
        return not any(os.path.lexists(f"{self._root}/{name}") for name in self._gone)


def differences(a: Path, b: Path, own: Collection[str] = ()) -> Iterator[str]:
    """What is not the same in two folders, byte by byte; but for what a peer keeps there for itself (``own``)."""
    mine, theirs = _names(a, own), _names(b, own)
    for name in sorted(mine.keys() ^ theirs.keys()):
        yield f"{name} is only on one side"
    for name in sorted(mine.keys() & theirs.keys()):
        if mine[name] != theirs[name]:
            yield f"{name} is of two kinds"
        elif mine[name] == "file" and not _same_bytes(a / name, b / name):
            yield f"{name} has other bytes"


def _names(root: Path, own: Collection[str]) -> dict[str, str]:
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in own]
        prefix = os.path.relpath(folder, root)
        for names, kind in ((folders, "folder"), (files, "file")):
            found.update({os.path.normpath(f"{prefix}/{name}"): kind for name in names if name not in own})
    return found


def _same_bytes(a: Path, b: Path) -> bool:
    with a.open("rb", buffering=0) as mine, b.open("rb", buffering=0) as theirs:
        while True:
            one, other = mine.read(1 << 18), theirs.read(1 << 18)
            if one != other:
                return False
            if not one:
                return True
