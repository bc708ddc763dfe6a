"""A folder is only taken for what is to go when it holds just that, each as it is known."""

from __future__ import annotations

import errno

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.wholes import Otherwise, check_unused_whole, check_whole, has_same_names, remove_whole
from syncagent.model.names import RelPath
from tests.support.disks import Bench, memory_bench

FOLDER = RelPath("d")


@pytest.fixture
def tried() -> tuple[MemoryDisk, Bench]:
    disk, bench = memory_bench()
    for folder in ("d", "d/e", "d/e/empty"):
        disk.user.mkdir(folder)
    for name in ("d/a", "d/e/b"):
        disk.user.write(name, name.encode())
    disk.user.symlink("x", "d/e/l")
    return disk, bench


def test_a_folder_that_is_as_it_is_known_is_whole(tried: tuple[MemoryDisk, Bench]) -> None:
    disk, bench = tried
    check_whole(disk, FOLDER, bench.lying("d"))
    check_unused_whole(disk, FOLDER, bench.lying("d"))


@pytest.mark.hazard("B3")
@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        (lambda user: user.write("d/e/new", b"1"), "e/new"),
        (lambda user: user.write("d/a", b"other"), "a"),
        (lambda user: user.mkdir("d/e/empty/new"), "e/empty/new"),
        (lambda user: user.delete("d/e/b"), "e/b"),
        (lambda user: user.move("d/e/b", "d/b"), "b"),
        (lambda user: user.move("d/e", "elsewhere"), "e"),
    ],
)
def test_what_is_otherwise_is_named(tried: tuple[MemoryDisk, Bench], what: object, wrong: str) -> None:
    disk, bench = tried
    known = bench.lying("d")
    what(disk.user)  # type: ignore[operator]
    with pytest.raises(Otherwise) as caught:
        check_whole(disk, FOLDER, known)
    assert RelPath(wrong) in caught.value.paths


@pytest.mark.hazard("B10")
def test_a_folder_that_may_not_be_written_is_not_taken_away_with_another(tried: tuple[MemoryDisk, Bench]) -> None:
    disk, bench = tried
    disk.user.chmod("d/e", 0o555)
    with pytest.raises(PermissionError):
        check_whole(disk, FOLDER, bench.lying("d"))


@pytest.mark.hazard("B1")
def test_a_file_that_is_being_written_keeps_all(tried: tuple[MemoryDisk, Bench]) -> None:
    disk, bench = tried
    with disk.user.held_open("d/e/b"):
        with pytest.raises(OSError, match="open for writing") as caught:
            check_unused_whole(disk, FOLDER, bench.lying("d"))
        assert caught.value.errno == errno.EBUSY
    check_unused_whole(disk, FOLDER, bench.lying("d"))


def test_all_of_it_is_removed(tried: tuple[MemoryDisk, Bench]) -> None:
    disk, _ = tried
    disk.user.write("k", b"k")
    remove_whole(disk, FOLDER)
    assert [path for path in disk.user.tree() if not path.startswith(".syncagent")] == ["k"]


@pytest.mark.parametrize("change", ["new", "gone", "replaced", "nothing"])
def test_the_folders_tell_of_each_name_that_has_come_or_gone_since(change: str) -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    disk.user.mkdir("d/e")
    disk.user.write("d/e/f", b"1")
    found = check_whole(disk, FOLDER, bench.lying("d"))
    assert sorted(found) == ["", "e"]
    match change:
        case "new":
            disk.user.write("d/e/g", b"2")
        case "gone":
            disk.user.delete("d/e/f")
        case "replaced":
            disk.user.write("d/e/f", b"1", replace=True)
        case _:
            pass
    assert has_same_names(disk, FOLDER, found) == (change == "nothing")
    disk.user.delete("d")
    assert not has_same_names(disk, FOLDER, found)
