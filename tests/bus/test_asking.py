"""Calls to others on the bus."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from dbus_fast.aio import MessageBus

from syncagent.bus.asking import NoAnswer, Others
from syncagent.bus.sending import Sending
from tests.desktop.bus.conftest import Daemon, Other


async def test_an_answer_or_none(bus: MessageBus, other: Other) -> None:
    others, daemon = Others(bus, Sending(bus)), Daemon(other, "actions")
    with pytest.raises(NoAnswer):
        await others.ask(daemon.interface, daemon.path, daemon.interface, "GetCapabilities")
    await daemon.appear()
    assert await others.ask(daemon.interface, daemon.path, daemon.interface, "GetCapabilities") == [["actions"]]
    with pytest.raises(NoAnswer):
        await others.ask(daemon.interface, "/elsewhere", daemon.interface, "GetCapabilities")


async def test_whoever_comes_and_goes_is_heard_of(bus: MessageBus, other: Other) -> None:
    others, owners = Others(bus, Sending(bus)), asyncio.Queue[str]()
    assert await others.watch_owner("org.example.Panel", owners.put_nowait) == ""
    await other.bus.request_name("org.example.Panel")
    assert await asyncio.wait_for(owners.get(), 20) == other.bus.unique_name
    await other.bus.release_name("org.example.Panel")
    assert await asyncio.wait_for(owners.get(), 20) == ""


async def test_signals_are_heard(bus: MessageBus, other: Other) -> None:
    others, heard, daemon = Others(bus, Sending(bus)), asyncio.Queue[list[Any]](), Daemon(other)
    await others.listen(daemon.interface, "ActionInvoked", heard.put_nowait)
    daemon.close(3)
    daemon.click(3, "default")
    assert await asyncio.wait_for(heard.get(), 20) == [3, "default"]
