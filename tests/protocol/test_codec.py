"""Frames to messages and back: the golden files, and everything that is wrong with what strangers send."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.errors import BadMessage
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import (
    MAX_DEPTH,
    Body,
    Pack,
    body_from_client,
    body_from_hub,
    decode,
    decode_frame,
    encode,
    encode_body,
    envelope,
    to_frame,
)
from syncagent.protocol.connection import UNAUTHENTICATED_LIMITS, ConnectionRequest, Limits
from syncagent.protocol.envelope import WebSocketMessage
from syncagent.protocol.faults import CODES
from syncagent.protocol.sync import AnalysisRequest, ListedFile, SyncOperation, SyncResponse, WireVerdict
from syncagent.testing import messages as m
from tests.protocol.samples import TO_CLIENT, TO_HUB

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = TO_HUB | TO_CLIENT


def body_of(name: str, message: WebSocketMessage) -> Any:
    return body_from_client(message) if name in TO_HUB else body_from_hub(message)


# --- the golden files


def test_every_sample_has_its_golden_file_and_the_reverse() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_written_as_it_was_once_and_for_all(name: str) -> None:
    """When this fails the wire has changed: peers of the field would not understand us."""
    assert SAMPLES[name] + "\n" == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_golden_file_is_read_and_written_again_byte_for_byte(name: str) -> None:
    text = (GOLDEN / f"{name}.json").read_text(encoding="utf-8").rstrip("\n")
    message = decode(text)
    body = body_of(name, message)
    assert encode_body(body, client_id=message.client_id, timestamp=message.timestamp) == text
    assert encode(message) == text
    assert envelope(body, client_id=message.client_id, timestamp=message.timestamp) == message
    assert decode(text.encode()) == message == decode_frame(text)


@pytest.mark.parametrize("name", SAMPLES)
def test_fields_from_the_future_are_passed_over(name: str) -> None:
    message = decode(SAMPLES[name])
    later = message.model_copy(update={"data": message.data | {"colour": {"deep": ["blue"]}}})
    assert body_of(name, decode(encode(later))) == body_of(name, message)


def test_the_samples_hold_every_kind_of_body() -> None:
    found = {type(body_of(name, decode(text))) for name, text in SAMPLES.items()}
    assert found == set(get_args(Body))


def test_the_document_names_every_field() -> None:
    document = (Path(__file__).parents[2] / "docs" / "PROTOCOL.md").read_text(encoding="utf-8")
    for body in (*get_args(Body), WebSocketMessage, Limits, ListedFile, SyncOperation, WireVerdict):
        for field in body.model_fields:
            assert re.search(rf"[`\"{{ ,\[]{field}[`\", ;}}\]]", document), f"{body.__name__}.{field}"


# --- the seed, word for word


@pytest.mark.parametrize(
    "text",
    [
        (
            '{"type":"client_connect","data":{"client_id":"client-123","client_name":"A","sync_root":"/a"},'
            '"client_id":"client-123","timestamp":"2023-01-01T00:00:00"}'
        ),
        (
            '{"type":"file_changed","data":{"operation":"update","file_path":"document.txt","client_id":"client-A"},'
            '"client_id":"client-A","timestamp":"2023-01-01T00:00:00"}'
        ),
        (
            '{"type":"heartbeat","data":{"client_id":"client-123","timestamp":"2023-01-01T00:00:00"},'
            '"client_id":"client-123","timestamp":"2023-01-01T00:00:00"}'
        ),
        '{"type":"sync_request","data":{},"client_id":"client-123","timestamp":"2023-01-01T00:00:00"}',
        '{"type":"client_disconnect","data":{},"client_id":"client-123","timestamp":"2023-01-01T00:00:00"}',
        '{"type":"error","data":{"error_code":"e","message":"m"},"client_id":"c","timestamp":"2023-01-01T00:00:00"}',
    ],
)
def test_a_level_1_client_is_understood(text: str) -> None:
    body_from_client(decode(text, UNAUTHENTICATED_LIMITS))
    assert encode(decode(text)) == text


# --- what is wrong


def nested(depth: int) -> str:
    """A message whose JSON is ``depth`` deep."""
    return f'{{"type":"error","data":{{"x":{"[" * (depth - 2)}{"]" * (depth - 2)}}},"client_id":"","timestamp":""}}'


WRONG: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "malformed_json"),
    "no JSON": ("hello", "malformed_json"),
    "HTML, as from a captive portal": ("<!DOCTYPE html><html>", "malformed_json"),
    "two values": ("{}{}", "malformed_json"),
    "a trailing comma": ('{"type":"error",}', "malformed_json"),
    "a byte order mark": ("\ufeff{}", "malformed_json"),
    "NaN": ('{"type":"error","data":{"x":NaN},"client_id":"","timestamp":""}', "malformed_json"),
    "Infinity": ('{"x":-Infinity}', "malformed_json"),
    "an integer of 5000 digits": ('{"x":' + "9" * 5000 + "}", "malformed_json"),
    "a lone surrogate, escaped": ('{"x":"\\ud800"}', "malformed_json"),
    "a lone surrogate, raw": ('{"x":"\ud800"}', "malformed_json"),
    "bytes that are not UTF-8": (b'{"x":"\xff"}', "malformed_json"),
    "a control character in a string": ('{"x":"\x01"}', "malformed_json"),
    "a key twice": ('{"type":"error","type":"heartbeat","data":{}}', "malformed_json"),
    "a key twice, far below": ('{"x":[{"y":{"a":1,"b":2,"a":1}}]}', "malformed_json"),
    "a key twice, once escaped": ('{"a":1,"\\u0061":2}', "malformed_json"),
    "a key twice, behind white space": ('{"a" \t\r\n:1,"a"\n:2}', "malformed_json"),
    "a key twice, beside a string that looks like one": ('{"a":"\\":","b":1,"b":2}', "malformed_json"),
    "deep lists": ("[" * 200_000, "malformed_json"),
    "deep objects": ('{"a":' * 100_000, "malformed_json"),
    "one level too deep": (nested(MAX_DEPTH + 1), "malformed_json"),
    "a list": ("[]", "invalid_message"),
    "a number": ("1", "invalid_message"),
    "null": ("null", "invalid_message"),
    "an empty object": ("{}", "invalid_message"),
    "a type that is a list": ('{"type":["error"],"data":{},"client_id":"","timestamp":""}', "invalid_message"),
    "data that is a list": ('{"type":"error","data":[],"client_id":"","timestamp":""}', "invalid_message"),
    "a client id that is a number": ('{"type":"error","data":{},"client_id":5,"timestamp":""}', "invalid_message"),
    "a client id without end": (
        '{"type":"error","data":{},"client_id":"' + "x" * 9999 + '","timestamp":""}',
        "invalid_message",
    ),
    "a type from the future": ('{"type":"teleport","data":{},"client_id":"","timestamp":""}', "unknown_type"),
    "too long a text": ('{"x":"' + " " * (4 << 20) + '"}', "message_too_large"),
    "too long in UTF-8 alone": ('{"x":"' + "ü" * (2 << 20) + '"}', "message_too_large"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_gets_its_code(name: str) -> None:
    text, code = WRONG[name]
    with pytest.raises(BadMessage) as caught:
        decode(text)
    assert caught.value.code == code
    assert len(str(caught.value)) < 500
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_what_only_looks_wrong_is_read() -> None:
    assert decode(nested(MAX_DEPTH)).data["x"]
    text = '{"type" : "error",\n"data":{"a":"\\":","b":"\\"\\t :"},"client_id":"","timestamp":""}'
    assert decode(text).data == {"a": '":', "b": '"\t :'}


def test_a_number_that_no_field_can_hold_is_wrong_where_the_field_is_known() -> None:
    for text in (m.ask_changes(7).replace(":7", ":" + "7" * 40), m.ask_changes(7).replace(":7", ":1e400")):
        with pytest.raises(BadMessage) as caught:
            body_from_client(decode(text))
        assert caught.value.code == "invalid_message"


@pytest.mark.parametrize("kind", ["teleport", 5, None, ["changes"], {}])
def test_a_kind_that_is_not_known_is_unsupported(kind: object) -> None:
    for word, read in (("sync_request", body_from_client), ("sync_response", body_from_hub)):
        message = WebSocketMessage(type=word, data={"kind": kind}, client_id="", timestamp="")  # type: ignore[arg-type]
        with pytest.raises(BadMessage) as caught:
            read(message)
        assert caught.value.code == "unsupported"


def test_the_analysis_is_the_kind_without_a_word_for_it() -> None:
    for data in ({}, {"kind": "analysis"}):
        assert type(body_from_client(_message("sync_request", data))) is AnalysisRequest
        assert type(body_from_hub(_message("sync_response", data))) is SyncResponse


def test_each_side_says_only_what_is_its_to_say() -> None:
    for read, word in ((body_from_client, "sync_response"), (body_from_hub, "sync_request")):
        with pytest.raises(BadMessage, match="does not send"):
            read(_message(word, {}))


def test_a_batch_has_no_more_changes_than_were_agreed() -> None:
    message = decode(m.submit(m.folder("a"), m.folder("b")))
    assert isinstance(body_from_client(message, Limits(batch_changes=2)), FileChanges)
    with pytest.raises(BadMessage) as caught:
        body_from_client(message, Limits(batch_changes=1))
    assert caught.value.code == "message_too_large"


def test_what_is_wrong_is_said_with_its_place_and_without_its_value() -> None:
    message = _message(
        "file_changed", {"client_id": "a", "changes": [{"operation": "secret", "file_path": "", "client_id": ""}]}
    )
    with pytest.raises(BadMessage) as caught:
        body_from_client(message)
    assert "changes.0.operation" in str(caught.value)
    assert "secret" not in str(caught.value)


# --- frames


def test_a_long_text_may_travel_compressed() -> None:
    text = m.submit(*(m.file(f"{number}.txt", b"x") for number in range(100)))
    frame = to_frame(text, compress=True)
    assert isinstance(frame, bytes)
    assert len(frame) < len(text) / 2
    assert decode_frame(frame) == decode(text)
    assert to_frame(text, compress=False) == text
    assert to_frame(m.heartbeat(), compress=True) == m.heartbeat()


def test_a_pack_comes_out_as_its_blocks() -> None:
    found = decode_frame(m.pack(b"alpha", b"beta"))
    assert isinstance(found, Pack)
    assert [data for _, data in found.blocks] == [b"alpha", b"beta"]


def test_before_the_handshake_binary_frames_are_too_large() -> None:
    for frame in (m.pack(b"alpha"), to_frame(m.connect(sync_root="x" * 4096), compress=True)):
        with pytest.raises(BadMessage) as caught:
            decode_frame(frame, UNAUTHENTICATED_LIMITS)
        assert caught.value.code == "message_too_large"


# --- anything at all


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary() | st.text() | values.map(json.dumps))
def test_any_text_is_a_message_or_a_bad_message(text: str | bytes) -> None:
    _read(text)


@given(st.data())
def test_any_data_is_a_body_or_a_bad_message(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    whole = json.loads(SAMPLES[name])
    fields = whole["data"]
    key = data.draw(st.sampled_from([*sorted(fields), "kind", "changes"]))
    fields[key] = data.draw(values)
    _read(json.dumps(whole))


@given(st.data())
def test_a_message_that_was_tampered_with_is_a_message_or_a_bad_message(data: st.DataObject) -> None:
    raw = bytearray(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))].encode())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _read(bytes(raw))


def _spelled(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{key}" {" " * (len(value) % 2)}:{value}' for key, value in pairs) + "}"


spellings = st.recursive(
    st.just("1"),
    lambda inner: st.lists(st.tuples(st.sampled_from(["a", "b", '\\"', " :"]), inner), max_size=3).map(_spelled),
)


@given(spellings)
def test_a_key_that_is_there_twice_is_always_found(spelled: str) -> None:
    """The fast look and the slow one agree, whatever the keys are and however they are spaced."""
    text = f'{{"type":"error","data":{{"x" : {spelled}}},"client_id":"","timestamp":""}}'
    twice = False

    def seen(pairs: list[tuple[str, Any]]) -> None:
        nonlocal twice
        twice = twice or len({key for key, _ in pairs}) < len(pairs)

    json.loads(text, object_pairs_hook=seen)
    if twice:
        with pytest.raises(BadMessage, match="twice"):
            decode(text)
    else:
        decode(text)


def _message(word: str, data: dict[str, Any]) -> WebSocketMessage:
    return WebSocketMessage.model_validate({"type": word, "data": data, "client_id": "", "timestamp": ""})


def _read(text: str | bytes) -> None:
    """Reads ``text`` as what each side would have said; all that may come of it is a BadMessage of a known code."""
    codes = []
    for read in (body_from_client, body_from_hub):
        try:
            read(decode(text))
        except BadMessage as trouble:
            codes.append(trouble.code)
    assert CODES.keys() >= set(codes)


def test_a_request_and_a_change_take_their_own_shape() -> None:
    assert isinstance(body_from_client(decode(m.connect())), ConnectionRequest)
    assert isinstance(body_from_client(decode(m.submit(m.folder("a")))), FileChange)
