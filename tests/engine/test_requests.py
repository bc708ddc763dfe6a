"""Requests about many blocks."""

from __future__ import annotations

import pytest

from syncagent.engine import requests
from syncagent.engine.events import BlocksEnded, HubLacks
from syncagent.engine.requests import Requests
from syncagent.errors import BadMessage
from syncagent.model.ids import Digest
from syncagent.protocol.sync import MissingRequest

MANY = [Digest(bytes([number]) * 32) for number in range(5)]


def test_many_are_asked_for_in_parts_and_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "DIGESTS_AT_ONCE", 2)
    made = Requests()
    said = list(made.split("blocks", 7, MANY))
    assert [len(one.digests) for one in said] == [2, 2, 1]
    assert made.ended(said[0].request_id, [MANY[0].hex()]) == []
    assert made.ended(said[2].request_id, []) == []
    assert made.ended(said[1].request_id, [MANY[3].hex()]) == [BlocksEnded(7, frozenset({MANY[0], MANY[3]}))]
    with pytest.raises(BadMessage):
        made.ended(said[1].request_id, [])


def test_no_block_at_all_is_a_request_too() -> None:
    made = Requests()
    [said] = made.split("missing", 1, [])
    assert made.lacking(said.request_id, [], []) == [HubLacks(1, frozenset())]


def test_what_others_are_about_to_send_is_put_together_like_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "DIGESTS_AT_ONCE", 2)
    made = Requests()
    first, second = made.split("missing", 3, MANY[:4], claim=True)
    assert isinstance(first, MissingRequest)
    assert first.claim
    assert made.lacking(first.request_id, [MANY[0].hex()], [MANY[1].hex()]) == []
    assert made.lacking(second.request_id, [], [MANY[2].hex()]) == [
        HubLacks(3, frozenset({MANY[0]}), frozenset({MANY[1], MANY[2]}))
    ]
