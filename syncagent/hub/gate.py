"""Stands before all else: bounds what those cost who have not shown a key (HAZARDS F6, F7, F11).

Every connection passes through a ``Gate``.  Until it is admitted, it may send so many bytes and take so much time, and
there are so many at once; when there are too many, the oldest of the address that has most of them goes, and of those
one that has not said a word before one that has, so that a flood does not keep others out.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from syncagent.hub.long_frames import AT_ONCE, LongFrames, Take
from syncagent.model.values import fixed

_HEADROOM: Final = 16 * 1024
_END_OF_REQUEST: Final = b"\r\n\r\n"
UNSENT_BYTES: Final = 256 * 1024
UNREAD_BYTES: Final = 512 * 1024
"""So much of what comes from this machine itself waits to be read: there is no distance to be filled with more, and
what waits there no edit overtakes."""


@fixed
class Caps:
    """How many connections there may be, and what one may cost before it is admitted."""

    connections: int = 4096
    per_address: int = 1024
    per_key: int = 1024
    waiting: int = 256
    waiting_seconds: float = 15.0
    waiting_bytes: int = 64 * 1024


@dataclass(slots=True)
class _Crowd:
    """Those of one address that were not admitted yet, in the order in which they came, and began to speak."""

    silent: dict[Gate, None] = field(default_factory=dict)
    speaking: dict[Gate, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.silent) + len(self.speaking)

    def first(self, newcomer: Gate) -> Gate:
        """Who goes.  Not ``newcomer``, who had no time yet to say anything, unless there is no one else: or those who
        speak slowly would keep all others out."""
        return next((one for one in (*self.silent, *self.speaking) if one is not newcomer), newcomer)


class Doorway:
    """All gates.  On the event loop's thread."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.open = 0
        self.buffer = memoryview(bytearray(AT_ONCE))
        self.waiting: dict[str, _Crowd] = {}
        self.addresses: dict[str, int] = {}

    def enter(self, gate: Gate) -> bool:
        """Count ``gate``; whether there is room for it."""
        if self.open >= self.caps.connections or self.addresses.get(gate.address, 0) >= self.caps.per_address:
            return False
        self.open += 1
        self.addresses[gate.address] = self.addresses.get(gate.address, 0) + 1
        self.waiting.setdefault(gate.address, _Crowd()).silent[gate] = None
        if sum(map(len, self.waiting.values())) > self.caps.waiting:
            max(self.waiting.values(), key=len).first(gate).drop()
        return True

    def spoke(self, gate: Gate) -> None:
        """``gate`` has said something, for the first time."""
        crowd = self.waiting.get(gate.address)
        if crowd is not None and gate in crowd.silent:
            del crowd.silent[gate]
            crowd.speaking[gate] = None

    def admitted(self, gate: Gate) -> None:
        """``gate`` costs what it may, from now on."""
        crowd = self.waiting.get(gate.address)
        if crowd is not None:
            crowd.silent.pop(gate, None)
            crowd.speaking.pop(gate, None)
            if not crowd:
                del self.waiting[gate.address]

    def leave(self, gate: Gate) -> None:
        self.admitted(gate)
        self.open -= 1
        left = self.addresses[gate.address] - 1
        if left:
            self.addresses[gate.address] = left
        else:
            del self.addresses[gate.address]


class Gate(asyncio.Protocol):
    """One connection, between its socket and ``inner``."""

    def __init__(self, doorway: Doorway, inner: asyncio.Protocol) -> None:
        self._doorway = doorway
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._entered = self._counted = False
        self._left = self._may_send = doorway.caps.waiting_bytes + _HEADROOM
        self._admitted = False
        self._timer: asyncio.TimerHandle | None = None
        self.address = ""
        self.too_much: Callable[[], None] = self.drop
        """What to do when more came than may come before it is admitted."""
        self._last = b""
        self._frames: LongFrames | None = None
        self._longest = 0
        self.lost: Callable[[], None] = _nothing
        """What to do when the connection is gone."""

    def read_long(self, take: Take, longest: int) -> None:
        """Frames come from now on: when it is admitted, long ones are given to ``take``, each with its mask.  Called
        when the request was answered, and before anything follows: else nothing is known of where a frame begins."""
        if self._transport is not None and self._last == _END_OF_REQUEST:
            self._frames, self._longest = LongFrames(self, take, self._doorway.buffer), longest
            self._transport.set_protocol(self._frames)

    def admit(self) -> None:
        """From now on it is held to what was agreed with it."""
        self._admitted = True
        if self._frames is not None:
            self._frames.most = self._longest
        self._stop_timer()
        self._keep_short()
        self._doorway.admitted(self)

    def _keep_short(self) -> None:
        """Have the system take no more than a little of what cannot leave yet: what waits here an entry overtakes, what
        waits there it does not."""
        connection = self._transport.get_extra_info("socket") if self._transport is not None else None
        if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
                if self.address.startswith(("127.", "::1")):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNREAD_BYTES)

    def drop(self) -> None:
        """End it at once; it counts no more, although its socket hears of it later."""
        self._leave()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a gate stands before a stream")
        self._transport = transport
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self._entered = self._counted = self._doorway.enter(self)
        if not self._entered:
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._doorway.caps.waiting_seconds, self.drop)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._admitted:
            self._last = (self._last + data)[-len(_END_OF_REQUEST) :]
            before = self._left
            if before == self._may_send:
                self._doorway.spoke(self)
            self._left -= len(data)
            if self._left < 0:
                # The rest is taken from the socket and thrown away, so that the answer is not lost in a reset.
                if before >= 0:
                    self.too_much()
                return
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._entered else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._entered:
            self._leave()
            self._inner.connection_lost(exc)
            self.lost()

    def _leave(self) -> None:
        if self._counted:
            self._counted = False
            self._doorway.leave(self)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _nothing() -> None:
    pass
