"""Who has come in through the gate says what it wants: WebSockets on any path; `GET /healthz`."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Final

from syncagent.hub import audit
from syncagent.hub.events import Note
from syncagent.hub.gate import Gate
from syncagent.hub.hall import Hall
from syncagent.hub.request import END, MOST_BYTES, Request, refusal
from syncagent.hub.server import Connection
from syncagent.hub.websocket import WebSocket

HEALTH: Final = "/healthz"
LEAVE_SECONDS: Final = 1.0
"""So long those have who are still there when all was said, at the hub's end."""
_MESSAGE_HEADROOM: Final = 64 * 1024
_METHODS: Final = ("GET", "HEAD")
_UPGRADE: Final = {"Upgrade": "websocket"}
_LOG: Final = logging.getLogger("syncagent.hub")


class Reception:
    """All who are there.  On the event loop's thread."""

    def __init__(self, hall: Hall, version: str) -> None:
        self.hall = hall
        self.version = version
        self.present: dict[Visitor, None] = {}
        self._served: set[asyncio.Task[None]] = set()

    def newcomer(self) -> Visitor:
        return Visitor(self)

    def serve(self, socket: WebSocket, gate: Gate) -> None:
        task = asyncio.ensure_future(self._serve(Connection(self.hall, self.hall.rules, socket, gate), gate))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, connection: Connection, gate: Gate) -> None:
        try:
            await connection.run()
        except Exception:  # noqa: BLE001 - it costs this connection, and no other (HAZARDS N19)
            _LOG.exception("a connection failed")
            gate.drop()

    async def close(self) -> None:
        """Whoever does not leave is shown out."""
        if self._served:
            await asyncio.wait(self._served, timeout=LEAVE_SECONDS)
        for visitor in list(self.present):
            visitor.drop()
        for task in list(self._served):
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)


class Visitor(asyncio.Protocol):
    """One connection behind its gate: its request, then its WebSocket."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._answered = False
        self._socket: WebSocket | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a visitor comes by a stream")
        self._transport = transport
        self._reception.present[self] = None

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.data_received(data)
            return
        if self._answered or self._transport is None:
            return
        self._head += data
        head, end, rest = self._head.partition(END)
        if not end and len(head) <= MOST_BYTES:
            return
        self._answered, self._head = True, b""
        if not self._lets_in(head, rest, self._transport):
            self._transport.close()

    def _lets_in(self, head: bytes, rest: bytes, transport: asyncio.Transport) -> bool:
        """Answer; whether it goes on as a WebSocket."""
        try:
            if len(head) > MOST_BYTES:
                raise ValueError("too long a head")
            request = Request(head)
        except ValueError as error:
            transport.write(refusal(HTTPStatus.BAD_REQUEST, {"error": str(error)}))
            return False
        if (accepted := self._accepted(request, transport)) is None:
            return False
        gate = transport.get_protocol()
        assert isinstance(gate, Gate), "who is behind a gate came through it"
        transport.write(accepted)
        rules = self._reception.hall.rules
        self._socket = WebSocket(transport, rules.limits.text_bytes + _MESSAGE_HEADROOM)
        if not rest:
            gate.read_long(self._socket.take, rules.limits.frame_bytes)
        self._reception.serve(self._socket, gate)
        if rest:
            self._socket.data_received(rest)
        return True

    def _accepted(self, request: Request, transport: asyncio.Transport) -> bytes | None:
        """What a WebSocket begins with; None for who was told something else."""
        if request.method not in _METHODS:
            allowed = {"Allow": ", ".join(_METHODS)}
            transport.write(request.answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "this is for GET alone"}, allowed))
        elif request.path == HEALTH:
            health = {"status": "ok", "version": self._reception.version}
            transport.write(request.answer(HTTPStatus.OK, health))
        elif request.all_of("origin"):
            # Agents are no browsers; a page that someone visits must not speak to the hub in their name (HAZARDS G9).
            audit.record(Note("refused", {"code": "origin"}), str((transport.get_extra_info("peername") or ("",))[0]))
            transport.write(request.answer(HTTPStatus.FORBIDDEN, {"error": "browsers are not let in"}))
        elif not request.asks_for_websocket:
            error = {"error": "this is a WebSocket address"}
            transport.write(request.answer(HTTPStatus.UPGRADE_REQUIRED, error, _UPGRADE))
        elif (accepted := request.accepted()) is None:
            error = {"error": "this asks for no WebSocket that is spoken here"}
            transport.write(request.answer(HTTPStatus.BAD_REQUEST, error))
        else:
            return accepted
        return None

    def eof_received(self) -> bool | None:
        return None

    def pause_writing(self) -> None:
        if self._socket is not None:
            self._socket.pause_writing()

    def resume_writing(self) -> None:
        if self._socket is not None:
            self._socket.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reception.present.pop(self, None)
        if self._socket is not None:
            self._socket.connection_lost()
