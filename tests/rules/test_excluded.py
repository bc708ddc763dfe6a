"""What one machine excludes, as paths."""

from __future__ import annotations

import pytest

from syncagent.model.names import RelPath
from syncagent.rules.excluded import changed, is_within, objection

BOTH = {RelPath("photos/2026"): 1, RelPath("music"): 2}


@pytest.mark.parametrize(
    ("path", "folder", "within"), [("a", "a", True), ("a/b", "a", True), ("ab", "a", False), ("a", "a/b", False)]
)
def test_a_path_is_within_itself_and_in_the_folders_above_it(path: str, folder: str, within: bool) -> None:
    assert is_within(RelPath(path), RelPath(folder)) is within


def test_what_is_excluded_with_a_folder_is_not_named_by_itself_any_more() -> None:
    assert changed(BOTH, RelPath("photos"), 3, exclude=True) == {RelPath("music"): 2, RelPath("photos"): 3}
    assert changed(BOTH, RelPath("music"), 0, exclude=False) == {RelPath("photos/2026"): 1}


@pytest.mark.parametrize(
    ("path", "exclude", "said"),
    [
        ("photos", True, ""),
        ("music", True, "music is excluded already"),
        ("music/live", True, "music/live is excluded already, with music"),
        ("music", False, ""),
        ("music/live", False, "music/live lies in music, which is excluded"),
        ("films", False, "films is not excluded"),
    ],
)
def test_what_stands_against_it_is_said(path: str, exclude: bool, said: str) -> None:
    assert objection(BOTH, RelPath(path), exclude=exclude) == said
