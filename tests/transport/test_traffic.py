"""What is counted is what a WebSocket puts on the wire."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from syncagent.protocol.packs import KIND_PACK, KIND_TEXT
from syncagent.transport.traffic import Traffic

PACK, TEXT = bytes((KIND_PACK, 0)), bytes((KIND_TEXT, 0))
FRAMES = ["", "hello", "wörter" * 30, "x" * 125, "x" * 126, "x" * 65535, "x" * 65536, PACK, PACK + b"x" * 70_000, TEXT]


def on_the_wire(frame: str | bytes, mask: bool) -> int:
    payload = frame.encode() if isinstance(frame, str) else frame
    return len(Frame(Opcode.TEXT if isinstance(frame, str) else Opcode.BINARY, payload).serialize(mask=mask))


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_counts_with_its_head(frame: str | bytes) -> None:
    traffic = Traffic()
    traffic.said(frame)
    traffic.heard(frame)
    assert traffic.sent == on_the_wire(frame, mask=True)
    assert traffic.received == on_the_wire(frame, mask=False)


def test_packs_alone_are_content() -> None:
    traffic = Traffic()
    for frame in ("text", TEXT + b"compressed"):
        traffic.said(frame)
        traffic.heard(frame)
    assert (traffic.content_sent, traffic.content_received) == (0, 0)
    before = traffic.sent, traffic.received
    traffic.said(PACK + b"block")
    traffic.heard(PACK + b"block")
    assert (traffic.content_sent, traffic.content_received) == (traffic.sent - before[0], traffic.received - before[1])
