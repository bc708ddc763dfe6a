"""Patterns of ignore files, line by line, as git reads them.

A pattern is matched against one name, or against one path from the folder of its file on; never against what lies
beneath: whoever asks goes down folder by folder, as git does.  (A library that answers for whole paths at once cannot
do that: by it, ``!keep`` in a folder would bring back ``keep/x.log`` that ``*.log`` above leaves out.)

Where git compares bytes, characters are compared here: ``?`` stands for one ``é``.  Names are compared in NFC.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from syncagent.model.values import value

MOST_BYTES: Final = 1 << 20
"""What a rule file holds beyond this is not read."""

_CLASSES: Final = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@value
class Pattern:
    """``line`` counts from 1; ``text`` is the line as it was written."""

    line: int
    text: str
    negated: bool
    only_folders: bool
    of_names: bool
    """Whether it is matched against the name alone, wherever that stands."""
    regex: str


@value
class Broken:
    """A line that matches nothing, though someone meant something by it."""

    line: int
    text: str
    why: str


class _Flawed(Exception):
    """The pattern can match nothing; the message says why."""


def read(data: bytes) -> tuple[tuple[Pattern, ...], tuple[Broken, ...]]:
    """The patterns of a rule file, in their order, and the lines that are none."""
    patterns: list[Pattern] = []
    broken: list[Broken] = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.removesuffix(b"\r")
        try:
            text = unicodedata.normalize("NFC", line.decode())
        except UnicodeDecodeError:
            broken.append(Broken(number, line.decode("utf-8", "backslashreplace"), "it is not valid UTF-8"))
            continue
        text = _without_trailing_spaces(text)
        if not text or text.startswith("#"):
            continue
        try:
            patterns.append(_pattern(number, text))
        except _Flawed as flaw:
            broken.append(Broken(number, text, str(flaw)))
    return tuple(patterns), tuple(broken)


def _without_trailing_spaces(text: str) -> str:
    """A space that is escaped stays."""
    end = len(text)
    while end and text[end - 1] == " ":
        before = end - 1
        while before and text[before - 1] == "\\":
            before -= 1
        if (end - 1 - before) % 2:
            break
        end -= 1
    return text[:end]


def _pattern(line: int, text: str) -> Pattern:
    negated = text.startswith("!")
    inner = text.removeprefix("!")
    only_folders = inner.endswith("/")
    inner = inner.removesuffix("/")
    of_names = "/" not in inner
    inner = inner.removeprefix("/")
    if not inner:
        raise _Flawed("it names nothing")
    return Pattern(line, text, negated, only_folders, of_names, _translated(inner, of_names))


def _translated(pattern: str, of_names: bool) -> str:
    """The regular expression that a whole name, or a whole path, has to match."""
    out: list[str] = []
    at, end = 0, len(pattern)
    while at < end:
        char = pattern[at]
        if char == "\\":
            at += 1
            if at == end:
                raise _Flawed("a backslash at its end escapes nothing")
            out.append(re.escape(pattern[at]))
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            at = _class(pattern, at, out)
        elif char == "*":
            after = at
            while after < end and pattern[after] == "*":
                after += 1
            if not of_names and after - at > 1 and (at == 0 or pattern[at - 1] == "/"):
                after = _folders(pattern, after, out)
            else:
                out.append("[^/]*")
            at = after - 1
        else:
            out.append(re.escape(char))
        at += 1
    return "".join(out)


def _folders(pattern: str, after: int, out: list[str]) -> int:
    """``**`` at the beginning of a part, which ends before ``after``.  Gives how far it was read."""
    rest = pattern[after:]
    if not rest:
        out.append(".*")
        return after
    if rest.startswith("/"):
        out.append("(?:.*/)?")
        return after + 1
    out.append("[^/]*")
    return after


def _class(pattern: str, at: int, out: list[str]) -> int:
    """``[…]`` from ``at`` on; gives the place of its end."""
    at += 1
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    members: list[str] = []
    before = ""  # the character that may begin a range
    begin = at
    while at == begin or not pattern.startswith("]", at):
        named = _named(pattern, at)
        if named is not None:
            members.append(named[0])
            before, at = "", named[1]
        elif before and pattern.startswith("-", at) and not pattern.startswith("]", at + 1):
            last, at = _literal(pattern, at + 1)
            if before <= last:
                members.append(f"{re.escape(before)}-{re.escape(last)}")
            before = ""
        else:
            before, at = _literal(pattern, at)
            members.append(re.escape(before))
    # A range that ends before it begins holds nothing, nor does the class if that is all.
    inside = "".join(members)
    out.append(f"[^/{inside}]" if negated else f"(?!/)[{inside}]" if inside else "(?!)")
    return at


def _literal(pattern: str, at: int) -> tuple[str, int]:
    """The character at ``at``, which may be escaped, and where to go on."""
    at += pattern.startswith("\\", at)
    if at >= len(pattern):
        raise _Flawed("a bracket is not closed")
    return pattern[at], at + 1


def _named(pattern: str, at: int) -> tuple[str, int] | None:
    """``[:name:]`` at ``at``: its members, and where to go on; None when there is none."""
    if not pattern.startswith("[:", at):
        return None
    stop = pattern.find("]", at + 2)
    if stop < 0:
        raise _Flawed("a bracket is not closed")
    if stop == at + 2 or pattern[stop - 1] != ":":
        return None
    name = pattern[at + 2 : stop - 1]
    if name not in _CLASSES:
        raise _Flawed(f"there is no class of characters called {name!r}")
    return _CLASSES[name], stop + 1
