"""Names that other systems cannot hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.doctor.findings import Verdict
from syncagent.agent.doctor.names import SHOWN, clashing, foreign_names, look_for, objection


@pytest.mark.parametrize(
    "name", ["CON", "nul.txt", "com1", "LPT9.log", "a:b", "what?", "a*", "a.", "a ", 'say "hi"', "a|b", "x" * 256]
)
def test_what_windows_cannot_hold(name: str) -> None:
    assert "Windows" in objection(name)


@pytest.mark.parametrize("name", ["a", "CONTENT", "com10", ".hidden", "a.b.c", "ü", "x" * 255, "nullable"])
def test_what_all_can_hold(name: str) -> None:
    assert objection(name) == ""


def test_two_spellings_of_one_name_clash() -> None:
    assert list(clashing(["b", "Readme", "README", "a"])) == [("README", "Readme")]
    assert len(list(clashing(["caf\u00e9", "cafe\u0301"]))) == 1
    assert not list(clashing(["a", "b"]))


def test_they_are_found_at_any_depth_and_our_own_folder_is_none_of_them(tmp_path: Path) -> None:
    assert foreign_names(tmp_path).verdict is Verdict.OK
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "aux.c").touch()
    (tmp_path / "d" / "A").touch()
    (tmp_path / "d" / "a").touch()
    (tmp_path / ".syncagent").mkdir()
    (tmp_path / ".syncagent" / "CON").touch()
    found, whole = look_for(tmp_path)
    assert whole
    assert [path for path, _ in sorted(found)] == ["d/a", "d/e/aux.c"]
    check = foreign_names(tmp_path)
    assert check.verdict is Verdict.NOTE
    assert "safe" in check.means
    hours = iter((0.0, 0.0, 99.0))
    assert look_for(tmp_path, lambda: next(hours)) == ([], False)


def test_of_many_some_are_named(tmp_path: Path) -> None:
    for number in range(SHOWN + 3):
        (tmp_path / f"a{number}:b").touch()
    check = foreign_names(tmp_path)
    assert check.found.endswith("and 3 more")
    assert len(check.data["names"]) == SHOWN + 3
