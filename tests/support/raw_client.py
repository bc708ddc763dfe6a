"""A client of the hub that knows only the wire: WebSockets, JSON, and the layout of packs.  Nothing of ours."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, ClassVar, Self

from blake3 import blake3
from websockets.asyncio.client import ClientConnection, connect

KEY = "a-key-that-no-one-guesses-0123456789"
LEVEL_2: dict[str, Any] = {"protocol_version": 2, "capabilities": ["journal", "batch", "blocks", "push"]}
STAMP = "2026-11-23T00:00:00+00:00"


def hexdigest(plain: bytes) -> str:
    return str(blake3(plain).hexdigest())


def pack(*blocks: bytes) -> bytes:
    """A binary frame with ``blocks``, uncompressed."""
    entries = (blake3(one).digest() + struct.pack(">II", len(one), len(one)) + one for one in blocks)
    return b"\x01\x00" + b"".join(entries)


def unpack(frame: bytes) -> list[bytes]:
    """The blocks of a pack that was not compressed."""
    assert frame[:2] == b"\x01\x00"
    at, found = 2, []
    while at < len(frame):
        wire, plain = struct.unpack_from(">II", frame, at + 32)
        assert wire == plain
        found.append(frame[at + 40 : at + 40 + wire])
        assert blake3(found[-1]).digest() == frame[at : at + 32]
        at += 40 + wire
    return found


def file_change(node: str, path: str, plain: bytes, **more: Any) -> dict[str, Any]:
    """A create of a small file."""
    return {
        "operation": "create", "file_path": path, "change_id": f"c-{node}", "node_id": node, "parent_id": "root",
        "base_rev": 0, "kind": "file", "size": len(plain), "digest": hexdigest(plain), "mtime_ns": 1, **more,
    }  # fmt: skip


class RawClient:
    """One connection."""

    opened: ClassVar[list[RawClient]] = []

    def __init__(self, url: str, client_id: str) -> None:
        self._url = url
        self.client_id = client_id
        self.socket: ClientConnection
        self.welcome: dict[str, Any] = {}

    @classmethod
    async def plain(cls, url: str, client_id: str, **options: Any) -> Self:
        """A socket on which nothing was said yet."""
        self = cls(url, client_id)
        self.socket = await connect(url, compression=None, max_size=1 << 24, ping_interval=None, **options)
        cls.opened.append(self)
        return self

    @classmethod
    async def end_all(cls) -> None:
        """Let go of all sockets that are open still."""
        for client in cls.opened:
            client.socket.transport.abort()
            await client.socket.wait_closed()
        cls.opened.clear()

    @classmethod
    async def joined(cls, url: str, client_id: str, *, key: str = KEY, **fields: Any) -> Self:
        """A socket that was let in."""
        self = await cls.plain(url, client_id)
        self.welcome = await self.hello(key=key, **fields)
        assert self.welcome["success"], self.welcome
        return self

    @classmethod
    async def live(cls, url: str, client_id: str, **fields: Any) -> Self:
        """A level 2 client that has caught up."""
        self = await cls.joined(url, client_id, **LEVEL_2, **fields)
        await self.catch_up(0)
        return self

    async def hello(self, *, key: str = KEY, **fields: Any) -> dict[str, Any]:
        request = {"client_id": self.client_id, "client_name": self.client_id, "sync_root": "/r", "api_key": key}
        await self.say("client_connect", {**request, **fields})
        data: dict[str, Any] = (await self.hear("client_connect"))["data"]
        return data

    async def say(self, kind: str, data: dict[str, Any], client_id: str | None = None) -> None:
        await self.raw(json.dumps(
            {"type": kind, "data": data, "client_id": client_id or self.client_id, "timestamp": STAMP}
        ))  # fmt: skip

    async def raw(self, frame: str | bytes) -> None:
        await self.socket.send(frame)

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """The next message, which is a text of this type."""
        frame = await self.frame()
        assert isinstance(frame, str), frame[:80]
        message = json.loads(frame)
        assert isinstance(message, dict)
        assert kind is None or message["type"] == kind, message
        return message

    async def frame(self) -> str | bytes:
        async with asyncio.timeout(20):
            return await self.socket.recv()

    async def ask(self, **data: Any) -> dict[str, Any]:
        await self.say("sync_request", data)
        answer: dict[str, Any] = (await self.hear("sync_response"))["data"]
        return answer

    async def catch_up(self, since: int) -> list[dict[str, Any]]:
        """All pages from ``since``, of the journal or a snapshot."""
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {"since": since}
        while more:
            page = await self.ask(kind="changes", **more)
            found += page.get("changes", [])
            more = {"since": page["next"], "snapshot": page.get("snapshot", False)} if page.get("more") else {}
        return found

    async def submit(self, *changes: dict[str, Any], blocks: tuple[bytes, ...] = ()) -> list[dict[str, Any]]:
        """Submit a batch, with its blocks ahead of it; the verdicts, which are the next that is heard."""
        await self.submit_only(*changes, blocks=blocks)
        return await self.verdicts()

    async def submit_only(self, *changes: dict[str, Any], blocks: tuple[bytes, ...] = ()) -> None:
        if blocks:
            await self.raw(pack(*blocks))
        said = [{"client_id": self.client_id, **change} for change in changes]
        await self.say("file_changed", {"client_id": self.client_id, "changes": said})

    async def verdicts(self) -> list[dict[str, Any]]:
        data = (await self.hear("sync_response"))["data"]
        assert data["kind"] == "verdicts", data
        verdicts: list[dict[str, Any]] = data["verdicts"]
        return verdicts

    async def closed(self) -> int | None:
        """Wait until the hub has closed; the code."""
        async with asyncio.timeout(20):
            await self.socket.wait_closed()
        return self.socket.close_code

    async def close(self) -> None:
        await self.socket.close()
