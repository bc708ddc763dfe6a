"""Blocks that came ahead of the change that they belong to.

Small ones wait in memory, so that they are kept in one durable write with their change, and go on to others from there.
Large ones, and more of them than should wait, are kept before it comes; but several together, because a disk syncs many
at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from syncagent.hub.stretch import PUSH_BYTES
from syncagent.hub.tasks import AskLacking, Submit
from syncagent.model.changes import Change, Verdict
from syncagent.model.ids import Digest
from syncagent.model.nodes import Block
from syncagent.protocol.packs import NOTHING_PACKED

Blocks: TypeAlias = tuple[tuple[Digest, bytes], ...]

MOST_BYTES: Final = 12 * 1024 * 1024
"""More than that never waits for its change."""

PART_BYTES: Final = 8 * 1024 * 1024
"""So much is kept in one go, and lies in one pack: that costs two or three waits for the disk, however much it is.
Past the system's memory (``stores.direct``) who waits for that disk meanwhile, as an edit does, waits for none of these
bytes; through it, for all of them: where that is the only way, with twice as much a third longer, measured."""


class Staged:
    """The staged blocks of one client."""

    def __init__(self) -> None:
        self._small: dict[Digest, bytes] = {}
        self._packed: dict[Digest, memoryview] = {}
        self._large: list[tuple[Digest, bytes]] = []
        self._small_bytes = self._large_bytes = 0

    @property
    def large(self) -> bool:
        """Whether there are blocks among them that are not pushed with a change."""
        return bool(self._large)

    def add(self, blocks: Blocks, packed: Mapping[Digest, memoryview] = NOTHING_PACKED) -> None:
        """``packed``: as they travelled."""
        for digest, plain in blocks:
            if len(plain) > PUSH_BYTES:
                self._large.append((digest, plain))
                self._large_bytes += len(plain)
            elif digest not in self._small:
                self._small[digest] = plain
                self._small_bytes += len(plain)
                if digest in packed:
                    self._packed[digest] = packed[digest]

    @property
    def due(self) -> bool:
        """Whether some are to be kept now, although nothing is said of them yet."""
        return self._large_bytes > PART_BYTES or self._too_many()

    def take(self, wanted: Iterable[Digest]) -> tuple[Blocks, dict[Digest, memoryview]]:
        """The small ones among ``wanted``, and how those travelled.  The others are for a change that is still to
        come."""
        blocks = []
        packed = {}
        for digest in wanted:
            plain = self._small.pop(digest, None)
            if plain is not None:
                blocks.append((digest, plain))
                self._small_bytes -= len(plain)
                if digest in self._packed:
                    packed[digest] = self._packed.pop(digest)
        return tuple(blocks), packed

    def take_parts(self, *, everything: bool = False, full: bool = False) -> list[Blocks]:
        """Those that are not to wait any longer, in parts that are not too large: the large ones; the small ones of a
        mass of files go with their change, unless they are too many by now, or ``everything`` is wanted.  ``full``:
        what makes up no whole part waits on."""
        taken, self._large, self._large_bytes = self._large, [], 0
        if everything or self._too_many():
            full = False
            taken = [*taken, *self._small.items()]
            self._small, self._packed, self._small_bytes = {}, {}, 0
        parts: list[list[tuple[Digest, bytes]]] = [[]]
        size = 0
        for block in taken:
            if parts[-1] and size + len(block[1]) > PART_BYTES:
                parts.append([])
                size = 0
            parts[-1].append(block)
            size += len(block[1])
        if full and len(parts) > 1:
            self.add(tuple(parts.pop()))
        return [tuple(part) for part in parts if part]

    def _too_many(self) -> bool:
        return self._small_bytes + self._large_bytes > MOST_BYTES


def overtakes(task: Submit | AskLacking, waiting: Iterable[tuple[int, Submit | AskLacking, str]]) -> bool:
    """Whether ``task`` need not wait for blocks that are being kept, though they came before it: it is a submission
    that brings all that it names, and none of the ``waiting`` ones is.  So a small edit passes a large file."""
    if not isinstance(task, Submit) or any(isinstance(one, Submit) for _, one, _ in waiting):
        return False
    brought = {digest for digest, _ in task.blocks}
    return all(digest in brought for digest in named(task.changes))


def named(changes: Iterable[Change | Verdict]) -> Iterator[Digest]:
    """The blocks that ``changes`` speak of."""
    for change in changes:
        if isinstance(change, Change):
            yield from [block.digest for block in change.recipe]
            if change.splice:
                yield from [part.digest for part in change.splice if isinstance(part, Block)]
