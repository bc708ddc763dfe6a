"""A network between agents and a hub that does to them what networks do, from a seed.

A ``Proxy`` passes bytes on between whoever connects to it and the hub.  Its ``Weather`` delays them, slices them to
pieces, cuts connections (by a goodbye or by a reset, in the middle of anything) and lets them go silent without a word
(half-open: nothing arrives any more, and nobody is told).  TCP loses and doubles nothing within a connection, and
neither does this.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Self


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances are for each piece of up to 64 KiB that passes.  ``idle_kill``: a connection that is silent for so many
    seconds is dropped, as a proxy would."""

    delay: float = 0.0
    slices: bool = False
    cut: float = 0.0
    hole: float = 0.0
    idle_kill: float | None = None


CALM = Weather()
STORM = Weather(delay=0.02, slices=True, cut=0.05, hole=0.01)
GRACE = 0.4
"""Seconds more for what is on its way: agents and hub share the event loop, and all of it may have been held up."""


class Way:
    """One connection through the proxy: two sockets."""

    def __init__(self, agent: asyncio.StreamWriter, hub: asyncio.StreamWriter) -> None:
        self.sides = (agent, hub)
        self.silent = False
        self.messages_up = 0
        self.closed_by_hub = asyncio.Event()
        self.over = asyncio.Event()

    def cut(self, *, reset: bool = False) -> None:
        for side in self.sides:
            raw = side.get_extra_info("socket")
            if reset and raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            side.transport.abort() if reset else side.close()
        self.over.set()


@dataclass(slots=True)
class Proxy:
    """See the module.  Must be entered."""

    hub_port: int
    rng: Random
    weather: Weather = CALM
    port: int = 0
    ways: list[Way] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    drop: Callable[[bytes], bool] | None = None
    """Of a whole message from the hub: whether it is lost, and the connection with it."""
    closed: bool = False
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for way in self.ways:
            way.cut(reset=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def open_ways(self) -> list[Way]:
        return [way for way in self.ways if not way.over.is_set()]

    def go_silent(self) -> None:
        """Every connection that there is becomes half-open."""
        for way in self.open_ways:
            way.silent = True

    def cut_all(self) -> None:
        for way in self.open_ways:
            way.cut(reset=True)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    # --- inside -------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        try:
            hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self.hub_port)
        except OSError:
            writer.transport.abort()
            return
        way = Way(writer, hub_writer)
        self.ways.append(way)
        for work in (self._pass_up(way, reader, hub_writer), self._pass_down(way, hub_reader, writer)):
            task = asyncio.ensure_future(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_up(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while data := await self._next(way, reader):
                way.messages_up += 1
                await self._forward(way, data, writer)
        way.cut()

    async def _pass_down(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames()
        with contextlib.suppress(ConnectionError, OSError):
            while data := await self._next(way, reader):
                for piece, message in frames.take(data) if self.drop is not None else [(data, b"")]:
                    if self.drop is not None and message and self.drop(message):
                        self.count("dropped")
                        way.cut(reset=True)
                        return
                    await self._forward(way, piece, writer)
        way.closed_by_hub.set()
        if not way.silent:
            way.cut()

    async def _next(self, way: Way, reader: asyncio.StreamReader) -> bytes:
        for seconds in (self.weather.idle_kill, GRACE):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await reader.read(65536)
        self.count("idle")
        way.cut(reset=True)
        return b""

    async def _forward(self, way: Way, data: bytes, writer: asyncio.StreamWriter) -> None:
        weather, rng = self.weather, self.rng
        if rng.random() < weather.hole:
            self.count("hole")
            way.silent = True
        if way.silent:
            return
        cut_at = rng.randrange(len(data)) if rng.random() < weather.cut else None
        for piece in self._pieces(data[:cut_at]):
            if weather.delay:
                await asyncio.sleep(rng.random() * weather.delay)
            writer.write(piece)
            await writer.drain()
        if cut_at is not None:
            self.count("cut")
            way.cut(reset=rng.random() < 0.5)

    def _pieces(self, data: bytes) -> list[bytes]:
        if not self.weather.slices or len(data) < 2 or self.rng.random() < 0.5:
            return [data] if data else []
        cuts = sorted({self.rng.randrange(1, len(data)) for _ in range(self.rng.randrange(1, 4))})
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


class Frames:
    """What comes from the hub, cut into whole WebSocket frames; before them the answer to the handshake."""

    def __init__(self) -> None:
        self._buffer = b""
        self._open = False

    def take(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The frames that are whole by now: as on the wire, and what they carry."""
        self._buffer += data
        found: list[tuple[bytes, bytes]] = []
        if not self._open:
            head, mark, rest = self._buffer.partition(b"\r\n\r\n")
            if not mark:
                return []
            self._open, self._buffer = True, rest
            found.append((head + mark, b""))
        while (size := self._size()) is not None and len(self._buffer) >= sum(size):
            head_size, body_size = size
            whole, self._buffer = self._buffer[: head_size + body_size], self._buffer[head_size + body_size :]
            found.append((whole, whole[head_size:]))
        return found

    def _size(self) -> tuple[int, int] | None:
        """The bytes of the next frame's head and of its body (a hub's frames are not masked)."""
        if len(self._buffer) < 10:
            short = self._buffer[1] & 0x7F if len(self._buffer) >= 2 else 127
            return (2, short) if short < 126 else None
        match self._buffer[1] & 0x7F:
            case 126:
                return 4, int.from_bytes(self._buffer[2:4])
            case 127:
                return 10, int.from_bytes(self._buffer[2:10])
            case short:
                return 2, short
