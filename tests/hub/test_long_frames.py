"""Long frames are given out whole and in their place, and all else goes on as it came, however the bytes come."""

from __future__ import annotations

import asyncio
import struct
from random import Random

import pytest

from syncagent.hub.long_frames import AT_ONCE, LONG, LongFrames, head_at

MASK = b"\1\2\3\4"
MOST = LONG + 1000


def frame(length: int, first: int = 0x82, mask: bytes = MASK) -> bytes:
    masked = 0x80 if mask else 0
    if length < 126:
        head = struct.pack("!BB", first, masked | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, masked | 126, length)
    else:
        head = struct.pack("!BBQ", first, masked | 127, length)
    return head + mask + Random(length).randbytes(length)


class Came(asyncio.Protocol):
    """What came, in its order: the bytes of frames that stay, and those of the others joined."""

    def __init__(self) -> None:
        self.all: list[tuple[str, bytes]] = []

    def data_received(self, data: bytes) -> None:
        if self.all and self.all[-1][0] == "passed":
            self.all[-1] = "passed", self.all[-1][1] + data
        else:
            self.all.append(("passed", data))

    def take(self, data: bytearray, mask: bytes) -> None:
        assert mask == MASK
        self.all.append(("long", bytes(data)))


def fed(data: bytes, pieces: Random | int, most: int = MOST) -> list[tuple[str, bytes]]:
    """What comes of ``data``, as the system has it ready: so many bytes at a time."""
    came = Came()
    frames = LongFrames(came, came.take, memoryview(bytearray(AT_ONCE)))
    frames.most = most
    at = 0
    while at < len(data):
        buffer = frames.get_buffer(-1)
        ready = pieces if isinstance(pieces, int) else pieces.choice((1, 2, 7, 14, 500, 70_000, 1 << 20))
        some = data[at : at + min(ready, len(buffer))]
        buffer[: len(some)] = some
        frames.buffer_updated(len(some))
        at += len(some)
    return came.all


SMALL = (frame(0), frame(5, 0x81), frame(125), frame(126), frame(65_535), frame(65_536), frame(LONG - 1, 0x81))
LONGER = (frame(LONG), frame(MOST), frame(LONG + 3))


@pytest.mark.parametrize("pieces", [1, 13, 4_096, 65_536, 1 << 20, *map(Random, range(10))])
def test_long_ones_are_given_out_whole_between_all_else(pieces: Random | int) -> None:
    order = [SMALL[0], LONGER[0], LONGER[1], *SMALL[1:4], LONGER[2], *SMALL[4:], LONGER[0], SMALL[1]]
    wanted: list[tuple[str, bytes]] = []
    for one in order:
        if one in LONGER:
            wanted.append(("long", one[14:]))
        elif wanted and wanted[-1][0] == "passed":
            wanted[-1] = "passed", wanted[-1][1] + one
        else:
            wanted.append(("passed", one))
    assert fed(b"".join(order), pieces) == wanted


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(frame(LONG - 1), id="shorter"),
        pytest.param(frame(MOST + 1), id="longer than may be"),
        pytest.param(frame(LONG, 0x81), id="text"),
        pytest.param(frame(LONG, 0x02), id="the first part of a message"),
        pytest.param(frame(LONG, 0xC2), id="compressed"),
        pytest.param(frame(LONG, mask=b""), id="not masked"),
        pytest.param(frame(LONG, 0x02) + frame(3, 0x89) + frame(LONG, 0x82), id="in the middle of a message in parts"),
    ],
)
def test_all_else_is_for_the_web_server_to_judge(other: bytes) -> None:
    assert fed(other, Random(1)) == [("passed", other)]


def test_after_a_message_in_parts_long_ones_are_read_again() -> None:
    parts = frame(LONG, 0x02) + frame(3, 0x00) + frame(0, 0x89) + frame(4, 0x80)
    assert fed(parts + LONGER[0], Random(2)) == [("passed", parts), ("long", LONGER[0][14:])]


def test_before_it_may_be_nothing_is_read_like_that() -> None:
    assert fed(LONGER[0], 4_096, most=0) == [("passed", LONGER[0])]


@pytest.mark.parametrize("one", [*SMALL, *LONGER])
def test_a_head_is_known_when_all_of_it_has_come(one: bytes) -> None:
    head = head_at(b"xx" + one, 2)
    assert head is not None
    assert head.size + head.length == len(one)
    assert all(head_at(one[:size], 0) is None for size in range(head.size))


async def test_what_befalls_the_connection_is_told() -> None:
    told = []

    class Inner(asyncio.Protocol):
        def eof_received(self) -> bool:
            told.append("eof")
            return True

        def pause_writing(self) -> None:
            told.append("pause")

        def resume_writing(self) -> None:
            told.append("resume")

        def connection_lost(self, exc: Exception | None) -> None:
            told.append("lost")

    frames = LongFrames(Inner(), lambda *_: None, memoryview(bytearray(AT_ONCE)))
    assert frames.eof_received()
    frames.pause_writing()
    frames.resume_writing()
    frames.connection_lost(None)
    assert told == ["eof", "pause", "resume", "lost"]
