"""Requests about many blocks."""

from __future__ import annotations

import pytest

from syncagent.engine import requests
from syncagent.engine.events import BlocksEnded
from syncagent.engine.requests import Requests
from syncagent.errors import BadMessage
from syncagent.model.ids import Digest

MANY = [Digest(bytes([number]) * 32) for number in range(5)]


def test_many_are_asked_for_in_parts_and_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "DIGESTS_AT_ONCE", 2)
    made = Requests()
    said = list(made.split("blocks", 7, MANY))
    assert [len(one.digests) for one in said] == [2, 2, 1]
    assert made.collected(said[0].request_id, [MANY[0].hex()], BlocksEnded) == []
    assert made.collected(said[2].request_id, [], BlocksEnded) == []
    assert made.collected(said[1].request_id, [MANY[3].hex()], BlocksEnded) == [
        BlocksEnded(7, frozenset({MANY[0], MANY[3]}))
    ]
    with pytest.raises(BadMessage):
        made.collected(said[1].request_id, [], BlocksEnded)


def test_no_block_at_all_is_a_request_too() -> None:
    made = Requests()
    [said] = made.split("missing", 1, [])
    assert made.collected(said.request_id, [], BlocksEnded) == [BlocksEnded(1, frozenset())]
