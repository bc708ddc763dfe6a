"""Blocks that were asked for: read ahead, said in order, ended."""

from __future__ import annotations

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub import deliveries as module
from syncagent.hub.deliveries import Deliveries
from syncagent.hub.tasks import Fetch, Fetched
from syncagent.model.ids import Digest
from syncagent.protocol.packs import read_pack
from syncagent.protocol.sync import BlocksResponse

BLOCKS = [(digest_of(bytes([n]) * 1000), bytes([n]) * 1000) for n in range(6)]


def said(deliveries: Deliveries) -> list[object]:
    found: list[object] = []
    while (ready := deliveries.take()) is not None:
        found.append(ready.request_id if isinstance(ready, BlocksResponse) else [one for one, _ in read_pack(ready)])
    return found


def test_the_next_part_is_read_while_the_last_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FETCH_BYTES", 1500)
    deliveries = Deliveries(compress=False)
    digests = tuple(digest for digest, _ in BLOCKS[:4])
    deliveries.ask("r1", digests)
    assert deliveries.next_fetch() == Fetch(digests, 1500)
    assert deliveries.next_fetch() is None, "one at a time"
    deliveries.fetched(Fetched(1, (BLOCKS[0],), ()))
    assert deliveries.next_fetch() == Fetch(digests[1:], 1500), "before the first part has left"
    deliveries.fetched(Fetched(1, (BLOCKS[1],), ()))
    assert deliveries.next_fetch() is None, "so much waits"
    assert said(deliveries) == [[digests[0]], [digests[1]]]
    assert deliveries.next_fetch() == Fetch(digests[2:], 1500)
    deliveries.fetched(Fetched(2, tuple(BLOCKS[2:4]), ()))
    assert said(deliveries) == [[digests[2], digests[3]], "r1"]
    assert deliveries.next_fetch() is None
    assert deliveries.cost == 0


def test_requests_are_ended_in_order_and_say_what_is_lacking() -> None:
    deliveries = Deliveries(compress=False)
    gone = Digest(b"?" * 32)
    deliveries.ask("none", ())
    deliveries.ask("r1", (BLOCKS[0][0], gone))
    deliveries.ask("r2", (BLOCKS[1][0],))
    assert deliveries.next_fetch() == Fetch((BLOCKS[0][0], gone), module.FETCH_BYTES)
    deliveries.fetched(Fetched(2, (BLOCKS[0],), (gone,)))
    assert deliveries.next_fetch() == Fetch((BLOCKS[1][0],), module.FETCH_BYTES)
    first, pack, ended = deliveries.take(), deliveries.take(), deliveries.take()
    assert isinstance(first, BlocksResponse)
    assert first.request_id == "none"
    assert isinstance(pack, bytes)
    assert ended == BlocksResponse(request_id="r1", digests=(gone.hex(),))
    assert deliveries.failed() == "r2"
    assert (deliveries.next_fetch(), deliveries.take(), deliveries.cost) == (None, None, 0)
