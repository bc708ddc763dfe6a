"""What goes out to the bus, only when there is room for it.

The library takes a socket without room for the end of the connection.  A panel that is slow under load, and asks for
all pictures at once, would make that happen.  The kernel calls a socket writable when three quarters of its buffer are
free: more than any message of ours takes.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections import deque

from dbus_fast import Message
from dbus_fast.aio import MessageBus


class Sending:
    """Sends in order; what there is no room for waits."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._waiting: deque[Message] = deque()
        self._room: asyncio.Future[None] | None = None
        # Beside the library's own, on the same socket: the loop has one watch for each number.
        assert bus._fd is not None
        self._handle = os.dup(bus._fd)
        # Only systems with a desktop's bus come here; a type checker that looks at another has no such call.
        self._poll = select.poll()  # type: ignore[attr-defined,unused-ignore]
        self._poll.register(self._handle, select.POLLOUT)  # type: ignore[attr-defined,unused-ignore]

    def send(self, message: Message) -> None:
        """Now, or when there is room."""
        if self._room is None and self._is_room():
            self._bus.send(message)
        else:
            self._waiting.append(message)
            self._begin_waiting()

    async def room(self) -> None:
        """Come back when there is room, and nothing waits."""
        while self._room is not None or not self._is_room():
            await asyncio.shield(self._begin_waiting())

    def close(self) -> None:
        if self._handle >= 0:
            if self._room is not None:
                asyncio.get_running_loop().remove_writer(self._handle)
                self._room.cancel()
            os.close(self._handle)
            self._handle = -1

    def _is_room(self) -> bool:
        return bool(self._poll.poll(0))

    def _begin_waiting(self) -> asyncio.Future[None]:
        if self._room is None:
            loop = asyncio.get_running_loop()
            self._room = loop.create_future()
            loop.add_writer(self._handle, self._go_on)
        return self._room

    def _go_on(self) -> None:
        while self._waiting and self._is_room():
            self._bus.send(self._waiting.popleft())
        if not self._waiting and self._room is not None:
            asyncio.get_running_loop().remove_writer(self._handle)
            room, self._room = self._room, None
            room.set_result(None)
