"""Stands before the page's web server: other users of this machine are turned away at once, and connections are few.

What runs here is the agent: sockets that someone opens at the port and leaves open must not take from it what it needs
for its folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from syncagent.agent.page.peers import Address, owner
from syncagent.private import our_uid

MOST: Final = 64
FIRST_SECONDS: Final = 10.0
"""So long may a connection take to show that it belongs to a visit."""

Owner = Callable[[Address, Address], int | None]


class Threshold(asyncio.Protocol):
    """One connection, between its socket and the web server's ``inner``."""

    def __init__(self, inner: asyncio.Protocol, others: dict[Threshold, None], whose: Owner = owner) -> None:
        self._inner = inner
        self._others = others
        self._whose = whose
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        uid = self._whose(peer[:2], here[:2]) if peer and here else None
        if uid not in (None, our_uid()):
            transport.abort()
            return
        while len(self._others) >= MOST:
            next(iter(self._others)).drop()
        self._in = True
        self._others[self] = None
        self._timer = asyncio.get_running_loop().call_later(FIRST_SECONDS, self.drop)
        self._inner.connection_made(transport)

    def welcome(self) -> None:
        """It belongs to a visit: it may stay, and goes after those that have shown nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self in self._others:
            self._others[self] = self._others.pop(self)

    def drop(self) -> None:
        self._others.pop(self, None)
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._in:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._in else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._others.pop(self, None)
        if self._in:
            self._inner.connection_lost(exc)
