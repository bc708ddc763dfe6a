"""What several tests of the hub look at."""

from __future__ import annotations

import pytest

from syncagent.hub import server


@pytest.fixture
def read_in_place(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the frames that the system has written to where they stay, as they come."""
    sizes: list[int] = []
    unmask = server.websocket_mask

    def noted(mask: bytes, frame: bytearray) -> None:
        sizes.append(len(frame))
        unmask(mask, frame)

    monkeypatch.setattr(server, "websocket_mask", noted)
    return sizes
