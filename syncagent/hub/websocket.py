"""A WebSocket, as the hub has it: whole messages in, whole messages out, and neither side is kept waiting in memory.

What a frame may be, and what is said when one is not, the library decides; long ones are read beside it
(``long_frames``), and put among the others here.  Of the hub, only this and ``request`` know the library.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

try:
    from websockets.speedups import apply_mask
except ImportError:  # it was not compiled here
    from websockets.utils import apply_mask

CLOSE_SECONDS: Final = 2.0
"""So long the other side has for its word of farewell, and to take what was said before."""

UNHEARD_BYTES: Final = 128 * 1024
"""So much that came waits to be heard, before no more is read."""

EACH: Final = 64
"""So much a message takes, however short it is: of empty ones there would be no end."""

LONG: Final = 64 * 1024
"""Bytes of a frame from which on it leaves without a copy."""

WITH_HEAD: Final = 16 * 1024
"""So much of a long frame leaves together with its head, which by itself would wake the other side for a few bytes."""

_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_REASON_BYTES: Final = 100
_LAST: Final = 0x80
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127


class WebSocket:
    """From the first byte of the first frame on.  A message has ``most`` bytes; a connection that brings more ends."""

    def __init__(self, transport: asyncio.Transport, most: int) -> None:
        self._transport = transport
        self._protocol = Protocol(Side.SERVER, max_size=most)
        self._loop = asyncio.get_running_loop()
        self._came: deque[str | bytes] = deque()
        self._unheard = 0
        self._part = bytearray()
        """What has come of a message in parts, and of what kind that is."""
        self._kind = Opcode.BINARY
        self._over = False
        """Nothing more is heard."""
        self._lost = self._loop.create_future()
        self._hears: asyncio.Future[None] | None = None
        self.at_once: Callable[[str | bytes], bool] = lambda _: False
        """Given a message for which someone waits by then; whether it was taken.  A turn of the event loop less."""
        self._full: asyncio.Future[None] | None = None
        """There while the system takes no more."""

    # --- what comes ---------------------------------------------------------------------------------------------

    async def receive(self) -> str | bytes | None:
        """The next message; None at the end."""
        while not self._came:
            if self._over:
                return None
            self._hears = self._loop.create_future()
            try:
                await self._hears
            finally:
                self._hears = None
        message = self._came.popleft()
        before = self._unheard
        self._unheard -= len(message) + EACH
        if before > UNHEARD_BYTES >= self._unheard:
            self._transport.resume_reading()
        return message

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        self._take_in()
        # A pong to one who asks and asks, and reads nothing, would wait here without end.
        deaf = self._full is not None and self._protocol.state is State.OPEN
        answers = self._protocol.data_to_send()
        if not deaf:
            self._say(answers)

    def take(self, frame: bytearray, mask: bytes) -> None:
        """A message that was read beside the library; what came before it is here already."""
        if not self._over:
            # What bytes are wanted for, a bytearray can do.
            self._hand_in(apply_mask(frame, mask) if any(mask) else frame)  # type: ignore[arg-type]

    def _take_in(self) -> None:
        for frame in self._protocol.events_received():
            if self._over or not isinstance(frame, Frame) or frame.opcode not in _DATA:
                continue
            if frame.opcode is not Opcode.CONT:
                self._kind = frame.opcode
            whole = frame.data
            if self._part or not frame.fin:
                self._part += frame.data
                whole = self._part
            if not frame.fin:
                continue
            self._part = bytearray()
            try:
                self._hand_in(str(whole, "utf-8") if self._kind is Opcode.TEXT else bytes(whole))
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA)
                self._end()

    def _hand_in(self, message: str | bytes) -> None:
        waits = self._hears is not None and not self._hears.done()
        if waits and not self._over and self.at_once(message):
            return
        self._came.append(message)
        before = self._unheard
        self._unheard += len(message) + EACH
        if before <= UNHEARD_BYTES < self._unheard:
            self._transport.pause_reading()
        self._stir()

    def _end(self) -> None:
        self._over = True
        self._stir()

    def _stir(self) -> None:
        if self._hears is not None and not self._hears.done():
            self._hears.set_result(None)

    # --- what leaves --------------------------------------------------------------------------------------------

    async def send_text(self, text: str) -> None:
        await self._send(Opcode.TEXT, text.encode())

    async def send_binary(self, frame: bytes) -> None:
        await self._send(Opcode.BINARY, frame)

    def send_at_once(self, frames: Sequence[str | bytes]) -> bool:
        """Send these, which are short, together, if the system takes something now; whether it has."""
        if self._full is not None or self._protocol.state is not State.OPEN or self._transport.is_closing():
            return False
        if sum(map(len, frames)) >= LONG:
            return False
        parts: list[bytes] = []
        for frame in frames:
            kind, data = (Opcode.TEXT, frame.encode()) if isinstance(frame, str) else (Opcode.BINARY, frame)
            parts += (_head(kind, len(data)), data)
        self._transport.write(b"".join(parts))
        return True

    async def _send(self, kind: Opcode, data: bytes) -> None:
        """As the library would, but without its copies.  Nothing is sent in fragments here, so that it stands in
        nothing's middle.  Raises ConnectionError when the connection is gone, or at its end."""
        if self._protocol.state is not State.OPEN or self._transport.is_closing():
            raise ConnectionResetError
        if len(data) < LONG:
            self._transport.write(_head(kind, len(data)) + data)
        else:
            # Of a view nothing is copied that leaves at once.
            view = memoryview(data)
            self._transport.write(_head(kind, len(data)) + view[:WITH_HEAD])
            self._transport.write(view[WITH_HEAD:])
        if self._full is not None:
            await self._full

    def _say(self, parts: list[bytes]) -> None:
        """``parts`` are from the library: with an empty one it ends the connection."""
        for part in parts:
            if part:
                self._transport.write(part)
            else:
                self._end()
                self._hang_up()

    async def close(self, code: int, reason: str) -> None:
        """Say farewell, and wait for the other side's, but not for long."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
            self._say(self._protocol.data_to_send())
        self._end()
        self._came.clear()
        if self._unheard > UNHEARD_BYTES:
            self._transport.resume_reading()
        self._unheard = 0
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.shield(self._lost)
        except TimeoutError:
            pass
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        """What was said still leaves, when the other side takes it in time."""
        if not self._lost.done():
            self._transport.close()
            self._loop.call_later(CLOSE_SECONDS, self._transport.abort)

    # --- what befalls the connection ----------------------------------------------------------------------------

    def pause_writing(self) -> None:
        self._full = self._loop.create_future()

    def resume_writing(self) -> None:
        full, self._full = self._full, None
        if full is not None and not full.done():
            full.set_result(None)

    def connection_lost(self) -> None:
        self._end()
        if not self._lost.done():
            self._lost.set_result(None)
        self.resume_writing()


def _head(kind: Opcode, length: int) -> bytes:
    first = _LAST | kind
    if length <= _SHORT:
        return bytes((first, length))
    if length < 1 << 16:
        return struct.pack("!BBH", first, _TWO_BYTES, length)
    return struct.pack("!BBQ", first, _EIGHT_BYTES, length)
