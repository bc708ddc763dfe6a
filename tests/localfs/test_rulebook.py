"""Rules as they stand on a disk."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.rulebook import RuleBook, on, under
from syncagent.model.names import RelPath


def words(book: RuleBook, *paths: str) -> list[str]:
    """The word on each; a path that ends with a slash is a folder."""
    return [str(book.word(RelPath(path.rstrip("/")), path.endswith("/"))) for path in paths]


def made() -> MemoryDisk:
    disk = MemoryDisk()
    for folder in ("d", "d/e", "build"):
        disk.user.mkdir(folder)
    disk.user.write(".syncignore", b"*.o\n/build/\n")
    disk.user.write("d/.syncignore", b"!keep.o\n/e/x\n")
    disk.user.write("build/.syncignore", b"!*\n")
    return disk


def test_rules_of_all_folders_above_count_and_what_is_below_a_folder_that_is_left_out_is_left_out() -> None:
    book = RuleBook(on(made()))
    assert words(book, "a.o", "d/keep.o", "d/e/x", "d/x", "build/", "build/deep/y", "~$a") == [
        ".syncignore:1:*.o", "d/.syncignore:1:!keep.o", "d/.syncignore:2:/e/x", "None", ".syncignore:2:/build/",
        ".syncignore:2:/build/", "built-in:3:~$*",
    ]  # fmt: skip


def test_git_files_count_when_asked_for() -> None:
    disk = made()
    disk.user.write(".gitignore", b"secret\n")
    assert words(RuleBook(on(disk)), "secret") == ["None"]
    assert words(RuleBook(on(disk), (".gitignore", ".syncignore")), "secret") == [".gitignore:1:secret"]


def test_what_has_changed_counts_from_the_next_beginning_on() -> None:
    disk = made()
    book = RuleBook(on(disk))
    assert words(book, "a.o") == [".syncignore:1:*.o"]
    disk.user.write(".syncignore", b"")
    assert words(book, "a.o") == [".syncignore:1:*.o"]
    book.begin()
    assert words(book, "a.o") == ["None"]


@pytest.mark.hazard("C10", "A13")
def test_rules_that_cannot_be_read_are_no_empty_rules() -> None:
    disk = made()

    def fail(call: str, path: RelPath) -> None:
        if (call, path) == ("open", "d/.syncignore"):
            raise OSError(errno.EACCES, "Permission denied")

    disk.before_call = fail
    with pytest.raises(PermissionError):
        RuleBook(on(disk)).layers(RelPath("d/e"))


def test_a_folder_or_a_link_of_that_name_is_no_rule_file() -> None:
    disk = MemoryDisk()
    disk.user.mkdir(".syncignore")
    assert words(RuleBook(on(disk)), "a.o") == ["None"]


def test_the_watcher_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / ".syncignore").write_bytes(b"*.o\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ".syncignore").symlink_to("../.syncignore")
    assert under(str(tmp_path))(RelPath(".syncignore")) == b"*.o\n"
    assert under(str(tmp_path))(RelPath("d/.syncignore")) is None
    assert under(str(tmp_path))(RelPath("d")) is None
    assert under(str(tmp_path))(RelPath("gone/x")) is None
