"""Every message in every state of a connection: what is not due is refused, and nothing of it is done (F14, F15)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncagent.hub.events import Heard
from tests.support.hub_desk import STAMP, Client, Desk, directory
from tests.support.raw_client import pack

pytestmark = pytest.mark.hazard("F14", "F15", "N16")

HELLO = {"client_id": "a", "client_name": "n", "sync_root": "/r", "api_key": "k"}
MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "hello": ("client_connect", HELLO),
    "goodbye": ("client_disconnect", {}),
    "notice": ("file_changed", {"operation": "create", "file_path": "x", "client_id": "a"}),
    "change": ("file_changed", {"client_id": "a", **directory("d1")}),
    "batch": ("file_changed", {"client_id": "a", "changes": [{"client_id": "a", **directory("d1")}]}),
    "analysis": ("sync_request", {"files": []}),
    "changes": ("sync_request", {"kind": "changes", "since": 0}),
    "missing": ("sync_request", {"kind": "missing", "digests": []}),
    "blocks": ("sync_request", {"kind": "blocks", "digests": []}),
    "response": ("sync_response", {"success": True, "message": ""}),
    "heartbeat": ("heartbeat", {"client_id": "a", "timestamp": STAMP}),
    "error": ("error", {"error_code": "internal_error", "message": ""}),
    "unknown": ("dance", {}),
}
REFUSED, CLOSED, DONE, SILENT = "refused", "closed", "done", "silent"
AS_MEMBER = {
    "goodbye": CLOSED, "hello": CLOSED, "response": REFUSED, "unknown": REFUSED, "error": SILENT, "heartbeat": DONE,
    "notice": SILENT, "analysis": DONE,
}  # fmt: skip
LEVEL_2_ALONE = ("change", "batch", "changes", "missing", "blocks")
TABLE = {
    "before hello": {name: CLOSED for name in MESSAGES if name != "hello"},
    "level 1": AS_MEMBER
    | dict.fromkeys(("changes", "missing", "blocks"), REFUSED)
    | {"change": SILENT, "batch": SILENT},
    "level 2": AS_MEMBER | dict.fromkeys(LEVEL_2_ALONE, DONE),
    "closed": dict.fromkeys(MESSAGES, SILENT),
}
CASES = [(state, name, answer) for state, row in TABLE.items() for name, answer in row.items()]


def client_in(state: str, desk: Desk) -> Client:
    client = Client(desk, "a")
    match state:
        case "level 1":
            client.hello(1)
        case "level 2":
            client.hello(2)
        case "closed":
            client.hello(2)
            client.say("client_disconnect", {})
    client.frames.clear()
    return client


@pytest.mark.parametrize(("state", "name", "answer"), CASES, ids=[f"{state}: {name}" for state, name, _ in CASES])
def test_each_message_in_each_state(state: str, name: str, answer: str) -> None:
    desk = Desk()
    client = client_in(state, desk)
    was_closed = client.closed
    head = desk.folder.head
    said = client.say(*MESSAGES[name])
    errors = [one["data"] for one in said if one["type"] == "error" or one["data"].get("success") is False]
    match answer:
        case "closed":
            assert client.closed is not None
        case "refused":
            assert (len(errors), client.closed) == (1, None)
        case "done":
            assert (errors, client.closed) == ([], None)
            assert said
        case "silent":
            assert (said, client.closed) == ([], was_closed)
    if answer is not DONE:
        assert desk.folder.head == head, "nothing was done"


@pytest.mark.parametrize("state", ["before hello", "level 1", "closed"])
def test_blocks_where_they_were_not_agreed_on(state: str) -> None:
    desk = Desk()
    client = client_in(state, desk)
    was_closed = client.closed
    client.feed(Heard(pack(b"x")))
    assert not desk.store.journal.kept[desk.folder.id].blocks
    if state == "before hello":
        assert client.closed == 1009, "no pack is so short that a stranger may send it"
    elif state == "level 1":
        assert client.texts()[0]["data"]["error_code"] == "unsupported"
    else:
        assert (client.frames, client.closed) == ([], was_closed)


@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "hello"])
def test_an_envelope_in_another_name_ends_it_and_nothing_is_done(name: str) -> None:
    desk = Desk()
    client, other = client_in("level 2", desk), Client(desk, "b")
    other.hello(2)
    kind, data = MESSAGES[name]
    text = json.dumps(data).replace('"a"', '"b"')
    said = client.say(kind, json.loads(text), client_id="b")
    assert [one["data"]["error_code"] for one in said] == [
        "unknown_type" if name == "unknown" else "client_id_mismatch"
    ]
    assert client.closed == (None if name == "unknown" else 1008)
    assert desk.folder.head == 0
    assert other.closed is None
