"""The hub over real sockets, heard by clients that know only the wire."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.auth import Patience
from syncagent.hub.gate import Caps
from syncagent.hub.long_frames import LONG
from syncagent.hub.rules import Rules
from tests.support.raw_client import KEY, LEVEL_2, STAMP, RawClient, file_change, hexdigest, pack, unpack

Start: TypeAlias = Callable[..., Any]
BAD_PATH = json.dumps({
    "type": "file_changed", "client_id": "a", "timestamp": "",
    "data": {"operation": "update", "file_path": "../x", "client_id": "a"},
})  # fmt: skip


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def started(**options: Any) -> Hub:
            hub = Hub(HubConfig(tmp_path / "hub", port=0, bootstrap_key=KEY, **options))
            return await stack.enter_async_context(hub)

        yield started
        await RawClient.end_all()


@pytest.fixture
async def url(start: Start) -> str:
    hub: Hub = await start()
    return hub.url


# --- level 1 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/", "/ws", "/ws/laptop-1"])
async def test_a_client_of_the_seed_connects_on_any_path(url: str, path: str) -> None:
    client = await RawClient.plain(url + path, "laptop-1")
    await client.say("client_connect", {"client_id": "laptop-1", "client_name": "L", "sync_root": "/x", "api_key": KEY})
    message = await client.hear("client_connect")
    assert message["client_id"] == "server"
    assert message.keys() == {"type", "data", "client_id", "timestamp"}
    assert message["data"].keys() == {"success", "message", "server_time"}
    assert message["data"]["success"] is True
    await client.close()


async def test_a_notice_has_the_shape_of_the_seed(url: str) -> None:
    a, b = await RawClient.joined(url, "client-A"), await RawClient.joined(url, "client-B")
    for change in (
        {"operation": "update", "file_path": "document.txt", "client_id": "client-A"},
        {"operation": "move", "file_path": "b/new.txt", "client_id": "client-A", "old_path": "old.txt"},
    ):
        await a.say("file_changed", change)
        message = await b.hear("file_changed")
        assert (message["data"], message["client_id"]) == (change, "server")
    await a.say("heartbeat", {"client_id": "client-A", "timestamp": STAMP})
    assert (await a.hear())["type"] == "heartbeat"  # and not its own notice
    await a.close()
    left = await b.hear("client_disconnect")
    assert left["data"] == {"client_id": "client-A", "client_name": "client-A"}


async def test_a_level_1_client_hears_what_level_2_clients_change(url: str) -> None:
    old, new = await RawClient.joined(url, "old"), await RawClient.live(url, "new")
    await new.submit(file_change("n1", "a.txt", b"x"), blocks=(b"x",))
    assert (await old.hear("file_changed"))["data"] == {
        "operation": "create", "file_path": "a.txt", "client_id": "new",
    }  # fmt: skip
    await new.submit({
        "operation": "move", "file_path": "b.txt", "change_id": "m", "node_id": "n1", "parent_id": "root",
        "base_rev": 1, "kind": "file", "old_path": "nonsense",
    })  # fmt: skip
    assert (await old.hear("file_changed"))["data"] == {
        "operation": "move", "file_path": "b.txt", "client_id": "new", "old_path": "a.txt",
    }  # fmt: skip


async def test_an_analysis_compares_and_changes_nothing(url: str) -> None:
    client = await RawClient.live(url, "a")
    blocks = (b"same", b"ours", b"only")
    names = ("same.txt", "differs.txt", "only-hub.txt")
    await client.submit(
        *(file_change(f"n{n}", name, plain) for n, (name, plain) in enumerate(zip(names, blocks, strict=True))),
        blocks=blocks,
    )
    answer = await client.ask(files=[
        {"path": "same.txt", "size": 4, "checksum": hexdigest(b"same"), "modified_time": STAMP},
        {"file_path": "differs.txt", "size": 4, "checksum": hexdigest(b"mine")},
        {"path": "only-here.txt", "size": 3},
    ])  # fmt: skip
    assert {one["file_path"]: one["operation"] for one in answer["operations"]} == {
        "same.txt": "none", "differs.txt": "conflict", "only-hub.txt": "download", "only-here.txt": "upload",
    }  # fmt: skip
    assert answer["success"] is True
    assert answer["files_to_sync"] == ["only-here.txt", "only-hub.txt"]
    assert answer["conflicts"] == ["differs.txt"]
    assert (await client.ask(kind="changes", since=3))["head"] == 3


@pytest.mark.hazard("F1")
async def test_heartbeats_go_both_ways_and_silence_is_death(start: Start) -> None:
    hub: Hub = await start(rules=Rules(heartbeat=0.2))
    silent, other = await RawClient.joined(hub.url, "silent"), await RawClient.live(hub.url, "other")
    asked = await silent.hear("heartbeat")
    assert asked["data"].keys() == {"timestamp"}

    async def keep_alive() -> None:
        while True:
            message = await other.hear()
            if message["type"] != "heartbeat":
                assert message["type"] == "client_disconnect"
                assert message["data"]["client_id"] == "silent"
                return
            await other.say("heartbeat", {"client_id": "other", "timestamp": STAMP})

    await keep_alive()
    while (message := await silent.hear())["type"] == "heartbeat":
        pass
    assert message["data"]["error_code"] == "heartbeat_timeout"
    assert await silent.closed() == 1008


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.hazard("G1", "G7")
async def test_a_wrong_key_is_refused_without_a_word_of_it(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for key in ("sak_0123_secret-canary", "secret-canary", ""):
        client = await RawClient.plain(url, "x")
        answer = await client.hello(key=key)
        assert answer["success"] is False
        assert answer["error_code"] == "authentication_failed"
        assert "canary" not in json.dumps(answer)
        assert await client.closed() == 1008
    assert "canary" not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.hazard("G1")
async def test_g1_a_right_key_does_not_wait_for_those_who_guess(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncagent.hub.hall._LONGEST_ANSWER", 3600.0)
    asked = asyncio.Semaphore(0)

    def very_long(self: Patience, address: str, now: float) -> float:
        asked.release()
        return 3600.0

    monkeypatch.setattr(Patience, "wait", very_long)
    guessers = [await RawClient.plain(url, "x") for _ in range(7)]
    late = [asyncio.create_task(guesser.hello(key="wrong")) for guesser in guessers]
    for _ in late:
        await asked.acquire()
    await (await RawClient.joined(url, "good")).close()
    assert not any(one.done() for one in late)
    for one in late:
        one.cancel()


@pytest.mark.hazard("F15")
@pytest.mark.parametrize(
    ("frame", "code", "close"),
    [
        ('{"type":"heartbeat","data":{"client_id":"a","timestamp":""},"client_id":"a","timestamp":""}',
         "not_authenticated", 1008),
        ("{nonsense", "malformed_json", 1008),
        ('{"type":"greeting","data":{},"client_id":"a","timestamp":""}', "unknown_type", 1008),
        ('{"type":"client_connect","data":{"client_id":"a"},"client_id":"a","timestamp":""}', "invalid_message", 1008),
        ("[" * 100_000, "message_too_large", 1009),
        (b"\x01\x00", "message_too_large", 1009),
    ],
)  # fmt: skip
async def test_f15_a_wrong_first_message_ends_it(url: str, frame: str | bytes, code: str, close: int) -> None:
    client = await RawClient.plain(url, "a")
    await client.raw(frame)
    assert (await client.hear("error"))["data"]["error_code"] == code
    assert await client.closed() == close


@pytest.mark.hazard("N16", "F15")
async def test_n16_a_foreign_client_id_ends_it(url: str) -> None:
    first = await RawClient.plain(url, "a")
    await first.say("client_connect", {"client_id": "a", "client_name": "", "sync_root": "", "api_key": KEY}, "other")
    assert (await first.hear("client_connect"))["data"]["error_code"] == "client_id_mismatch"
    assert await first.closed() == 1008
    for sender, author in (("other", "a"), ("a", "other")):
        client = await RawClient.joined(url, "a")
        await client.say("file_changed", {"operation": "update", "file_path": "x", "client_id": author}, sender)
        assert (await client.hear("error"))["data"]["error_code"] == "client_id_mismatch"
        assert await client.closed() == 1008


@pytest.mark.hazard("F9", "F14")
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{nonsense", "malformed_json"),
        ('{"type":"greeting","data":{},"client_id":"a","timestamp":""}', "unknown_type"),
        ('{"type":"file_changed","data":{},"client_id":"a","timestamp":""}', "invalid_message"),
        ('{"type":"sync_request","data":{"kind":"new"},"client_id":"a","timestamp":""}', "unsupported"),
        ('{"type":"sync_request","data":{"kind":"changes"},"client_id":"a","timestamp":""}', "unsupported"),
        (BAD_PATH, "invalid_path"),
        (b"\x07\x00", "unsupported"),
        (pack(b"x"), "unsupported"),
    ],
)  # fmt: skip
async def test_a_mistake_is_answered_and_forgiven(url: str, frame: str | bytes, code: str) -> None:
    client = await RawClient.joined(url, "a")
    await client.raw(frame)
    error = (await client.hear("error"))["data"]
    assert error["error_code"] == code
    assert {"error_code", "message", "details"} <= error.keys()
    await client.say("heartbeat", {"client_id": "a", "timestamp": STAMP})
    await client.hear("heartbeat")


@pytest.mark.hazard("F9")
async def test_who_goes_on_with_mistakes_is_closed(url: str) -> None:
    client = await RawClient.joined(url, "a")
    for _ in range(11):
        await client.raw("{")
        await client.hear("error")
    assert await client.closed() == 1008


@pytest.mark.hazard("F10")
async def test_f10_a_flood_is_answered_and_closed(start: Start) -> None:
    hub: Hub = await start(rules=Rules(messages=1.0, message_burst=5.0))
    client = await RawClient.joined(hub.url, "a")
    for _ in range(30):
        await client.say("heartbeat", {"client_id": "a", "timestamp": STAMP})
    codes = [(await client.hear())["data"].get("error_code") for _ in range(15)]
    assert codes[:4] == [None] * 4
    assert set(codes[4:]) == {"rate_limited"}
    assert await client.closed() == 1013


@pytest.mark.hazard("F15")
async def test_f15_hello_twice_ends_it(url: str) -> None:
    client = await RawClient.joined(url, "a")
    await client.say("client_connect", {"client_id": "a", "client_name": "", "sync_root": "", "api_key": KEY})
    assert (await client.hear("error"))["data"]["error_code"] == "invalid_message"
    assert await client.closed() == 1008


@pytest.mark.hazard("F7")
@pytest.mark.parametrize("frame", ["x" * (4 * 1024 * 1024 + 1), b"\x01\x00" + bytes(1024 * 1024)])
async def test_f7_a_message_that_is_too_large_ends_it(url: str, frame: str | bytes) -> None:
    client = await RawClient.live(url, "a")
    await client.raw(frame)
    assert (await client.hear("error"))["data"]["error_code"] == "message_too_large"
    assert await client.closed() == 1009


@pytest.mark.hazard("F6")
async def test_f6_a_slow_handshake_ends(start: Start) -> None:
    hub: Hub = await start(rules=Rules(handshake=0.1))
    client = await RawClient.plain(hub.url, "a")
    assert (await client.hear("error"))["data"]["error_code"] == "handshake_timeout"
    assert await client.closed() == 1008


@pytest.mark.hazard("F6")
async def test_f6_half_a_request_ends(start: Start) -> None:
    hub: Hub = await start(caps=Caps(waiting_seconds=0.3))
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
    async with asyncio.timeout(60):
        with pytest.raises(ConnectionError):
            assert await reader.read() == b""
            raise ConnectionResetError
    writer.close()


@pytest.mark.hazard("F11")
async def test_f11_a_flood_of_strangers_does_not_keep_a_client_out(start: Start) -> None:
    hub: Hub = await start(caps=Caps(waiting=8))
    strangers = []
    for _ in range(50):
        stranger = socket.create_connection(("127.0.0.1", hub.port))
        stranger.setblocking(False)
        strangers.append(stranger)
    client = await RawClient.joined(hub.url, "a")
    await client.close()
    for stranger in strangers:
        stranger.close()


@pytest.mark.hazard("G9")
async def test_g9_a_browser_is_refused(url: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        await connect(url, additional_headers={"Origin": "https://evil.example"}, proxy=None)


async def test_health_is_told_without_a_key(start: Start) -> None:
    hub: Hub = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = (await reader.read()).decode()
    assert answer.startswith("HTTP/1.1 200")
    assert json.loads(answer.partition("\r\n\r\n")[2])["status"] == "ok"
    writer.close()


@pytest.mark.hazard("E6")
async def test_e6_a_copy_of_a_client_is_refused_and_a_newer_connection_takes_over(url: str) -> None:
    first = await RawClient.joined(url, "a", **LEVEL_2, incarnation="one")
    copy = await RawClient.plain(url, "a")
    assert (await copy.hello(**LEVEL_2, incarnation="two"))["error_code"] == "client_id_in_use"
    again = await RawClient.joined(url, "a", **LEVEL_2, incarnation="one")
    assert (await first.hear("error"))["data"]["error_code"] == "client_id_in_use"
    assert await first.closed() == 1008
    assert (await again.ask(kind="missing", digests=[]))["success"]


# --- level 2 ----------------------------------------------------------------------------------------------------


async def test_a_change_crosses_with_its_blocks(url: str) -> None:
    a, b = await RawClient.live(url, "a"), await RawClient.live(url, "b")
    assert a.welcome["protocol_version"] == 2
    assert a.welcome["capabilities"] == LEVEL_2["capabilities"]
    assert a.welcome["role"] == "writer"
    verdicts = await a.submit(file_change("n1", "a.txt", b"hello"), blocks=(b"hello",))
    assert [(one["status"], one["seq"], one["rev"]) for one in verdicts] == [("committed", 1, 1)]
    frame = await b.frame()
    assert isinstance(frame, bytes)
    assert unpack(frame) == [b"hello"]
    told = (await b.hear("file_changed"))["data"]
    assert told["client_id"] == "a"
    [change] = told["changes"]
    assert change["server_time"]
    assert {name: change[name] for name in ("operation", "file_path", "node_id", "parent_id", "kind", "size", "digest",
                                            "seq", "rev", "client_id")} == {
        "operation": "create", "file_path": "a.txt", "node_id": "n1", "parent_id": "root", "kind": "file", "size": 5,
        "digest": hexdigest(b"hello"), "seq": 1, "rev": 1, "client_id": "a",
    }  # fmt: skip


@pytest.mark.hazard("F4")
async def test_f4_what_lacks_blocks_is_not_committed(url: str) -> None:
    a = await RawClient.live(url, "a")
    change = file_change("n1", "a.txt", b"hello")
    [verdict] = await a.submit(change)
    assert (verdict["status"], verdict["missing"]) == ("needs_blocks", [hexdigest(b"hello")])
    assert await a.catch_up(0) == []
    [verdict] = await a.submit(change, blocks=(b"hello",))
    assert verdict["status"] == "committed"


@pytest.mark.hazard("F5")
async def test_f5_a_block_that_is_not_what_it_is_named_is_refused(url: str) -> None:
    a = await RawClient.live(url, "a")
    frame = bytearray(pack(b"hello"))
    frame[-1] ^= 1
    await a.raw(bytes(frame))
    assert (await a.hear("error"))["data"]["error_code"] == "invalid_message"
    assert (await a.ask(kind="missing", digests=[hexdigest(b"hello")]))["digests"] == [hexdigest(b"hello")]


async def test_large_blocks_are_kept_before_their_change_and_come_back(url: str) -> None:
    a, b = await RawClient.live(url, "a"), await RawClient.live(url, "b")
    parts = [bytes([n]) * 200_000 for n in range(5)]
    digests = [hexdigest(part) for part in parts]
    assert (await a.ask(kind="missing", digests=digests))["digests"] == digests
    for part in parts:
        await a.raw(pack(part))
    change = file_change(
        "big", "big.bin", b"".join(parts), blocks=[[digest, 200_000] for digest in digests]
    )  # fmt: skip
    [verdict] = await a.submit(change)
    assert verdict["status"] == "committed"
    assert (await a.ask(kind="missing", digests=digests)).get("digests", []) == []
    told = (await b.hear("file_changed"))["data"]["changes"][0]
    assert told["blocks"] == change["blocks"]
    await b.say("sync_request", {"kind": "blocks", "digests": [*digests, "00" * 32], "request_id": "r7"})
    found: list[bytes] = []
    while isinstance(frame := await b.frame(), bytes):
        found += unpack(frame)
    assert found == parts
    end = json.loads(frame)["data"]
    assert (end["kind"], end["request_id"], end["digests"]) == ("blocks", "r7", ["00" * 32])


async def test_long_frames_are_read_to_where_they_stay_and_nothing_is_overtaken(
    url: str, read_in_place: list[int]
) -> None:
    a = await RawClient.live(url, "a")
    long = [bytes([n]) * size for n, size in enumerate((LONG, 3, 900_000, 70_000, LONG + 1))]
    for number, part in enumerate(long):
        await a.raw(pack(part))
        await a.submit_only(file_change(f"n{number}", f"f{number}", part, blocks=[[hexdigest(part), len(part)]]))
    for _ in long:
        [verdict] = await a.verdicts()
        assert verdict["status"] == "committed", "its block came before it"
    assert read_in_place == [len(pack(part)) for part in long if len(part) >= LONG]


@pytest.mark.hazard("F19")
async def test_a_newcomer_gets_a_snapshot_and_a_latecomer_the_journal(url: str) -> None:
    a = await RawClient.live(url, "a")
    await a.submit(*(file_change(f"n{n}", f"{n}.txt", b"x") for n in range(700)), blocks=(b"x",))
    await a.submit({"operation": "delete", "file_path": "0.txt", "change_id": "d", "node_id": "n0", "base_rev": 1,
                    "kind": "file"})  # fmt: skip
    snapshot = await (await RawClient.joined(url, "b", **LEVEL_2)).catch_up(0)
    assert {one["node_id"] for one in snapshot if one["operation"] == "create"} == {f"n{n}" for n in range(1, 700)}
    journal = await (await RawClient.joined(url, "c", **LEVEL_2)).catch_up(5)
    assert [one["seq"] for one in journal] == list(range(6, 702))
    assert journal[-1]["operation"] == "delete"
    assert journal[0]["client_id"] == "a"
    own = await a.catch_up(700)
    assert [(one["operation"], one["seq"]) for one in own] == [("delete", 701)]


@pytest.mark.hazard("N14")
async def test_n14_verdicts_stand_at_their_place_in_the_journal(url: str) -> None:
    a, b = await RawClient.live(url, "a"), await RawClient.live(url, "b")

    async def submit(client: RawClient) -> None:
        for n in range(30):
            name = f"{client.client_id}{n}"
            await client.submit_only(
                *(file_change(f"{name}-{k}", f"{name}-{k}", b"x") for k in range(3)), blocks=(b"x",)
            )

    async def heard(client: RawClient) -> list[int]:
        seqs: list[int] = []
        while len(seqs) < 180:
            frame = await client.frame()
            if isinstance(frame, str):
                data = json.loads(frame)["data"]
                seqs += [one["seq"] for one in data.get("changes", data.get("verdicts"))]
        return seqs

    hearing = [asyncio.create_task(heard(client)) for client in (a, b)]
    await asyncio.gather(submit(a), submit(b))
    assert [await one for one in hearing] == [list(range(1, 181))] * 2


async def test_each_change_of_a_batch_is_judged_by_itself(url: str) -> None:
    a = await RawClient.live(url, "a")
    verdicts = await a.submit(
        file_change("n1", "same", b"x"),
        file_change("n2", "same", b"x"),
        file_change("n3", "a/../b", b"x"),
        file_change("n4", "beneath", b"x", parent_id="nowhere"),
        file_change("n5", "good", b"x"),
        blocks=(b"x",),
    )
    assert [(one["status"], one.get("error_code", "")) for one in verdicts] == [
        ("committed", ""), ("rejected", "name_taken"), ("rejected", "invalid_path"), ("rejected", "parent_missing"),
        ("committed", ""),
    ]  # fmt: skip
    assert [one.get("seq", 0) for one in verdicts] == [1, 0, 0, 0, 2]


@pytest.mark.hazard("F2")
async def test_f2_a_lost_answer_is_given_again(url: str) -> None:
    a = await RawClient.live(url, "a")
    await a.submit_only(file_change("n1", "a", b"x"), blocks=(b"x",))
    await a.close()
    again = await RawClient.live(url, "a")
    while not await again.catch_up(0):
        pass
    [verdict] = await again.submit(file_change("n1", "a", b"x"))
    assert (verdict["status"], verdict["seq"], verdict["rev"]) == ("duplicate", 1, 1)


@pytest.mark.hazard("F12")
async def test_f12_a_client_that_never_reads_holds_no_one_up(url: str) -> None:
    slow = await RawClient.plain(url, "slow", max_queue=1)
    slow.socket.transport.pause_reading()
    await slow.say("client_connect", {"client_id": "slow", "client_name": "", "sync_root": "", "api_key": KEY,
                                      **LEVEL_2})  # fmt: skip
    await slow.say("sync_request", {"kind": "changes", "since": 0})
    a, b = await RawClient.live(url, "a"), await RawClient.live(url, "b")
    for n in range(60):
        plain = os.urandom(60_000)
        names = [f"n{n}-{k}" for k in range(10)]
        async with asyncio.timeout(60):
            verdicts = await a.submit(*(file_change(name, name, plain) for name in names), blocks=(plain,))
            assert {one["status"] for one in verdicts} == {"committed"}
            heard = 0
            while heard < 10:
                frame = await b.frame()
                if isinstance(frame, str):
                    heard += len(json.loads(frame)["data"]["changes"])


@pytest.mark.hazard("G10")
async def test_g10_folders_are_apart(url: str) -> None:
    a = await RawClient.live(url, "a")
    other = await RawClient.live(url, "b", folder="photos")
    await a.submit(file_change("n1", "a.txt", b"secret"), blocks=(b"secret",))
    digest = hexdigest(b"secret")
    assert (await other.ask(kind="missing", digests=[digest]))["digests"] == [digest]
    assert (await other.ask(kind="blocks", digests=[digest]))["digests"] == [digest]
    assert await other.catch_up(0) == []
    [verdict] = await other.submit(file_change("n1", "a.txt", b"secret"))
    assert verdict["status"] == "needs_blocks"
    assert a.welcome["epoch"] != other.welcome["epoch"]
    assert a.welcome["hub_id"] == other.welcome["hub_id"]


async def test_the_hub_says_goodbye(start: Start) -> None:
    hub: Hub = await start()
    client = await RawClient.live(hub.url, "a")
    stopping = asyncio.create_task(hub.stop())
    assert (await client.hear("error"))["data"]["error_code"] == "shutting_down"
    assert await client.closed() == 1001
    await stopping


@pytest.mark.hazard("N17")
async def test_n17_who_reads_nothing_is_let_go_of_all_the_same(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The close stands behind what it does not read, and would never be said."""
    monkeypatch.setattr("syncagent.hub.server.CLOSE_SECONDS", 0.1)
    hub: Hub = await start()
    deaf, other = await RawClient.live(hub.url, "deaf"), await RawClient.live(hub.url, "other")
    plain = os.urandom(900_000)
    await other.submit(file_change("n", "n", plain), blocks=(plain,))
    assert (await deaf.hear("file_changed"))["data"]["changes"][0]["seq"] == 1
    deaf.socket.transport.pause_reading()
    await deaf.say("sync_request", {"kind": "blocks", "digests": [hexdigest(plain)] * 40})
    await asyncio.sleep(0.3)
    await deaf.say("heartbeat", {"client_id": "else", "timestamp": ""}, "else")
    assert (await other.hear("client_disconnect"))["data"]["client_id"] == "deaf"
    async with asyncio.timeout(60):
        while hub._doorway.open > 1:  # noqa: ASYNC110 - there is nothing that could be waited for
            await asyncio.sleep(0.02)


@pytest.mark.hazard("F9")
async def test_f9_what_is_no_http_costs_no_page_of_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for raw in (b"A" * 20_000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
            writer.write(raw)
            assert b" 400 " in await reader.readline()
            writer.close()
    assert "AAAA" not in caplog.text
    assert "Traceback" not in caplog.text
    assert "Content-Length" not in caplog.text
