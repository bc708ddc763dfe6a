"""Blocks that came before anyone has said what they are for: put aside in one file of the stage, one after the other.

A large file is sent in its order, so that what came is, mostly, its beginning or all of it: then the file that was put
aside becomes its staging file, by a rename, with the digest of its bytes as it was taken while they passed.  Otherwise
it is a local file with a known recipe like any other, from which blocks are copied and checked.  What it holds counts
only while it is as we left it.  Called by ``staging``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from syncagent.content.digest import Hasher
from syncagent.localfs.assembly import Assembly
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.ports import Disk, Opening, Rename, Stat
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Block, Recipe

AHEAD: Final = join(STAGE, "part.ahead")

BEHIND: Final = 64 << 20
"""So much of what came behind the end of a file (the next one's beginning) is kept when that is taken out."""

MARKS: Final = 64
"""So many states of the digest are remembered, from before each of the last calls: it need not begin anew then."""


class Spare:
    """The blocks that were put aside, and where.  Its calls raise OSError."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._empty()

    def _empty(self) -> None:
        self._blocks: list[Block] = []
        self._size = 0
        self._hasher = Hasher()
        self._marks: deque[tuple[int, Hasher]] = deque(maxlen=MARKS)
        self._seen: Stat | None = None

    def __bool__(self) -> bool:
        return bool(self._blocks)

    @property
    def recipe(self) -> Recipe:
        """What it holds."""
        return tuple(self._blocks)

    def hold(self, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Put these behind the others.  Each was checked against its digest when it came."""
        with self._disk.open(AHEAD, Opening.EDIT) as file:
            if file.stat() != self._seen:
                self._empty()
                file.truncate(0)
            start = self._size
            self._marks.append((len(self._blocks), self._hasher.copy()))
            file.write(start, *[data for _, data in blocks])
            for digest, data in blocks:
                self._hasher.feed(data)
                self._size += len(data)
                self._blocks.append(Block(digest, len(data)))
            try:
                file.begin_sync(start, self._size - start)
            except OSError:
                # What was lost is told once, and it may be the sync before it is published that is not (B9).
                self._empty()
                self._disk.remove(AHEAD)
                raise
            self._seen = file.stat()

    def take_over(self, path: RelPath, assembly: Assembly) -> bool:
        """Make it the staging file at ``path`` if it is the beginning of what that is to be, or has all of it; whether
        it has become that."""
        wanted, own = assembly.recipe, self._blocks
        number = min(len(wanted), len(own))
        if not number or list(wanted[:number]) != own[:number]:
            return False
        with self._disk.open(AHEAD, Opening.EDIT) as file:
            if file.stat() != self._seen:
                self._empty()
                return False
            behind = own[number:]
            size = self._size - sum(block.size for block in behind)
            kept = file.read(size, self._size - size) if behind and self._size - size <= BEHIND else b""
            if behind:
                file.truncate(size)
            self._disk.rename(AHEAD, path, Rename.PLAIN)
            marks = [*self._marks, (len(own), self._hasher)]
            hashed, hasher = next((one for one in reversed(marks) if one[0] <= number), (0, Hasher()))
            assembly.take_over(number, hashed, hasher)
            assembly.go_on(file, {})
            assembly.seen = file.stat()
        self._empty()
        if kept:
            view, at, rest = memoryview(kept), 0, []
            for block in behind:
                rest.append((block.digest, bytes(view[at : at + block.size])))
                at += block.size
            self.hold(rest)
        return True

    def drop(self) -> None:
        """Nobody wants it."""
        if self._seen is not None:
            self._empty()
            self._disk.remove(AHEAD)
