"""Blocks that came ahead of the change that they belong to.

Small ones wait in memory, so that they are kept in one durable write with their change.  Large ones, and more of them
than should wait, are kept before it comes; but several together, because a disk syncs many at once.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from syncagent.hub.stretch import PUSH_BYTES
from syncagent.model.ids import Digest

Blocks: TypeAlias = tuple[tuple[Digest, bytes], ...]

MOST_BYTES: Final = 8 * 1024 * 1024
"""More than that never waits for its change."""

TOGETHER_BYTES: Final = 8 * 1024 * 1024
"""More than that is kept although earlier ones are being kept still."""

PART_BYTES: Final = 8 * 1024 * 1024
"""So much is kept in one go, so that no one waits long for the store behind it."""


class Staged:
    """The staged blocks of one client."""

    def __init__(self) -> None:
        self._blocks: list[tuple[Digest, bytes]] = []
        self._bytes = 0
        self.large = False
        """Whether there are blocks among them that are not pushed with a change."""

    def add(self, blocks: Blocks) -> None:
        self._blocks += blocks
        self._bytes += sum(len(plain) for _, plain in blocks)
        self.large = self.large or any(len(plain) > PUSH_BYTES for _, plain in blocks)

    def due(self, *, idle: bool) -> bool:
        """Whether they are to be kept now; ``idle`` when none of this client's are being kept."""
        return self._bytes > MOST_BYTES or (self.large and (idle or self._bytes > TOGETHER_BYTES))

    def take(self) -> Blocks:
        """All of them; none are left."""
        blocks = tuple(self._blocks)
        self._blocks, self._bytes, self.large = [], 0, False
        return blocks

    def take_parts(self) -> list[Blocks]:
        """All of them, in parts that are not too large."""
        parts: list[list[tuple[Digest, bytes]]] = []
        size = PART_BYTES
        for block in self.take():
            if size >= PART_BYTES:
                parts.append([])
                size = 0
            parts[-1].append(block)
            size += len(block[1])
        return [tuple(part) for part in parts]
