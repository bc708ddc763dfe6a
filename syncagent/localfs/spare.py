"""Blocks that came before anyone has said what they are for: put aside in one file of the stage, one after the other.

A large file is sent in its order, so that what came is, mostly, its beginning or all of it: then the file that was put
aside becomes its staging file, by a rename, with the digest of its bytes as it was taken while they passed.  Otherwise
it is a local file with a known recipe like any other, from which blocks are copied and checked.  What it holds counts
only while it is as we left it.  Of a file that has changed the beginning is put aside in the same way, most of it
copied from what it was here (``copy``).  Called by ``staging``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from syncagent.content.digest import Hasher, digest_of
from syncagent.localfs.assembly import BESIDE, CHECKS_WAIT, COPIED_MEMORY, PIECE, SYNCS_WAIT, Assembly
from syncagent.localfs.beside import Beside
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.ports import Disk, DiskFile, Opening, Rename, Stat
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Block, Recipe
from syncagent.planner.tasks import Copied

AHEAD: Final = join(STAGE, "part.ahead")

OUTLINE: Final = join(STAGE, "part.outline")

BEHIND: Final = 64 << 20
"""So much of what came behind the end of a file (the next one's beginning) is kept when that is taken out."""

MARKS: Final = 64
"""So many states of the digest are remembered, from before each of the last calls: it need not begin anew then."""


class _Line:
    """The file that is being put together by copying, and what goes on beside that.  ``blocks`` were written, up to
    ``end``; -1: no more is."""

    def __init__(self, file: DiskFile, *, thread: bool) -> None:
        self.file = file
        self.seen: Stat | None = None
        self.first: Recipe = ()
        self.blocks = self.end = 0
        self.disk: Beside[None] = Beside(SYNCS_WAIT, thread=thread)
        self.checks: Beside[bool] = Beside(CHECKS_WAIT, thread=thread)

    def __del__(self) -> None:
        # When the root is lost, its stage is not asked again, and another one is made when it is back.
        self.file.close()


class Spare:
    """The blocks that were put aside, and where.  Its calls raise OSError."""

    def __init__(self, disk: Disk, path: RelPath = AHEAD) -> None:
        self._disk = disk
        self.path = path
        self._line: _Line | None = None
        self._empty()

    def _empty(self) -> None:
        self._blocks: list[Block] = []
        self._size = 0
        self._hasher = Hasher()
        self._marks: deque[tuple[int, Hasher]] = deque(maxlen=MARKS)
        self._seen: Stat | None = None
        self._open = True
        """Whether all that was copied so far was as it was to be."""

    def __bool__(self) -> bool:
        return bool(self._blocks) or self._line is not None

    @property
    def recipe(self) -> Recipe:
        """What it holds."""
        return tuple(self._blocks)

    def hold(self, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Put these behind the others.  Each was checked against its digest when it came."""
        with self._disk.open(self.path, Opening.EDIT) as file:
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
                self._disk.remove(self.path)
                raise
            self._seen = file.stat()

    def copy(self, at: int, base: tuple[RelPath, Stamp], parts: Sequence[Copied | tuple[Digest, bytes]]) -> None:
        """Put these behind the ``at`` blocks that were put aside before; at 0 it begins anew.  Where those are not
        there, nothing is: a hole is of no use.  ``Copied`` is read from the file at a path as long as it has that
        stamp, and checked, block by block; with the first that is not as it was it ends.

        Sums and the disk's work go on when this has returned, so that neither stands still until more comes."""
        if at == 0:
            self.drop()
            self._line = _Line(self._disk.open(self.path, Opening.EDIT), thread=size_of(parts) >= BESIDE)
            self._line.file.truncate(0)
        line = self._line
        if line is None or at != line.blocks or (at and line.file.stat() != line.seen):
            return
        try:
            whole = self._copy(line, base, parts)
            line.seen = line.file.stat()
        except OSError:
            # Of what could not be written it is told once: the sync before it is published may know nothing (B9).
            self._give_up(line)
            raise
        if not whole:
            line.blocks = -1

    def _copy(self, line: _Line, base: tuple[RelPath, Stamp], parts: Sequence[Copied | tuple[Digest, bytes]]) -> bool:
        """Whether it came to the last of ``parts``, by what is known so far."""
        try:
            source = self._disk.open(base[0], Opening.READ)
        except OSError:
            return False
        with source:
            if source.stat().stamp != base[1]:
                return False
            for piece in (one for part in parts for one in (_pieces(part) if isinstance(part, Copied) else (part,))):
                if isinstance(piece, Copied):
                    blocks, data = piece.blocks, _read(source, piece.offset, piece.size)
                else:
                    blocks, data = (Block(piece[0], len(piece[1])),), piece[1]
                if not all(line.checks.do(partial(self._take, blocks, data))):
                    return False
                line.file.write(line.end, data)
                line.disk.do(partial(line.file.begin_sync, line.end, len(data), COPIED_MEMORY))
                line.first = line.first or tuple(blocks[:1])
                line.blocks += len(blocks)
                line.end += len(data)
        return True

    def settle(self) -> None:
        """Nothing more is copied: wait for what is under way.  Trouble with it is none; it is only a help."""
        line = self._line
        if line is None:
            return
        try:
            with line.file, line.checks, line.disk:
                touched = line.file.stat() != line.seen
                line.disk.finish()
                line.checks.finish()
                if self._size != line.end:
                    line.file.truncate(self._size)
                self._seen = line.file.stat()
            self._line = None
            if touched:
                self.drop()
        except OSError:
            self._give_up(line)

    def leave(self) -> None:
        """The folder may be gone, and its disk with it: nothing stays open there, and nothing is touched."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError), line.file, line.checks, line.disk:
                pass
        self._empty()

    def _give_up(self, line: _Line) -> None:
        with line.file, line.checks, line.disk:
            self._line = None
        self._empty()
        with suppress(OSError):
            self._disk.remove(self.path)

    def _take(self, blocks: Sequence[Block], data: bytes) -> bool:
        """Count them as being there if they are as they are to be, and all before them were."""
        view, at = memoryview(data), 0
        for block in blocks if self._open else ():
            if digest_of(view[at : at + block.size]) != block.digest:
                break
            at += block.size
        self._open = self._open and at == len(data) and at > 0
        if self._open:
            self._hasher.feed(view)
            self._size += at
            self._blocks.extend(blocks)
        return self._open

    def take_over(self, path: RelPath, assembly: Assembly) -> bool:
        """Make it the staging file at ``path`` if it is the beginning of what that is to be, or has all of it; whether
        it has become that."""
        wanted = assembly.recipe
        if self._line is not None and wanted[:1] == self._line.first:
            self.settle()  # not for the sake of another file: it may go on
        own = self._blocks if self._line is None else []
        number = min(len(wanted), len(own))
        if not number or list(wanted[:number]) != own[:number]:
            return False
        with self._disk.open(self.path, Opening.EDIT) as file:
            if file.stat() != self._seen:
                self._empty()
                return False
            behind = own[number:]
            size = self._size - sum(block.size for block in behind)
            kept = file.read(size, self._size - size) if behind and self._size - size <= BEHIND else b""
            if behind:
                file.truncate(size)
            self._disk.rename(self.path, path, Rename.PLAIN)
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
        self.settle()
        if self._seen is not None:
            self._empty()
            self._disk.remove(self.path)


def size_of(parts: Iterable[Copied | tuple[Digest, bytes]]) -> int:
    """How many bytes they are."""
    return sum([one.size if isinstance(one, Copied) else len(one[1]) for one in parts])


def _read(file: DiskFile, offset: int, size: int) -> bytes:
    """What can be read there: trouble with a local file is no trouble, it is only a help."""
    try:
        return file.read(offset, size)
    except OSError:
        return b""


def _pieces(part: Copied) -> Iterator[Copied]:
    """The same in parts that are copied in one go."""
    offset, size, first = part.offset, 0, 0
    for number, block in enumerate(part.blocks):
        if size and size + block.size > PIECE:
            yield Copied(offset, part.blocks[first:number])
            offset, size, first = offset + size, 0, number
        size += block.size
    yield Copied(offset, part.blocks[first:])
