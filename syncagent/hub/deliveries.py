"""Blocks that a client has asked for: read from the store a part at a time, the next while the last one leaves.

Called by ``member``, which says what is ready when its socket has room; pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, TypeAlias

from syncagent.hub.tasks import Fetch, Fetched
from syncagent.model.ids import Digest
from syncagent.protocol.convert import digests_to_wire
from syncagent.protocol.pace import Pace
from syncagent.protocol.packs import encode_packs
from syncagent.protocol.sync import BlocksResponse

FETCH_BYTES: Final = 2 * 1024 * 1024
"""So much is read at once of the blocks that a client wants; so much may wait, read, for its socket to have room."""

_FETCH_BLOCKS: Final = 1024
_DIGEST_BYTES: Final = 80

Ready: TypeAlias = bytes | BlocksResponse
"""A pack, or the answer that ends those of one request."""


@dataclass(slots=True)
class _Wish:
    """Blocks that the client asked for, and that were not all read yet."""

    request_id: str
    digests: tuple[Digest, ...]
    lacking: list[Digest]
    at: int = 0

    @property
    def cost(self) -> int:
        return 4096 + _DIGEST_BYTES * len(self.digests)


class Deliveries:
    """Those of one connection.  ``compress``: whether blocks may be compressed."""

    def __init__(self, *, compress: bool) -> None:
        self._compress = compress
        self._wishes: deque[_Wish] = deque()
        self._ready: deque[Ready] = deque()
        self._ready_bytes = 0
        self._fetching = False
        self._pace = Pace()
        self.cost = 0
        """About how many bytes the requests take that wait."""

    def ask(self, request_id: str, digests: tuple[Digest, ...]) -> None:
        """The client wants these."""
        self._wishes.append(_Wish(request_id, digests, []))
        self.cost += self._wishes[-1].cost

    @property
    def waits(self) -> bool:
        """Whether anything is to be read, or to be said."""
        return bool(self._wishes or self._ready)

    def next_fetch(self) -> Fetch | None:
        """What is to be read now."""
        while self._wishes and not self._fetching and self._ready_bytes < FETCH_BYTES:
            wish = self._wishes[0]
            if wish.at < len(wish.digests):
                self._fetching = True
                return Fetch(wish.digests[wish.at : wish.at + _FETCH_BLOCKS], FETCH_BYTES)
            self._end()
        return None

    def fetched(self, answer: Fetched) -> None:
        """What ``next_fetch`` wanted was read."""
        self._fetching = False
        wish = self._wishes[0]
        wish.at += answer.number
        wish.lacking += answer.lacking
        for frame in encode_packs(answer.blocks, compress=self._compress, most=self._pace.frame_bytes):
            self._ready.append(frame)
            self._ready_bytes += len(frame)
        if wish.at >= len(wish.digests):
            self._end()

    def failed(self) -> str:
        """It could not be read: the request that fails by that."""
        self._fetching = False
        return self._drop().request_id

    def take(self, now: float = 0.0) -> Ready | None:
        """The next thing to say, at a time of a clock that only goes forward."""
        if not self._ready:
            return None
        ready = self._ready.popleft()
        if isinstance(ready, bytes):
            self._ready_bytes -= len(ready)
            self._pace.leaves(len(ready), now)
        elif not self._wishes:
            self._pace.rests()
        return ready

    def _end(self) -> None:
        wish = self._drop()
        self._ready.append(BlocksResponse(request_id=wish.request_id, digests=digests_to_wire(wish.lacking)))

    def _drop(self) -> _Wish:
        wish = self._wishes.popleft()
        self.cost -= wish.cost
        return wish
