"""The bus of the whole machine, on which its services are."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from dbus_fast import BusType
from dbus_fast.aio import MessageBus

from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from syncagent.errors import SyncAgentError


class NoBus(SyncAgentError):
    """There is none, or it lets nobody in."""


@contextlib.asynccontextmanager
async def system_bus() -> AsyncIterator[tuple[MessageBus, Others]]:
    """Connected to it, while the block runs.  Raises NoBus."""
    try:
        bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
    except Exception as error:  # noqa: BLE001 - wrong addresses, a bus that lets nobody in: each has its own class
        raise NoBus(f"there is no system bus ({error})") from None
    sending = Sending(bus)
    try:
        yield bus, Others(bus, sending)
    finally:
        sending.close()
        bus.disconnect()


async def gone(bus: MessageBus) -> None:
    """Wait until the connection is over."""
    ended: Any = bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    with contextlib.suppress(OSError, EOFError):
        await ended
