"""How names are spelled on disk."""

from __future__ import annotations

import errno

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_systems import apfs
from syncagent.localfs.spelling import Spelling
from syncagent.model.facts import NothingThere, NotKept, Unreadable
from syncagent.model.names import RelPath

NFC, NFD = RelPath("\xe9"), RelPath("e\u0301")


def test_the_spelling_of_a_path_is_right_when_each_name_is_listed_so() -> None:
    disk = apfs()
    disk.user.mkdir("Docs")
    disk.user.write("Docs/x", b"1")
    assert Spelling(disk).is_right(RelPath("Docs/x"))
    assert not Spelling(disk).is_right(RelPath("docs/x"))
    assert not Spelling(disk).is_right(RelPath("Docs/X"))


@pytest.mark.hazard("C4")
def test_of_two_spellings_that_the_disk_tells_apart_the_very_one_is_found() -> None:
    disk = MemoryDisk()
    disk.user.write(NFC, b"1")
    disk.user.write(NFD, b"2")
    assert Spelling(disk).found(NFC, folds=False) == NFC
    assert Spelling(disk).found(NFD, folds=False) == NFD


@pytest.mark.hazard("C4")
@pytest.mark.parametrize("folds", [False, True])
def test_the_one_spelling_that_there_is_is_found(folds: bool) -> None:
    disk = apfs() if folds else MemoryDisk()
    disk.user.write(NFD, b"2")
    assert Spelling(disk).found(NFC, folds=folds) == NFD
    assert Spelling(disk).found(RelPath("\xe8"), folds=folds) is None


@pytest.mark.hazard("C4", "A14")
def test_where_a_folder_cannot_be_listed_it_is_not_said_that_nothing_is_called_so() -> None:
    disk = apfs()

    def fails(call: str, at: RelPath) -> None:
        if call == "list":
            raise OSError(errno.EACCES, "no")

    disk.before_call = fails
    with pytest.raises(PermissionError):
        Spelling(disk).found(NFC, folds=True)
    assert isinstance(Spelling(disk).refused(RelPath("\\xff"), "why"), Unreadable)


@pytest.mark.hazard("C7")
def test_what_is_only_the_shown_form_of_another_name_is_kept_out_for_what_that_is() -> None:
    disk = MemoryDisk()
    assert Spelling(disk).refused(RelPath("bad\\xff"), "why") == NothingThere(RelPath("bad\\xff"))
    disk.user.write("bad\udcff", b"1")
    fact = Spelling(disk).refused(RelPath("bad\\xff"), "why")
    assert isinstance(fact, NotKept) and "UTF-8" in fact.reason
