"""Real proxies, as small as they can be: one that is asked by HTTP's CONNECT, and one that speaks SOCKS5.

Both know names that nobody else does (``names``), so that whoever arrives under such a name has come through them.
They run in the test's event loop, or in a thread of their own for tests that wait.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self


class _Denied(Exception):
    """It is not connected; the answer has been given."""


@dataclass
class _Server:
    """``names`` says where a name leads; ``user`` and ``password`` who may use it, where not anyone may."""

    names: dict[str, str] = field(default_factory=dict)
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)
    """Where to, each time that someone was let through."""
    denied: int = 0
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward: asyncio.StreamWriter | None = None
        try:
            host, port = await self._hear(reader, writer)
            try:
                back, onward = await asyncio.open_connection(self.names.get(host, host), port)
            except OSError:
                await self._tell(writer, reached=False)
                return
            self.asked.append((host, port))
            await self._tell(writer, reached=True)
            await asyncio.gather(_pour(reader, onward), _pour(back, writer))
        except (_Denied, OSError, asyncio.IncompleteReadError):
            self.denied += 1
        finally:
            for one in (writer, onward):
                if one is not None:
                    one.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        raise NotImplementedError

    async def _tell(self, writer: asyncio.StreamWriter, *, reached: bool) -> None:
        raise NotImplementedError


@dataclass
class HttpProxy(_Server):
    """``refuses`` with this status whoever comes; ``offers`` is how one may sign in."""

    refuses: int = 0
    offers: str = 'Basic realm="here"'
    heads: list[str] = field(default_factory=list)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        method, where, _ = head.split(" ", 2)
        assert method == "CONNECT"
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.refuses:
            await _say(writer, f"HTTP/1.1 {self.refuses} No\r\nContent-Length: 0\r\n\r\n")
            raise _Denied
        if self.user and f"proxy-authorization: basic {wanted}".lower() not in head.lower():
            await _say(writer, f"HTTP/1.1 407 Who?\r\nProxy-Authenticate: {self.offers}\r\nContent-Length: 0\r\n\r\n")
            raise _Denied
        host, _, port = where.rpartition(":")
        return host.strip("[]"), int(port)

    async def _tell(self, writer: asyncio.StreamWriter, *, reached: bool) -> None:
        await _say(writer, "HTTP/1.1 200 Connected\r\n\r\n" if reached else "HTTP/1.1 502 Nobody\r\n\r\n")


@dataclass
class SocksProxy(_Server):
    """SOCKS5 (RFC 1928), with names and passwords (RFC 1929)."""

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        method = 2 if self.user else 0
        if method not in methods:
            await _say(writer, b"\x05\xff")
            raise _Denied
        await _say(writer, bytes([5, method]))
        if method == 2:
            await reader.readexactly(1)
            user = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            good = (user, password) == (self.user, self.password)
            await _say(writer, b"\x01\x00" if good else b"\x01\x01")
            if not good:
                raise _Denied
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            packed = await reader.readexactly(4 if kind == 1 else 16)
            host = ".".join(map(str, packed)) if kind == 1 else packed.hex()
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        return host, port

    async def _tell(self, writer: asyncio.StreamWriter, *, reached: bool) -> None:
        await _say(writer, bytes([5, 0 if reached else 4, 0, 1, 0, 0, 0, 0, 0, 0]))


async def _say(writer: asyncio.StreamWriter, what: str | bytes) -> None:
    writer.write(what.encode() if isinstance(what, str) else what)
    await writer.drain()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()


@contextlib.contextmanager
def in_a_thread(proxy: _Server) -> Iterator[_Server]:
    """The proxy, in an event loop of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def run() -> None:
        async with proxy:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
