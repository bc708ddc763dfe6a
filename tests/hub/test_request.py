"""What is a request, what is none, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import pytest

from syncagent.hub.request import Request, refusal

KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
UPGRADE = {
    "Host": "x", "Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}  # fmt: skip


def asking(first: str, fields: Mapping[str, str]) -> Request:
    return Request("\r\n".join([first, *(f"{name}: {value}" for name, value in fields.items())]).encode())


def test_a_request_is_read() -> None:
    request = Request(b"GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nUPGRADE:websocket \r\nX-Empty:\r\nupgrade:\tb")
    assert (request.method, request.path) == ("GET", "/a/b")
    assert request.all_of("upgrade") == ["websocket", "b"]
    assert request.all_of("x-empty") == [""]
    assert request.all_of("origin") == []


@pytest.mark.parametrize(
    ("first", "path"),
    [
        (b"GET http://hub.example:8765/healthz HTTP/1.1", "/healthz"),
        (b"GET http://hub.example HTTP/1.1", "/"),
        (b"HEAD / HTTP/1.0", "/"),
    ],
)
def test_a_path_is_found_in_a_whole_address(first: bytes, path: str) -> None:
    assert Request(first).path == path


@pytest.mark.hazard("F9")
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET",
        b"GET / HTTP/2.0",
        b"GET  / HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET http://[x HTTP/1.1",
        b"GET / HTTP/1.1\r\nno field",
        b"GET / HTTP/1.1\r\n: nameless",
        b"GET / HTTP/1.1\r\nHost : x",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded",
        b"GET / HTTP/1.1\r\nHost: x\x00",
        b"GET / HTTP/1.1\r\nHost: " + b"x" * 10_000,
        b"GET / HTTP/1.1" + b"\r\nHost: x" * 200,
        b"GET / HTTP/1.1\r\nContent-Length: -5",
        b"GET / HTTP/1.1\r\nContent-Length: 7",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_f9_what_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(ValueError, match="^(this is no|Invalid)"):
        Request(head)


def test_a_handshake_is_answered_with_the_hour() -> None:
    request = asking("GET /any HTTP/1.1", UPGRADE)
    answered = request.accepted() if request.asks_for_websocket else None
    assert answered is not None
    assert answered.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nDate: " in answered
    assert b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=" in answered


@pytest.mark.parametrize(
    "wrong",
    [
        {"Connection": "close"},
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Version": "8"},
        {"sec-websocket-key": KEY},
    ],
)
def test_what_cannot_become_a_websocket_is_not_accepted(wrong: dict[str, str]) -> None:
    assert asking("GET / HTTP/1.1", UPGRADE | wrong).accepted() is None


@pytest.mark.parametrize(
    ("first", "fields"),
    [
        ("GET / HTTP/1.1", {"Host": "x"}),
        ("GET / HTTP/1.0", UPGRADE),
        ("HEAD / HTTP/1.1", UPGRADE),
        ("GET / HTTP/1.1", UPGRADE | {"Upgrade": "h2c"}),
    ],
)
def test_who_asks_for_something_else_asks_for_no_websocket(first: str, fields: Mapping[str, str]) -> None:
    assert not asking(first, fields).asks_for_websocket


def test_an_answer_says_that_it_is_the_last_one() -> None:
    head, _, body = refusal(HTTPStatus.UPGRADE_REQUIRED, {"a": "b"}, {"Upgrade": "x"}).partition(b"\r\n\r\n")
    assert body == b'{"a": "b"}'
    first, *lines = head.decode().split("\r\n")
    assert first == "HTTP/1.1 426 Upgrade Required"
    fields = dict(line.split(": ", 1) for line in lines)
    assert len(fields) == len(lines)
    assert fields["Content-Length"] == "10"
    assert fields["Content-Type"].startswith("application/json")
    assert (fields["Connection"], fields["Upgrade"]) == ("close", "x")


def test_who_asks_for_the_head_alone_gets_it_alone() -> None:
    assert Request(b"HEAD / HTTP/1.1").answer(HTTPStatus.OK, {"a": "b"}).endswith(b"\r\n\r\n")
    assert Request(b"GET / HTTP/1.1").answer(HTTPStatus.OK, {"a": "b"}).endswith(b'\r\n\r\n{"a": "b"}')
