"""What newcomers ask for, over real sockets, byte by byte where that matters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode

from syncagent.hub import reception
from syncagent.hub.app import Hub, HubConfig
from tests.support.raw_client import KEY, RawClient

ASKS = (
    b"GET /any HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(HubConfig(tmp_path / "hub", port=0, bootstrap_key=KEY)) as hub:
        yield hub


@asynccontextmanager
async def connected(hub: Hub) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    async with asyncio.timeout(60):
        yield reader, writer
    writer.close()


async def told(hub: Hub, asked: bytes) -> tuple[int, str]:
    """Status and body of the answer, with which the connection ends."""
    async with connected(hub) as (reader, writer):
        writer.write(asked)
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        return int(head.split(" ")[1]), body


@pytest.mark.parametrize(
    "asked",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz?x=y HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\n\r\n",
    ],
)
async def test_health_is_told_to_whoever_asks(hub: Hub, asked: bytes) -> None:
    status, body = await told(hub, asked)
    assert status == 200
    assert json.loads(body)["status"] == "ok"


async def test_those_who_ask_for_the_head_alone_get_it_alone(hub: Hub) -> None:
    assert await told(hub, b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == (200, "")


@pytest.mark.hazard("F9", "G9")
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 426),
        (ASKS.replace(b"HTTP/1.1", b"HTTP/1.0"), 426),
        (ASKS.replace(b"Version: 13", b"Version: 12"), 400),
        (ASKS.replace(b"Host: x", b"Origin: http://x"), 403),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 16_384, 400),
        (b"\r\n\r\n", 400),
    ],
)
async def test_others_are_told_what_is_wrong(hub: Hub, asked: bytes, status: int) -> None:
    answered, body = await told(hub, asked)
    assert answered == status
    assert not body or json.loads(body).keys() == {"error"}


async def test_a_request_may_come_byte_by_byte(hub: Hub) -> None:
    async with connected(hub) as (reader, writer):
        for at in range(len(ASKS)):
            writer.write(ASKS[at : at + 1])
            await asyncio.sleep(0)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")


async def test_who_does_not_wait_for_the_answer_is_heard_all_the_same(hub: Hub) -> None:
    async with connected(hub) as (reader, writer):
        writer.write(ASKS + Frame(Opcode.PING, b"me").serialize(mask=True))
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(4) == b"\x8a\x02me"


@pytest.mark.hazard("N17")
async def test_n17_who_is_still_there_at_the_end_is_shown_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "LEAVE_SECONDS", 0)
    async with Hub(HubConfig(tmp_path / "hub", port=0, bootstrap_key=KEY)) as hub, connected(hub) as (reader, writer):
        writer.write(b"GET / HTTP")
        client = await RawClient.joined(hub.url, "a")
        await client.close()
        await hub.stop()
        with pytest.raises(ConnectionError):
            assert await reader.read() == b""
            raise ConnectionResetError
        await RawClient.end_all()
