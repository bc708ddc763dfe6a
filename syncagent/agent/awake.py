"""Notices that the world has moved on: this machine has slept, or its network is another one.

Both make a pause pointless and an open connection doubtful, so both are told to whoever keeps the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

EVERY: Final = 5.0
"""Seconds between two looks at the clocks; a machine that woke up is noticed within that (HAZARDS E10: within 30)."""

JUMP: Final = 3.0

GATHER: Final = 1.0
"""Seconds from the first change of the network until it is told."""

_RTMGRP_LINK_AND_ADDRESSES: Final = 0x1 | 0x10 | 0x100


def asleep() -> float:
    """Seconds that this machine has slept since it was started (0.0 where the system does not tell)."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    else:  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        return 0.0


class SleepWatch:
    """Calls ``woke`` with the length of each sleep, soon after it."""

    def __init__(
        self, woke: Callable[[float], None], slept: Callable[[], float] = asleep, every: float = EVERY
    ) -> None:
        self._woke = woke
        self._slept = slept
        self._every = every
        self._before = slept()

    async def watch(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._every)
            self.look()

    def look(self) -> None:
        """Now: someone says that the machine has woken up."""
        before, self._before = self._before, self._slept()
        if self._before - before > JUMP:
            self._woke(self._before - before)


@contextlib.contextmanager
def watch_network(changed: Callable[[], None]) -> Iterator[None]:
    """Call ``changed`` in the running loop when network interfaces or addresses come or go, while the block runs.

    It is called once for all that happens within a second, since a network comes up in several steps.  Where the system
    does not tell, nothing is ever called: pauses then run their time.
    """
    listening = _route_socket()
    if listening is None:
        yield
        return
    loop = asyncio.get_running_loop()
    due: asyncio.TimerHandle | None = None

    def tell() -> None:
        nonlocal due
        due = None
        changed()

    def heard() -> None:
        nonlocal due
        told = False
        with contextlib.suppress(OSError):  # nothing more to read; or the buffer overflowed, and more is read next time
            try:
                while True:
                    told = _is_address_or_link(listening.recv(65536)) or told
            finally:
                if told and due is None:
                    due = loop.call_later(GATHER, tell)

    loop.add_reader(listening, heard)
    try:
        yield
    finally:
        loop.remove_reader(listening)
        if due is not None:
            due.cancel()
        listening.close()


if sys.platform == "linux":

    def _route_socket() -> socket.socket | None:
        try:
            made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        except OSError:
            return None
        try:
            made.bind((0, _RTMGRP_LINK_AND_ADDRESSES))
        except OSError:
            made.close()
            return None
        return made

else:

    def _route_socket() -> socket.socket | None:
        return None


def _is_address_or_link(message: bytes) -> bool:
    """RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR are 16, 17, 20, 21."""
    return len(message) >= 6 and struct.unpack_from("=H", message, 4)[0] in (16, 17, 20, 21)
