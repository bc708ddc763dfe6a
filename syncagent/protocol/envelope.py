"""The envelope that every message travels in, and the small types that the messages are made of.

``data`` stays a plain mapping here: what is in it depends on the type and on who sends it (``codec.body_from_client``,
``codec.body_from_hub``).  Fields that are not known are ignored, so that a newer peer can add some.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field

HUB: Final = "server"
"""The ``client_id`` of every envelope that the hub sends."""

_TOP: Final = (1 << 63) - 1

Count = Annotated[int, Field(strict=True, ge=0, le=_TOP)]
"""A size or a number: fits into 63 bits, and is neither a bool, nor a float, nor digits in a string."""

Signed = Annotated[int, Field(strict=True, ge=-_TOP - 1, le=_TOP)]
Flag = Annotated[bool, Field(strict=True)]
Short = Annotated[str, Field(max_length=256)]
"""An id, a name of a machine, a time: long enough for all of them."""

HexDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A BLAKE3 digest, 64 lower-case hexadecimal digits."""


_T = TypeVar("_T")
Many = Annotated[tuple[_T, ...], FailFast()]
"""As many as the sender likes: the first wrong one ends the reading, so that a wrong message costs no more than a right
one."""


class MessageType(str, Enum):  # noqa: UP042  (the protocol document says str and Enum: str() of one is part of it)
    """The types of messages.  There are no others: a newer peer adds fields and kinds, which can be ignored."""

    CLIENT_CONNECT = "client_connect"
    CLIENT_DISCONNECT = "client_disconnect"
    FILE_CHANGED = "file_changed"
    SYNC_REQUEST = "sync_request"
    SYNC_RESPONSE = "sync_response"
    HEARTBEAT = "heartbeat"
    ERROR = "error"


class Wire(BaseModel):
    """The base of all that travels.  ``always`` names the fields that are written even when they have their default:
    those that a level 1 peer expects to find."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, defer_build=True)
    always: ClassVar[frozenset[str]] = frozenset()


class WebSocketMessage(Wire):
    """``client_id`` is the connected client's, or ``"server"``; ``timestamp`` is ISO 8601, the sender's clock."""

    type: MessageType
    data: dict[str, Any]
    client_id: Short
    timestamp: Short
