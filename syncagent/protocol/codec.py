"""Frames to messages and back, within limits.

What comes in is text or bytes from someone who may mean ill: everything that is wrong with it becomes a BadMessage with
a stable code, and costs no more than the limits allow.  Called by ``transport`` and by the hub's shell and session.

The JSON is parsed by pydantic-core in one go, and a batch is validated in one go.  What that parser lets pass, the
protocol does not: keys that are given twice (two readers would read two messages), and deep nesting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from syncagent.errors import BadMessage
from syncagent.model.ids import Digest
from syncagent.model.values import fixed
from syncagent.protocol import packs
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.connection import (
    DEFAULT_LIMITS,
    ClientLeft,
    ConnectionRequest,
    ConnectionResponse,
    Disconnect,
    HeartbeatMessage,
    HubHeartbeat,
    Limits,
)
from syncagent.protocol.envelope import MessageType, WebSocketMessage, Wire
from syncagent.protocol.faults import ErrorMessage
from syncagent.protocol.sync import (
    AheadRequest,
    AnalysisRequest,
    AnySyncResponse,
    BlocksRequest,
    BlocksResponse,
    ChangesRequest,
    ChangesResponse,
    MissingRequest,
    MissingResponse,
    OutlineRequest,
    OutlineResponse,
    PrepareResponse,
    SyncRequest,
    SyncResponse,
    VerdictsResponse,
    WantedResponse,
)

MAX_DEPTH: Final = 32

ClientBody: TypeAlias = (
    ConnectionRequest | Disconnect | FileChange | FileChanges | SyncRequest | HeartbeatMessage | ErrorMessage
)
"""What a client says."""

HubBody: TypeAlias = (
    ConnectionResponse | ClientLeft | FileChange | FileChanges | AnySyncResponse | HubHeartbeat | ErrorMessage
)
"""What the hub says."""

Body: TypeAlias = ClientBody | HubBody


@fixed
class Pack:
    """A binary frame of blocks, each checked against its digest; ``frame`` as it came."""

    blocks: tuple[tuple[Digest, bytes], ...]
    frame: bytes = field(repr=False)
    ahead: bool = False
    """Whether a change is only to come that names them."""


# --- in ---------------------------------------------------------------------------------------------------------


def decode_frame(
    frame: str | bytes, limits: Limits = DEFAULT_LIMITS, *, compressed: bool = True
) -> WebSocketMessage | Pack:
    """What a WebSocket gave: a text frame as ``str``, a binary frame as ``bytes``.  Raises BadMessage: unsupported for
    compressed text where that was not agreed on."""
    if isinstance(frame, str):
        return decode(frame, limits)
    kind = packs.frame_kind(frame)
    if kind == packs.KIND_TEXT:
        if not compressed:
            raise BadMessage("unsupported", "compressed messages were not agreed on")
        return decode(packs.read_text(frame, limits), limits)
    return Pack(packs.read_pack(frame, limits), frame, kind == packs.KIND_AHEAD)


def decode(text: str | bytes, limits: Limits = DEFAULT_LIMITS) -> WebSocketMessage:
    """The envelope in ``text`` (UTF-8 where it is bytes); its ``data`` is not looked into yet.

    Raises BadMessage: message_too_large, malformed_json, unknown_type, invalid_message.
    """
    value = _parse(_utf8(text, limits.text_bytes))
    if not isinstance(value, dict):
        raise BadMessage("invalid_message", "the message is not a JSON object")
    if isinstance(word := value.get("type"), str) and word not in _TYPES:
        raise BadMessage("unknown_type", f"there is no message type {word[:64]!r}")
    return _validated(WebSocketMessage, value, "the envelope")


def body_from_client(message: WebSocketMessage, limits: Limits = DEFAULT_LIMITS) -> ClientBody:
    """What a client says in ``message``.

    Raises BadMessage: invalid_message, message_too_large (more changes than may be in a batch), unsupported (a kind of
    request that is not known here).
    """
    data = message.data
    match message.type:
        case MessageType.CLIENT_CONNECT:
            return _validated(ConnectionRequest, data, "client_connect")
        case MessageType.CLIENT_DISCONNECT:
            return _validated(Disconnect, data, "client_disconnect")
        case MessageType.FILE_CHANGED:
            return _changes(data, limits)
        case MessageType.SYNC_REQUEST:
            return _validated(_kind(_REQUESTS, data), data, "sync_request")
        case MessageType.HEARTBEAT:
            return _validated(HeartbeatMessage, data, "heartbeat")
        case MessageType.ERROR:
            return _validated(ErrorMessage, data, "error")
        case MessageType.SYNC_RESPONSE:
            raise BadMessage("invalid_message", "a client does not send sync_response")


def body_from_hub(message: WebSocketMessage, limits: Limits = DEFAULT_LIMITS) -> HubBody:
    """What the hub says in ``message``.  Raises BadMessage as ``body_from_client`` does."""
    data = message.data
    match message.type:
        case MessageType.CLIENT_CONNECT:
            return _validated(ConnectionResponse, data, "client_connect")
        case MessageType.CLIENT_DISCONNECT:
            return _validated(ClientLeft, data, "client_disconnect")
        case MessageType.FILE_CHANGED:
            return _changes(data, limits)
        case MessageType.SYNC_RESPONSE:
            return _validated(_kind(_RESPONSES, data), data, "sync_response")
        case MessageType.HEARTBEAT:
            return _validated(HubHeartbeat, data, "heartbeat")
        case MessageType.ERROR:
            return _validated(ErrorMessage, data, "error")
        case MessageType.SYNC_REQUEST:
            raise BadMessage("invalid_message", "the hub does not send sync_request")


_TYPES: Final = frozenset(member.value for member in MessageType)

_REQUESTS: Final[Mapping[str, type[SyncRequest]]] = MappingProxyType(
    {
        "": AnalysisRequest,
        "analysis": AnalysisRequest,
        "changes": ChangesRequest,
        "missing": MissingRequest,
        "blocks": BlocksRequest,
        "ahead": AheadRequest,
        "outline": OutlineRequest,
    }
)
_RESPONSES: Final[Mapping[str, type[AnySyncResponse]]] = MappingProxyType(
    {
        "": SyncResponse,
        "analysis": SyncResponse,
        "changes": ChangesResponse,
        "missing": MissingResponse,
        "blocks": BlocksResponse,
        "wanted": WantedResponse,
        "outline": OutlineResponse,
        "prepare": PrepareResponse,
        "verdicts": VerdictsResponse,
    }
)

_M = TypeVar("_M", bound=Wire)


def _kind(kinds: Mapping[str, type[_M]], data: Mapping[str, Any]) -> type[_M]:
    word = data.get("kind", "")
    model = kinds.get(word) if isinstance(word, str) else None
    if model is None:
        raise BadMessage("unsupported", f"the kind {str(word)[:64]!r} is not known here")
    return model


def _changes(data: dict[str, Any], limits: Limits) -> FileChange | FileChanges:
    changes = data.get("changes")
    if changes is None:
        return _validated(FileChange, data, "file_changed")
    if isinstance(changes, list) and len(changes) > limits.batch_changes:
        raise BadMessage("message_too_large", f"{len(changes)} changes in a batch; {limits.batch_changes} is the most")
    return _validated(FileChanges, data, "file_changed")


def _validated(model: type[_M], value: Mapping[str, Any], what: str) -> _M:
    try:
        return model.model_validate(value)
    except ValidationError as trouble:
        first = trouble.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part)[:64] for part in first["loc"][:8])
        raise BadMessage("invalid_message", f"{what}: {where}: {first['msg'][:200]}") from None


# --- the JSON of it ---------------------------------------------------------------------------------------------


def _utf8(text: str | bytes, most: int) -> bytes:
    """``text`` in UTF-8, if it has no more than ``most`` bytes."""
    try:
        # A text of too many characters has too many bytes as well: it is not encoded to find out how many.
        raw = text if isinstance(text, bytes) or len(text) > most else text.encode()
    except UnicodeEncodeError:
        raise BadMessage("malformed_json", "the message is not valid Unicode text") from None
    if isinstance(raw, str) or len(raw) > most:
        raise BadMessage("message_too_large", f"the message has more than {most} bytes")
    return raw


def _parse(raw: bytes) -> object:
    """The value in ``raw``.  Raises BadMessage for what is no JSON, is too deep, or says one key twice."""
    try:
        value = from_json(raw, allow_inf_nan=False, cache_strings="keys")
    except ValueError as trouble:
        raise BadMessage("malformed_json", f"the message is not JSON: {str(trouble)[:100]}") from None
    keys = _keys_within(value)
    if keys != _keys_at_most(raw):
        _check_keys(raw)
    return value


def _keys_within(value: object) -> int:
    """How many keys all objects in ``value`` have together.  BadMessage when it is deeper than MAX_DEPTH."""
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    keys = depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadMessage("malformed_json", f"the message is nested deeper than {MAX_DEPTH}")
        below: list[Any] = []
        for container in level:
            inside = container
            if type(container) is dict:
                keys += len(container)
                inside = container.values()
            below += [item for item in inside if type(item) is dict or type(item) is list]
        level = below
    return keys


def _keys_at_most(raw: bytes) -> int:
    """An upper bound on how many keys stand in the text ``raw``, fast.

    Every key ends in a quotation mark, perhaps white space, and a colon.  The same in the middle of a string makes the
    bound too high, never too low.  So when as many keys were read, none stands there twice.
    """
    return raw.translate(None, b" \t\r\n").count(b'":')


def _check_keys(raw: bytes) -> None:
    """The slow look, for a text that may have a key twice."""
    try:
        json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        # One parser took it for JSON and this one does not: then it is none that everyone would read alike.
        raise BadMessage("malformed_json", "the message is not JSON that is read by everyone alike") from None


def _once(pairs: list[tuple[str, Any]]) -> None:
    seen = {key for key, _ in pairs}
    if len(seen) != len(pairs):
        raise BadMessage("malformed_json", "the message says a key twice in one object")


# --- out --------------------------------------------------------------------------------------------------------


def encode(message: WebSocketMessage) -> str:
    """The text of an envelope."""
    return message.model_dump_json()


def encode_body(body: Body, *, client_id: str, timestamp: str) -> str:
    """The text of the envelope around ``body``, whose type it implies.

    A field that has its default is left out, except for those that a level 1 peer expects.  ``client_id`` is the
    sender's (``envelope.HUB`` for the hub), ``timestamp`` the time in ISO 8601.
    """
    return encode_data(type_of(body), _dump(body), client_id=client_id, timestamp=timestamp)


def encode_answer(body: SyncResponse, name: str, items: Iterable[str], *, client_id: str, timestamp: str) -> str:
    """The text of the envelope around ``body``, with ``items``, texts already, as the list ``name``, which is empty in
    ``body``."""
    data = f'{_dump(body)[:-1]},"{name}":[{",".join(items)}]}}'
    return encode_data(MessageType.SYNC_RESPONSE, data, client_id=client_id, timestamp=timestamp)


def encode_data(kind: MessageType, data: str, *, client_id: str, timestamp: str) -> str:
    """The text of the envelope around ``data``, which is text already."""
    sender, time = json.dumps(client_id, ensure_ascii=False), json.dumps(timestamp, ensure_ascii=False)
    return f'{{"type":"{kind.value}","data":{data},"client_id":{sender},"timestamp":{time}}}'


def envelope(body: Body, *, client_id: str, timestamp: str) -> WebSocketMessage:
    """The envelope around ``body``, as a value."""
    return WebSocketMessage(type=type_of(body), data=from_json(_dump(body)), client_id=client_id, timestamp=timestamp)


def to_frame(text: str, *, compress: bool) -> str | bytes:
    """``text`` as it is handed to a WebSocket: compressed where that was agreed on and pays."""
    return packs.compress_text(text) if compress and len(text) > packs.COMPRESS_TEXT_ABOVE else text


def type_of(body: Body) -> MessageType:
    """The type of the message that carries ``body``."""
    match body:
        case ConnectionRequest() | ConnectionResponse():
            return MessageType.CLIENT_CONNECT
        case Disconnect() | ClientLeft():
            return MessageType.CLIENT_DISCONNECT
        case FileChange() | FileChanges():
            return MessageType.FILE_CHANGED
        case AnalysisRequest() | ChangesRequest() | MissingRequest() | BlocksRequest():
            return MessageType.SYNC_REQUEST
        case AheadRequest() | OutlineRequest():
            return MessageType.SYNC_REQUEST
        case SyncResponse():
            return MessageType.SYNC_RESPONSE
        case HeartbeatMessage() | HubHeartbeat():
            return MessageType.HEARTBEAT
        case ErrorMessage():
            return MessageType.ERROR


def _dump(body: Body) -> str:
    rest = body.model_dump_json(exclude=set(body.always), exclude_defaults=True)
    if not body.always:
        return rest
    first = body.model_dump_json(include=set(body.always))
    return first if rest == "{}" else f"{first[:-1]},{rest[1:]}"
