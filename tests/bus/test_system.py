"""The bus of the whole machine."""

from __future__ import annotations

import asyncio

import pytest

from syncagent.bus.system import NoBus, gone, system_bus

ADDRESS = "DBUS_SYSTEM_BUS_ADDRESS"


async def test_it_can_be_asked_while_it_is_there(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, address)
    async with system_bus() as (bus, others):
        name = "org.freedesktop.DBus"
        [names] = await others.ask(name, "/", name, "ListNames")
        assert bus.unique_name in names
        ended = asyncio.ensure_future(gone(bus))
        bus.disconnect()
        await asyncio.wait_for(ended, 20)


async def test_where_there_is_none_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "unix:path=/nowhere")
    with pytest.raises(NoBus, match="there is no system bus"):
        async with system_bus():
            pass
