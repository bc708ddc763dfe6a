"""Who has said that it brings which blocks, and has not yet.

Two machines that are linked at the same time have the same files, and read them in the same order: both find that the
hub lacks a block, and both would send it.  So who asks what is missing, and means to send it, is given what nobody else
brings; of the rest it hears that it is coming, and asks again a moment later.

Nothing depends on a claim: it is a word of a client's, which may go away, or find its file changed.  It ends when a
change of the client that names the block was judged, when the client goes, and by itself when that takes long.  Then
whoever asks next has it.  Called by ``hall``; pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, Generic, TypeVar

from syncagent.model.ids import Digest

T = TypeVar("T")

CLAIM_SECONDS: Final = 10.0
"""So long a claim holds.  Who takes longer over it may see others send the same: bytes in vain, and nothing else."""

CLAIMS_MOST: Final = 65_536
"""More are not remembered: then blocks may come twice."""


class Claims(Generic[T]):
    """Those of one folder.  ``T``: what stands for a connection."""

    def __init__(self) -> None:
        self._claims: dict[Digest, tuple[T, float]] = {}
        """In the order in which they end."""

    def __bool__(self) -> bool:
        return bool(self._claims)

    def take(self, who: T, digests: Iterable[Digest], now: float) -> tuple[tuple[Digest, ...], tuple[Digest, ...]]:
        """Of ``digests``, which the hub lacks: those that ``who`` is to bring from now on, and those that come from
        another."""
        self._forget_old(now)
        mine: list[Digest] = []
        coming: list[Digest] = []
        until = now + CLAIM_SECONDS
        for digest in digests:
            known = self._claims.get(digest)
            if known is not None and known[0] != who:
                coming.append(digest)
                continue
            mine.append(digest)
            if known is not None:
                del self._claims[digest]  # it goes to the end
            if known is not None or len(self._claims) < CLAIMS_MOST:
                self._claims[digest] = (who, until)
        return tuple(mine), tuple(coming)

    def settle(self, who: T, digests: Collection[Digest]) -> None:
        """A change of ``who`` that names these was judged, whatever became of it."""
        for digest in digests:
            known = self._claims.get(digest)
            if known is not None and known[0] == who:
                del self._claims[digest]

    def gone(self, who: T) -> None:
        """It brings nothing any more."""
        self._claims = {digest: claim for digest, claim in self._claims.items() if claim[0] != who}

    def _forget_old(self, now: float) -> None:
        old = []
        for digest, (_, until) in self._claims.items():
            if until > now:
                break
            old.append(digest)
        for digest in old:
            del self._claims[digest]
