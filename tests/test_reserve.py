"""What is kept free of a disk: what comes takes none of it, whatever the disk would still hold."""

from __future__ import annotations

import errno

import pytest

from syncagent.content.recipe import places, read_all
from syncagent.errors import StorageFull
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.staging import IDLE_NS, Staging, part_path
from syncagent.planner.tasks import Done, Failed, StageWish
from syncagent.reserve import NoRoom, Reserve, in_words, kept_of
from tests.support.disks import big, memory_bench

DATA, OTHER = big(400_000), big(300_000, seed=2)
CONTENT, RECIPE = read_all([DATA])
OTHER_CONTENT, OTHER_RECIPE = read_all([OTHER])
WISH, OTHER_WISH = StageWish(CONTENT, RECIPE), StageWish(OTHER_CONTENT, OTHER_RECIPE)
BLOCKS = [(block.digest, DATA[offset : offset + block.size]) for offset, block in places(RECIPE)]


class Site:
    """A disk with a little room, and a clock."""

    def __init__(self, free: int, kept: tuple[int | None, float | None] = (None, 0.01)) -> None:
        self.whole, self.free = 10_000_000, free
        self.now_ns = 1_700_000_000_000_000_000
        self.asked = 0
        self.refusals = 0
        self.reserve = Reserve(self._room, lambda: self.now_ns, kept)
        self.reserve.refused = self._refused

    def _room(self) -> tuple[int, int]:
        self.asked += 1
        return self.whole, self.free

    def _refused(self) -> None:
        self.refusals += 1


def test_a_part_of_the_disk_or_so_many_bytes_are_kept() -> None:
    assert kept_of((None, 0.01), 10_000_000) == 100_000
    assert kept_of((5_000, None), 10_000_000) == 5_000
    assert kept_of((None, None), 10_000_000) == 0
    assert in_words(1_200_000_000, 1_500_000_000) == "1.2 GB are free, and 1.5 GB are to stay so (min_free)"


@pytest.mark.hazard("B7")
def test_what_would_take_of_it_is_refused_with_what_is_lacking() -> None:
    site = Site(150_000)
    site.reserve.demand(50_000)
    with pytest.raises(NoRoom, match="150.0 kB are free, and 100.0 kB are to stay so") as caught:
        site.reserve.demand(50_001)
    assert (caught.value.errno, caught.value.lacking, site.refusals) == (errno.ENOSPC, 1, 1)
    with pytest.raises(NoRoom, match="it needs 2.0 MB; "):
        site.reserve.demand(2_000_000)
    site.reserve.keep((0, None))
    site.reserve.demand(1 << 40)
    assert site.refusals == 2


def test_the_system_is_not_asked_for_each_file_of_a_mass() -> None:
    site = Site(1_000_000)
    for _ in range(800):
        site.reserve.demand(1_000)
    assert site.asked == 1
    site.free = 110_000
    site.now_ns += 1_000_000_000
    site.reserve.demand(10_000)
    site.free = 100_000
    with pytest.raises(NoRoom):
        site.reserve.demand(101)
    assert site.asked == 3


def bench_at(site: Site) -> tuple[MemoryDisk, Staging]:
    disk, _ = memory_bench(MemoryDisk(clock=lambda: site.now_ns))
    return disk, Staging(disk, reserve=site.reserve)


@pytest.mark.hazard("B7")
def test_a_large_file_that_does_not_fit_is_not_begun_and_one_that_fits_no_more_stops() -> None:
    site = Site(100_000 + CONTENT.size - 1)
    disk, staging = bench_at(site)
    with pytest.raises(StorageFull, match="no room on the disk of the folder") as caught:
        staging.begin(WISH)
    assert caught.value.lacking == 1
    assert not disk.user.tree().keys() & {part_path(CONTENT)}
    site.free += 1
    staging.begin(WISH)
    staging.put(CONTENT, BLOCKS[:1], RECIPE)
    site.free = 100_000
    site.now_ns += 1_000_000_000
    with pytest.raises(StorageFull):
        staging.put(CONTENT, BLOCKS[1:], RECIPE)
    site.free += CONTENT.size
    assert staging.begin(WISH) == {digest for digest, _ in BLOCKS[1:]}, "it goes on where it was"
    staging.put(CONTENT, BLOCKS[1:], RECIPE)
    assert staging.is_whole(CONTENT)


@pytest.mark.hazard("B7")
def test_two_files_do_not_count_on_the_same_room() -> None:
    site = Site(100_000 + CONTENT.size + OTHER_CONTENT.size - 1)
    _, staging = bench_at(site)
    staging.begin(WISH)
    with pytest.raises(StorageFull):
        staging.begin(OTHER_WISH)
    staging.put(CONTENT, BLOCKS, RECIPE)
    site.free -= CONTENT.size
    site.free += 1
    staging.begin(OTHER_WISH)


@pytest.mark.hazard("B7")
def test_what_nobody_goes_on_with_gives_its_room() -> None:
    site = Site(100_000 + CONTENT.size)
    _, staging = bench_at(site)
    staging.begin(WISH)
    staging.put(CONTENT, BLOCKS[:1], RECIPE)
    assert not staging.make_room(OTHER_CONTENT), "it is still being put together"
    assert not staging.make_room(CONTENT)
    site.now_ns += IDLE_NS + 1_000
    assert not staging.make_room(CONTENT), "it is what room is wanted for"
    assert staging.make_room(OTHER_CONTENT)
    assert not staging.make_room(OTHER_CONTENT)
    assert staging.begin(WISH) == {digest for digest, _ in BLOCKS}


@pytest.mark.hazard("B7", "N19")
def test_small_files_wait_too_and_what_needs_no_room_goes_on() -> None:
    site = Site(100_000 + 10)
    disk, bench = memory_bench()
    disk.user.write("old", b"is here")
    disk.user.write("moves", b"goes there")
    bench.staging = Staging(disk, "Laptop", reserve=site.reserve)
    tasks = (
        bench.write("fits", b"ten bytes!"), bench.write("new", b"eleven bytes"),
        bench.write("old", b"in other words", over=True),
        bench.write("empty", b""), bench.make_dir("folder"), bench.move("moves", "moved"),
    )  # fmt: skip
    outcomes = bench.run(*tasks)
    refused = [one for one in outcomes if isinstance(one, Failed)]
    assert [(one.op.node.at.name, one.full) for one in refused] == [("new", True), ("old", True)]  # type: ignore[union-attr]
    assert "are to stay so (min_free)" in refused[0].reason
    assert isinstance(bench.run(bench.delete("old"))[0], Done)
    assert {path for path in disk.user.tree() if ".syncagent" not in path} >= {"fits", "empty", "folder", "moved"}
    assert bench.staged() == []
