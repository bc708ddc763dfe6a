"""A look at the whole disk of its own."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from syncagent.content.digest import content_of
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.real import RealDisk
from syncagent.localfs.survey import PIECE, Survey
from syncagent.model.names import RelPath


def survey(disk: MemoryDisk) -> Survey:
    made = Survey(disk)
    made.walk()
    return made


def test_it_finds_what_is_there_with_what_it_holds() -> None:
    disk = MemoryDisk()
    disk.user.mkdir(".syncagent")
    disk.user.mkdir("d")
    large = b"abc" * PIECE
    disk.user.write("d/x", large)
    disk.user.symlink("../y", "l")
    disk.user.special("pipe")
    found = survey(disk)
    assert sorted(found.found) == ["d", "d/x", "l"]
    assert found.found[RelPath("l")].target == "../y"
    assert found.read(RelPath("d/x")) == content_of(large)
    assert found.skipped == {"pipe": "it is neither a file nor a folder (p)"}
    assert found.unreadable == {}


def test_names_are_told_as_they_are_kept_and_read_as_they_are_spelled(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301").write_bytes(b"1")
    (tmp_path / "back\\slash").write_bytes(b"2")
    found = Survey(RealDisk(str(tmp_path)))
    found.walk()
    assert list(found.found) == ["caf\u00e9"]
    assert found.read(RelPath("caf\u00e9")) == content_of(b"1")
    assert list(found.skipped) == ["back\\slash"]


def test_of_two_spellings_of_one_name_one_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "caf\u00e9").write_bytes(b"1")
    (tmp_path / "cafe\u0301").write_bytes(b"2")
    found = Survey(RealDisk(str(tmp_path)))
    found.walk()
    assert (len(found.found), len(found.skipped)) == (1, 1)


@pytest.mark.hazard("A13", "A14")
@pytest.mark.parametrize(("call", "path"), [("list", "d"), ("open", "d/x"), ("readlink", "l")])
def test_what_cannot_be_read_is_said(call: str, path: str) -> None:
    disk = MemoryDisk()
    disk.user.mkdir("d")
    disk.user.write("d/x", b"1")
    disk.user.symlink("y", "l")

    def refuse(called: str, at: RelPath) -> None:
        if (called, at) == (call, path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.before_call = refuse
    found = survey(disk)
    if RelPath("d/x") in found.found:
        found.read(RelPath("d/x"))
    assert found.unreadable == {path: "input/output error"}


def test_what_goes_meanwhile_is_neither_there_nor_unreadable() -> None:
    disk = MemoryDisk()
    disk.user.write("x", b"1")
    found = survey(disk)
    disk.user.delete("x")
    assert found.read(RelPath("x")) is None
    assert (found.found, found.unreadable) == ({}, {})


@pytest.mark.hazard("A6")
def test_a_file_that_changes_while_it_is_read_has_no_content() -> None:
    disk = MemoryDisk()
    disk.user.write("x", b"1" * 10)
    found = survey(disk)

    def write(call: str, at: RelPath) -> None:
        if call == "file.read":
            disk.before_call = lambda call, path: None
            disk.user.write("x", b"2" * 10)

    disk.before_call = write
    assert found.read(RelPath("x")) is None
    assert found.unreadable == {"x": "it changed while it was read"}
