"""A session bus of the test's own, and what others on it are: a panel, a notification daemon."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending
from syncagent.desktop.bus.exports import NOTHING, Body, Exports
from syncagent.desktop.bus.host import WATCHER, WATCHER_PATH


@pytest.fixture
def address() -> Iterator[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("NOT TRIED: there is no dbus-daemon here (apt-get install dbus)")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@pytest.fixture
async def bus(address: str) -> AsyncIterator[MessageBus]:
    """Ours."""
    connected = await MessageBus(address, BusType.SESSION).connect()
    yield connected
    connected.disconnect()


class Other:
    """Someone else on the bus, who calls us and hears what we say."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self.exports = Exports(bus, Sending(bus))
        self.heard: list[tuple[str, list[Any]]] = []
        self._news = asyncio.Event()
        bus.add_message_handler(self._hear)

    def _hear(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and str(message.interface).startswith(
            ("org.kde", "com.canonical")
        ):
            self.heard.append((str(message.member), list(message.body)))
            self._news.set()

    async def listen(self) -> None:
        await self.ask("org.freedesktop.DBus", "/", "org.freedesktop.DBus.AddMatch", "s", "type='signal'")

    async def until_heard(self, member: str) -> list[Any]:
        """What the signal carried; it is then forgotten, with all before it."""
        async with asyncio.timeout(20):
            while not (found := [place for place, (name, _) in enumerate(self.heard) if name == member]):
                self._news.clear()
                await self._news.wait()
        body = self.heard[found[0]][1]
        del self.heard[: found[0] + 1]
        return body

    async def ask(self, name: str, path: str, method: str, signature: str = "", *body: Any) -> Any:
        """The answer; raises AssertionError with the error's name."""
        interface, _, member = method.rpartition(".")
        answer = await self.bus.call(Message(name, path, interface, member, signature=signature, body=list(body)))
        assert answer is not None
        assert answer.message_type is MessageType.METHOD_RETURN, f"{answer.error_name}: {answer.body}"
        return answer.body[0] if len(answer.body) == 1 else list(answer.body)

    async def get(self, name: str, path: str, interface: str, prop: str) -> Any:
        return (await self.ask(name, path, "org.freedesktop.DBus.Properties.Get", "ss", interface, prop)).value


@pytest.fixture
async def other(address: str) -> AsyncIterator[Other]:
    connected = await MessageBus(address, BusType.SESSION).connect()
    made = Other(connected)
    await made.listen()
    yield made
    connected.disconnect()


class Watcher:
    """A panel's register of icons."""

    interface = WATCHER
    xml = ""

    def __init__(self, other: Other, *, hosts: bool = True) -> None:
        self.other = other
        self.hosts = hosts
        self.registered: list[str] = []
        self.refuses = False
        other.exports.put(WATCHER_PATH, self)

    async def appear(self) -> None:
        await self.other.bus.request_name(WATCHER)

    async def vanish(self) -> None:
        await self.other.bus.release_name(WATCHER)

    def say_hosts(self, *, hosts: bool) -> None:
        self.hosts = hosts
        self.other.exports.signal(WATCHER_PATH, f"StatusNotifierHost{'Registered' if hosts else 'Unregistered'}")

    def properties(self) -> dict[str, Variant]:
        return {"IsStatusNotifierHostRegistered": Variant("b", self.hosts)}

    def call(self, member: str, body: list[Any]) -> Body:
        if self.refuses:
            raise ValueError("no")
        assert member == "RegisterStatusNotifierItem"
        self.registered.append(body[0])
        return NOTHING


@pytest.fixture
def watcher(other: Other) -> Watcher:
    return Watcher(other)


class Daemon:
    """Shows notifications."""

    interface = "org.freedesktop.Notifications"
    xml = ""
    path = "/org/freedesktop/Notifications"

    def __init__(self, other: Other, *can: str) -> None:
        self.other = other
        self.can = list(can)
        self.shown: list[list[Any]] = []
        self.taken_away: list[int] = []
        self._numbers = 0
        other.exports.put(self.path, self)

    async def appear(self) -> None:
        await self.other.bus.request_name(self.interface)

    def properties(self) -> dict[str, Variant]:
        return {}

    def call(self, member: str, body: list[Any]) -> Body:
        match member:
            case "GetCapabilities":
                return "as", [self.can]
            case "CloseNotification":
                self.taken_away.append(body[0])
                return NOTHING
            case _:
                self.shown.append(body)
                self._numbers += 0 if body[1] else 1
                return "u", [body[1] or self._numbers]

    def click(self, number: int, name: str) -> None:
        self.other.exports.signal(self.path, "ActionInvoked", "us", [number, name])

    def close(self, number: int) -> None:
        self.other.exports.signal(self.path, "NotificationClosed", "uu", [number, 2])
