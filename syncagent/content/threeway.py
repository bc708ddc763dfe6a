"""Three versions of a text become one: what was changed on one side alone is taken from there.  Pure; called by those
who merge for a person.

Lines that are the same in all three are what holds the versions together; between them lie stretches.  A stretch that
one side left as it was is the other's; one that both changed alike is theirs; all else is for the person, between
markers, with what it was before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from syncagent.model.values import fixed

BEGIN, BASE, MIDDLE, END = "<<<<<<<", "|||||||", "=======", ">>>>>>>"

_POPULAR: Final = 4_000
"""From so many lines on, those that come again and again hold nothing together: else it takes minutes."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_Lines = Sequence[str]


@fixed
class United:
    """What came of it; ``open`` counts the stretches that are between markers."""

    text: str
    open: int

    @property
    def clean(self) -> bool:
        return not self.open


def unite(base: str, one: str, other: str, names: tuple[str, str, str]) -> United:
    """``one`` and ``other``, which both came from ``base``; ``names`` (of base, one, other) stand at the markers."""
    lines: list[str] = []
    count = 0
    for before, first, second in _stretches(*map(lines_of, (base, one, other))):
        if second in (first, before):
            lines.extend(first)
        elif first == before:
            lines.extend(second)
        else:
            count += 1
            lines.extend(_between_markers(before, first, second, names))
    return United("".join(lines), count)


def lines_of(text: str) -> list[str]:
    """Each with its end, as editors have them.  A form feed, or what else Python takes for one, ends no line."""
    return _LINE.findall(text)


def _between_markers(before: _Lines, one: _Lines, other: _Lines, names: tuple[str, str, str]) -> Iterator[str]:
    yield f"{BEGIN} {names[1]}\n"
    yield from ended(one)
    yield f"{BASE} {names[0]}\n"
    yield from ended(before)
    yield f"{MIDDLE}\n"
    yield from ended(other)
    yield f"{END} {names[2]}\n"


def ended(lines: _Lines) -> list[str]:
    """Each with an end: a marker begins a line."""
    return [line if line.endswith(("\n", "\r")) else f"{line}\n" for line in lines]


def _stretches(base: _Lines, one: _Lines, other: _Lines) -> Iterator[tuple[_Lines, _Lines, _Lines]]:
    """The three, cut at what is the same in all: stretches that are, and those between them."""
    at, first, second = 0, 0, 0
    for start, end, in_one, in_other in _common(_matches(base, one), _matches(base, other)):
        if (start, in_one, in_other) != (at, first, second):
            yield base[at:start], one[first:in_one], other[second:in_other]
        size = end - start
        yield base[start:end], one[in_one : in_one + size], other[in_other : in_other + size]
        at, first, second = end, in_one + size, in_other + size
    if (at, first, second) != (len(base), len(one), len(other)):
        yield base[at:], one[first:], other[second:]


def _common(
    ones: Sequence[tuple[int, int, int]], others: Sequence[tuple[int, int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    """Where both match the base: from, to, and where that is in each."""
    i = j = 0
    while i < len(ones) and j < len(others):
        (base_one, in_one, size_one), (base_other, in_other, size_other) = ones[i], others[j]
        start, end = max(base_one, base_other), min(base_one + size_one, base_other + size_other)
        if start < end:
            yield start, end, in_one + start - base_one, in_other + start - base_other
        if base_one + size_one < base_other + size_other:
            i += 1
        else:
            j += 1


def _matches(base: _Lines, side: _Lines) -> list[tuple[int, int, int]]:
    """Runs of lines that are the same: where in the base, where in the side, how many."""
    head = 0
    most = min(len(base), len(side))
    while head < most and base[head] == side[head]:
        head += 1
    tail = 0
    while tail < most - head and base[-1 - tail] == side[-1 - tail]:
        tail += 1
    inner = base[head : len(base) - tail], side[head : len(side) - tail]
    popular = max(map(len, inner)) > _POPULAR
    found = SequenceMatcher(None, *inner, autojunk=popular).get_matching_blocks()
    middle = [(head + run.a, head + run.b, run.size) for run in found]
    return [run for run in ((0, 0, head), *middle, (len(base) - tail, len(side) - tail, tail)) if run[2]]
