"""A hub as a whole: its directory, its key, its certificate, and what survives when it is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import ssl
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from syncagent.errors import AlreadyRunning, BadConfig
from syncagent.hub.app import Hub, HubConfig, is_loopback
from syncagent.hub.long_frames import LONG
from syncagent.model.link import Link, parse_link
from tests.support.raw_client import KEY, LEVEL_2, RawClient, file_change, hexdigest, pack

PROGRAM = """
import asyncio, sys
from pathlib import Path
from syncagent.hub.app import HubConfig, run_hub
asyncio.run(run_hub(HubConfig(Path(sys.argv[1]), port=0, bootstrap_key=sys.argv[2])))
"""


@pytest.fixture(autouse=True)
async def no_client_is_left() -> AsyncIterator[None]:
    yield
    await RawClient.end_all()


@asynccontextmanager
async def hub_process(directory: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A hub in a process of its own, and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(directory), KEY, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    try:
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.hazard("N9", "F16")
@pytest.mark.e2e
async def test_n9_f16_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    dice = random.Random(7)
    acked: dict[str, tuple[int, int]] = {}
    contents = {f"n{n}": f"content {n}".encode() * dice.choice((1, 10, 9000)) for n in range(300)}
    waiting = list(contents)
    for _ in range(5):
        async with hub_process(tmp_path) as (process, url):
            client = await RawClient.live(url, "a")
            try:
                await submit_until_killed(client, process, waiting, contents, acked, dice)
            except* (ConnectionClosed, OSError):
                await process.wait()
        waiting = [node for node in waiting if node not in acked]
    async with hub_process(tmp_path) as (_, url):
        client = await RawClient.live(url, "a")
        for node in waiting:
            change = file_change(node, node, contents[node], **cut(contents[node]))
            [verdict] = await client.submit(change, blocks=tuple(parts(contents[node])))
            assert verdict["status"] in {"committed", "duplicate"}
            acked[node] = (verdict["seq"], verdict["rev"])
        rows = await client.catch_up(0)
        assert {one["node_id"]: (one["seq"], one["rev"]) for one in rows} == acked
        assert sorted(one["seq"] for one in rows) == list(range(1, 301))
        wanted = [hexdigest(part) for plain in contents.values() for part in parts(plain)]
        assert (await client.ask(kind="missing", digests=wanted)).get("digests", []) == []


async def submit_until_killed(
    client: RawClient,
    process: asyncio.subprocess.Process,
    waiting: list[str],
    contents: dict[str, bytes],
    acked: dict[str, tuple[int, int]],
    dice: random.Random,
) -> None:
    async def hear() -> None:
        while True:
            for verdict in await client.verdicts():
                assert verdict["status"] in {"committed", "duplicate"}
                acked[verdict["node_id"]] = (verdict["seq"], verdict["rev"])
                if dice.random() < 0.03:
                    process.kill()

    async def speak() -> None:
        for node in waiting:
            change = file_change(node, node, contents[node], **cut(contents[node]))
            await client.submit_only(change, blocks=tuple(parts(contents[node])))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hear())
        tasks.create_task(speak())


def parts(plain: bytes) -> list[bytes]:
    return [plain[at : at + 100_000] for at in range(0, len(plain), 100_000)]


def cut(plain: bytes) -> dict[str, Any]:
    blocks = [[hexdigest(part), len(part)] for part in parts(plain)]
    return {"blocks": blocks} if len(blocks) > 1 else {}


@pytest.mark.e2e
async def test_a_hub_that_is_told_to_stop_stops_cleanly(tmp_path: Path) -> None:
    async with hub_process(tmp_path) as (process, url):
        client = await RawClient.joined(url, "a")
        process.send_signal(signal.SIGINT)
        assert (await client.hear("error"))["data"]["error_code"] == "shutting_down"
        assert await client.closed() == 1001
        async with asyncio.timeout(60):
            await process.wait()
    assert not (tmp_path / "hub.db-wal").exists()


@pytest.mark.hazard("F20")
async def test_f20_a_second_hub_on_one_directory_is_refused(tmp_path: Path) -> None:
    async with Hub(HubConfig(tmp_path, port=0, bootstrap_key=KEY)):
        with pytest.raises(AlreadyRunning):
            await Hub(HubConfig(tmp_path, port=0)).start()
    async with Hub(HubConfig(tmp_path, port=0)) as again:
        await RawClient.joined(again.url, "a")


async def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    async with Hub(HubConfig(tmp_path / "a", port=0, bootstrap_key=KEY)) as first:
        with pytest.raises(BadConfig, match="cannot listen"):
            await Hub(HubConfig(tmp_path / "b", port=first.port, bootstrap_key=KEY)).start()
        async with Hub(HubConfig(tmp_path / "b", port=0, bootstrap_key=KEY)):
            pass


@pytest.mark.hazard("G6")
async def test_g6_a_key_is_made_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    async with Hub(HubConfig(tmp_path, port=0)) as first:
        key = first.made_key
        assert parse_link(first.link(key)) == Link(first.url, key)
        assert key.startswith("sak_")
        await RawClient.joined(first.url, "a", key=key)
    async with Hub(HubConfig(tmp_path, port=0)) as second:
        assert second.made_key == ""
        await RawClient.joined(second.url, "a", key=key)
    async with Hub(HubConfig(tmp_path, port=0, bootstrap_key="another key of mine")) as third:
        await RawClient.joined(third.url, "a", key="another key of mine")
        await RawClient.joined(third.url, "b", key=key)
    secret = key.rpartition("_")[2].encode()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or (secret not in path.read_bytes() and b"another key" not in path.read_bytes())


async def test_what_the_hub_keeps_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with Hub(HubConfig(tmp_path, port=0, bootstrap_key=KEY)) as hub:
            client = await RawClient.live(hub.url, "a")
            await client.submit(file_change("n1", "a", bytes(100_000)), blocks=(bytes(100_000),))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) >= {"hub.db", "blocks"}
    assert set(modes.values()) == {0}


async def test_the_tree_is_there_after_a_restart(tmp_path: Path) -> None:
    async with Hub(HubConfig(tmp_path, port=0, bootstrap_key=KEY)) as hub:
        client = await RawClient.live(hub.url, "a")
        await client.submit(file_change("n1", "a", b"x"), blocks=(b"x",))
        before = client.welcome
    async with Hub(HubConfig(tmp_path, port=0, bootstrap_key=KEY)) as hub:
        client = await RawClient.joined(hub.url, "a", **LEVEL_2)
        assert client.welcome["head"] == 1
        assert [client.welcome[name] for name in ("hub_id", "epoch")] == [before[name] for name in ("hub_id", "epoch")]
        assert [one["node_id"] for one in await client.catch_up(0)] == ["n1"]


async def test_beyond_loopback_the_hub_speaks_tls_with_a_certificate_to_pin(tmp_path: Path) -> None:
    fingerprints = []
    for _ in range(2):
        async with Hub(HubConfig(tmp_path, host="0.0.0.0", port=0, bootstrap_key=KEY)) as hub:
            fingerprints.append(hub.fingerprint)
            trust = ssl.create_default_context(cafile=str(tmp_path / "hub.crt"))
            client = await RawClient.plain(f"wss://localhost:{hub.port}", "a", ssl=trust)
            assert (await client.hello())["success"]
            plain = await asyncio.open_connection("127.0.0.1", hub.port)
            plain[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" not in await plain[0].read()
            plain[1].close()
    assert fingerprints[0] == fingerprints[1]
    assert len(fingerprints[0]) == 64
    assert stat.S_IMODE(os.stat(tmp_path / "hub.key").st_mode) == 0o600


async def test_long_frames_come_whole_and_in_their_order_over_tls_too(tmp_path: Path, read_in_place: list[int]) -> None:
    async with Hub(HubConfig(tmp_path, host="0.0.0.0", port=0, bootstrap_key=KEY)) as hub:
        trust = ssl.create_default_context(cafile=str(tmp_path / "hub.crt"))
        client = await RawClient.plain(f"wss://localhost:{hub.port}", "a", ssl=trust)
        await client.hello(**LEVEL_2)
        long = [bytes([n]) * (LONG + n) for n in range(8)]
        for number, part in enumerate(long):
            await client.raw(pack(part))
            await client.submit_only(
                file_change(f"n{number}", f"f{number}", part, blocks=[[hexdigest(part), len(part)]])
            )
        assert [(await client.verdicts())[0]["status"] for _ in long] == ["committed"] * len(long)
    assert read_in_place == [len(pack(part)) for part in long]


async def test_without_tls_only_where_that_is_asked_for(tmp_path: Path) -> None:
    async with Hub(HubConfig(tmp_path, host="0.0.0.0", port=0, insecure=True, bootstrap_key=KEY)) as hub:
        assert hub.fingerprint == ""
        await RawClient.joined(f"ws://127.0.0.1:{hub.port}", "a")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("hub.lan", False)],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
