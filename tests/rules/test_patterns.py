"""Lines of rule files."""

from __future__ import annotations

import re

import pytest

from syncagent.rules.patterns import read


def meets(line: str, path: str, is_folder: bool = False) -> bool:
    [pattern] = read(line.encode())[0]
    subject = path.rpartition("/")[2] if pattern.of_names else path
    return re.fullmatch(pattern.regex, subject) is not None and (is_folder or not pattern.only_folders)


@pytest.mark.parametrize(
    ("line", "path"),
    [("*.o", "a/b.o"), ("/a", "a"), ("a/*", "a/b"), ("**/b", "b"), ("a/**/b", "a/b"), ("a/**/b", "a/x/y/b"),
     ("a/**", "a/x/y"), ("[[:digit:]]x", "d/1x"), ("\\#a", "#a"), ("a\\ ", "a "),
     ("cafe\u0301", "caf\u00e9")],
)  # fmt: skip
def test_a_pattern_meets(line: str, path: str) -> None:
    assert meets(line, path)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/a", "b/a"),
        ("a/*", "a/b/c"),
        ("a/**", "a"),
        ("a*b/c", "a/b/c"),
        ("a/", "a"),
        ("[!a]/b", "a/b"),
        ("[c-a]", "b"),
    ],
)
def test_a_pattern_does_not_meet(line: str, path: str) -> None:
    assert not meets(line, path)


def test_a_line_that_can_match_nothing_is_named_and_the_others_stay() -> None:
    patterns, broken = read(b"\xef\xbb\xbf*.o\n[ab\nx\\\n!\n/\n# remark\n\xff\n[[:nope:]]\r\nb\r\n")
    assert [(one.line, one.text) for one in patterns] == [(1, "*.o"), (9, "b")]
    assert [(one.line, one.text, one.why) for one in broken] == [
        (2, "[ab", "a bracket is not closed"),
        (3, "x\\", "a backslash at its end escapes nothing"),
        (4, "!", "it names nothing"),
        (5, "/", "it names nothing"),
        (7, "\\xff", "it is not valid UTF-8"),
        (8, "[[:nope:]]", "there is no class of characters called 'nope'"),
    ]
