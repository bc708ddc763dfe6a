"""Properties of an object of another's, kept up to date by what is said of them.  At rest that costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from dbus_fast import Variant

from syncagent.bus.asking import NoAnswer, Others

_PROPERTIES: Final = "org.freedesktop.DBus.Properties"


class Properties:
    """``changed`` is called with all of them, when they were read and whenever they have changed; with none while
    nobody has the name."""

    def __init__(
        self, others: Others, name: str, path: str, interface: str, changed: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self._others = others
        self._name, self._path, self._interface = name, path, interface
        self._changed = changed
        self._values: dict[str, Any] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Read them, and listen from now on.  Who is not there may come later; who can be started is."""
        await self._others.watch_owner(self._name, self._owned)
        await self._others.listen_to(self._name, self._path, _PROPERTIES, "PropertiesChanged", self._heard)
        await self._read()

    def end(self) -> None:
        """Read no more."""
        for task in self._reading:
            task.cancel()

    async def _read(self) -> None:
        try:
            [found] = await self._others.ask(self._name, self._path, _PROPERTIES, "GetAll", "s", [self._interface])
        except (NoAnswer, ValueError):
            found = {}
        self._values = {name: _plain(value) for name, value in found.items()}
        self._changed(self._values)

    def _owned(self, owner: str) -> None:
        if owner:
            self._read_soon()
        else:
            self._values = {}
            self._changed(self._values)

    def _heard(self, body: list[Any]) -> None:
        interface, changed, invalid = body
        if interface != self._interface:
            return
        if invalid:
            self._read_soon()
            return
        self._values |= {name: _plain(value) for name, value in changed.items()}
        self._changed(self._values)

    def _read_soon(self) -> None:
        task = asyncio.ensure_future(self._read())
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Variant) else value
