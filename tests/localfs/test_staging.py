"""Files put together from blocks: never trusted, always resumed, swept when no one wants them."""

from __future__ import annotations

import errno
import threading

import pytest

from syncagent.content.digest import content_of, digest_of
from syncagent.content.recipe import places, read_all
from syncagent.errors import Damaged, StorageFull, StorageTrouble
from syncagent.localfs import assembly as assembly_module
from syncagent.localfs import staging as staging_module
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_file import MemoryFile
from syncagent.localfs.ports import Opening
from syncagent.localfs.staging import Staging, part_path
from syncagent.model.facts import UNSURE, Stamp
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block
from syncagent.planner.tasks import StageWish
from tests.support.disks import big, memory_bench

DATA = big(400_000)
CONTENT, RECIPE = read_all([DATA])
WISH = StageWish(CONTENT, RECIPE)
BLOCKS = [(block.digest, DATA[offset : offset + block.size]) for offset, block in places(RECIPE)]


def staged(disk: MemoryDisk) -> bytes:
    with disk.open(part_path(CONTENT)) as part:
        return part.read(0, 1 << 30)


def test_begin_says_what_is_missing_and_put_takes_it() -> None:
    disk, bench = memory_bench()
    staging = bench.staging
    assert staging.begin(WISH) == {block.digest for block in RECIPE}
    staging.put(CONTENT, BLOCKS[2:], RECIPE)
    assert staging.begin(WISH) == {digest for digest, _ in BLOCKS[:2]}
    staging.put(CONTENT, BLOCKS[:2], RECIPE)
    assert staging.begin(WISH) == frozenset()
    assert staged(disk) == DATA


@pytest.mark.hazard("B4")
def test_after_a_restart_only_what_is_right_counts() -> None:
    disk, bench = memory_bench()
    bench.staging.begin(WISH)
    bench.staging.put(CONTENT, BLOCKS, RECIPE)
    with disk.open(part_path(CONTENT), Opening.EDIT) as part:
        part.write(10, b"rot")
    fresh = Staging(disk)
    fresh.sweep([CONTENT])
    assert fresh.begin(WISH) == {BLOCKS[0][0]}
    fresh.put(CONTENT, BLOCKS[:1], RECIPE)
    assert staged(disk) == DATA


@pytest.mark.hazard("B9")
def test_what_the_disk_lost_while_it_was_put_together_is_got_again(monkeypatch: pytest.MonkeyPatch) -> None:
    disk, bench = memory_bench()
    bench.staging.begin(WISH)
    bench.staging.put(CONTENT, BLOCKS[:2], RECIPE)

    def lost(*_: object) -> None:
        raise OSError(errno.EIO, "the disk lost it")

    with monkeypatch.context() as patch, pytest.raises(StorageTrouble):
        patch.setattr(MemoryFile, "begin_sync", lost)
        bench.staging.put(CONTENT, BLOCKS[2:], RECIPE)
    assert bench.staging.begin(WISH) == {block.digest for block in RECIPE}, "nothing is believed of what it held"
    bench.staging.put(CONTENT, BLOCKS, RECIPE)
    assert staged(disk) == DATA


@pytest.mark.hazard("B9")
def test_what_the_disk_lost_of_a_copy_is_not_believed_though_it_was_found_beside_the_copying(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk, bench = memory_bench()
    data = big(16 << 20)
    content, recipe = read_all([data])
    disk.user.write("old", data)
    wish = StageWish(content, recipe, ((RelPath("old"), Stamp(b""), recipe),))
    threads, here = set(), threading.get_ident()

    def lost(_: object, offset: int, *__: object) -> None:
        threads.add(threading.get_ident())
        if offset:
            raise OSError(errno.EIO, "the disk lost it")

    with monkeypatch.context() as patch, pytest.raises(StorageTrouble):
        patch.setattr(MemoryFile, "begin_sync", lost)
        bench.staging.begin(wish)
    assert here not in threads
    without = StageWish(content, recipe, ())
    assert bench.staging.begin(without) == {block.digest for block in recipe}, "nothing is believed of what it held"
    assert bench.staging.begin(wish) == frozenset()
    assert bench.staging.is_whole(content)


def test_what_is_longer_than_it_should_be_is_begun_anew() -> None:
    disk, bench = memory_bench()
    with disk.open(part_path(CONTENT), Opening.EDIT) as part:
        part.write(0, DATA + b"more")
    assert bench.staging.begin(WISH) == {block.digest for block in RECIPE}


def test_local_files_give_the_blocks_that_they_have() -> None:
    disk, bench = memory_bench()
    old = DATA[:200_000] + b"edited" + DATA[200_010:]
    disk.user.write("old", old)
    _, stamp = bench.node("old")
    recipe = read_all([old])[1]
    missing = bench.staging.begin(StageWish(CONTENT, RECIPE, ((RelPath("old"), stamp, recipe),)))
    assert missing == {block.digest for block in RECIPE} - {block.digest for block in recipe}
    assert 0 < len(missing) < len(RECIPE)
    bench.staging.put(CONTENT, BLOCKS, RECIPE)
    assert staged(disk) == DATA


def test_a_large_local_file_is_checked_while_it_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging_module, "BESIDE", 1)
    monkeypatch.setattr(assembly_module, "PIECE", 100_000)
    disk, bench = memory_bench()
    old = bytearray(DATA)
    old[300_000] ^= 1
    disk.user.write("old", bytes(old))
    rotten = {block.digest for offset, block in places(RECIPE) if offset <= 300_000 < offset + block.size}
    # By its recipe it has all of the blocks: UNSURE does not vouch for that.
    assert bench.staging.begin(StageWish(CONTENT, RECIPE, ((RelPath("old"), UNSURE, RECIPE),))) == rotten
    bench.staging.put(CONTENT, [block for block in BLOCKS if block[0] in rotten], RECIPE)
    assert staged(disk) == DATA
    assert bench.staging.is_whole(CONTENT)


def test_a_local_file_that_changed_gives_nothing_wrong() -> None:
    disk, bench = memory_bench()
    disk.user.write("old", DATA)
    _, stamp = bench.node("old")
    disk.user.write("old", b"x" * len(DATA))
    bases = ((RelPath("old"), stamp, RECIPE), (RelPath("old"), UNSURE, RECIPE), (RelPath("gone"), stamp, RECIPE))
    assert bench.staging.begin(StageWish(CONTENT, RECIPE, bases)) == {block.digest for block in RECIPE}


def test_a_block_at_several_places_is_wanted_once() -> None:
    disk, bench = memory_bench()
    data = bytes(600_000)
    content, recipe = read_all([data])
    wish = StageWish(content, recipe)
    missing = bench.staging.begin(wish)
    assert len(missing) < len(recipe)
    with disk.open(part_path(content), Opening.EDIT) as part:
        part.write(0, b"\x01" * len(data))
    bench.staging.put(content, [(block.digest, bytes(block.size)) for block in recipe[1:]], recipe)
    with disk.open(part_path(content), Opening.EDIT) as part:
        part.write(0, b"\x01")  # one of its places is damaged; the others mend it
    assert bench.staging.begin(wish) == frozenset()
    with disk.open(part_path(content)) as part:
        assert part.read(0, 1 << 20) == data


@pytest.mark.hazard("B4")
def test_bytes_of_another_length_and_of_other_files_are_passed_over() -> None:
    disk, bench = memory_bench()
    bench.staging.begin(WISH)
    bench.staging.put(CONTENT, [(BLOCKS[0][0], b"wrong")], RECIPE)
    bench.staging.put(CONTENT, [(digest_of(b"stranger"), b"stranger")], RECIPE)
    assert staged(disk) == b""


@pytest.mark.hazard("B4")
def test_a_file_with_wrong_bytes_is_not_whole() -> None:
    _, bench = memory_bench()
    bench.staging.begin(WISH)
    wrong = bytes([BLOCKS[1][1][0] ^ 1]) + BLOCKS[1][1][1:]
    bench.staging.put(CONTENT, [BLOCKS[0], (BLOCKS[1][0], wrong), *BLOCKS[2:]], RECIPE)
    assert not bench.staging.is_whole(CONTENT)
    bench.staging.put(CONTENT, BLOCKS[1:2], RECIPE)
    assert not bench.staging.is_whole(CONTENT), "what passed once is not believed anew; the blocks are had again"
    assert bench.staging.begin(WISH) == frozenset()
    assert bench.staging.is_whole(CONTENT)


@pytest.mark.parametrize("order", ["forward", "backward", "mixed"])
def test_what_came_in_any_order_is_whole_without_being_read_again(order: str) -> None:
    disk, bench = memory_bench()
    bench.staging.begin(WISH)
    blocks = {"forward": BLOCKS, "backward": BLOCKS[::-1], "mixed": BLOCKS[1::2] + BLOCKS[::2]}[order]
    for block in blocks:
        bench.staging.put(CONTENT, [block], RECIPE)
    calls: list[str] = []
    disk.before_call = lambda name, path: calls.append(name)
    assert bench.staging.is_whole(CONTENT)
    assert "file.read" not in calls


@pytest.mark.hazard("B4")
def test_a_staging_file_that_someone_else_has_touched_is_read_as_a_whole() -> None:
    disk, bench = memory_bench()
    bench.staging.begin(WISH)
    bench.staging.put(CONTENT, BLOCKS, RECIPE)
    with disk.open(part_path(CONTENT), Opening.EDIT) as part:
        part.write(10, b"rot")
    assert not bench.staging.is_whole(CONTENT)


def test_a_recipe_that_cannot_be_is_refused() -> None:
    _, bench = memory_bench()
    with pytest.raises(Damaged):
        bench.staging.begin(StageWish(CONTENT, (Block(Digest(b"0" * 32), 1),)))


def test_the_empty_file() -> None:
    _, bench = memory_bench()
    assert bench.staging.begin(StageWish(content_of(b""), ())) == frozenset()


def test_sweep_keeps_what_is_wanted() -> None:
    _, bench = memory_bench()
    bench.staging.begin(WISH)
    other = content_of(b"other")
    bench.staging.begin(StageWish(other, (Block(other.digest, other.size),)))
    assert bench.staging.sweep([CONTENT]) == ()
    assert bench.staged() == [f"part.{CONTENT.digest.hex()}"]
    assert bench.staging.recipe_of(CONTENT) == RECIPE
    assert bench.staging.recipe_of(other) == ()
    bench.staging.sweep([])
    assert bench.staged() == []


@pytest.mark.hazard("B5")
def test_what_was_being_made_when_the_root_was_lost_is_swept_away_also_when_its_name_is_wanted_again() -> None:
    """Found by the simulation: it was taken for what is in use."""
    disk, bench = memory_bench()
    bench.staging.slots.make_folders()
    left = bench.staging.slots.new()
    disk.open(left, Opening.NEW).close()
    again = Staging(disk)  # the root is back, and another one has the stage
    again.begin(WISH)
    again.put(CONTENT, BLOCKS, RECIPE)
    with pytest.raises(FileExistsError):
        again.take(CONTENT)
    assert again.sweep([CONTENT]) == ()
    assert bench.staged() == [part_path(CONTENT).rpartition("/")[2]]


@pytest.mark.hazard("B7")
def test_a_full_disk_and_a_broken_one() -> None:
    disk, bench = memory_bench()
    bench.staging.begin(WISH)
    disk.free = 10
    with pytest.raises(StorageFull):
        bench.staging.put(CONTENT, BLOCKS, RECIPE)
    disk.free = None

    def hook(name: str, path: RelPath) -> None:
        raise OSError(errno.EIO, "no")

    disk.before_call = hook
    with pytest.raises(StorageTrouble):
        bench.staging.begin(WISH)
