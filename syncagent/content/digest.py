"""BLAKE3 digests of bytes, whole or as they come.  Called by whoever meets content; one thread a hasher."""

from __future__ import annotations

from typing import Final

from blake3 import blake3

from syncagent.model.ids import Digest
from syncagent.model.nodes import Content

DIGEST_BYTES: Final = 32


def digest_of(data: bytes | memoryview) -> Digest:
    """The digest of ``data``.  One thread: several lose below 1 MiB, and the other cores have files of their own."""
    return Digest(blake3(data).digest())


def content_of(data: bytes) -> Content:
    return Content(digest_of(data), len(data))


EMPTY: Final = content_of(b"")


class Hasher:
    """The digest of bytes that come in pieces."""

    __slots__ = ("_hash", "_size")

    def __init__(self) -> None:
        self._hash = blake3()
        self._size = 0

    def feed(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self._size += len(data)

    def copy(self) -> Hasher:
        """Another that goes on from here."""
        other = Hasher()
        other._hash, other._size = self._hash.copy(), self._size
        return other

    def content(self) -> Content:
        """What was fed so far."""
        return Content(Digest(self._hash.digest()), self._size)
