"""Recipes: one block, many blocks, and those that cannot be."""

from __future__ import annotations

import pytest

from syncagent.content.chunker import ONE_BLOCK
from syncagent.content.digest import EMPTY, content_of, digest_of
from syncagent.content.recipe import check_recipe, one_block, places, read_all, read_small
from syncagent.errors import Damaged
from syncagent.model.ids import Digest
from syncagent.model.nodes import Block
from tests.support.disks import big


@pytest.mark.parametrize("size", [0, 1, 1000, ONE_BLOCK - 1, ONE_BLOCK])
def test_a_file_up_to_64_kib_is_one_block(size: int) -> None:
    data = big(size)
    content, recipe = read_small(data)
    assert (content, recipe) == read_all([data]) == read_all([data[:10], data[10:]])
    assert recipe == one_block(content)
    assert [block.size for block in recipe] == ([size] if size else [])


def test_a_larger_file_is_cut() -> None:
    data = big(500_000)
    content, recipe = read_all([data])
    assert content == content_of(data)
    assert (content, recipe) == read_all(data[start : start + 30_000] for start in range(0, len(data), 30_000))
    assert len(recipe) > 1
    for offset, block in places(recipe):
        assert digest_of(data[offset : offset + block.size]) == block.digest
    check_recipe(content, recipe)


def test_the_empty_file_has_no_blocks() -> None:
    assert read_all([]) == (EMPTY, ())
    check_recipe(EMPTY, ())


@pytest.mark.parametrize(
    "recipe",
    [
        (),
        (Block(Digest(b"x" * 32), 5),),
        (Block(digest_of(b"hello"), 4),),
        (Block(digest_of(b"hell"), 4), Block(digest_of(b"o"), 2)),
        (Block(digest_of(b"hello"), 5), Block(digest_of(b""), 0)),
        (Block(digest_of(b"hello!"), 6), Block(digest_of(b"x"), -1)),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(recipe: tuple[Block, ...]) -> None:
    with pytest.raises(Damaged):
        check_recipe(content_of(b"hello"), recipe)
