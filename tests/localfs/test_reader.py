"""Blocks for those who ask for them: right, or not at all."""

from __future__ import annotations

import pytest

from syncagent.content.recipe import places, read_all
from syncagent.errors import RootMissing
from syncagent.localfs.reader import StaleRead, read_blocks
from syncagent.model.facts import UNSURE
from syncagent.model.names import RelPath
from syncagent.planner.tasks import ReadWish
from tests.support.disks import big, memory_bench

DATA = big(300_000)
RECIPE = read_all([DATA])[1]
BLOCKS = [(block.digest, DATA[offset : offset + block.size]) for offset, block in places(RECIPE)]


def test_blocks_are_read_in_order() -> None:
    disk, bench = memory_bench()
    disk.user.write("x", DATA)
    _, stamp = bench.node("x")
    wish = ReadWish(RelPath("x"), stamp, tuple(places(RECIPE)))
    assert read_blocks(disk, [wish]) == BLOCKS
    assert read_blocks(disk, [ReadWish(RelPath("x"), UNSURE, tuple(places(RECIPE))[1:2])]) == BLOCKS[1:2]


@pytest.mark.hazard("A6")
def test_a_file_that_changed_is_stale_and_the_others_are_read_a6() -> None:
    disk, bench = memory_bench()
    for name in ("x", "y", "z", "gone"):
        disk.user.write(name, DATA)
    wishes = [ReadWish(RelPath(name), bench.node(name)[1], tuple(places(RECIPE))) for name in ("x", "y", "gone", "z")]
    disk.user.write("x", DATA)
    disk.user.delete("gone")
    reads = [0]

    def hook(name: str, path: RelPath) -> None:
        if name == "file.read" and path == "y":
            reads[0] += 1
            if reads[0] == 2:
                disk.user.write("y", bytes(300_000))

    disk.before_call = hook
    found = read_blocks(disk, wishes)
    stale = [entry for entry in found if isinstance(entry, StaleRead)]
    assert [entry.path for entry in stale] == ["x", "y", "gone"]
    assert [entry for entry in found if not isinstance(entry, StaleRead)] == BLOCKS


def test_no_root_no_blocks() -> None:
    disk, bench = memory_bench()
    disk.user.write("x", DATA)
    wish = ReadWish(RelPath("x"), bench.node("x")[1], tuple(places(RECIPE)))
    disk.root_there = False
    with pytest.raises(RootMissing):
        read_blocks(disk, [wish])
