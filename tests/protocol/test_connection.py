"""The handshake and the heartbeats: the seed's own messages are taken as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from syncagent.protocol.codec import encode_body
from syncagent.protocol.connection import (
    ALL_CAPABILITIES,
    ConnectionRequest,
    ConnectionResponse,
    HeartbeatMessage,
    HubHeartbeat,
    Limits,
)

SEED: dict[str, Any] = {"client_id": "client-123", "client_name": "A", "sync_root": "/home/a/Sync"}


def test_a_request_of_four_fields_is_level_1() -> None:
    request = ConnectionRequest.model_validate(SEED)
    assert (request.api_key, request.protocol_version, request.capabilities, request.folder) == ("", 1, (), "default")
    assert request.channel == "main"


def test_a_response_of_three_fields_is_level_1() -> None:
    response = ConnectionResponse.model_validate({"success": True, "message": "Connected", "server_time": "2023"})
    assert (response.protocol_version, response.capabilities, response.limits) == (1, (), None)


def test_limits_are_spelled_out_even_where_they_are_the_defaults() -> None:
    response = ConnectionResponse(success=True, message="", server_time="", limits=Limits())
    text = encode_body(response, client_id="server", timestamp="")
    assert json.loads(text)["data"]["limits"] == {
        "text_bytes": 4194304, "frame_bytes": 1048576, "batch_changes": 4096, "push_bytes": 65536,
    }  # fmt: skip


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(ConnectionRequest(**SEED, api_key="secret", token="secret"))


def test_capabilities_that_are_not_known_are_taken_as_words() -> None:
    request = ConnectionRequest.model_validate(SEED | {"capabilities": [*ALL_CAPABILITIES, "telepathy"]})
    assert request.capabilities[-1] == "telepathy"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": ""},
        {"client_id": "x" * 257},
        {"client_id": 5},
        {"cursor": -1},
        {"cursor": True},
        {"cursor": "7"},
        {"cursor": 1 << 63},
        {"capabilities": ["x"] * 65},
        {"protocol_version": 1.5},
    ],
    ids=str,
)
def test_what_is_wrong_with_a_request_is_seen(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ConnectionRequest.model_validate(SEED | wrong)


def test_the_hubs_heartbeat_names_no_client() -> None:
    assert HubHeartbeat.model_validate({"timestamp": "t"}).timestamp == "t"
    with pytest.raises(ValidationError):
        HeartbeatMessage.model_validate({"timestamp": "t"})
