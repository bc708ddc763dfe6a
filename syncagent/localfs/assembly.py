"""How far a staging file is put together, and what its bytes come to: known as they pass, not found out afterwards.

The digest of the whole is taken of the bytes that are written, in the order of the file: blocks mostly come in that
order, so that nothing is read again.  Where a block comes before its turn, it is read back when its turn has come.  The
digest counts only while the file is as we left it (``seen``): who else has touched it makes it be read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syncagent.content.digest import Hasher, digest_of
from syncagent.content.recipe import places
from syncagent.localfs.ports import DiskFile, Stat
from syncagent.model.ids import Digest
from syncagent.model.nodes import Block, Content, Recipe

PIECE: Final = 4 << 20
"""Bytes that are copied in one go, unless one block is longer."""


BESIDE: Final = 8 << 20
"""What is copied of a local file is checked beside the copying from so many bytes on: a thread costs something, too."""

COPIED_MEMORY: Final = 64 << 20
"""So much of what is copied may be in the disk's own memory: it comes much quicker than what comes over a wire, and an
edit meets it seldom.  With 8 MiB a copy of 512 MiB took 1.5 s longer, on a busy machine."""

CHECKS_WAIT: Final = 4
"""So many pieces wait to be checked, at most."""

SYNCS_WAIT: Final = 8
"""So many wait for the disk, which takes a while each time that it empties its own memory."""


@dataclass(slots=True)
class Piece:
    """Blocks that follow each other in the new file as they do in the old one: the first of them is number ``first``,
    and starts at ``start`` there and at ``offset`` here."""

    first: int
    start: int
    offset: int
    size: int
    blocks: list[Block]


class Assembly:
    """One staging file."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.spots: dict[Digest, list[tuple[int, int]]] = {}
        self.seen: Stat | None = None
        self.touched_ns = 0
        """When it was last added to, by the clock of the disk."""
        self._line = list(places(recipe))
        for offset, block in self._line:
            self.spots.setdefault(block.digest, []).append((offset, block.size))
        self._there: set[Digest] = set()
        self._next = 0
        self._hasher = Hasher()

    @property
    def content(self) -> Content | None:
        """What the bytes come to; None while some are missing."""
        return self._hasher.content() if self._next == len(self._line) else None

    def begin_anew(self) -> None:
        """Nothing is known of what the file holds."""
        self.seen = None
        self._there.clear()
        self._next = 0
        self._hasher = Hasher()

    def take_over(self, number: int, hashed: int, hasher: Hasher) -> None:
        """The first ``number`` blocks are in their places; ``hasher`` has passed over ``hashed`` of them."""
        # A block that is to stand behind them as well is not in all of its places.
        self._there = {block.digest for _, block in self._line[:number]}
        self._there -= {block.digest for _, block in self._line[number:]}
        self._next, self._hasher = hashed, hasher

    @property
    def missing(self) -> set[Digest]:
        """The blocks that are not in their places."""
        return set(self.spots) - self._there

    @property
    def left(self) -> int:
        """How many bytes are to be written yet."""
        return sum(size for digest in self.missing for _, size in self.spots[digest])

    def found(self, digests: Iterator[Digest] | set[Digest]) -> None:
        """The blocks of these are in their places."""
        self._there.update(digests)

    def go_on(self, part: DiskFile, fresh: Mapping[Digest, bytes]) -> None:
        """Go on with the digest of the whole as far as there are blocks; ``fresh`` are at hand."""
        line, there, feed = self._line, self._there, self._hasher.feed
        while self._next < len(line):
            offset, block = line[self._next]
            data = fresh.get(block.digest)
            if data is None:
                if block.digest not in there:
                    return
                data = part.read(offset, block.size)
                if len(data) != block.size:
                    return
            feed(data)
            self._next += 1

    def runs(self, blocks: Sequence[tuple[Digest, bytes]]) -> Iterator[tuple[int, Sequence[tuple[Digest, bytes]]]]:
        """Where those of ``blocks`` that are of this file are to stand; such as follow each other there, together."""
        start = at = 0
        run: list[tuple[Digest, bytes]] = []
        for digest, data in blocks:
            for offset, size in self.spots.get(digest, ()):
                if size != len(data):
                    continue
                if run and offset != at:
                    yield start, run
                    run = []
                if not run:
                    start = offset
                run.append((digest, data))
                at = offset + size
        if run:
            yield start, run

    def pieces(self, missing: set[Digest], base: Recipe) -> Iterator[Piece]:
        """What ``base`` has of the missing blocks, in the order of the new file."""
        at: dict[Digest, int] = {}
        for start, block in places(base):
            at.setdefault(block.digest, start)
        piece: Piece | None = None
        for number, (offset, block) in enumerate(self._line):
            start = at.get(block.digest, -1) if block.digest in missing else -1
            if piece is not None:
                if start == piece.start + piece.size and piece.size + block.size <= PIECE:
                    piece.size += block.size
                    piece.blocks.append(block)
                    continue
                yield piece
                piece = None
            if start >= 0:
                piece = Piece(number, start, offset, block.size, [block])
        if piece is not None:
            yield piece

    def check(self, piece: Piece, data: bytes) -> Sequence[Digest]:
        """Which of the blocks of ``piece`` are not in ``data``.  Of pieces in their order; touches no disk, and may run
        beside what does."""
        wrong: list[Digest] = []
        view, at = memoryview(data), 0
        for number, block in enumerate(piece.blocks, piece.first):
            bytes_of = view[at : at + block.size]
            at += block.size
            if len(bytes_of) != block.size or digest_of(bytes_of) != block.digest:
                wrong.append(block.digest)
            elif number == self._next:
                self._hasher.feed(bytes_of)
                self._next += 1
        return wrong
