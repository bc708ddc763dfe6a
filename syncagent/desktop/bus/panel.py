"""The tray's side of a session bus: our icon and menu on it, and the bell."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any, Final

from dbus_fast import BusType, RequestNameReply
from dbus_fast.aio import MessageBus

from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from syncagent.desktop.bus.bell import DesktopBell
from syncagent.desktop.bus.exports import Exports
from syncagent.desktop.bus.host import Host
from syncagent.desktop.bus.item import Item
from syncagent.desktop.bus.menus import Menu
from syncagent.desktop.ports import Choose, View
from syncagent.errors import SyncAgentError

_log: Final = logging.getLogger(__name__)

_FIRST: Final = View("syncagent-offline", "syncagent", "", (), False)
"""What is shown until something is known."""


class NoBus(SyncAgentError):
    """There is no desktop session to show anything in."""


class BusPanel:
    """Our icon, with its menu."""

    def __init__(self, bus: MessageBus, name: str, choose: Choose, shown: Callable[[bool], None]) -> None:
        self._sending = Sending(bus)
        exports, others = Exports(bus, self._sending), Others(bus, self._sending)
        self._bus = bus
        self._menu = Menu(exports, choose)
        self._item = Item(exports, name, choose, _FIRST)
        self._service = f"org.kde.StatusNotifierItem-{os.getpid()}-1"
        self.host = Host(others, self._service, shown)
        self.bell = DesktopBell(others, choose)

    async def begin(self) -> None:
        """Be found by panels; raises NoBus."""
        if await self._bus.request_name(self._service) is not RequestNameReply.PRIMARY_OWNER:
            raise NoBus(f"the name {self._service} is taken on the session bus")
        await self.host.begin()

    def end(self) -> None:
        """Vanish from all panels."""
        self._sending.close()
        self._bus.disconnect()

    def show(self, view: View) -> None:
        # The menu first: who hears of another icon may ask for it at once.
        self._menu.show(view.menu)
        self._item.show(view)


async def session_bus() -> MessageBus:
    """Raises NoBus."""
    try:
        return await MessageBus(bus_type=BusType.SESSION).connect()
    except Exception as error:  # noqa: BLE001 - wrong addresses, a bus that lets nobody in: each has its own class
        raise NoBus(f"there is no session bus to show an icon on ({error})") from None


async def gone(bus: MessageBus) -> None:
    """Wait until the connection is over."""
    ended: Any = bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    try:
        await ended
    except (OSError, EOFError) as error:
        _log.warning("the session bus is gone: %s", str(error) or "it hung up")
