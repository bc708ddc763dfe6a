"""What is heard of the network; where it can be had, of a real one that a test may change as it likes."""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from syncagent.agent import network

linux = pytest.mark.skipif(sys.platform != "linux", reason="the routing socket is Linux's")


def message(kind: int, bits: int = 0) -> bytes:
    """One of Linux's routing socket."""
    return struct.pack("=IHHII", 28, kind, 0, 0, 0) + struct.pack("=BBBBBBBBI", 2, bits, 0, 0, 254, 3, 0, 1, 0)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (message(16), True), (message(17), True), (message(20, 24), True), (message(21), True),
        (message(24, 0), True), (message(25, 0), True), (message(24, 24), False), (message(25, 128), False),
        (message(28), False), (b"", False), (message(16)[:10], False),
    ],
)  # fmt: skip
def test_links_addresses_and_the_way_to_everywhere_else_count(said: bytes, counts: bool) -> None:
    assert network.is_of_network(said) is counts


@pytest.mark.parametrize(
    ("kind", "counts"), [(0x1, False), (0x2, False), (0x5, False), (0xC, True), (0xD, True), (0xE, True)]
)
def test_likewise_on_macos(kind: int, counts: bool) -> None:
    assert network.is_of_network_on_bsd(struct.pack("=HBB", 4, 5, kind)) is counts
    assert not network.is_of_network_on_bsd(b"\x04")


async def test_a_change_is_told_once_for_all_that_is_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(network, "_netlink_socket", lambda: ours)
    monkeypatch.setattr(network, "_route_socket", lambda: ours)
    monkeypatch.setattr(network, "is_of_network_on_bsd", network.is_of_network)
    monkeypatch.setattr(network, "GATHER", 0.05)
    told = asyncio.Event()
    count = 0

    def changed() -> None:
        nonlocal count
        count += 1
        told.set()

    with theirs, network.watch_network(changed):
        for one in (message(24, 16), message(20), message(16)):
            theirs.send(one)
        await asyncio.wait_for(told.wait(), 20)
    assert count == 1


async def test_the_real_socket_can_be_had_and_given_back() -> None:
    with network.watch_network(lambda: None):
        await asyncio.sleep(0)


async def test_where_the_system_does_not_tell_nothing_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_netlink_socket", "_route_socket"):
        monkeypatch.setattr(network, name, lambda: None)
    with network.watch_network(lambda: pytest.fail("who said that?")):
        await asyncio.sleep(0)


# --- a network of one's own -------------------------------------------------------------------------------------

_HEARS = """
import asyncio, subprocess, sys
from syncagent.agent import network

def ip(*words):
    subprocess.run(["ip", *words], check=True)

async def told_after(*commands):
    told = asyncio.Event()
    with network.watch_network(told.set):
        for words in commands:
            ip(*words.split())
        try:
            await asyncio.wait_for(told.wait(), 60)
        except TimeoutError:
            sys.exit(f"nothing was heard of {commands}")

async def main():
    network.GATHER = 0.01
    await told_after("link set lo up")
    await told_after("addr add 10.9.8.7/32 dev lo")
    await told_after("route add default dev lo")
    await told_after("route del default dev lo")
    quiet = []
    with network.watch_network(lambda: quiet.append(1)):
        ip(*"route add 10.1.0.0/16 dev lo".split())
        await asyncio.sleep(0.2)
    assert not quiet, "no way to everywhere"

asyncio.run(main())
"""

_COMES_BACK = """
import asyncio, subprocess, sys
from pathlib import Path
from syncagent.agent import reconnect
from tests.support.agents import config_in, running
from tests.support.hubs import hub_in

def ip(words):
    subprocess.run(["ip", *words.split()], check=True)

async def main(base):
    reconnect._bound = lambda state: 1e9  # what it would wait for
    ip("link set lo up")
    async with hub_in(base / "hub") as url:
        ip("addr del 127.0.0.1/8 dev lo")
        async with running(config_in(base / "agent", server=url, name="anna")) as agent:
            await agent.until(lambda one: "cannot be reached" in one["reason"])
            ip("addr add 127.0.0.1/8 dev lo")
            await agent.wait(60)

asyncio.run(main(Path(sys.argv[1])))
"""


def in_a_network_of_its_own(program: str, *arguments: str) -> None:
    enter = ["unshare", "-Urn"]
    if shutil.which("ip") is None or subprocess.run([*enter, "true"], capture_output=True).returncode != 0:
        pytest.skip("NOT TRIED: a network of one's own is not to be had here (unshare, ip)")
    run = subprocess.run(
        [*enter, sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=110
    )
    assert run.returncode == 0, run.stderr


@linux
def test_of_a_real_network_it_is_heard() -> None:
    in_a_network_of_its_own(_HEARS)


@linux
def test_an_agent_connects_as_soon_as_the_network_is_back(tmp_path: Path) -> None:
    in_a_network_of_its_own(_COMES_BACK, str(tmp_path))
