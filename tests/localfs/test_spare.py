"""What was put aside becomes the staging file of the content that begins with it, and is never believed blindly."""

from __future__ import annotations

import errno
import gc
from random import Random

import pytest

from syncagent.content.recipe import read_all
from syncagent.errors import StorageFull, StorageTrouble
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_file import MemoryFile
from syncagent.localfs.spare import AHEAD, OUTLINE
from syncagent.localfs.staging import Staging, part_path
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Content, Recipe
from syncagent.planner.tasks import Copied, StageWish
from syncagent.reserve import NoRoom


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


# --- how a file begins that somebody else is reading

EDITED = Large(FILM.data[: 1 << 20] + b"a word" + FILM.data[1 << 20 :])
HOME = RelPath("film")


@pytest.fixture
def base(stage: Staging) -> tuple[RelPath, Stamp]:
    """A file of the user's, as it was."""
    stage._disk.user.write("film", FILM.data)  # type: ignore[attr-defined]
    return HOME, stage._disk.stat(HOME).stamp


def outline(old: Large, new: Large) -> list[Copied | tuple[Digest, bytes]]:
    """How ``new`` is made of ``old``, block by block, and of what is new in it."""
    at, places = 0, dict[Block, int]()
    for block in old.recipe:
        places[block] = at
        at += block.size
    fresh = dict(new.blocks)
    return [
        Copied(places[block], (block,)) if block in places else (block.digest, fresh[block.digest])
        for block in new.recipe
    ]


def aside(stage: Staging) -> bytes | None:
    return stage._disk.user.read(OUTLINE)  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("step", [1, 4, 1000])
def test_what_was_copied_is_taken_over_without_reading_it(
    stage: Staging, base: tuple[RelPath, Stamp], step: int
) -> None:
    parts = outline(FILM, EDITED)
    for at in range(0, len(parts), step):
        stage.copy(at, base, parts[at : at + step])
    assert aside(stage) == EDITED.data
    read = reads(stage)
    assert stage.begin(EDITED.wish) == frozenset()
    assert stage.is_whole(EDITED.content)
    assert read == []
    assert is_there(stage, EDITED.content) == EDITED.data


def test_another_file_that_is_begun_meanwhile_does_not_end_it(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    parts = outline(FILM, EDITED)
    stage.copy(0, base, parts[:5])
    assert stage.begin(SONG.wish) == SONG.without(0)
    stage.copy(5, base, parts[5:])
    assert stage.begin(EDITED.wish) == frozenset()
    assert stage.is_whole(EDITED.content)


def test_runs_of_blocks_are_copied_in_pieces(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.copy(0, base, [Copied(0, FILM.recipe), Copied(0, FILM.recipe)])
    assert aside(stage) == FILM.data * 2


def test_of_what_was_copied_in_part_the_rest_is_missing(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.copy(0, base, outline(FILM, EDITED)[:5])
    wish = StageWish(EDITED.content, EDITED.recipe, ((*base, FILM.recipe),))
    [missing] = stage.begin(wish)
    stage.put(EDITED.content, [one for one in EDITED.blocks if one[0] == missing], EDITED.recipe)
    assert stage.is_whole(EDITED.content)


@pytest.mark.parametrize("behind", [3, 7])
def test_behind_a_hole_nothing_is_put(stage: Staging, base: tuple[RelPath, Stamp], behind: int) -> None:
    parts = outline(FILM, EDITED)
    stage.copy(0, base, parts[:5])
    before = aside(stage)
    stage.copy(behind, base, parts[behind:])
    assert aside(stage) == before
    stage.copy(5, base, parts[5:])
    assert aside(stage) == EDITED.data


def test_it_begins_anew_where_it_is_told_to(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.copy(0, base, outline(FILM, FILM))
    stage.copy(0, base, outline(FILM, EDITED))
    assert aside(stage) == EDITED.data


@pytest.mark.hazard("E1")
def test_who_leaves_goes_on_with_nothing(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.copy(0, base, outline(FILM, EDITED)[:5])
    before = aside(stage)
    stage.leave()
    stage.leave()
    stage.copy(5, base, outline(FILM, EDITED)[5:])
    assert aside(stage) == before, "the folder may be another one by now: it is left alone"
    stage.sweep(())
    assert aside(stage) is None


def test_a_file_with_another_stamp_is_not_copied(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage._disk.user.write("film", FILM.data[::-1])  # type: ignore[attr-defined]
    stage.copy(0, base, outline(FILM, EDITED))
    assert not aside(stage)
    stage._disk.user.delete("film")  # type: ignore[attr-defined]
    stage.copy(0, base, outline(FILM, EDITED))
    assert not aside(stage)


@pytest.mark.hazard("A6")
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_file_that_changes_while_it_is_copied_is_copied_as_far_as_it_was_as_it_was(
    stage: Staging, base: tuple[RelPath, Stamp], after: int
) -> None:
    """Every block is checked: that its stamp was right when it was opened says nothing of what is read."""
    count = 0

    def changes(name: str, path: str) -> None:
        nonlocal count
        if (name, path) == ("file.read", "film"):
            if count == after:
                stage._disk.user.spoil("film", FILM.data[::-1])  # type: ignore[attr-defined]
            count += 1

    stage._disk.before_call = changes  # type: ignore[attr-defined]
    stage.copy(0, base, outline(FILM, EDITED))
    stage._disk.before_call = lambda *_: None  # type: ignore[attr-defined]
    there = aside(stage) or b""
    assert len(there) < len(EDITED.data)
    assert EDITED.data.startswith(there)
    stage.copy(len(EDITED.recipe) - 1, base, outline(FILM, EDITED)[-1:])
    assert aside(stage) == there, "nothing comes behind the hole"
    stage.begin(EDITED.wish)
    missing = stage.begin(EDITED.wish)
    stage.put(EDITED.content, [one for one in EDITED.blocks if one[0] in missing], EDITED.recipe)
    assert stage.is_whole(EDITED.content)


def test_a_copy_that_somebody_has_touched_is_not_believed(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    parts = outline(FILM, EDITED)
    stage.copy(0, base, parts[:5])
    stage._disk.user.write(OUTLINE, EDITED.data[::-1])  # type: ignore[attr-defined]
    stage.copy(5, base, parts[5:])
    assert stage.begin(EDITED.wish) == EDITED.without(0)


def test_both_that_came_ahead_and_that_was_copied_are_of_use(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.copy(0, base, outline(FILM, EDITED))
    stage.hold(SONG.blocks)
    assert stage.begin(SONG.wish) == frozenset()
    assert stage.begin(EDITED.wish) == frozenset()
    assert stage.is_whole(SONG.content)
    assert stage.is_whole(EDITED.content)


def test_a_copy_that_nobody_wants_is_dropped_and_swept_away(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.copy(0, base, outline(FILM, EDITED))
    stage.sweep(())
    assert aside(stage) == EDITED.data
    stage.drop_held()
    assert aside(stage) == EDITED.data
    stage.drop_held(outline=True)
    assert aside(stage) is None
    stage.copy(0, base, outline(FILM, EDITED))
    Staging(stage._disk).sweep(())
    assert aside(stage) is None


@pytest.mark.hazard("B6")
def test_after_a_power_cut_nothing_of_a_copy_is_left_that_counts(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    disk = stage._disk
    stage.copy(0, base, outline(FILM, EDITED)[:9])
    disk.crash()  # type: ignore[attr-defined]
    again = Staging(disk)
    again.sweep(())
    assert disk.user.read(OUTLINE) is None  # type: ignore[attr-defined]
    assert again.begin(EDITED.wish) == EDITED.without(0)


@pytest.mark.hazard("B9")
def test_what_the_disk_lost_of_a_copy_is_no_beginning_of_any_file(
    stage: Staging, base: tuple[RelPath, Stamp], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = outline(FILM, EDITED)
    stage.copy(0, base, parts[:5])

    def lost(*_: object) -> None:
        raise OSError(errno.EIO, "the disk lost it")

    with monkeypatch.context() as patch, pytest.raises(StorageTrouble):
        patch.setattr(MemoryFile, "begin_sync", lost)
        stage.copy(5, base, parts[5:])
    assert aside(stage) is None
    stage.copy(5, base, parts[5:])
    assert stage.begin(EDITED.wish) == EDITED.without(0)


@pytest.mark.hazard("E1")
def test_a_stage_that_is_let_go_of_since_the_root_was_lost_keeps_no_file_open(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = MemoryDisk()
    disk.user.write("film", FILM.data)
    stage, closed = Staging(disk), list[int]()
    stage.copy(0, (HOME, disk.stat(HOME).stamp), outline(FILM, EDITED)[:5])
    copied = disk.stat(OUTLINE).inode
    gc.collect()  # of what others have left, nothing is counted
    monkeypatch.setattr(MemoryFile, "close", lambda file: closed.append(file.stat().inode))
    del stage
    gc.collect()
    assert copied in closed


@pytest.mark.hazard("B7")
def test_for_a_copy_room_is_left_to_others(stage: Staging, base: tuple[RelPath, Stamp]) -> None:
    stage.reserve.demand = _no_room  # type: ignore[method-assign]
    with pytest.raises(StorageFull):
        stage.copy(0, base, outline(FILM, EDITED))
    assert not aside(stage)


def _no_room(size: int, **_: object) -> None:
    raise NoRoom("no room", size)
