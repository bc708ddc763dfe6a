"""A file that is read part by part comes to what one reading comes to, or to nothing when it has changed."""

from __future__ import annotations

from random import Random

import pytest

from syncagent.content.digest import digest_of
from syncagent.localfs import perusal, scanner
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.perusal import Perusal, Telling
from syncagent.localfs.scanner import Scanner, read_on
from syncagent.model.facts import FileSeen, LookAt
from syncagent.model.names import RelPath

BIG = Random(2).randbytes((5 << 20) + 123)
PATH = RelPath("big")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "LARGE", 1 << 20)
    monkeypatch.setattr(perusal, "PART", 2 << 20)


def disk_with(data: bytes) -> tuple[MemoryDisk, Scanner]:
    disk = MemoryDisk()
    disk.user.write("big", data)
    return disk, Scanner(disk, disk.abilities)


def begun(look: Scanner) -> Perusal:
    found = look.peruse(PATH)
    assert found is not None
    return found


@pytest.mark.parametrize("parts", [0, 1, 2, 9])
def test_it_comes_to_what_one_reading_comes_to(parts: int) -> None:
    _, look = disk_with(BIG)
    one = begun(look)
    given = [block for _ in range(parts) for block in one.part()]
    assert [one.finish(read_on)] == look.look([LookAt(PATH, None)])
    together = b"".join(data for _, data in given)
    assert BIG.startswith(together)
    assert (together == BIG) == (parts == 9)
    assert all(digest == digest_of(data) for digest, data in given)


@pytest.mark.parametrize("after", [0, 1, 9])
def test_a_file_that_changes_in_the_middle_comes_to_nothing_a6(after: int) -> None:
    disk, look = disk_with(BIG)
    one = begun(look)
    for _ in range(after):
        one.part()
    disk.user.write("big", BIG[::-1])
    assert one.finish(read_on) is None


def test_a_file_that_grows_is_not_followed_a6() -> None:
    disk, look = disk_with(BIG)
    one = begun(look)
    disk.user.write("big", BIG * 3)
    read = sum(len(data) for _ in range(20) for _, data in one.part())
    assert read <= len(BIG) + perusal.PART + (1 << 18)
    assert one.ended


def test_what_is_no_large_file_is_not_read_like_this() -> None:
    disk, look = disk_with(BIG)
    disk.user.write("small", b"small")
    disk.user.mkdir("folder")
    disk.user.symlink("big", "link")
    for name in ("small", "folder", "link", "nothing", ".syncagent/x"):
        assert look.peruse(RelPath(name)) is None


def test_a_file_that_a_program_may_still_write_into_is_not_read_like_this_a5() -> None:
    disk, look = disk_with(BIG)
    with disk.user.held_open("big"):
        assert look.peruse(PATH) is None


@pytest.mark.parametrize("kept", [1, 40, 1_000])
def test_what_is_told_while_it_is_read_is_all_of_it_and_the_bytes_of_what_is_new(
    monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(perusal, "TOLD_AT_ONCE", 1 << 20)
    _, look = disk_with(BIG)
    [fact] = look.look([LookAt(PATH, None)])
    assert isinstance(fact, FileSeen)
    one, told = begun(look), list[Telling]()
    one.tell(fact.recipe[:kept], told.append)
    assert one.finish(read_on) == fact
    assert [block for part in told for block in part.recipe] == list(fact.recipe)
    new = [block.digest for block in fact.recipe[kept:]]
    assert [digest for part in told for digest, _ in part.blocks] == new
    assert all(digest == digest_of(data) for part in told for digest, data in part.blocks)
    assert len(told) > 3


def test_of_what_is_new_no_more_is_kept_than_an_edit_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perusal, "NEW_BYTES", 1 << 20)
    monkeypatch.setattr(perusal, "TOLD_AT_ONCE", 1 << 20)
    _, look = disk_with(BIG)
    one, told = begun(look), list[Telling]()
    one.tell((), told.append)
    assert sum(len(data) for part in told for _, data in part.blocks) <= 1 << 20
    assert [part.lost for part in told] == sorted(part.lost for part in told)
    assert told[-1].lost
    assert one.finish(read_on) is not None
