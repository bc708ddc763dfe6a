"""Three versions of a text become one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.content.threeway import lines_of, unite

NAMES = ("before", "one", "other")
BASE = "a\nb\nc\nd\ne\nf\n"

texts = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d\r\n"]), max_size=12).map("".join) | st.builds(
    "".join, st.lists(st.sampled_from(["a\n", "b\n", "c"]), max_size=4)
)


def test_what_each_side_changed_is_in_it() -> None:
    found = unite(BASE, "A\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nf\ng\n", NAMES)
    assert (found.text, found.open, found.clean) == ("A\nb\nc\nd\nf\ng\n", 0, True)


def test_what_both_changed_otherwise_is_between_markers_with_what_it_was() -> None:
    found = unite(BASE, BASE.replace("c", "C"), BASE.replace("c", "X"), NAMES)
    assert found.text == (
        "a\nb\n<<<<<<< one\nC\n||||||| before\nc\n=======\nX\n>>>>>>> other\nd\ne\nf\n"
    )  # fmt: skip
    assert (found.open, found.clean) == (1, False)


def test_a_line_without_an_end_does_not_run_into_a_marker() -> None:
    found = unite("a", "b", "c", NAMES)
    assert found.text == "<<<<<<< one\nb\n||||||| before\na\n=======\nc\n>>>>>>> other\n"


@pytest.mark.parametrize("mark", ["\f", "\v", "\x1c", "\x85", "\u2028"])
def test_only_what_editors_take_for_the_end_of_a_line_is_one(mark: str) -> None:
    found = unite("a\n", f"b{mark}c\n{mark}\n", "d\n", NAMES)
    assert f"<<<<<<< one\nb{mark}c\n{mark}\n||||||| before\n" in found.text
    ends = f"x{mark}y\r\n\r\nz\rw"
    assert lines_of(ends) == [f"x{mark}y\r\n", "\r\n", "z\r", "w"]


@given(texts, texts)
def test_a_side_that_changed_nothing_has_no_say(base: str, side: str) -> None:
    assert unite(base, side, base, NAMES).text == side
    assert unite(base, base, side, NAMES).text == side
    assert unite(base, side, side, NAMES).text == side


@given(texts, texts, texts)
def test_who_is_named_first_makes_no_difference(base: str, one: str, other: str) -> None:
    found, turned = unite(base, one, other, NAMES), unite(base, other, one, NAMES)
    assert found.open == turned.open
    if found.clean:
        assert found.text == turned.text


@given(st.lists(st.integers(0, 2), min_size=1, max_size=20))
def test_changes_with_an_untouched_line_between_them_never_get_in_each_other_s_way(who: list[int]) -> None:
    """Line by line: nobody (0), one (1) or the other (2) changed it."""

    def text(*sides: int) -> str:
        return "".join(f"{number}{'!' if side in sides else ''}\nkeep {number}\n" for number, side in enumerate(who))

    assert unite(text(), text(1), text(2), NAMES).text == text(1, 2)


@given(texts, texts, texts)
def test_no_line_comes_from_nowhere_and_all_that_is_new_on_one_side_alone_is_kept(
    base: str, one: str, other: str
) -> None:
    found = unite(base, one, other, NAMES)
    said = {line.rstrip("\r\n") for text in (base, one, other) for line in text.splitlines()}
    inside = [line for line in found.text.splitlines() if not line.startswith(("<<<<<<< ", "||||||| ", ">>>>>>> "))]
    assert {line for line in inside if line != "======="} <= said
    new = (set(one.split("\n")) ^ set(other.split("\n"))) - set(base.split("\n"))
    assert {line.rstrip("\r") for line in new} <= {line.rstrip("\r") for line in found.text.split("\n")}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is asked what it would make of the same")
def test_where_git_sees_no_conflict_and_we_neither_it_is_the_same(tmp_path: Path) -> None:
    lines = [f"line {number}\n" for number in range(60)]
    edits = {3: ("x\n", None), 17: (None, "y\n"), 30: ("", None), 44: (None, ""), 52: ("p\nq\n", None)}
    versions = [list(lines), list(lines), list(lines)]
    for at, sides in edits.items():
        for version, text in zip(versions[1:], sides, strict=True):
            if text is not None:
                version[at] = text
    base, one, other = ("".join(version) for version in versions)
    for name, text in zip(NAMES, (base, one, other), strict=True):
        (tmp_path / name).write_text(text)
    command = ["git", "merge-file", "-p", "one", "before", "other"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert unite(base, one, other, NAMES).text == done.stdout


def test_long_texts_of_lines_that_come_again_and_again_take_no_quadratic_time() -> None:
    base = ["\n" if number % 2 else f"{number}\n" for number in range(40_000)]
    one, other = list(base), list(base)
    one[100], other[39_000] = "one\n", "other\n"
    found = unite("".join(base), "".join(one), "".join(other), NAMES)
    assert found.clean and "one\n" in found.text and "other\n" in found.text
