"""Calls to others on the bus, and hearing of what they say and of whether they are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from dbus_fast import DBusError, Message, MessageType
from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending

ANSWER_SECONDS: Final = 10.0
_BUS: Final = "org.freedesktop.DBus"
_BUS_PATH: Final = "/org/freedesktop/DBus"


class NoAnswer(Exception):
    """The other is not there, refused, or did not answer in time."""


class Others:
    """Everyone else on the bus."""

    def __init__(self, bus: MessageBus, sending: Sending) -> None:
        self._bus = bus
        self._sending = sending
        self._owners: dict[str, list[Callable[[str], None]]] = {}
        self._owner: dict[str, str] = {}
        self._from: dict[tuple[str, str, str], tuple[str, Callable[[list[Any]], None]]] = {}
        self._signals: dict[tuple[str, str], Callable[[list[Any]], None]] = {}
        bus.add_message_handler(self._hear)

    async def ask(
        self, name: str, path: str, interface: str, member: str, signature: str = "", body: list[Any] | None = None
    ) -> list[Any]:
        """Raises NoAnswer."""
        return list((await self._call(name, path, interface, member, signature, body)).body)

    async def ask_for_handle(
        self, name: str, path: str, interface: str, member: str, signature: str = "", body: list[Any] | None = None
    ) -> int:
        """The same, where the answer is a file descriptor; it is the caller's to close.  Raises NoAnswer."""
        answer = await self._call(name, path, interface, member, signature, body)
        if not answer.unix_fds:
            raise NoAnswer(f"{name} gave nothing to hold")
        return int(answer.unix_fds[0])

    async def _call(
        self, name: str, path: str, interface: str, member: str, signature: str, body: list[Any] | None
    ) -> Message:
        message = Message(name, path, interface, member, signature=signature, body=body or [])
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._sending.room()
                answer = await self._bus.call(message)
        except (TimeoutError, DBusError, OSError, EOFError) as error:
            raise NoAnswer(f"{name} does not answer: {error}") from None
        if answer.message_type is MessageType.ERROR:
            raise NoAnswer(str(answer.body[0]) if answer.body else f"{name} refuses")
        return answer

    async def watch_owner(self, name: str, changed: Callable[[str], None]) -> str:
        """Who has ``name`` now ("" for nobody); ``changed`` is called with each later one."""
        self._owners.setdefault(name, []).append(changed)
        rule = f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg0='{name}'"
        await self._match(rule)
        try:
            self._owner[name] = str((await self.ask(_BUS, _BUS_PATH, _BUS, "GetNameOwner", "s", [name]))[0])
        except NoAnswer:
            self._owner[name] = ""
        return self._owner[name]

    async def listen(self, interface: str, member: str, heard: Callable[[list[Any]], None]) -> None:
        """``heard`` is called with what each signal carries."""
        self._signals[interface, member] = heard
        await self._match(f"type='signal',interface='{interface}',member='{member}'")

    async def listen_to(
        self, name: str, path: str, interface: str, member: str, heard: Callable[[list[Any]], None]
    ) -> None:
        """The same, of what the one says that has ``name``, and whose coming and going is watched: on a bus of the
        whole machine anyone may say anything."""
        self._from[path, interface, member] = (name, heard)
        await self._match(f"type='signal',sender='{name}',path='{path}',interface='{interface}',member='{member}'")

    async def _match(self, rule: str) -> None:
        await self.ask(_BUS, _BUS_PATH, _BUS, "AddMatch", "s", [rule])

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.member == "NameOwnerChanged" and message.sender == _BUS:
            name, _, owner = message.body
            self._owner[name] = owner
            for changed in self._owners.get(name, ()):
                changed(owner)
            return
        place = (str(message.path), str(message.interface), str(message.member))
        name, heard_from = self._from.get(place, ("", None))
        if heard_from is not None and message.sender == self._owner.get(name):
            heard_from(list(message.body))
        elif (heard := self._signals.get((str(message.interface), str(message.member)))) is not None:
            heard(list(message.body))
