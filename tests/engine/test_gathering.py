"""Blocks are handed on together, and never later than what is said behind them."""

from __future__ import annotations

import pytest

from syncagent.content.digest import digest_of
from syncagent.engine import gathering
from syncagent.engine.events import BlocksCame
from syncagent.engine.gathering import Gathering
from syncagent.protocol.codec import Pack

A, B = ((digest_of(data), data) for data in (b"a", b"b"))


def test_they_are_handed_on_when_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHERED_BYTES", 20)
    found = Gathering()
    assert found.add(Pack((A,), bytes(19))) == []
    assert found.add(Pack((B,), bytes(1))) == [BlocksCame((A, B))]
    assert found.take() == []


def test_what_came_ahead_of_its_change_is_told_apart() -> None:
    found = Gathering()
    found.add(Pack((A,), b"frame"))
    found.add(Pack((B,), b"frame", ahead=True))
    assert found.take() == [BlocksCame((A,)), BlocksCame((B,), ahead=True)]
