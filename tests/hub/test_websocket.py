"""What comes of frames, however they come; and what leaves, as a client of the library reads it."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side

from syncagent.hub import websocket
from syncagent.hub.websocket import EACH, LONG, UNHEARD_BYTES, WebSocket

MOST = 300_000
MASK = b"\1\2\3\4"


class Wire(asyncio.Transport):
    """Keeps what was written for a client, and what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.client = Protocol(Side.CLIENT, max_size=None)
        self.asked: list[str] = []
        self.closing = False

    def write(self, data: Any) -> None:
        assert not self.closing
        self.client.receive_data(bytes(data))

    def close(self) -> None:
        self.asked.append("close")
        self.closing = True

    def abort(self) -> None:
        self.asked.append("abort")
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")

    def read(self) -> list[tuple[Opcode, bytes]]:
        return [(one.opcode, bytes(one.data)) for one in self.client.events_received() if isinstance(one, Frame)]


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def socket(wire: Wire) -> WebSocket:
    return WebSocket(wire, MOST)


def frame(data: bytes, kind: Opcode = Opcode.BINARY, *, last: bool = True) -> bytes:
    return Frame(kind, data, last).serialize(mask=True)


async def heard(socket: WebSocket) -> list[str | bytes | None]:
    """All until the end, which has come."""
    came: list[str | bytes | None] = []
    async with asyncio.timeout(60):
        while (message := await socket.receive()) is not None:
            came.append(message)
    return came


# --- what comes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
async def test_messages_come_whole_and_in_their_order(socket: WebSocket, wire: Wire, step: int) -> None:
    data = (
        frame(b"one", Opcode.TEXT)
        + frame("\u00e9".encode()[:1], Opcode.TEXT, last=False)
        + frame(b"ping", Opcode.PING)
        + frame(b"", Opcode.CONT, last=False)
        + frame("\u00e9".encode()[1:], Opcode.CONT)
        + frame(b"")
        + frame(b"x" * 200)
        + frame(struct.pack("!H", 1000), Opcode.CLOSE)
    )
    for at in range(0, len(data), step):
        socket.data_received(data[at : at + step])
    assert await heard(socket) == ["one", "\u00e9", b"", b"x" * 200]
    assert wire.read() == [(Opcode.PONG, b"ping"), (Opcode.CLOSE, struct.pack("!H", 1000))]
    assert wire.asked == ["close"]


async def test_what_is_waited_for_is_handed_over_at_once_and_all_else_in_its_order(socket: WebSocket) -> None:
    taken: list[str | bytes] = []
    takes = True

    def at_once(message: str | bytes) -> bool:
        if takes:
            taken.append(message)
        return takes

    socket.at_once = at_once
    socket.data_received(frame(b"nobody waits"))
    assert await socket.receive() == b"nobody waits"
    waits = asyncio.ensure_future(socket.receive())
    await asyncio.sleep(0)
    socket.data_received(frame(b"1") + frame(b"2"))
    assert taken == [b"1", b"2"]
    takes = False
    socket.data_received(frame(b"3"))
    takes = True
    socket.data_received(frame(b"4"))
    assert (await waits, await socket.receive(), taken) == (b"3", b"4", [b"1", b"2"])


async def test_a_long_one_that_was_read_elsewhere_comes_in_its_place(socket: WebSocket) -> None:
    socket.data_received(frame(b"before"))
    socket.take(bytearray(b ^ MASK[n % 4] for n, b in enumerate(b"long")), MASK)
    socket.take(bytearray(b"another"), bytes(4))
    socket.data_received(frame(b"after"))
    socket.connection_lost()
    assert await heard(socket) == [b"before", b"long", b"another", b"after"]


@pytest.mark.hazard("F7", "F15")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param(frame(b"\xff", Opcode.TEXT), 1007, id="no text"),
        pytest.param(Frame(Opcode.BINARY, b"x").serialize(mask=False), 1002, id="not masked"),
        pytest.param(b"\x83\x80" + MASK, 1002, id="of no kind"),
        pytest.param(b"\xc2\x80" + MASK, 1002, id="compressed"),
        pytest.param(frame(b"x", Opcode.CONT), 1002, id="goes on with nothing"),
        pytest.param(frame(b"x", last=False) + frame(b"y"), 1002, id="between parts"),
        pytest.param(struct.pack("!BBQ", 0x82, 0xFF, MOST + 1), 1009, id="too long"),
        pytest.param(
            frame(bytes(MOST - 1), last=False) + frame(b"xy", Opcode.CONT), 1009, id="too long in parts"
        ),
    ],
)  # fmt: skip
async def test_what_is_no_frame_ends_it(socket: WebSocket, wire: Wire, wrong: bytes, code: int) -> None:
    socket.data_received(frame(b"good") + wrong)
    socket.data_received(frame(b"too late"))
    socket.take(bytearray(b"too late"), MASK)
    assert await heard(socket) == [b"good"]
    [(kind, said)] = wire.read()
    assert (kind, Close.parse(said).code) == (Opcode.CLOSE, code)
    assert wire.asked == ["close"]


@pytest.mark.hazard("F7")
async def test_f7_what_is_not_heard_is_not_read_either(socket: WebSocket, wire: Wire) -> None:
    half = UNHEARD_BYTES // 2 - EACH
    socket.data_received(frame(bytes(half)))
    socket.data_received(frame(bytes(half)))
    assert wire.asked == []
    socket.data_received(frame(b"x"))
    socket.data_received(frame(b"y"))
    assert wire.asked == ["pause"]
    await socket.receive()
    assert wire.asked == ["pause", "resume"]


@pytest.mark.hazard("F7", "F10", "N17")
async def test_n17_of_what_is_empty_no_more_is_read_than_of_what_is_long(socket: WebSocket, wire: Wire) -> None:
    for _ in range(UNHEARD_BYTES // EACH):
        socket.data_received(frame(b"", Opcode.TEXT))
    assert wire.asked == []
    socket.data_received(frame(b"", Opcode.TEXT))
    assert wire.asked == ["pause"]
    await socket.receive()
    assert wire.asked == ["pause", "resume"]


@pytest.mark.hazard("F12")
async def test_f12_who_reads_nothing_gets_no_pongs(socket: WebSocket, wire: Wire) -> None:
    socket.pause_writing()
    for _ in range(3):
        socket.data_received(frame(b"a", Opcode.PING))
    socket.resume_writing()
    socket.data_received(frame(b"b", Opcode.PING))
    assert wire.read() == [(Opcode.PONG, b"b")]


# --- what leaves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 1_000_000])
async def test_a_client_of_the_library_reads_what_was_sent(socket: WebSocket, wire: Wire, size: int) -> None:
    await socket.send_binary(b"x" * size)
    await socket.send_text("\u00e9" * (size // 2))
    assert wire.read() == [(Opcode.BINARY, b"x" * size), (Opcode.TEXT, "\u00e9".encode() * (size // 2))]


async def test_who_sends_waits_until_the_system_takes_more(socket: WebSocket) -> None:
    socket.pause_writing()
    sending = asyncio.create_task(socket.send_binary(b"x"))
    await asyncio.sleep(0)
    assert not sending.done()
    socket.resume_writing()
    await sending


async def test_what_the_system_takes_leaves_at_once_and_nothing_else_does(socket: WebSocket, wire: Wire) -> None:
    assert socket.send_at_once(["word", b"bytes"])
    assert wire.read() == [(Opcode.TEXT, b"word"), (Opcode.BINARY, b"bytes")]
    assert not socket.send_at_once([b"x", bytes(LONG)])
    socket.pause_writing()
    assert not socket.send_at_once(["too much"])
    socket.resume_writing()
    wire.closing = True
    assert not socket.send_at_once(["too late"])
    assert wire.read() == []


async def test_nothing_is_sent_to_who_has_gone(socket: WebSocket, wire: Wire) -> None:
    socket.pause_writing()
    waiting = asyncio.create_task(socket.send_binary(b"x"))
    await asyncio.sleep(0)
    wire.closing = True
    socket.connection_lost()
    await waiting
    with pytest.raises(ConnectionError):
        await socket.send_text("x")


async def test_a_farewell_waits_for_the_other_side(socket: WebSocket, wire: Wire) -> None:
    closing = asyncio.create_task(socket.close(1008, "\u00e9" * 200))
    await asyncio.sleep(0)
    [(_, said)] = wire.read()
    close = Close.parse(said)
    assert (close.code, close.reason) == (1008, "\u00e9" * 50)
    with pytest.raises(ConnectionError):
        await socket.send_text("x")
    socket.data_received(frame(b"unheard"))
    assert wire.asked == []
    socket.data_received(frame(said, Opcode.CLOSE))
    assert wire.asked == ["close"]
    socket.connection_lost()
    await closing
    assert await heard(socket) == []


async def test_the_farewell_of_who_sent_much_is_read_all_the_same(socket: WebSocket, wire: Wire) -> None:
    for _ in range(3):
        socket.data_received(frame(bytes(UNHEARD_BYTES)))
    closing = asyncio.create_task(socket.close(1001, ""))
    await asyncio.sleep(0)
    assert wire.asked == ["pause", "resume"]
    socket.connection_lost()
    await closing


@pytest.mark.hazard("N17")
async def test_n17_who_does_not_say_farewell_is_hung_up_on(
    socket: WebSocket, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "CLOSE_SECONDS", 0)
    await socket.close(1000, "")
    assert wire.asked == ["close"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.asked == ["close", "abort"]
