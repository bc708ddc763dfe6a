"""One reading of a large file, part by part: the blocks of each part are given out, to be sent while the rest is read.

What comes of it is what a reading in one go gives (``scanner``): a fact that counts for the file as it was, if it stood
still from the first part to the last (A6).  Called in a worker thread, by one at a time; changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from syncagent.content.chunker import cut_for
from syncagent.content.recipe import Reading
from syncagent.localfs.ports import Abilities, DiskFile, Stat
from syncagent.model.facts import UNSURE, FileSeen
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Recipe

FIRST_PART: Final = 1 << 20
"""Bytes.  It is known by this one how quickly they leave."""

PART: Final = 4 << 20

TOLD_AT_ONCE: Final = 32 << 20
"""Bytes of a file that has changed, of which is told together."""

NEW_BYTES: Final = 32 << 20
"""So much of it that is new is kept to be sent ahead: a file of which more is new is no edit."""

_HASHES_WAIT: Final = 4


@dataclass(slots=True)
class Telling:
    """Blocks that follow each other, and the bytes of those of them that are new; ``lost`` when some of these, now or
    before, were too many to be kept."""

    recipe: list[Block] = field(default_factory=list)
    blocks: list[tuple[Digest, bytes]] = field(default_factory=list)
    size: int = 0
    lost: bool = False


class Perusal:
    """See the module.  ``now_ns`` is the time at which it begins; it closes ``file`` in the end."""

    def __init__(self, path: RelPath, file: DiskFile, seen: Stat, abilities: Abilities, now_ns: int) -> None:
        self.size = seen.size
        self.ended = False
        self._path = path
        self._file = file
        self._seen = seen
        self._stamp = UNSURE if abilities.may_hide(seen.ctime_ns, now_ns) else seen.stamp
        self._bit = seen.executable if abilities.modes else None
        self._reading = Reading(cut_for(seen.size))
        self._offset = 0

    def part(self) -> tuple[tuple[Digest, memoryview], ...]:
        """The blocks that end in the next part.  Raises OSError."""
        if self.ended:
            return ()
        data = self._file.read(self._offset, PART if self._offset else FIRST_PART)
        self._offset += len(data)
        # One that grows without end is not followed: what is beyond its size shows that it has changed.
        self.ended = not data or self._offset > self.size
        views = self._reading.cut(data)
        blocks = self._reading.hash(data, views)
        return tuple([(block.digest, view) for block, view in zip(blocks, views, strict=True)])

    def tell(self, base: Recipe, told: Callable[[Telling], None]) -> None:
        """Read the file to its end, and tell piece by piece of what blocks it is made, with the bytes of those that are
        not in ``base``.  It is hashed beside being read.  Raises OSError."""
        known = {block.digest for block in base}
        telling, kept = Telling(), 0

        def take(hashed: list[Block], views: list[memoryview]) -> None:
            nonlocal telling, kept
            for block, view in zip(hashed, views, strict=True):
                telling.recipe.append(block)
                telling.size += block.size
                if block.digest not in known:
                    kept += block.size
                    telling.lost = kept > NEW_BYTES
                    if not telling.lost:
                        telling.blocks.append((block.digest, bytes(view)))
            if telling.size >= TOLD_AT_ONCE:
                told(telling)
                telling = Telling(lost=telling.lost)

        waiting: deque[tuple[Future[list[Block]], list[memoryview]]] = deque()
        with ThreadPoolExecutor(1, "hash") as beside:
            for piece in chain(self._rest(), (b"",)):
                views = self._reading.cut(piece)
                waiting.append((beside.submit(self._reading.hash, piece, views), views))
                while len(waiting) > _HASHES_WAIT:
                    hashed, views = waiting.popleft()
                    take(hashed.result(), views)
            for hashed, views in waiting:
                take(hashed.result(), views)
        self.ended = True
        if telling.recipe:
            told(telling)

    def finish(self, read_on: Callable[[Reading, Iterator[bytes]], None]) -> FileSeen | None:
        """Have what is left read (``read_on`` takes the pieces to their end), and say what the file is; None when it
        has changed meanwhile.  Raises OSError."""
        if not self.ended:
            read_on(self._reading, self._rest())
        content, recipe = self._reading.outcome()
        if self._file.stat() != self._seen or content.size != self.size:
            return None
        seen = self._seen
        return FileSeen(self._path, self._stamp, self._bit, seen.mtime_ns, content, recipe)

    def _rest(self) -> Iterator[bytes]:
        while self._offset <= self.size and (data := self._file.read(self._offset, PART)):
            self._offset += len(data)
            yield data

    def close(self) -> None:
        self._file.close()
