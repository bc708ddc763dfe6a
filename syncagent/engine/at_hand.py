"""What is at hand of local files between being read and being sent: the bytes of small ones, the recipes of large ones.

Bounded: beyond ``AT_HAND`` bytes the oldest are let go of, and read again when their turn comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from syncagent.model.facts import Fact, FileSeen
from syncagent.model.ids import Digest
from syncagent.model.nodes import Content, File, Node, Recipe

SMALL = 65_536
"""Bytes up to which a file is one block, and travels with the change that names it."""

AT_HAND = 48 << 20


class AtHand:
    """``recipes`` are those of local contents that the hub may not have yet."""

    def __init__(self) -> None:
        self.recipes: dict[Digest, Recipe] = {}
        self._small: dict[Digest, bytes] = {}
        self._size = 0

    def keep_all(self, facts: Iterable[Fact]) -> None:
        """Files were looked at, and read."""
        for fact in facts:
            if type(fact) is FileSeen and fact.content is not None:
                self.keep(fact, fact.content)

    def keep(self, fact: FileSeen, content: Content) -> None:
        """A file was looked at and read."""
        if content.size > SMALL:
            self.recipes[content.digest] = fact.recipe
        elif fact.bytes_read is not None and self._size + content.size <= AT_HAND:
            self._put(content.digest, fact.bytes_read)

    def hold(self, blocks: Mapping[Digest, bytes]) -> None:
        """These were read for the sake of being sent now: older ones give way."""
        for digest, data in blocks.items():
            self._put(digest, data)
        for digest in list(self._small):
            if self._size <= AT_HAND:
                break
            self._size -= len(self._small.pop(digest))

    def bytes_of(self, digest: Digest) -> bytes | None:
        """The content of a small file, as it was read, if it is still at hand."""
        return self._small.get(digest)

    def let_go(self, digest: Digest) -> None:
        """The hub has this content: its bytes and its recipe are not needed any more."""
        self._size -= len(self._small.pop(digest, b""))
        self.recipes.pop(digest, None)

    def let_go_of(self, nodes: Iterable[Node]) -> None:
        """It has shown that the hub has these: of all that a machine has which joins, nothing is to be sent."""
        for node in nodes if self._small else ():
            if type(node) is File:
                self._size -= len(self._small.pop(node.content.digest, b""))

    def let_go_of_all(self) -> None:
        """Nothing is to be sent any more."""
        self._small.clear()
        self.recipes.clear()
        self._size = 0

    def _put(self, digest: Digest, data: bytes) -> None:
        if digest not in self._small:
            self._small[digest] = data
            self._size += len(data)
