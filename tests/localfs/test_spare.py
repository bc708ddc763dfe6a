"""What was put aside becomes the staging file of the content that begins with it, and is never believed blindly."""

from __future__ import annotations

import errno
from random import Random

import pytest

from syncagent.content.recipe import read_all
from syncagent.errors import StorageTrouble
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_file import MemoryFile
from syncagent.localfs.spare import AHEAD
from syncagent.localfs.staging import Staging, part_path
from syncagent.model.ids import Digest
from syncagent.model.nodes import Content, Recipe
from syncagent.planner.tasks import StageWish


class Large:
    """A content, and its blocks."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.content, self.recipe = read_all([data])
        self.blocks = blocks(data, self.recipe)

    @property
    def wish(self) -> StageWish:
        return StageWish(self.content, self.recipe, ())

    def without(self, number: int) -> frozenset[Digest]:
        return frozenset(block.digest for block in self.recipe[number:])


def blocks(data: bytes, recipe: Recipe) -> list[tuple[Digest, bytes]]:
    found, at = [], 0
    for block in recipe:
        found.append((block.digest, data[at : at + block.size]))
        at += block.size
    return found


FILM, SONG = (Large(Random(seed).randbytes(2 << 20)) for seed in (5, 6))


@pytest.fixture
def stage() -> Staging:
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    return Staging(disk)


def reads(stage: Staging) -> list[str]:
    """The calls for reading from now on."""
    found: list[str] = []
    stage._disk.before_call = lambda name, path: found.append(path) if name == "file.read" else None  # type: ignore[attr-defined]
    return found


def is_there(stage: Staging, content: Content) -> bytes | None:
    return stage._disk.user.read(part_path(content))  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("number", [1, 5, len(FILM.recipe)])
def test_what_begins_with_it_takes_it_over_without_reading_it(stage: Staging, number: int) -> None:
    for block in FILM.blocks[:number]:
        stage.hold([block])
    read = reads(stage)
    assert stage.begin(FILM.wish) == FILM.without(number)
    assert read == []
    stage.put(FILM.content, FILM.blocks[number:], FILM.recipe)
    assert stage.is_whole(FILM.content)
    assert read == []
    assert is_there(stage, FILM.content) == FILM.data


def test_what_came_behind_it_is_kept_for_the_next(stage: Staging) -> None:
    stage.hold(FILM.blocks)
    stage.hold(SONG.blocks[:3])
    assert stage.begin(FILM.wish) == frozenset()
    assert stage.is_whole(FILM.content)
    assert is_there(stage, FILM.content) == FILM.data
    assert stage.begin(SONG.wish) == SONG.without(3)
    stage.put(SONG.content, SONG.blocks[3:], SONG.recipe)
    assert stage.is_whole(SONG.content)
    assert is_there(stage, SONG.content) == SONG.data


def test_the_blocks_of_two_that_came_mixed_are_copied(stage: Staging) -> None:
    for one, other in zip(FILM.blocks, SONG.blocks, strict=False):
        stage.hold([one, other])
    number = min(len(FILM.blocks), len(SONG.blocks))
    assert stage.begin(FILM.wish) == FILM.without(number)
    assert stage.begin(SONG.wish) == SONG.without(number)
    for large in (FILM, SONG):
        stage.put(large.content, large.blocks[number:], large.recipe)
        assert stage.is_whole(large.content)
        assert is_there(stage, large.content) == large.data


def test_a_block_that_comes_again_behind_it_is_still_missing_there(stage: Staging) -> None:
    block = FILM.data[: 64 * 1024]
    twice = Large(block + SONG.data + block)
    first = next(number for number, one in enumerate(twice.recipe) if twice.recipe.count(one) == 1)
    stage.hold(twice.blocks[: first + 1])
    missing = stage.begin(twice.wish)
    stage.put(twice.content, [one for one in twice.blocks if one[0] in missing], twice.recipe)
    assert stage.is_whole(twice.content)
    assert is_there(stage, twice.content) == twice.data


def test_one_that_somebody_has_touched_is_not_believed(stage: Staging) -> None:
    stage.hold(FILM.blocks)
    stage._disk.user.write(AHEAD, FILM.data[::-1])  # type: ignore[attr-defined]
    assert stage.begin(FILM.wish) == FILM.without(0)


def test_bytes_that_rot_there_do_not_become_a_file(stage: Staging) -> None:
    """Copied blocks are checked; of those that are taken over it shows in the end."""
    stage.hold(SONG.blocks[:1])
    stage.hold(FILM.blocks)
    stage._disk.user.spoil(AHEAD, SONG.blocks[0][1] + bytes(len(FILM.data)))  # type: ignore[attr-defined]
    assert stage.begin(FILM.wish) == FILM.without(0)


def test_a_file_that_was_begun_before_a_restart_goes_on_with_what_came(stage: Staging) -> None:
    stage.begin(FILM.wish)
    stage.put(FILM.content, FILM.blocks[:2], FILM.recipe)
    again = Staging(stage._disk)
    again.hold(FILM.blocks[2:6])
    assert again.begin(FILM.wish) == FILM.without(6)


def test_what_is_dropped_is_gone(stage: Staging) -> None:
    stage.drop_held()
    stage.hold(FILM.blocks)
    stage.drop_held()
    assert stage._disk.user.read(AHEAD) is None  # type: ignore[attr-defined]
    assert stage.begin(FILM.wish) == FILM.without(0)


def test_a_sweep_leaves_it_alone_and_removes_that_of_an_earlier_life(stage: Staging) -> None:
    stage.hold(FILM.blocks)
    stage.sweep(())
    assert stage.begin(FILM.wish) == frozenset()
    stage.hold(SONG.blocks)
    Staging(stage._disk).sweep(())
    assert stage._disk.user.read(AHEAD) is None  # type: ignore[attr-defined]


def test_what_comes_late_is_not_taken_for_the_beginning_of_the_next(stage: Staging) -> None:
    stage.hold(FILM.blocks[:5])
    stage.begin(FILM.wish)
    stage.hold([*FILM.blocks[5:7], *SONG.blocks])
    read = reads(stage)
    assert stage.begin(SONG.wish) == frozenset()
    assert read == [], "nothing had to be copied"


@pytest.mark.hazard("B9")
def test_what_the_disk_lost_of_it_is_no_beginning_of_any_file(stage: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.hold(FILM.blocks[:3])

    def lost(*_: object) -> None:
        raise OSError(errno.EIO, "the disk lost it")

    with monkeypatch.context() as patch, pytest.raises(StorageTrouble):
        patch.setattr(MemoryFile, "begin_sync", lost)
        stage.hold(FILM.blocks[3:5])
    assert stage.begin(FILM.wish) == FILM.without(0)
