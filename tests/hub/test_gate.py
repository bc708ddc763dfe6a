"""What a stranger may cost."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from syncagent.hub.gate import UNSENT_BYTES, Caps, Doorway, Gate

CAPS = Caps(connections=6, per_address=5, waiting=4, waiting_seconds=60, waiting_bytes=0)


class Transport(asyncio.Transport):
    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.gate: Gate | None = None
        self.aborted = False

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = True
            assert self.gate is not None
            self.gate.connection_lost(None)


class Inner(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard = b""
        self.made = self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost += 1

    def data_received(self, data: bytes) -> None:
        self.heard += data


def enter(doorway: Doorway, address: str = "a") -> tuple[Gate, Transport, Inner]:
    inner, transport = Inner(), Transport(address)
    gate = transport.gate = Gate(doorway, inner)
    gate.connection_made(transport)
    return gate, transport, inner


@pytest.mark.hazard("F11")
async def test_f11_the_oldest_of_the_greatest_crowd_goes() -> None:
    doorway = Doorway(CAPS)
    flood = [enter(doorway, "flood") for _ in range(4)]
    _, friend, _ = enter(doorway, "friend")
    assert [transport.aborted for _, transport, _ in flood] == [True, False, False, False]
    assert not friend.aborted
    assert flood[0][2].lost == 1


@pytest.mark.hazard("F11")
async def test_f11_who_has_said_something_is_not_pushed_out_by_those_who_have_not() -> None:
    doorway = Doorway(replace(CAPS, connections=100, per_address=100))
    friend, transport, _ = enter(doorway)
    friend.data_received(b"GET /")
    flood = [enter(doorway) for _ in range(20)]
    assert not transport.aborted
    assert [one[1].aborted for one in flood] == [True] * 17 + [False] * 3


@pytest.mark.hazard("F6", "F11")
async def test_f6_who_comes_last_is_not_pushed_out_by_a_crowd_that_speaks_slowly() -> None:
    doorway = Doorway(replace(CAPS, connections=100, per_address=100))
    crowd = [enter(doorway) for _ in range(CAPS.waiting)]
    for gate, _, _ in crowd:
        gate.data_received(b"G")
    _, newcomer, _ = enter(doorway)
    assert not newcomer.aborted
    assert [transport.aborted for _, transport, _ in crowd] == [True] + [False] * (CAPS.waiting - 1)


@pytest.mark.hazard("F11")
async def test_f11_who_was_pushed_out_counts_no_more_although_its_socket_hears_of_it_later() -> None:
    doorway = Doorway(CAPS)
    gate, _, _ = enter(doorway)
    for _ in range(20):
        gate, transport, _ = enter(doorway)
        transport.gate = None
        transport.abort = lambda: None  # type: ignore[method-assign]
        assert gate in doorway.waiting["a"].silent
    assert doorway.open == 4
    gate.drop()
    gate.connection_lost(None)
    assert doorway.open == 3


@pytest.mark.hazard("F11")
async def test_who_was_admitted_is_not_pushed_out() -> None:
    doorway = Doorway(replace(CAPS, connections=100, per_address=100))
    gate, first, _ = enter(doorway)
    gate.admit()
    for _ in range(10):
        enter(doorway)
    assert not first.aborted


@pytest.mark.hazard("F11")
@pytest.mark.parametrize("caps", [replace(CAPS, connections=2, waiting=9), replace(CAPS, per_address=2, waiting=9)])
async def test_there_is_room_for_so_many(caps: Caps) -> None:
    doorway = Doorway(caps)
    first = enter(doorway)
    enter(doorway)
    _, third, inner = enter(doorway)
    assert third.aborted
    assert (inner.made, inner.lost) == (0, 0)
    first[0].connection_lost(None)
    assert not enter(doorway)[1].aborted


@pytest.mark.hazard("N17")
async def test_n17_what_left_is_not_counted() -> None:
    doorway = Doorway(CAPS)
    for _ in range(100):
        gate, transport, _ = enter(doorway)
        gate.admit()
        transport.abort()
    assert (doorway.open, doorway.waiting, doorway.addresses) == (0, {}, {})


@pytest.mark.hazard("F7")
async def test_f7_a_stranger_may_send_so_much() -> None:
    gate, transport, inner = enter(Doorway(CAPS))
    told: list[str] = []
    gate.too_much = lambda: told.append("too much")
    gate.data_received(b"x" * 16_384)
    for _ in range(3):
        gate.data_received(b"y")
    assert inner.heard == b"x" * 16_384
    assert told == ["too much"]
    assert not transport.aborted


async def test_who_was_admitted_may_send_what_was_agreed() -> None:
    gate, _, inner = enter(Doorway(CAPS))
    gate.admit()
    gate.data_received(b"x" * 100_000)
    assert len(inner.heard) == 100_000


@pytest.mark.hazard("F6")
async def test_f6_a_stranger_has_so_much_time() -> None:
    _, transport, _ = enter(Doorway(replace(CAPS, waiting_seconds=0)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert transport.aborted


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the system has no such bound")
async def test_what_cannot_leave_yet_waits_where_an_entry_overtakes_it() -> None:
    gate, transport, _ = enter(Doorway(CAPS))
    with socket.socket() as connection:
        transport._extra["socket"] = connection  # type: ignore[attr-defined]
        gate.admit()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT_BYTES
