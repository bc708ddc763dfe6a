"""Errors on the wire: the message, the closed table of codes, and what each means in ``errors``.

A code is stable for good: clients decide by it.  The text beside it is for a person, and never carries a key, a path
outside the folder, or a stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import ClassVar, Final

from syncagent.errors import (
    BadMessage,
    BadName,
    IdTaken,
    LinkLost,
    Refused,
    Stale,
    StorageFull,
    StorageTrouble,
    SyncAgentError,
    TryAgain,
)
from syncagent.model.values import fixed
from syncagent.protocol.envelope import Count, Short, Wire


class ErrorMessage(Wire):
    """``request_id`` names the request that failed, ``retry_after_ms`` how long to wait before it is tried again."""

    always: ClassVar[frozenset[str]] = frozenset({"details"})

    error_code: Short
    message: str
    details: str = ""
    request_id: Short = ""
    retry_after_ms: Count = 0


class Family(Enum):
    CONNECTION = "connection"
    PROTOCOL = "protocol"
    OPERATION = "operation"
    SYSTEM = "system"


class Meaning(Enum):
    """What the one who hears a code raises."""

    REFUSED = "refused"
    BROKEN = "broken"
    BAD_NAME = "bad_name"
    STALE = "stale"
    FULL = "full"
    TROUBLE = "trouble"
    LINK_LOST = "link_lost"
    ID_TAKEN = "id_taken"
    AGAIN = "again"


@fixed
class Code:
    """``close`` is the WebSocket close code that follows the error at once; 0 where the connection stays open."""

    code: str
    family: Family
    meaning: Meaning
    close: int
    text: str


_C, _P, _O, _S = Family.CONNECTION, Family.PROTOCOL, Family.OPERATION, Family.SYSTEM

_TABLE: Final = (
    Code("not_authenticated", _C, Meaning.REFUSED, 1008, "the first message must be client_connect"),
    Code("authentication_failed", _C, Meaning.REFUSED, 1008, "the key is not valid"),
    Code("client_id_mismatch", _C, Meaning.BROKEN, 1008, "the envelope names another client than the connected one"),
    Code("client_id_in_use", _C, Meaning.ID_TAKEN, 1008, "another connection has taken this client id"),
    Code("too_many_connections", _C, Meaning.AGAIN, 1013, "there are too many connections"),
    Code("heartbeat_timeout", _C, Meaning.LINK_LOST, 1008, "no heartbeat came for too long"),
    Code("handshake_timeout", _C, Meaning.LINK_LOST, 1008, "no client_connect came in time"),
    Code("folder_unknown", _C, Meaning.REFUSED, 1008, "there is no such folder for this key"),
    Code("hub_mismatch", _C, Meaning.REFUSED, 1008, "this is another hub than the one the folder belongs to"),
    Code("malformed_json", _P, Meaning.BROKEN, 0, "the message is not JSON as the protocol wants it"),
    Code("invalid_message", _P, Meaning.BROKEN, 0, "a field of the message is missing or wrong"),
    Code("unknown_type", _P, Meaning.BROKEN, 0, "there is no such type of message"),
    Code("message_too_large", _P, Meaning.BROKEN, 1009, "the message is larger than was agreed"),
    Code("rate_limited", _P, Meaning.AGAIN, 0, "messages come too fast"),
    Code("unsupported_version", _P, Meaning.REFUSED, 1008, "this version of the protocol is not spoken here"),
    Code("unsupported", _P, Meaning.BROKEN, 0, "this was not agreed on, or is not known here"),
    Code("invalid_path", _O, Meaning.BAD_NAME, 0, "the path or name cannot be kept the same everywhere"),
    Code("not_found", _O, Meaning.STALE, 0, "there is no such file, folder or request"),
    Code("conflict", _O, Meaning.STALE, 0, "the node has changed since"),
    Code("name_taken", _O, Meaning.STALE, 0, "another node has this name"),
    Code("parent_missing", _O, Meaning.STALE, 0, "the folder that should hold it does not exist"),
    Code("not_empty", _O, Meaning.STALE, 0, "the folder is not empty"),
    Code("would_cycle", _O, Meaning.STALE, 0, "a folder cannot be moved into itself"),
    Code("needs_blocks", _O, Meaning.STALE, 0, "the hub lacks blocks of the file"),
    Code("permission_denied", _O, Meaning.REFUSED, 0, "this key may not do that"),
    Code("quota_exceeded", _O, Meaning.FULL, 0, "the folder has no room left at the hub"),
    Code("mass_delete_held", _O, Meaning.REFUSED, 0, "so many deletes at once wait for a person's word"),
    Code("mass_delete_rejected", _O, Meaning.REFUSED, 0, "a person at the hub has said no to so many deletes at once"),
    Code("storage_full", _S, Meaning.FULL, 0, "the hub has no room left"),
    Code("storage_unavailable", _S, Meaning.TROUBLE, 0, "the hub cannot reach its storage"),
    Code("internal_error", _S, Meaning.TROUBLE, 0, "the hub failed"),
    Code("shutting_down", _S, Meaning.LINK_LOST, 1001, "the hub is being stopped"),
)

CODES: Final[Mapping[str, Code]] = MappingProxyType({row.code: row for row in _TABLE})
"""All codes that are ever sent, by name."""


def family(code: str) -> Family:
    """The family of ``code``; one that is not known (a newer peer's) is taken for a trouble of the other side's."""
    row = CODES.get(code)
    return row.family if row else Family.SYSTEM


def close_code(code: str) -> int:
    """The WebSocket close code that follows an error of this code; 0 when the connection stays open."""
    row = CODES.get(code)
    return row.close if row else 0


def to_message(error: SyncAgentError, *, request_id: str = "") -> ErrorMessage:
    """What the other side is told of ``error``.  Only texts that are ours travel."""
    return ErrorMessage(error_code=code_of(error), message=str(error)[:1000], request_id=request_id)


def code_of(error: SyncAgentError) -> str:
    """The code by which ``error`` travels."""
    match error:
        case BadMessage(code=code) | Refused(code=code):
            return code if code in CODES else "internal_error"
        case BadName():
            return "invalid_path"
        case Stale():
            return "conflict"
        case StorageFull():
            return "storage_full"
        case StorageTrouble() | TryAgain():
            return "storage_unavailable"
        case _:
            return "internal_error"


def to_error(code: str, message: str = "") -> SyncAgentError:
    """What a code that was heard means here, as the error to raise."""
    row = CODES.get(code)
    text = message or (row.text if row else f"the hub answered with {code[:64]!r}")
    match row.meaning if row else Meaning.TROUBLE:
        case Meaning.REFUSED:
            return Refused(code, text)
        case Meaning.BROKEN:
            return BadMessage(code, text)
        case Meaning.BAD_NAME:
            return BadName(text)
        case Meaning.STALE:
            return Stale(text)
        case Meaning.FULL:
            return StorageFull(text)
        case Meaning.TROUBLE:
            return StorageTrouble(text)
        case Meaning.LINK_LOST:
            return LinkLost(text)
        case Meaning.ID_TAKEN:
            return IdTaken(text)
        case Meaning.AGAIN:
            return TryAgain(text)
