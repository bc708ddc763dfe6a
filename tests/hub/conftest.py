"""What several tests of the hub look at."""

from __future__ import annotations

import pytest

from syncagent.hub.websocket import WebSocket


@pytest.fixture
def read_in_place(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the frames that the system has written to where they stay, as they come."""
    sizes: list[int] = []
    take = WebSocket.take

    def noted(socket: WebSocket, frame: bytearray, mask: bytes) -> None:
        sizes.append(len(frame))
        take(socket, frame, mask)

    monkeypatch.setattr(WebSocket, "take", noted)
    return sizes
