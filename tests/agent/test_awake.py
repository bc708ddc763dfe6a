"""What is noticed of sleep and of the network."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

import pytest

from syncagent.agent import awake
from tests.support.virtual_time import run_virtually


def test_a_sleep_is_told_once_with_its_length_e10() -> None:
    slept = 100.0
    told: list[tuple[float, float]] = []

    async def run() -> None:
        nonlocal slept
        loop = asyncio.get_running_loop()
        watch = awake.SleepWatch(lambda length: told.append((loop.time(), length)), lambda: slept)
        watching = asyncio.ensure_future(watch.watch())
        await asyncio.sleep(60)
        slept += 8 * 3600
        await asyncio.sleep(60)
        slept += 1  # clocks are read one after the other
        await asyncio.sleep(60)
        watching.cancel()

    run_virtually(run())
    assert [length for _, length in told] == [8 * 3600]
    assert told[0][0] - 60 <= 30


def test_the_system_says_how_long_it_slept() -> None:
    assert abs(awake.asleep() - awake.asleep()) < awake.JUMP


@pytest.mark.skipif(sys.platform != "linux", reason="the routing socket is Linux's")
async def test_a_change_of_the_network_is_told_once_for_all_that_is_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(awake, "_route_socket", lambda: ours)
    monkeypatch.setattr(awake, "GATHER", 0.05)
    told = asyncio.Event()
    count = 0

    def changed() -> None:
        nonlocal count
        count += 1
        told.set()

    with theirs, awake.watch_network(changed):
        theirs.send(struct.pack("=IHHII", 16, 24, 0, 0, 0))  # a route, which is neither a link nor an address
        theirs.send(struct.pack("=IHHII", 16, 20, 0, 0, 0))
        theirs.send(struct.pack("=IHHII", 16, 16, 0, 0, 0))
        await asyncio.wait_for(told.wait(), 5)
    assert count == 1


async def test_the_real_socket_can_be_had_and_given_back() -> None:
    with awake.watch_network(lambda: None):
        await asyncio.sleep(0)
