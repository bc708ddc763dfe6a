"""Recipes: which blocks a file is made of.  Pure; called by the scanner, the stage and the uploader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from syncagent.content.chunker import FINE, ONE_BLOCK, Chunker, Cut
from syncagent.content.digest import Hasher, content_of, digest_of
from syncagent.errors import Damaged
from syncagent.model.nodes import Block, Content, Recipe


def one_block(content: Content) -> Recipe:
    """The recipe of a file that is not cut: its own digest and size; nothing for the empty file."""
    return (Block(content.digest, content.size),) if content.size else ()


def read_small(data: bytes) -> tuple[Content, Recipe]:
    """Content and recipe of a file of at most ONE_BLOCK bytes: hashed once."""
    content = content_of(data)
    return content, one_block(content)


def read_all(pieces: Iterable[bytes], cut: Cut = FINE) -> tuple[Content, Recipe]:
    """Content and recipe of a file that comes in pieces (of any size), in one pass and in bounded memory.

    ``cut`` is ``cut_for`` the size that the file is believed to have.
    """
    whole = Hasher()
    chunker = Chunker(cut)
    blocks: list[Block] = []
    size = 0
    head: list[bytes] = []
    for piece in pieces:
        whole.feed(piece)
        size += len(piece)
        if size <= ONE_BLOCK:
            head.append(piece)
            continue
        known = b"".join((*head, piece)) if head else piece
        head = []
        blocks.extend(Block(digest_of(view), len(view)) for view in chunker.feed(known))
    content = whole.content()
    if size <= ONE_BLOCK:
        return content, one_block(content)
    blocks.extend(Block(digest_of(view), len(view)) for view in chunker.finish())
    return content, tuple(blocks)


class Reading:
    """The content and recipe of a large file, whose pieces come in order, in two steps that may run beside each other:
    ``cut`` each piece, then ``hash`` it with what came of that.  Each step takes the pieces in their order."""

    __slots__ = ("_blocks", "_chunker", "_whole")

    def __init__(self, cut: Cut) -> None:
        self._chunker = Chunker(cut)
        self._whole = Hasher()
        self._blocks: list[Block] = []

    def cut(self, piece: bytes) -> list[memoryview]:
        """The blocks that end in ``piece``; with no bytes, the last ones."""
        return list(self._chunker.feed(piece) if piece else self._chunker.finish())

    def hash(self, piece: bytes, blocks: Iterable[memoryview]) -> list[Block]:
        """``blocks`` by their digests."""
        self._whole.feed(piece)
        found = [Block(digest_of(view), len(view)) for view in blocks]
        self._blocks.extend(found)
        return found

    def outcome(self) -> tuple[Content, Recipe]:
        content = self._whole.content()
        return content, one_block(content) if content.size <= ONE_BLOCK else tuple(self._blocks)


def places(recipe: Recipe) -> Iterator[tuple[int, Block]]:
    """Each block with its offset in the file."""
    offset = 0
    for block in recipe:
        yield offset, block
        offset += block.size


def check_recipe(content: Content, recipe: Recipe) -> None:
    """Raises Damaged when ``recipe`` cannot be that of ``content``: another size, an empty block, or one block of
    another digest.  (That several blocks give the digest shows only when they are put together.)"""
    if sum(block.size for block in recipe) != content.size or any(block.size <= 0 for block in recipe):
        raise Damaged("the blocks of the file do not add up to its size")
    if len(recipe) == 1 and recipe[0].digest != content.digest:
        raise Damaged("the one block of the file has another digest than the file")
