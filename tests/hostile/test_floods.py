"""Clients that are slow, endless, or too many: a client that keeps to the rules is served all the same."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.gate import Caps
from tests.support.raw_client import KEY, LEVEL_2, RawClient, file_change

SOON = 30.0
"""Seconds.  It takes some milliseconds; the machines that run this are busy with other things."""


@contextlib.contextmanager
def memory_stays_below(extra: int) -> Iterator[None]:
    """This process, in which the hub runs, never has ``extra`` bytes more than at the beginning."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from now on
    before = _status("VmRSS")
    yield
    assert _status("VmHWM") - before < extra


def _status(name: str) -> int:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024


async def served(hub: Hub, name: str = "honest") -> float:
    """How long it takes to be let in and answered."""
    begun = time.monotonic()
    client = await RawClient.live(hub.url, name)
    await client.close()
    return time.monotonic() - begun


class Socket:
    """A connection of which each byte can be chosen."""

    def __init__(self, port: int) -> None:
        self.raw = socket.create_connection(("127.0.0.1", port))

    def shake_hands(self, *more: str) -> str:
        lines = [
            "GET /ws HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *more, "", "",
        ]  # fmt: skip
        self.raw.sendall("\r\n".join(lines).encode())
        return self.raw.recv(4096).decode()

    def frame(self, first: int, payload: bytes) -> bytes:
        """One frame with ``first`` as its first byte, masked with zeros."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
        return bytes([first]) + length + bytes(4) + payload

    def is_closed(self) -> bool:
        """Whether the other side has hung up, as far as is known here."""
        self.raw.setblocking(False)
        try:
            return self.raw.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    async def closed(self) -> bool:
        """Whether the other side hangs up soon."""
        self.raw.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(8):
                while await loop.sock_recv(self.raw, 65_536):
                    pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True


async def gone(sockets: list[Socket], number: int) -> None:
    """Wait until so many of them were hung up on."""
    async with asyncio.timeout(30):
        while True:
            if sum(one.is_closed() for one in sockets) >= number:
                return
            await asyncio.sleep(0.01)


@pytest.fixture
def sockets() -> Iterator[list[Socket]]:
    opened: list[Socket] = []
    yield opened
    for one in opened:
        one.raw.close()


@pytest.mark.hazard("F6", "F11")
async def test_a_crowd_that_shakes_hands_slowly_keeps_no_one_out(tmp_path: Path, sockets: list[Socket]) -> None:
    caps = Caps(connections=100, per_address=100, waiting=40)
    async with Hub(HubConfig(tmp_path / "hub", port=0, bootstrap_key=KEY, caps=caps)) as hub:
        for number in range(200):
            sockets.append(Socket(hub.port))
            with contextlib.suppress(OSError):  # the oldest of a crowd are let go of
                sockets[-1].raw.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\n"[: 1 + number % 24])
        await gone(sockets, 160)
        assert await served(hub) < SOON


@pytest.mark.hazard("F7", "N17")
async def test_a_message_of_fragments_without_end_is_cut_off(hub: Hub) -> None:
    member = await RawClient.joined(hub.url, "endless", **LEVEL_2)
    with memory_stays_below(48 << 20), pytest.raises(ConnectionClosed):
        await member.socket.send(b"x" * 1000 for _ in range(100_000))
    assert await served(hub) < SOON


@pytest.mark.hazard("F7")
async def test_a_frame_that_announces_a_gibibyte_is_not_waited_for(hub: Hub, sockets: list[Socket]) -> None:
    with memory_stays_below(32 << 20):
        one = Socket(hub.port)
        sockets.append(one)
        await asyncio.to_thread(one.shake_hands)
        one.raw.sendall(bytes([0x82, 0x80 | 127]) + struct.pack(">Q", 1 << 30) + bytes(4) + os.urandom(1000))
        assert await one.closed()


@pytest.mark.hazard("F8")
async def test_compression_by_the_websocket_itself_is_not_agreed_on(hub: Hub, sockets: list[Socket]) -> None:
    one = Socket(hub.port)
    sockets.append(one)
    answer = await asyncio.to_thread(one.shake_hands, "Sec-WebSocket-Extensions: permessage-deflate")
    assert "101" in answer
    assert "permessage-deflate" not in answer
    one.raw.sendall(one.frame(0xC1, b"\xaa\x00\x00"))  # with the bit that says that it is compressed all the same
    assert await one.closed()


@pytest.mark.hazard("F8", "N17")
async def test_a_few_bytes_that_unpack_to_very_many_are_refused_unseen(hub: Hub) -> None:
    from syncagent.protocol.packs import zstd

    bomb = zstd.compress(bytes(256 << 20))
    assert len(bomb) < 64 * 1024
    member = await RawClient.joined(
        hub.url, "bomber", protocol_version=2, capabilities=["journal", "batch", "blocks", "zstd"]
    )
    with memory_stays_below(64 << 20):
        await member.raw(b"\x02\x00" + bomb)
        answer = await member.hear("error")
        assert answer["data"]["error_code"] == "message_too_large"
        assert await member.closed() == 1009
    assert await served(hub) < SOON


@pytest.mark.hazard("F10")
async def test_who_keeps_to_the_rules_does_not_feel_a_flood(hub: Hub) -> None:
    flood = await RawClient.joined(hub.url, "flood", **LEVEL_2)
    honest = await RawClient.live(hub.url, "honest")

    async def pour() -> None:
        beat = '{"type":"heartbeat","data":{"client_id":"flood","timestamp":""},"client_id":"flood","timestamp":""}'
        with contextlib.suppress(Exception):
            for _ in range(20_000):
                await flood.raw(beat)

    pouring = asyncio.ensure_future(pour())
    slowest, gone = 0.0, ""
    for number in range(50):
        begun = time.monotonic()
        await honest.submit_only(file_change(f"n{number}", f"n{number}", b"x"), blocks=(b"x",))
        while "verdicts" not in (heard := (await honest.hear())["data"]):
            gone = heard["client_id"]
        slowest = max(slowest, time.monotonic() - begun)
        assert heard["verdicts"][0]["status"] == "committed"
    gone = gone or (await honest.hear("client_disconnect"))["data"]["client_id"]
    assert gone == "flood", "it was closed, and the others were told"
    pouring.cancel()
    assert slowest < SOON
