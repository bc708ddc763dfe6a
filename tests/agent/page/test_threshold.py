"""What stands before the page's web server."""

from __future__ import annotations

import asyncio
import os

import pytest

from syncagent.agent.page import threshold
from syncagent.agent.page.threshold import MOST, Threshold


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class Inner(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard: list[object] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.heard.append("made")

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append("lost")


def arrive(others: dict[Threshold, None], uid: int | None) -> tuple[Threshold, Transport, Inner]:
    inner, transport = Inner(), Transport()
    one = Threshold(inner, others, lambda _peer, _here: uid)
    one.connection_made(transport)
    return one, transport, inner


@pytest.mark.hazard("G8")
async def test_another_user_of_this_machine_is_turned_away_before_a_word() -> None:
    others: dict[Threshold, None] = {}
    one, transport, inner = arrive(others, os.getuid() + 1)
    one.data_received(b"GET / HTTP/1.1\r\n")
    one.connection_lost(None)
    assert transport.aborted
    assert inner.heard == []
    assert not others


@pytest.mark.parametrize("uid", [os.getuid(), None])
async def test_who_it_belongs_to_is_let_through_and_so_is_who_is_not_known(uid: int | None) -> None:
    others: dict[Threshold, None] = {}
    one, transport, inner = arrive(others, uid)
    one.data_received(b"hello")
    one.connection_lost(None)
    assert not transport.aborted
    assert inner.heard == ["made", b"hello", "lost"]
    assert not others


async def test_of_too_many_the_oldest_that_has_shown_nothing_goes() -> None:
    others: dict[Threshold, None] = {}
    guest, guest_transport, _ = arrive(others, None)
    silent = [arrive(others, None) for _ in range(MOST - 1)]
    guest.welcome()
    arrive(others, None)
    assert not guest_transport.aborted
    assert [transport.aborted for _, transport, _ in silent[:2]] == [True, False]
    assert len(others) == MOST
    for one in list(others):
        one.drop()


async def test_who_shows_nothing_for_long_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threshold, "FIRST_SECONDS", 0.0)
    others: dict[Threshold, None] = {}
    _, silent, _ = arrive(others, None)
    guest, welcomed, _ = arrive(others, None)
    guest.welcome()
    while not silent.aborted:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert not welcomed.aborted
