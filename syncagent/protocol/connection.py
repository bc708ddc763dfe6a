"""Coming, staying and going: the handshake, heartbeats, and the word that is said before a clean close."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, model_serializer

from syncagent.protocol.envelope import Count, Flag, Short, Wire

LEVEL_1: Final = 1
LEVEL_2: Final = 2


class Capability(StrEnum):
    """What a peer of level 2 can do.  On the wire they are strings: those that are not known are passed over."""

    JOURNAL = "journal"
    BATCH = "batch"
    BLOCKS = "blocks"
    PUSH = "push"
    ZSTD = "zstd"
    HEAL = "heal"
    SPLICE = "splice"
    SUBTREE = "subtree"
    AHEAD = "ahead"
    CLAIM = "claim"
    PREPARE = "prepare"
    OUTLINE = "outline"


ALL_CAPABILITIES: Final = tuple(capability.value for capability in Capability)

Names = Annotated[tuple[Short, ...], Field(max_length=64)]


class Limits(Wire):
    """What the hub accepts.  ``text_bytes`` counts the plain text, compressed or not; ``frame_bytes`` a whole binary
    frame; ``push_bytes`` the blocks of one change that are sent ahead of it unasked.

    All of them are always spelled out: a client that others write need not know our defaults."""

    text_bytes: Count = 4 * 1024 * 1024
    frame_bytes: Count = 1024 * 1024
    batch_changes: Count = 4096
    push_bytes: Count = 64 * 1024

    @model_serializer
    def _all(self) -> dict[str, int]:
        return dict(self)


DEFAULT_LIMITS: Final = Limits()
UNAUTHENTICATED_LIMITS: Final = Limits(text_bytes=64 * 1024, frame_bytes=0, batch_changes=0, push_bytes=0)
"""For the first message of a connection, of which nothing is known yet."""


class ConnectionRequest(Wire):
    """The first message of every connection.  A level 1 client sends the first four fields alone."""

    always: ClassVar[frozenset[str]] = frozenset({"api_key"})

    client_id: Annotated[str, Field(min_length=1, max_length=256)]
    client_name: Short
    sync_root: Annotated[str, Field(max_length=4096)]
    api_key: Annotated[str, Field(max_length=1024, repr=False)] = ""
    protocol_version: Count = LEVEL_1
    capabilities: Names = ()
    folder: Short = "default"
    cursor: Count = 0
    epoch: Short = ""
    run: Short = ""
    incarnation: Short = ""
    channel: Short = "main"
    token: Annotated[str, Field(max_length=1024, repr=False)] = ""


class ConnectionResponse(Wire):
    """The answer to it.  ``capabilities`` are those that both have; ``head`` is the last number of the journal, ``run``
    the run of the hub; ``diverged`` when the journal is not the one that the client's cursor belongs to."""

    success: Flag
    message: str
    server_time: Short
    protocol_version: Count = LEVEL_1
    capabilities: Names = ()
    hub_id: Short = ""
    epoch: Short = ""
    head: Count = 0
    run: Short = ""
    diverged: Flag = False
    heartbeat_interval: Annotated[float, Field(ge=0, le=86400)] = 0
    limits: Limits | None = None
    role: Literal["", "writer", "reader"] = ""
    error_code: Short = ""
    token: Annotated[str, Field(max_length=1024, repr=False)] = ""
    """What a second connection, with ``channel: "blocks"``, shows instead of a key."""


class HeartbeatMessage(Wire):
    """A client's heartbeat: of its own accord, or in answer to the hub's."""

    client_id: Short
    timestamp: Short


class HubHeartbeat(Wire):
    """The hub's heartbeat: its answer to a client's, or its question to one that has been silent."""

    timestamp: Short


class Disconnect(Wire):
    """A client's last word before a clean close."""

    reason: Annotated[str, Field(max_length=1024)] = ""


class ClientLeft(Wire):
    """The hub's notice to the others of the same folder."""

    client_id: Short
    client_name: Short = ""
