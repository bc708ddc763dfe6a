"""A recipe said by what it has of another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncagent.model.ids import Digest
from syncagent.model.nodes import Block, Recipe
from syncagent.model.splices import LEAST, Kept, splice_of, spliced


def block(number: int) -> Block:
    return Block(Digest(number.to_bytes(32, "big")), number + 1)


def recipe(*numbers: int) -> Recipe:
    return tuple(map(block, numbers))


BASE = recipe(*range(100))
MOST = 1_000


def test_one_block_in_the_middle_is_new() -> None:
    new = (*BASE[:50], block(1000), *BASE[51:])
    assert splice_of(new, BASE) == (Kept(0, 50), block(1000), Kept(51, 49))


def test_what_is_appended_and_what_is_cut_off() -> None:
    assert splice_of((*BASE, block(1000)), BASE) == (Kept(0, 100), block(1000))
    assert splice_of(BASE[10:90], BASE) == (Kept(10, 80),)


def test_what_moved_is_kept() -> None:
    assert splice_of((*BASE[50:], *BASE[:50]), BASE) == (Kept(50, 50), Kept(0, 50))


def test_it_is_said_as_it_is_where_that_is_no_longer() -> None:
    assert splice_of(BASE[: LEAST - 1], BASE) == ()
    assert splice_of(BASE, ()) == ()
    assert splice_of(recipe(*range(1000, 1100)), BASE) == ()


numbers = st.lists(st.integers(0, 30), max_size=150).map(lambda some: recipe(*some))


@given(numbers, numbers)
def test_a_splice_gives_the_recipe_back(new: Recipe, base: Recipe) -> None:
    splice = splice_of(new, base)
    assert not splice or spliced(splice, base, MOST) == new


def test_a_splice_that_does_not_fit_gives_nothing() -> None:
    assert spliced((Kept(0, 101),), BASE, MOST) is None
    assert spliced((Kept(100, 1),), BASE, MOST) is None
    assert spliced((Kept(99, 1), Kept(0, 0)), BASE, MOST) == BASE[99:]


def test_a_splice_that_would_be_enormous_is_not_made() -> None:
    assert spliced((Kept(0, 100),) * 11, BASE, MOST) is None
    assert spliced((Kept(0, 1 << 62),), BASE, MOST) is None
