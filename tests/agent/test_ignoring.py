"""Why a path is left out, asked of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.ignoring import asked, within
from syncagent.errors import BadConfig


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "build" / "deep").mkdir(parents=True)
    (folder / ".syncignore").write_text("/build/\n*.o\n!keep.o\n")
    (folder / ".gitignore").write_text("secret\n")
    return folder


def words(root: Path, *paths: str, respect: bool = False) -> list[tuple[bool, str]]:
    return [(one.ignored, str(one.word)) for one in asked(root, paths, respect_gitignore=respect)]


def test_the_word_on_each_path(root: Path) -> None:
    assert words(root, "build", "build/deep/x", "a.o", "keep.o", "y", "nothing/build/", "secret") == [
        (True, ".syncignore:1:/build/"), (True, ".syncignore:1:/build/"), (True, ".syncignore:2:*.o"),
        (False, ".syncignore:3:!keep.o"), (False, "None"), (False, "None"), (False, "None"),
    ]  # fmt: skip
    assert words(root, "secret", respect=True) == [(True, ".gitignore:1:secret")]


def test_paths_are_within_the_folder_from_where_one_stands(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert within(root, "build/x") == "build/x"
    assert within(root, str(root / "build")) == "build"
    monkeypatch.chdir(root / "build")
    assert within(root, "x") == "build/x"
    assert within(root, "../y") == "y"
    assert within(root, "..") == ""
    with pytest.raises(BadConfig, match="is not in"):
        within(root, "../../z")


def test_from_outside_a_path_may_lead_into_the_folder_as_for_any_program(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    assert within(root, "folder/build") == "build"
    assert within(root, "folder/new/x") == "new/x"
    assert within(root, "folder") == ""
    assert within(root, "build") == "build"
    (root / "folder").mkdir()
    assert within(root, "folder/new") == "new"
    (root / "folder" / "new").mkdir()
    assert within(root, "folder/new") == "folder/new"
    (root / "new").mkdir()
    assert within(root, "folder/new") == "new"
