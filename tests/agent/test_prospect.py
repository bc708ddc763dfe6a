"""Whether a folder is one to be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent import prospect
from syncagent.agent.doctor import folder as doctor
from syncagent.agent.doctor.findings import Check, Verdict
from syncagent.agent.prospect import COUNTED, Prospect, as_path, folders_in, look_at
from syncagent.errors import BadConfig


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home on a disk with room, whatever this machine has."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(doctor, "file_system", lambda _: Check("well", Verdict.OK, "well"))
    monkeypatch.setattr(prospect, "watch_limits", lambda _: Check("well", Verdict.OK, "well"))
    monkeypatch.setattr(doctor, "room", lambda _place, _data: Check("disk space", Verdict.OK, "enough"))
    return home


def seen(path: Path, home: Path) -> Prospect:
    return look_at(path, home, home / ".local" / "syncagent")


def kept(path: Path) -> Path:
    (path / ".syncagent").mkdir(parents=True)
    (path / ".syncagent" / "root.json").write_text("{}")
    return path


def test_a_path_is_what_a_person_means(home: Path) -> None:
    assert as_path("~/Documents/", home) == home / "Documents"
    assert as_path("~", home) == home
    assert as_path(" Documents ", home) == home / "Documents"
    assert as_path("/srv/files/../other", home) == Path("/srv/other")
    for bad in ("", "  ", "a\0b"):
        with pytest.raises(BadConfig):
            as_path(bad, home)


def test_a_folder_that_is_not_there_can_be_made(home: Path) -> None:
    found = seen(home / "new" / "deeper", home)
    assert (found.problem, found.warnings, found.entries, found.kept) == ("", (), None, False)


def test_what_is_in_a_folder_is_counted_as_far_as_it_matters(home: Path) -> None:
    assert seen(home / "new", home).entries is None
    (home / "new").mkdir()
    assert seen(home / "new", home).entries == 0
    for number in range(COUNTED + 5):
        (home / "new" / str(number)).touch()
    assert seen(home / "new", home).entries == COUNTED + 1


def test_a_folder_that_was_kept_before_is_known_again(home: Path) -> None:
    found = seen(kept(home / "Documents"), home)
    assert (found.kept, found.entries, found.problem) == (True, 0, "")


def test_what_can_never_be_kept_is_a_problem(home: Path) -> None:
    (home / "file").touch()
    kept(home / "Documents")
    (home / "Documents" / "deeper").mkdir()
    for path, why in (
        (Path("/"), "whole file system"),
        (home / ".local", "agent's own files"),
        (home / ".local" / "syncagent" / "hub", "agent's own files"),
        (home / "file", "no folder"),
        (home / "file" / "in it", "no folder"),
        (home / "Documents" / "deeper", "kept already"),
        (home / "Documents" / "to be made", "kept already"),
    ):
        assert why in seen(path, home).problem, path


def test_what_a_person_should_know_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(home / "all" / "Documents")
    assert "holds Documents, which is kept already" in seen(home / "all", home).problem
    (home / "box").mkdir()
    (home / "box" / ".dropbox").touch()
    assert "Dropbox" in seen(home / "box" / "below", home).warnings[0]
    monkeypatch.setattr(
        doctor, "file_system", lambda _: Check("file system", Verdict.WARNING, "nfs, over a network", "x")
    )
    assert seen(home / "new", home).warnings == ("file system: nfs, over a network; x",)


def test_the_whole_home_is_said_to_be_much(home: Path, tmp_path: Path) -> None:
    found = look_at(home, home, tmp_path / "elsewhere")
    assert "whole home folder" in found.warnings[0]


def test_what_is_typed_goes_on_with_what_is_there(home: Path) -> None:
    for name in ("Documents", "Downloads", "Pictures/2026", ".cache", ".config"):
        (home / name).mkdir(parents=True)
    (home / "Document.txt").touch()
    assert folders_in("", home) == ["~/Documents", "~/Downloads", "~/Pictures"]
    assert folders_in("~/do", home) == ["~/Documents", "~/Downloads"]
    assert folders_in("~/.c", home) == ["~/.cache", "~/.config"]
    assert folders_in("~/Pictures/", home) == ["~/Pictures/2026"]
    assert folders_in(str(home / "P"), home) == ["~/Pictures"]
    assert folders_in("~/", home, most=1) == ["~/Documents"]


@pytest.mark.hazard("G8")
def test_nothing_is_listed_of_what_is_not_the_persons(home: Path) -> None:
    (home / "out").symlink_to("/")
    for path in ("/", "/etc/", "~/../", "~/out/", "~/../home2/", "a\0b", "~root/"):
        assert folders_in(path, home) == [], path
