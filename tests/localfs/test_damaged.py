"""What is kept of damaged files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.localfs import damaged
from syncagent.localfs.damaged import keep_damaged
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done
from tests.support.disks import memory_bench

pytestmark = pytest.mark.hazard("B6")


def kept(disk: MemoryDisk) -> list[tuple[str, bytes | str | None]]:
    """Names without the moment, and contents; oldest first."""
    tree = disk.user.tree(own=True)
    return [(path.split("-", 2)[2], tree[path]) for path in sorted(tree) if "/damaged/" in path]


def test_what_takes_the_place_of_a_damaged_file_leaves_that_aside() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/a", b"\0\0")
    disk.user.write("b", b"2")
    damage, other = replace(bench.write("d/a", b"whole"), keep=True), bench.write("b", b"3")
    assert all(isinstance(outcome, Done) for outcome in bench.run(damage, other))
    assert disk.user.tree() == {"b": b"3", "d": None, "d/a": b"whole"}
    assert kept(disk) == [("a", b"\0\0")]
    assert bench.staged() == []


def test_the_newest_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damaged, "MOST_FILES", 3)
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    for number in range(5):
        disk.user.write("slot", b"%d" % number)
        keep_damaged(disk, RelPath("slot"), RelPath(f"folder/n{number}"))
    assert [what for _, what in kept(disk)] == [b"2", b"3", b"4"]


def test_neither_many_large_ones_nor_long_names_are_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damaged, "MOST_BYTES", 10)
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    for data in (b"123456", b"12345", b"a content that alone is too long"):
        disk.user.write("slot", data)
        keep_damaged(disk, RelPath("slot"), RelPath("ü" * 127))
    [(name, what)] = kept(disk)
    assert what == b"a content that alone is too long"
    assert name == "ü" * 100
