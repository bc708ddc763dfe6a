"""One connection as a state machine: the handshake, heartbeats, mistakes, and time."""

from __future__ import annotations

import json
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncagent.hub.events import Ended, Heard, Lost, Ticked, TooLarge, Turned
from syncagent.hub.rules import Rules
from syncagent.protocol.convert import EMPTY
from syncagent.protocol.faults import CODES
from syncagent.protocol.packs import compress_text
from tests.support.hub_desk import STAMP, Client, Desk, directory


@pytest.fixture
def desk() -> Desk:
    return Desk()


def tick(desk: Desk, client: Client) -> list[dict[str, object]]:
    """Let the time pass until the client's session wants to be woken."""
    client.frames.clear()
    desk.time = client.wake
    client.feed(Ticked())
    return client.texts()


def codes(client: Client) -> list[str]:
    return [text["data"]["error_code"] for text in client.texts() if text["type"] == "error"]


def test_a_level_1_client_is_told_the_three_fields_of_the_seed(desk: Desk) -> None:
    [welcome] = Client(desk, "a").hello(level=1)
    assert welcome["data"].keys() == {"success", "message", "server_time"}
    assert welcome["client_id"] == "server"


@pytest.mark.hazard("F14")
@pytest.mark.parametrize(
    ("version", "offered", "agreed"),
    [
        (2, ["journal", "batch", "new"], ["journal", "batch"]),
        (3, ["zstd", "journal"], ["journal", "zstd"]),
        (2, ["batch"], None),
        (1, ["journal"], None),
    ],
)
def test_what_is_agreed_is_what_both_have(
    desk: Desk, version: int, offered: list[str], agreed: list[str] | None
) -> None:
    [welcome] = Client(desk, "a").hello(1, protocol_version=version, capabilities=offered)
    assert welcome["data"].get("capabilities") == agreed
    assert welcome["data"].get("protocol_version", 1) == (2 if agreed else 1)


@pytest.mark.hazard("F15")
def test_f15_nothing_is_heard_before_it_is_admitted(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello()
    waiting = Client(desk, "b")
    waiting.session._request = client.session._request
    assert not waiting.session.may_hear


def test_a_refusal_says_why_and_closes(desk: Desk) -> None:
    client = Client(desk, "a")
    client.feed(Turned("authentication_failed", "no"))
    [answer] = client.texts()
    assert (answer["data"]["success"], answer["data"]["error_code"], client.closed) == (
        False, "authentication_failed", 1008,
    )  # fmt: skip


@pytest.mark.hazard("F14")
@pytest.mark.parametrize("fields", [{"protocol_version": 0}, {"channel": "blocks"}])
def test_what_is_not_spoken_here_is_refused(desk: Desk, fields: dict[str, object]) -> None:
    client = Client(desk, "a")
    [answer] = client.hello(1, **fields)
    assert answer["data"]["success"] is False
    assert client.closed == 1008
    assert not client.admitted


@pytest.mark.hazard("F6")
def test_the_handshake_has_ten_seconds(desk: Desk) -> None:
    client = Client(desk, "a")
    assert client.wake == 10
    assert [text["type"] for text in tick(desk, client)] == ["error"]
    assert codes(client) == ["handshake_timeout"]
    assert client.closed == 1008


def test_a_heartbeat_is_answered_and_an_answer_is_not(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello()
    beat = {"client_id": "a", "timestamp": STAMP}
    assert [text["type"] for text in client.say("heartbeat", beat)] == ["heartbeat"]
    assert [text["type"] for text in tick(desk, client)] == ["heartbeat"]
    assert client.say("heartbeat", beat) == []
    assert len(client.say("heartbeat", beat)) == 1


@pytest.mark.hazard("F1")
def test_f1_two_and_a_half_intervals_of_silence_are_the_end(desk: Desk) -> None:
    client, other = Client(desk, "a"), Client(desk, "b")
    client.hello()
    other.hello()
    other.frames.clear()
    times = []
    while client.closed is None:
        tick(desk, client)
        times.append(desk.time)
    assert times == [30, 60, 75]
    assert codes(client) == ["heartbeat_timeout"]
    assert client.closed == 1008
    assert [text["type"] for text in other.texts()] == ["client_disconnect"]


@given(st.floats(0, 1e7), st.floats(0.5, 100))
def test_no_time_to_wake_up_is_asked_for_that_has_come_already(begin: float, heartbeat: float) -> None:
    """A difference of two times, rounded, was still short of the heartbeat: it went on asking, at that very time."""
    desk = Desk(Rules(heartbeat=heartbeat))
    desk.time = begin
    client = Client(desk, "a")
    client.hello()
    while client.closed is None:
        tick(desk, client)
        assert client.closed is not None or client.wake > desk.time


def test_any_message_is_a_sign_of_life(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello()
    for _ in range(20):
        desk.time += 29
        client.say("sync_request", {"kind": "missing", "digests": []})
        if client.wake <= desk.time:
            client.feed(Ticked())
    assert client.closed is None


@pytest.mark.hazard("F22")
def test_f22_who_is_not_listened_to_is_not_silent(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello()
    desk.held = deque()
    client.submit(directory("d"))
    for _ in range(10):
        tick(desk, client)
    assert client.closed is None
    desk.release()
    assert client.heard() == [1]


@pytest.mark.hazard("F12")
def test_f12_who_takes_nothing_is_dropped(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello()
    client.reads = False
    while client.closed is None and desk.time < 1000:
        client.say("heartbeat", {"client_id": "a", "timestamp": STAMP})
        tick(desk, client)
    assert client.closed == 1006
    assert desk.time <= 150


@pytest.mark.hazard("F7")
def test_what_is_too_large_ends_it(desk: Desk) -> None:
    client = Client(desk, "a")
    client.feed(TooLarge())
    assert (codes(client), client.closed) == (["message_too_large"], 1009)


@pytest.mark.parametrize(("code", "close"), [("shutting_down", 1001), ("client_id_in_use", 1008)])
def test_the_hub_may_end_it(desk: Desk, code: str, close: int) -> None:
    client, other = Client(desk, "a"), Client(desk, "b")
    client.hello()
    other.hello()
    client.frames.clear()
    client.feed(Ended(code))
    assert (codes(client), client.closed) == ([code], close)
    assert other.texts()[-1]["data"] == {"client_id": "a", "client_name": "n"}


def test_a_clean_goodbye_is_told_to_the_others_once(desk: Desk) -> None:
    client, other = Client(desk, "a"), Client(desk, "b")
    client.hello()
    other.hello()
    other.frames.clear()
    client.say("client_disconnect", {"reason": "bye"})
    client.feed(Lost())
    assert client.closed == 1000
    assert len(other.texts()) == 1


def test_a_connection_that_is_lost_is_told_to_the_others(desk: Desk) -> None:
    client, other = Client(desk, "a"), Client(desk, "b")
    client.hello()
    other.hello()
    client.feed(Lost())
    assert other.texts()[-1]["type"] == "client_disconnect"


@pytest.mark.hazard("F9")
def test_mistakes_are_forgiven_with_time(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello()
    for _ in range(40):
        desk.time += 6
        client.feed(Heard("{"))
    assert client.closed is None
    for _ in range(11):
        client.feed(Heard("{"))
    assert client.closed == 1008


@pytest.mark.hazard("F10")
def test_f10_messages_that_come_too_fast_are_not_carried_out(desk: Desk) -> None:
    desk.rules = Rules(messages=1, message_burst=3)
    client = Client(desk, "a")
    client.hello()
    for number in range(4):
        client.submit(directory(f"d{number}"))
    assert codes(client) == ["rate_limited"]
    assert client.texts()[0]["data"]["retry_after_ms"] > 0
    assert desk.folder.head == 2
    desk.time += 5
    client.submit(directory("late"))
    assert desk.folder.head == 3


@pytest.mark.hazard("G7")
def test_g7_no_note_has_a_key(desk: Desk) -> None:
    client = Client(desk, "a")
    client.hello(2, "journal", api_key="canary-key")
    client.submit(directory("d"))
    client.feed(Lost())
    assert [note.what for note in client.notes] == ["connected", "changes", "disconnected"]
    assert "canary" not in json.dumps([dict(note.fields) for note in client.notes])


# --- whoever may be at the other end ----------------------------------------------------------------------------

NASTY = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["", "root", "a", "../x", "a/b", "\ud800", "\0", "x" * 5000, "00" * 32, "file", "create"]),
)  # fmt: skip
VALUES = st.recursive(NASTY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["changes", "digests", "files", "path", "kind", "size", "operation"]), inner, max_size=3
), max_leaves=6)  # fmt: skip
FIELDS = (
    "client_id", "operation", "file_path", "old_path", "change_id", "node_id", "parent_id", "base_rev", "kind", "size",
    "mtime_ns", "executable", "digest", "blocks", "target", "changes", "digests", "since", "limit", "snapshot", "files",
    "request_id", "timestamp", "error_code", "message",
)  # fmt: skip
GOOD: dict[str, object] = {
    "client_id": "a", "operation": "create", "file_path": "f", "change_id": "c", "node_id": "n", "parent_id": "root",
    "kind": "file", "size": 0, "digest": EMPTY.hex(), "timestamp": "",
}  # fmt: skip
KINDS = ["client_connect", "client_disconnect", "file_changed", "sync_request", "sync_response", "heartbeat", "error"]


@st.composite
def frames(draw: st.DrawFn) -> str | bytes:
    if draw(st.integers(0, 4)) == 0:
        return draw(st.text(max_size=50) | st.binary(max_size=80) | st.binary(max_size=80).map(lambda b: b"\1\0" + b))
    data = {**GOOD, **draw(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5))}
    if draw(st.booleans()):
        data["kind"] = draw(st.sampled_from(["", "changes", "missing", "blocks", "analysis", "directory", "symlink"]))
    if draw(st.booleans()):
        data = {"client_id": "a", "changes": [data, data]}
    return json.dumps({"type": draw(st.sampled_from(KINDS)), "data": data, "client_id": "a", "timestamp": ""})


@pytest.mark.hazard("F9")
@settings(max_examples=80, deadline=None)
@given(st.lists(frames(), max_size=12), st.sampled_from([0, 1, 2]))
def test_f9_whatever_is_said_is_answered_or_refused_by_the_rules(said: list[str | bytes], level: int) -> None:
    desk = Desk(Rules(strikes=1000))
    client, other = Client(desk, "a"), Client(desk, "b")
    other.hello(1)
    if level:
        client.hello(level)
    for frame in said:
        if client.closed is None and client.session.may_hear:
            client.feed(Heard(frame))
    for text in [*client.frames, *other.frames]:
        assert isinstance(text, str)
        text.encode()
    for message in (*client.texts(), *other.texts()):
        assert message["client_id"] == "server"
        if message["type"] == "error":
            assert message["data"]["error_code"] in CODES
    for message in other.texts():
        if message["type"] == "file_changed":
            assert message["data"]["client_id"] == "a"
            assert ".." not in message["data"]["file_path"]


@pytest.mark.hazard("F8")
def test_what_was_not_agreed_on_is_not_unpacked(desk: Desk) -> None:
    heartbeat = json.dumps({"type": "heartbeat", "data": {"client_id": "a", "timestamp": ""}, "client_id": "a",
                            "timestamp": ""})  # fmt: skip
    for capabilities, code in ((("journal", "zstd"), None), (("journal",), "unsupported")):
        client = Client(desk, "a")
        client.hello(2, *capabilities)
        client.frames.clear()
        client.feed(Heard(compress_text(heartbeat)))
        [answer] = client.texts()
        assert answer["data"].get("error_code") == code


@pytest.mark.hazard("F15")
@pytest.mark.parametrize("kind", ["file_changed", "sync_request", "sync_response", "heartbeat", "error"])
def test_f15_nothing_of_a_first_message_that_is_no_hello_is_looked_into(desk: Desk, kind: str) -> None:
    client = Client(desk, "a")
    client.say(kind, {"nonsense": 1})
    assert (codes(client), client.closed) == (["not_authenticated"], 1008)
