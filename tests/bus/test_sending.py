"""A reader that is slow makes what we send wait, and does not end the connection."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dbus_fast import Message
from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending


class Slow:
    """A bus that writes into a socket which nobody reads, and breaks when there is no room."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.theirs.setblocking(False)
        self._fd = self.ours.fileno()
        self.sent = 0

    def send(self, message: Any) -> None:
        assert self.ours.send(bytes(message.size)) == message.size
        self.sent += 1

    def read_all(self) -> None:
        try:
            while self.theirs.recv(1 << 20):
                pass
        except BlockingIOError:
            pass


def message(size: int = 30_000) -> Message:
    return cast("Message", SimpleNamespace(size=size))


@pytest.fixture
def slow() -> Any:
    made = Slow()
    yield made
    made.ours.close()
    made.theirs.close()


async def test_what_there_is_no_room_for_waits_and_comes_in_order(slow: Slow) -> None:
    sending = Sending(cast("MessageBus", slow))
    for _ in range(100):
        sending.send(message())
    assert 0 < slow.sent < 100
    waiting = asyncio.ensure_future(sending.room())
    for _ in range(200):
        slow.read_all()
        await asyncio.sleep(0)
    assert slow.sent == 100
    await asyncio.wait_for(waiting, 20)
    sending.close()


async def test_where_there_is_room_nothing_waits(slow: Slow) -> None:
    sending = Sending(cast("MessageBus", slow))
    await asyncio.wait_for(sending.room(), 20)
    sending.send(message())
    assert slow.sent == 1
    sending.close()
    sending.close()


async def test_an_end_while_something_waits(slow: Slow) -> None:
    sending = Sending(cast("MessageBus", slow))
    for _ in range(100):
        sending.send(message())
    waiting = asyncio.ensure_future(sending.room())
    await asyncio.sleep(0)
    sending.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
