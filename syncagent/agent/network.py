"""Hears that this machine's network is another one: a pause is pointless then, and an open connection doubtful.

What comes and goes is told by the system: interfaces, addresses, and on Linux the route to everywhere else (a machine
that moves from cable to Wi-Fi keeps its addresses for a while).  At rest that costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Final

GATHER: Final = 1.0
"""Seconds from the first change of the network until it is told."""

_LINKS: Final = 0x1
_ADDRESSES: Final = 0x10 | 0x100
_ROUTES: Final = 0x40 | 0x400
"""The groups of the routing socket: RTMGRP_LINK, and of IPv4 and IPv6 each RTMGRP_…_IFADDR and RTMGRP_…_ROUTE."""

_NEW_ADDRESS, _ADDRESS_GONE, _INTERFACE = 0xC, 0xD, 0xE
"""RTM_NEWADDR, RTM_DELADDR and RTM_IFINFO of the routing socket of BSD."""


@contextlib.contextmanager
def watch_network(changed: Callable[[], None]) -> Iterator[None]:
    """Call ``changed`` in the running loop when the network has changed, while the block runs.

    It is called once for all that happens within a second, since a network comes up in several steps.  Where the system
    does not tell, nothing is ever called: pauses then run their time.
    """
    gathering = Gathering(changed)
    try:
        with _hearing(gathering.heard):
            yield
    finally:
        gathering.end()


class Gathering:
    """What happens within a second becomes one call."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._due: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        if self._due is None:
            self._due = self._loop.call_later(GATHER, self._tell)

    def end(self) -> None:
        if self._due is not None:
            self._due.cancel()

    def _tell(self) -> None:
        self._due = None
        self._changed()


def _hearing(heard: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """Calls ``heard`` in the running loop for each change."""
    if sys.platform == "linux":
        return _by_socket(_netlink_socket(), is_of_network, heard)
    elif sys.platform == "win32":  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        from syncagent.windows.addresses import watching  # noqa: PLC0415 - no other system needs it

        return watching(heard)
    elif sys.platform == "darwin":
        return _by_socket(_route_socket(), is_of_network_on_bsd, heard)
    else:
        return contextlib.nullcontext()


@contextlib.contextmanager
def _by_socket(
    listening: socket.socket | None, counts: Callable[[bytes], bool], heard: Callable[[], None]
) -> Iterator[None]:
    if listening is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def read() -> None:
        told = False
        # Nothing more to read; or the buffer overflowed, which is a change as well, and more is read next time.
        with contextlib.suppress(BlockingIOError):
            try:
                while True:
                    told = counts(listening.recv(65536)) or told
            except BlockingIOError:
                raise
            except OSError:
                told = True
            finally:
                if told:
                    heard()

    loop.add_reader(listening, read)
    try:
        yield
    finally:
        loop.remove_reader(listening)
        listening.close()


def _netlink_socket() -> socket.socket | None:
    if sys.platform == "linux":
        try:
            made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        except OSError:
            return None
        try:
            made.bind((0, _LINKS | _ADDRESSES | _ROUTES))
        except OSError:
            made.close()
            return None
        return made
    else:  # noqa: RET505 - as above
        return None


def _route_socket() -> socket.socket | None:
    if sys.platform == "darwin":
        try:
            made = socket.socket(socket.AF_ROUTE, socket.SOCK_RAW, 0)
        except OSError:
            return None
        made.setblocking(False)
        return made
    else:  # noqa: RET505 - as above
        return None


def is_of_network(message: bytes) -> bool:
    """Whether a message of Linux's routing socket tells of a link, an address, or the way to everywhere else."""
    if len(message) < 18:
        return False
    kind, bits = struct.unpack_from("=H", message, 4)[0], message[17]
    # RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR; RTM_NEWROUTE and RTM_DELROUTE with a destination of no bits.
    return kind in (16, 17, 20, 21) or (kind in (24, 25) and bits == 0)


def is_of_network_on_bsd(message: bytes) -> bool:
    """The same of the routing socket of macOS: a length in two bytes, a version, a kind."""
    return len(message) >= 4 and message[3] in (_NEW_ADDRESS, _ADDRESS_GONE, _INTERFACE)
