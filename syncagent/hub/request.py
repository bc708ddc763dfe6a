"""As much HTTP as a hub speaks: one request of each connection, without a body, and its answer."""

from __future__ import annotations

import email.utils
import http
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from syncagent.model.values import fixed

END: Final = b"\r\n\r\n"
"""Ends the head of a request, which here is all of it."""

MOST_BYTES: Final = 16 * 1024
"""So long a head may be: browsers and proxies say less."""

NOTHING: Final[Mapping[str, str]] = {}
_FIRST: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.([01])")
_FIELD: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)")
_NO_BODY: Final = re.compile(r"0+")


@fixed
class Request:
    """``fields`` are the header's, their names as they came."""

    method: str
    path: str
    modern: bool
    """Whether it is HTTP/1.1: of an older one, nothing can become a WebSocket."""
    fields: Sequence[tuple[str, str]]

    def all_of(self, name: str) -> list[str]:
        """``name`` in lower case."""
        return [value for one, value in self.fields if one.lower() == name]


def read_request(head: bytes) -> Request:
    """``head`` is all before ``END``.  Raises ValueError for what is no request, or brings a body."""
    first, *lines = head.decode("latin-1").split("\r\n")
    asked = _FIRST.fullmatch(first)
    found = [_FIELD.fullmatch(line) for line in lines]
    fields = [(field[1], field[2].rstrip(" \t")) for field in found if field is not None]
    if asked is None or len(fields) < len(lines):
        raise ValueError("this is no HTTP")
    request = Request(asked[1], urlsplit(asked[2]).path or "/", asked[3] == "1", fields)
    if request.all_of("transfer-encoding") or not all(map(_NO_BODY.fullmatch, request.all_of("content-length"))):
        raise ValueError("a request brings nothing with it here")
    return request


def answer(
    status: http.HTTPStatus, said: Mapping[str, str], fields: Mapping[str, str] = NOTHING, *, body: bool = True
) -> bytes:
    """``said`` as JSON, with which the connection ends; without the ``body`` for those who ask for the head alone."""
    content = json.dumps(said).encode()
    head = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(content)),
        "Date": email.utils.formatdate(usegmt=True),
        "Connection": "close",
    }
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in {**head, **fields}.items()),
    ]
    return "\r\n".join(lines).encode() + END + (content if body else b"")
