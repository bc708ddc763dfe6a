"""The envelope."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from syncagent.protocol.envelope import MessageType, WebSocketMessage


def test_there_are_seven_types_and_each_is_its_word() -> None:
    assert [member.value for member in MessageType] == [
        "client_connect",
        "client_disconnect",
        "file_changed",
        "sync_request",
        "sync_response",
        "heartbeat",
        "error",
    ]
    assert all(member == member.value for member in MessageType)


def test_fields_that_are_not_known_are_passed_over() -> None:
    raw = '{"type":"heartbeat","data":{},"client_id":"a","timestamp":"t","colour":"blue"}'
    assert WebSocketMessage.model_validate_json(raw).model_dump_json() == raw.replace(',"colour":"blue"', "")


@pytest.mark.parametrize("field", ["type", "data", "client_id", "timestamp"])
def test_all_four_fields_are_needed(field: str) -> None:
    whole = {"type": "heartbeat", "data": {}, "client_id": "a", "timestamp": "t"}
    with pytest.raises(ValidationError):
        WebSocketMessage.model_validate({key: value for key, value in whole.items() if key != field})
