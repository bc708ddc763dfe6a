"""Requests about many blocks: cut into messages, and their answers put together again.  Called by ``dialogue``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from syncagent.engine.events import Event
from syncagent.errors import BadMessage
from syncagent.model.ids import Digest
from syncagent.protocol import convert
from syncagent.protocol.sync import BlocksRequest, MissingRequest

DIGESTS_AT_ONCE: Final = 16_384
"""Digests in one request: 1.1 MB of text."""


@dataclass(slots=True)
class _Pending:
    """A request that went out in several messages: its number, the answers still to come, and what they said so far."""

    number: int
    left: int
    digests: set[Digest]


class Requests:
    """Those of one connection."""

    def __init__(self) -> None:
        self._made = 0
        self._pending: dict[str, _Pending] = {}

    def split(
        self, kind: str, number: int, digests: Sequence[Digest], most: int = 0
    ) -> Iterator[MissingRequest | BlocksRequest]:
        """What is said to ask, as ``number``, which of ``digests`` are missing, or for the blocks; in one request for
        ``most`` of them (0: as many as fit)."""
        pending = _Pending(number, 0, set())
        most = min(most or DIGESTS_AT_ONCE, DIGESTS_AT_ONCE)
        for start in range(0, max(len(digests), 1), most):
            self._made += 1
            pending.left += 1
            request_id = f"{kind}-{self._made}"
            self._pending[request_id] = pending
            part = convert.digests_to_wire(digests[start : start + most])
            if kind == "missing":
                yield MissingRequest(request_id=request_id, digests=part)
            else:
                yield BlocksRequest(request_id=request_id, digests=part)

    def collected(
        self, request_id: str, digests: Collection[str], answer: Callable[[int, frozenset[Digest]], Event]
    ) -> list[Event]:
        """The answer to a request, when the last part of it has come.  Raises BadMessage."""
        pending = self._pending.pop(request_id, None)
        if pending is None:
            raise BadMessage("invalid_message", "an answer to a request that was not made")
        pending.left -= 1
        pending.digests.update(convert.digests_from_wire(digests))
        return [] if pending.left else [answer(pending.number, frozenset(pending.digests))]
