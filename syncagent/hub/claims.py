"""Who has said that it brings which blocks, and has not yet.

Two machines that are linked at the same time have the same files, and read them in the same order: both find that the
hub lacks a block, and both would send it.  So who asks what is missing, and means to send it, is given what nobody else
brings; of the rest it hears that it is coming, and asks again a moment later.

Nothing depends on a claim: it is a word of a client's, which may go away, or find its file changed.  It ends when a
change of the client that names the block was judged, when the client goes, and by itself when nothing comes from there
any more.  Then whoever asks next has it.  How long it takes until a block has come says nothing: the way may be slow,
the disk busy, and much have been promised; so all that the client brings or asks prolongs all of its claims.  Called by
``hall``; pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Final, Generic, TypeVar

from syncagent.model.ids import Digest

T = TypeVar("T")

CLAIM_SECONDS: Final = 10.0
"""So long a claim holds after the last that came from its client.  Who is silent for longer may see others send the
same: bytes in vain, and nothing else."""

CLAIMS_MOST: Final = 65_536
"""More are not remembered: then blocks may come twice."""


class Claims(Generic[T]):
    """Those of one folder.  ``T``: what stands for a connection."""

    def __init__(self) -> None:
        self._claims: dict[Digest, T] = {}
        self._heard: dict[T, float] = {}
        """When each of those who have claimed anything was heard of last."""
        self._tidied = -inf

    def __bool__(self) -> bool:
        return bool(self._claims)

    def take(self, who: T, digests: Iterable[Digest], now: float) -> tuple[tuple[Digest, ...], tuple[Digest, ...]]:
        """Of ``digests``, which the hub lacks: those that ``who`` is to bring from now on, and those that come from
        another."""
        if len(self._claims) >= CLAIMS_MOST and now >= self._tidied + CLAIM_SECONDS:
            self._tidied = now
            self._claims = {digest: one for digest, one in self._claims.items() if self._holds(one, now)}
        self._heard[who] = now
        mine: list[Digest] = []
        coming: list[Digest] = []
        for digest in digests:
            known = self._claims.get(digest)
            if known is not None and known != who and self._holds(known, now):
                coming.append(digest)
                continue
            mine.append(digest)
            if known is not None or len(self._claims) < CLAIMS_MOST:
                self._claims[digest] = who
        return tuple(mine), tuple(coming)

    def hear(self, who: T, now: float) -> None:
        """Something came of it, or was done for it: it is at work on what it has claimed."""
        if who in self._heard:
            self._heard[who] = now

    def settle(self, who: T, digests: Iterable[Digest]) -> None:
        """A change of ``who`` that names these was judged, whatever became of it; or it does not bring them now."""
        for digest in digests:
            if self._claims.get(digest) == who:
                del self._claims[digest]

    def gone(self, who: T) -> None:
        """It brings nothing any more."""
        if self._heard.pop(who, None) is not None:
            self._claims = {digest: one for digest, one in self._claims.items() if one != who}

    def _holds(self, who: T, now: float) -> bool:
        return now < self._heard[who] + CLAIM_SECONDS
