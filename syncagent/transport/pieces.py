"""What comes over the socket, put together once: the library's own reader copies each byte four times on its way from
the system to a message, which for large files is a third of all that an agent does with them.  Called by ``ws_link``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator


class Pieces:
    """A reader as the library has one, for what comes after the handshake.  It keeps what came as it came, and joins it
    when a whole frame is there."""

    def __init__(self) -> None:
        self.eof = False
        self._pieces: deque[bytes | bytearray | memoryview] = deque()
        self._size = 0

    def feed_data(self, data: bytes | bytearray) -> None:
        if self.eof:
            raise EOFError("stream ended")
        self._pieces.append(data)
        self._size += len(data)

    def feed_eof(self) -> None:
        if self.eof:
            raise EOFError("stream ended")
        self.eof = True

    def read_exact(self, n: int) -> Generator[None, None, bytes]:
        while self._size < n:
            if self.eof:
                raise EOFError(f"stream ends after {self._size} bytes, expected {n} bytes")
            yield
        return self._take(n)

    def at_eof(self) -> Generator[None, None, bool]:
        while not self._size:
            if self.eof:
                return True
            yield
        return False

    def discard(self) -> None:
        self._pieces.clear()
        self._size = 0

    def _take(self, n: int) -> bytes:
        self._size -= n
        taken: list[bytes | bytearray | memoryview] = []
        while n:
            piece = self._pieces.popleft()
            if len(piece) > n:
                view = memoryview(piece)
                self._pieces.appendleft(view[n:])
                piece = view[:n]
            taken.append(piece)
            n -= len(piece)
        return b"".join(taken)
