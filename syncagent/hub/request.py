"""The one request of each connection, as the library reads it, and its answer: a WebSocket, or JSON and the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from websockets.http11 import Request as Heard
from websockets.server import ServerProtocol

END: Final = b"\r\n\r\n"
"""Ends the head of a request, which here is all of it."""

MOST_BYTES: Final = 16 * 1024
"""So long a head may be: browsers and proxies say less."""

NOTHING: Final[Mapping[str, str]] = {}


class Request:
    """``head`` is all before ``END``.  Raises ValueError for what is no request, or brings a body."""

    def __init__(self, head: bytes) -> None:
        self._protocol = ServerProtocol()
        self._protocol.receive_data(head + END)
        heard = next(iter(self._protocol.events_received()), None)
        if not isinstance(heard, Heard):
            raise ValueError("this is no request")  # noqa: TRY004 - of what came, not of what was given
        self._heard = heard
        self.method = heard.method
        self.path = urlsplit(heard.path).path or "/"

    @property
    def asks_for_websocket(self) -> bool:
        """Of an older protocol, or one who asks for a head alone, nothing can become one."""
        plain = self.method == "GET" and self._heard.protocol == "HTTP/1.1"
        return plain and [one.lower() for one in self.all_of("upgrade")] == ["websocket"]

    def all_of(self, name: str) -> list[str]:
        return self._heard.headers.get_all(name)

    def accepted(self) -> bytes | None:
        """The answer with which a WebSocket begins; None for a request that cannot become one."""
        answer = self._protocol.accept(self._heard)
        return answer.serialize() if answer.status_code == HTTPStatus.SWITCHING_PROTOCOLS else None

    def answer(self, status: HTTPStatus, said: Mapping[str, str], fields: Mapping[str, str] = NOTHING) -> bytes:
        """The same to this request; to those who ask for the head alone, that."""
        return refusal(status, said, fields, body=self.method != "HEAD")


def refusal(
    status: HTTPStatus, said: Mapping[str, str], fields: Mapping[str, str] = NOTHING, *, body: bool = True
) -> bytes:
    """``said`` as JSON, with which the connection ends: also for what was no request.  Without ``body``, its head."""
    answer = ServerProtocol().reject(status, json.dumps(said))
    del answer.headers["Content-Type"]
    answer.headers.update({"Content-Type": "application/json; charset=utf-8", **fields})
    if not body:
        answer.body = b""
    return answer.serialize()
