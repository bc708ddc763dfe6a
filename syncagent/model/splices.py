"""Recipes said by what they have of another: which runs of its blocks are kept, and what is new between them.

The recipe of a large file is long, and after a small edit nearly all of it is as it was.  Pure; used by both halves.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from syncagent.model.nodes import Block, Recipe
from syncagent.model.values import fixed

LEAST: Final = 64
"""A recipe of fewer blocks is said as it is."""


@fixed
class Kept:
    """``count`` blocks of the base, from number ``start`` on."""

    start: int
    count: int


Splice: TypeAlias = tuple[Kept | Block, ...]


def splice_of(recipe: Recipe, base: Recipe) -> Splice:
    """How ``recipe`` is made of ``base``; empty where it is shorter to say it as it is."""
    if len(recipe) < LEAST or not base:
        return ()
    places: dict[Block, int] = {}
    for place, block in enumerate(base):
        places.setdefault(block, place)
    found: list[Kept | Block] = []
    start, count = 0, 0
    for block in recipe:
        if count and start + count < len(base) and base[start + count] == block:
            count += 1
            continue
        if count:
            found.append(Kept(start, count))
            count = 0
        if block in places:
            start, count = places[block], 1
        else:
            found.append(block)
    if count:
        found.append(Kept(start, count))
    return tuple(found) if 2 * len(found) <= len(recipe) else ()


def spliced(splice: Splice, base: Recipe, most: int) -> Recipe | None:
    """The recipe that ``splice`` makes of ``base``; None when it has not the blocks, or they would be more than
    ``most``."""
    if sum(part.count if isinstance(part, Kept) else 1 for part in splice) > most:
        return None
    found: list[Block] = []
    for part in splice:
        if isinstance(part, Block):
            found.append(part)
        elif part.start + part.count > len(base):
            return None
        else:
            found.extend(base[part.start : part.start + part.count])
    return tuple(found)
