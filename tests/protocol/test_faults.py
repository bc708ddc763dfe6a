"""Error codes, and what they mean in ``errors``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent import errors
from syncagent.errors import BadMessage, Refused, SyncAgentError
from syncagent.protocol.faults import CODES, Family, close_code, code_of, family, to_error, to_message


def test_the_table_of_codes_is_closed() -> None:
    found = {each: [row.code for row in CODES.values() if row.family is each] for each in Family}
    assert found == {
        Family.CONNECTION: [
            "not_authenticated", "authentication_failed", "client_id_mismatch", "client_id_in_use",
            "too_many_connections", "heartbeat_timeout", "handshake_timeout", "folder_unknown", "hub_mismatch",
        ],
        Family.PROTOCOL: [
            "malformed_json", "invalid_message", "unknown_type", "message_too_large", "rate_limited",
            "unsupported_version", "unsupported",
        ],
        Family.OPERATION: [
            "invalid_path", "not_found", "conflict", "name_taken", "parent_missing", "not_empty", "would_cycle",
            "needs_blocks", "permission_denied", "quota_exceeded", "mass_delete_held",
            "mass_delete_rejected",
        ],
        Family.SYSTEM: ["storage_full", "storage_unavailable", "internal_error", "shutting_down"],
    }  # fmt: skip


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_becomes_an_error_that_a_person_can_read(code: str) -> None:
    error = to_error(code)
    assert str(error) == CODES[code].text
    assert code_of(error) in CODES
    if isinstance(error, BadMessage | Refused):
        assert code_of(error) == code


def _leaves(kind: type[SyncAgentError]) -> Iterator[type[SyncAgentError]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for each in below:
        yield from _leaves(each)


def test_every_error_has_a_code_to_travel_by() -> None:
    coded = {errors.Refused, errors.BadMessage}
    for leaf in set(_leaves(SyncAgentError)) - coded:
        assert code_of(leaf("text")) in CODES
    for leaf in coded:
        assert code_of(leaf("conflict", "text")) == "conflict"
        assert code_of(leaf("made_up", "text")) == "internal_error"


def test_a_code_that_is_not_known_is_the_hubs_trouble() -> None:
    assert family("from_the_future") is Family.SYSTEM
    assert isinstance(to_error("from_the_future"), errors.StorageTrouble)
    assert close_code("from_the_future") == 0


def test_only_the_table_says_what_closes_a_connection() -> None:
    closing = {row.code: row.close for row in CODES.values() if row.close}
    assert closing.keys() >= {"client_id_mismatch", "not_authenticated", "authentication_failed"}
    assert set(closing.values()) <= {1001, 1008, 1009, 1013}
    assert close_code("message_too_large") == 1009


def test_an_error_travels_with_its_text_and_its_request() -> None:
    message = to_message(errors.StorageFull("no room"), request_id="7")
    assert (message.error_code, message.message, message.details, message.request_id) == (
        "storage_full", "no room", "", "7",
    )  # fmt: skip


def test_the_document_has_every_code_with_what_it_means_and_what_it_closes() -> None:
    document = (Path(__file__).parents[2] / "docs" / "PROTOCOL.md").read_text(encoding="utf-8")
    for row in CODES.values():
        assert f"| `{row.code}` | {row.close or '–'} | {row.text} |" in document
