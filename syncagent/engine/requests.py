"""Requests about many blocks: cut into messages, and their answers put together again.  Called by ``dialogue``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from syncagent.engine.events import BlocksEnded, Event, HubLacks, Judged
from syncagent.errors import BadMessage
from syncagent.model.changes import Change, Ruling, Verdict
from syncagent.model.ids import Digest, Seq
from syncagent.protocol import codec, convert
from syncagent.protocol.envelope import WebSocketMessage
from syncagent.protocol.sync import BlocksRequest, MissingRequest, SyncResponse

DIGESTS_AT_ONCE: Final = 16_384
"""Digests in one request: 1.1 MB of text."""


@dataclass(slots=True)
class _Pending:
    """A request that went out in several messages: its number, the answers still to come, and what they said so far."""

    number: int
    left: int
    digests: set[Digest]
    coming: set[Digest]


class Requests:
    """Those of one connection."""

    def __init__(self) -> None:
        self._made = 0
        self._pending: dict[str, _Pending] = {}

    def split(
        self, kind: str, number: int, digests: Sequence[Digest], most: int = 0, *, claim: bool = False
    ) -> Iterator[MissingRequest | BlocksRequest]:
        """What is said to ask, as ``number``, which of ``digests`` are missing, or for the blocks; in one request for
        ``most`` of them (0: as many as fit).  ``claim``: what is missing, and not coming, will be sent."""
        pending = _Pending(number, 0, set(), set())
        most = min(most or DIGESTS_AT_ONCE, DIGESTS_AT_ONCE)
        for start in range(0, max(len(digests), 1), most):
            self._made += 1
            pending.left += 1
            request_id = f"{kind}-{self._made}"
            self._pending[request_id] = pending
            part = convert.digests_to_wire(digests[start : start + most])
            if kind == "missing":
                yield MissingRequest(request_id=request_id, digests=part, claim=claim)
            else:
                yield BlocksRequest(request_id=request_id, digests=part)

    def lacking(self, request_id: str, digests: Collection[str], coming: Collection[str]) -> list[Event]:
        """The answer to what is missing, when the last part of it has come.  Raises BadMessage."""
        pending = self._collect(request_id, digests)
        pending.coming.update(convert.digests_from_wire(coming))
        found = frozenset(pending.digests), frozenset(pending.coming)
        return [] if pending.left else [HubLacks(pending.number, *found)]

    def ended(self, request_id: str, digests: Collection[str]) -> list[Event]:
        """All blocks that were asked for have come, when that was the last part of it.  Raises BadMessage."""
        pending = self._collect(request_id, digests)
        return [] if pending.left else [BlocksEnded(pending.number, frozenset(pending.digests))]

    def _collect(self, request_id: str, digests: Collection[str]) -> _Pending:
        pending = self._pending.pop(request_id, None)
        if pending is None:
            raise BadMessage("invalid_message", "an answer to a request that was not made")
        pending.left -= 1
        pending.digests.update(convert.digests_from_wire(digests))
        return pending


def too_long(change: Change) -> Judged:
    """The verdict on a change that no message can carry: one file of very many blocks."""
    verdict = Verdict(
        change.change_id,
        change.node_id,
        Ruling.REJECTED,
        error_code="message_too_large",
        message="the file is too large for this hub: its list of blocks does not fit into a message",
    )
    return Judged((verdict,), Seq(0))


def without(message: WebSocketMessage, name: str) -> SyncResponse:
    """The answer in ``message``, but for the list ``name``."""
    answer = codec.body_from_hub(message.model_copy(update={"data": message.data | {name: []}}))
    assert isinstance(answer, SyncResponse)  # all that travels in a sync_response
    return answer
