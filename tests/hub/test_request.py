"""What is a request, and what is none."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from syncagent.hub.request import answer, read_request


def test_a_request_is_read() -> None:
    request = read_request(b"GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nUPGRADE:websocket \r\nX-Empty:\r\nupgrade:\tb")
    assert (request.method, request.path, request.modern) == ("GET", "/a/b", True)
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
    assert read_request(first).path == path


@pytest.mark.hazard("F9")
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET",
        b"GET / HTTP/2.0",
        b"GET  / HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"G(T / HTTP/1.1",
        b"GET / HTTP/1.1\nHost: x",
        b"GET http://[x HTTP/1.1",
        b"GET / HTTP/1.1\r\nno field",
        b"GET / HTTP/1.1\r\n: nameless",
        b"GET / HTTP/1.1\r\nHost : x",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded",
        b"GET / HTTP/1.1\r\nHost: x\x00",
        b"GET / HTTP/1.1\r\nHost: x\ny: z",
        b"GET / HTTP/1.1\r\nContent-Length: -5",
        b"GET / HTTP/1.1\r\nContent-Length: 7",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_f9_what_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(ValueError, match="^(this|a request|Invalid)"):
        read_request(head)


def test_an_answer_says_that_it_is_the_last_one() -> None:
    head, _, body = answer(HTTPStatus.UPGRADE_REQUIRED, {"a": "b"}, {"Connection": "Upgrade"}).partition(b"\r\n\r\n")
    assert body == b'{"a": "b"}'
    first, *lines = head.decode().split("\r\n")
    assert first == "HTTP/1.1 426 Upgrade Required"
    fields = dict(line.split(": ", 1) for line in lines)
    assert fields["Content-Length"] == "10"
    assert fields["Connection"] == "Upgrade"
    assert answer(HTTPStatus.OK, {}).partition(b"Connection: ")[2].startswith(b"close\r\n")
    assert answer(HTTPStatus.OK, {"a": "b"}, body=False).endswith(b"\r\n\r\n")
