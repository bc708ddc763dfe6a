"""A TCP proxy that counts: what went over the wire, whatever those who speak believe."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Listens at ``port`` of this machine and passes all on to ``target``.  A thread for each direction."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.up = 0
        """Bytes from those who dial."""
        self.down = 0
        """Bytes to those who dial."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def total(self) -> int:
        return self.up + self.down

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        try:
            called = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            caller.close()
            return
        with caller, called:
            for end in (caller, called):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._pass, args=(called, caller, "down"), daemon=True)
            back.start()
            self._pass(caller, called, "up")
            back.join()

    def _pass(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        buffer = bytearray(1 << 18)
        view = memoryview(buffer)
        with suppress(OSError):
            while size := source.recv_into(buffer):
                with self._lock:
                    setattr(self, direction, getattr(self, direction) + size)
                target.sendall(view[:size])
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
