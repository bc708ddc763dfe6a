"""Conflict copies are settled, and no version is ever lost by it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from syncagent.errors import NotAsked, StorageTrouble, TryAgain
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Rename
from syncagent.localfs.real import RealDisk
from syncagent.localfs.settling import Keep, replace, settle
from syncagent.model.names import RelPath

NAME = RelPath("d/a.txt")
COPY = RelPath("d/a (conflict 2026-11-22 Laptop).txt")


def made() -> MemoryDisk:
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    disk.user.mkdir("d")
    disk.user.write(NAME, b"theirs")
    disk.user.write(COPY, b"mine")
    return disk


def files(disk: MemoryDisk) -> dict[str, bytes | str | None]:
    return {path: data for path, data in disk.user.tree().items() if data is not None}


def trash(disk: MemoryDisk) -> dict[str, bytes | str | None]:
    tree = disk.user.tree(own=True)
    return {path.split(".", 3)[-1]: data for path, data in tree.items() if "/trash/" in path}


def test_the_copy_takes_the_place_and_what_stood_there_is_in_the_trash() -> None:
    disk = made()
    assert settle(disk, NAME, COPY, Keep.COPY) == NAME
    assert files(disk) == {NAME: b"mine"}
    assert trash(disk) == {"d%2Fa.txt": b"theirs"}


def test_the_original_stays_and_the_copy_is_in_the_trash() -> None:
    disk = made()
    settle(disk, NAME, COPY, Keep.ORIGINAL)
    assert files(disk) == {NAME: b"theirs"}
    assert list(trash(disk).values()) == [b"mine"]


def test_both_stay_and_the_copy_is_one_no_more() -> None:
    disk = made()
    disk.user.write("d/a (2026-11-22 Laptop).txt", b"of an earlier one")
    assert settle(disk, NAME, COPY, Keep.BOTH) == "d/a (2026-11-22 Laptop) 2.txt"
    assert files(disk) == {
        NAME: b"theirs", "d/a (2026-11-22 Laptop).txt": b"of an earlier one", "d/a (2026-11-22 Laptop) 2.txt": b"mine",
    }  # fmt: skip
    assert trash(disk) == {}


def test_where_nothing_stands_at_the_name_the_copy_gets_it_and_is_never_thrown_away() -> None:
    disk = made()
    disk.user.delete(NAME)
    with pytest.raises(NotAsked):
        settle(disk, NAME, COPY, Keep.ORIGINAL)
    assert files(disk) == {COPY: b"mine"}
    settle(disk, NAME, COPY, Keep.COPY)
    assert files(disk) == {NAME: b"mine"}


def test_links_are_settled_and_folders_are_left_to_the_person() -> None:
    disk = made()
    disk.user.delete(COPY)
    disk.user.symlink("elsewhere", COPY)
    settle(disk, NAME, COPY, Keep.COPY)
    assert files(disk) == {NAME: "-> elsewhere"}
    disk.user.mkdir(COPY)
    for keep in Keep:
        with pytest.raises(NotAsked, match="folder"):
            settle(disk, NAME, COPY, keep)


def test_what_a_program_writes_to_is_left_alone() -> None:
    disk = made()
    with disk.user.held_open(COPY), pytest.raises(TryAgain, match="open in a program"):
        settle(disk, NAME, COPY, Keep.ORIGINAL)
    with disk.user.held_open(NAME), pytest.raises(TryAgain, match="open in a program"):
        settle(disk, NAME, COPY, Keep.COPY)
    assert files(disk) == {NAME: b"theirs", COPY: b"mine"}


@pytest.mark.parametrize("edited", [NAME, COPY])
@pytest.mark.parametrize("keep", list(Keep))
def test_what_is_written_in_the_last_instant_is_never_lost(
    monkeypatch: pytest.MonkeyPatch, keep: Keep, edited: RelPath
) -> None:
    disk = made()
    rename = MemoryDisk.rename

    def late(self: MemoryDisk, old: RelPath, new: RelPath, how: Rename) -> None:
        monkeypatch.setattr(MemoryDisk, "rename", rename)
        disk.user.write(edited, b"of the last instant", replace=True)
        rename(self, old, new, how)

    monkeypatch.setattr(MemoryDisk, "rename", late)
    try:
        settle(disk, NAME, COPY, keep)
    except TryAgain:
        assert b"of the last instant" in files(disk).values()
    assert b"of the last instant" in files(disk).values()
    untouched = b"mine" if edited == NAME else b"theirs"
    assert untouched in [*files(disk).values(), *trash(disk).values()]


def test_what_is_saved_twice_in_the_last_instant_is_kept_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = made()
    rename = MemoryDisk.rename
    saves = [b"the first save", b"the second save"]

    def late(self: MemoryDisk, old: RelPath, new: RelPath, how: Rename) -> None:
        if how is Rename.EXCHANGE and saves:
            disk.user.write(NAME, saves.pop(0), replace=True)
        rename(self, old, new, how)

    monkeypatch.setattr(MemoryDisk, "rename", late)
    with pytest.raises(TryAgain, match="changed just now"):
        settle(disk, NAME, COPY, Keep.COPY)
    assert not saves
    assert {b"the first save", b"the second save", b"mine"} <= {*files(disk).values(), *trash(disk).values()}


def test_a_disk_without_exchange_does_it_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = made()
    rename = MemoryDisk.rename

    def cannot(self: MemoryDisk, old: RelPath, new: RelPath, how: Rename) -> None:
        if how is Rename.EXCHANGE:
            raise OSError(errno.EINVAL, "no such thing")
        rename(self, old, new, how)

    monkeypatch.setattr(MemoryDisk, "rename", cannot)
    settle(disk, NAME, COPY, Keep.COPY)
    assert files(disk) == {NAME: b"mine"}
    assert trash(disk) == {"d%2Fa.txt": b"theirs"}


def test_a_long_path_is_said_by_a_link_beside_it() -> None:
    disk = made()
    long = RelPath("d/" + "x" * 200)
    copy = RelPath(f"{long} (conflict 2026-11-22 Laptop)")
    disk.user.write(long, b"1")
    disk.user.write(copy, b"2")
    settle(disk, long, copy, Keep.ORIGINAL)
    assert sorted(map(str, trash(disk).values())) == [f"-> {copy}", str(b"2")]


def test_what_was_merged_takes_the_place_of_both() -> None:
    disk = made()
    replace(disk, NAME, COPY, b"of both", (disk.stat(NAME), disk.stat(COPY)))
    assert files(disk) == {NAME: b"of both"}
    assert sorted(map(bytes, trash(disk).values())) == [b"mine", b"theirs"]  # type: ignore[arg-type]


@pytest.mark.parametrize("edited", [NAME, COPY])
def test_what_was_changed_during_the_merge_keeps_its_place(edited: RelPath) -> None:
    disk = made()
    seen = disk.stat(NAME), disk.stat(COPY)
    disk.user.write(edited, b"later")
    with pytest.raises(TryAgain):
        replace(disk, NAME, COPY, b"of both", seen)
    assert files(disk) == {NAME: b"theirs", COPY: b"mine"} | {edited: b"later"}


def test_on_a_real_disk(tmp_path: Path) -> None:
    for folder in (".syncagent", "d"):
        (tmp_path / folder).mkdir()
    (tmp_path / NAME).write_text("theirs")
    (tmp_path / COPY).write_text("mine")
    settle(RealDisk(str(tmp_path)), NAME, COPY, Keep.COPY)
    assert [one.name for one in (tmp_path / "d").iterdir()] == ["a.txt"]
    assert (tmp_path / NAME).read_text() == "mine"
    assert [one.read_text() for one in (tmp_path / ".syncagent" / "trash").iterdir()] == ["theirs"]


def test_an_error_of_the_disk_is_one_that_a_person_understands(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = made()

    def fail(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(MemoryDisk, "rename", fail)
    with pytest.raises(StorageTrouble, match="Input/output"):
        settle(disk, NAME, COPY, Keep.BOTH)


def test_what_is_not_there_cannot_be_settled() -> None:
    with pytest.raises(NotAsked, match="not there"):
        settle(made(), NAME, RelPath("d/b (conflict 2026-11-22 Laptop).txt"), Keep.BOTH)
