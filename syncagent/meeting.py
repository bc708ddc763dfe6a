"""Where two programs of one user on one machine meet, so that nobody else comes in between.

POSIX: a Unix socket.  It is made with mode 0600 in a directory of mode 0700, and who connects is checked by the uid
that the kernel gives (HAZARDS G8).

Windows: a TCP port on the loopback, since neither asyncio nor the plain ``socket`` of Python has Unix sockets there,
and a named pipe that Python makes can be opened by everyone.  Which port it is, and a secret of this start, stand in a
file that only the user can read.  Each side shows the other that it has read it before a word is said: so a program of
another user that listens at a port of ours gets nothing, and neither does one that connects to it.

Both are here for all systems to test; ``new_meeting`` gives the one of this system.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from syncagent.errors import AlreadyRunning
from syncagent.model.values import fixed
from syncagent.private import make_private, write_private

Accept: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]

HANDSHAKE_SECONDS: Final = 5.0
_NONCE: Final = 16
_PROOF: Final = 32


class NotOurs(OSError):
    """Who listens there is another user's program."""


class Meeting(Protocol):
    async def listen(self, path: Path, accept: Accept, limit: int, who: str) -> asyncio.Server:
        """Listen at ``path``; whoever comes is given to ``accept``.  Raises AlreadyRunning, BadConfig, OSError."""
        ...

    async def admits(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether who has come is a program of this user; asked before anything else is read.  Raises
        ConnectionError."""
        ...

    def connect(self, path: Path, within: float | None) -> socket.socket:
        """Connect to what listens at ``path``; it waits ``within`` so many seconds for each answer.

        Raises OSError when nobody does; NotOurs.
        """
        ...


class LoopbackMeeting:
    """On Windows; see the module."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(_PROOF)

    async def listen(self, path: Path, accept: Accept, limit: int, who: str) -> asyncio.Server:
        make_private(path.parent)
        try:
            self.connect(path, 1.0).close()
        except OSError:
            pass
        else:
            raise AlreadyRunning(f"another {who} answers at {path}")
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # Else another program could take the very same port, with SO_REUSEADDR.
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            listening.bind(("127.0.0.1", 0))
            server = await asyncio.start_server(accept, sock=listening, limit=limit)
            port = listening.getsockname()[1]
        except BaseException:
            listening.close()
            raise
        write_private(path, json.dumps({"port": port, "secret": self._secret.hex()}))
        return server

    async def admits(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                theirs, ours = await reader.readexactly(_NONCE), secrets.token_bytes(_NONCE)
                writer.write(ours + _proof(self._secret, b"listens", theirs, ours))
                await writer.drain()
                shown = await reader.readexactly(_PROOF)
        except (TimeoutError, asyncio.IncompleteReadError):
            return False
        return hmac.compare_digest(shown, _proof(self._secret, b"connects", theirs, ours))

    def connect(self, path: Path, within: float | None) -> socket.socket:
        port, secret = _noted(path)
        link = socket.create_connection(("127.0.0.1", port), within)
        try:
            ours = secrets.token_bytes(_NONCE)
            link.sendall(ours)
            theirs, shown = _exactly(link, _NONCE), _exactly(link, _PROOF)
            if not hmac.compare_digest(shown, _proof(secret, b"listens", ours, theirs)):
                raise NotOurs("it does not know what only we have written")
            link.sendall(_proof(secret, b"connects", ours, theirs))
        except BaseException:
            link.close()
            raise
        return link


def _proof(secret: bytes, role: bytes, of_client: bytes, of_server: bytes) -> bytes:
    return hmac.digest(secret, role + of_client + of_server, "sha256")


def _noted(path: Path) -> tuple[int, bytes]:
    try:
        noted = json.loads(path.read_text(encoding="ascii"))
        return int(noted["port"]), bytes.fromhex(noted["secret"])
    except (ValueError, KeyError, TypeError):
        raise ConnectionRefusedError("what is noted there is cut off") from None


def _exactly(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = link.recv(size - len(data))
        if not more:
            raise NotOurs("it hung up before it had shown who it is")
        data += more
    return data


if sys.platform == "win32":

    def new_meeting() -> Meeting:
        """The one of this system."""
        return LoopbackMeeting()

else:

    @fixed
    class SocketMeeting:
        """On POSIX; see the module."""

        async def listen(self, path: Path, accept: Accept, limit: int, who: str) -> asyncio.Server:
            make_private(path.parent)
            return await asyncio.start_unix_server(accept, sock=_listen(path, who), limit=limit)

        async def admits(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            return peer_uid(writer.get_extra_info("socket")) == os.getuid()

        def connect(self, path: Path, within: float | None) -> socket.socket:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                link.settimeout(within)
                link.connect(os.fspath(path))
                if peer_uid(link) != os.getuid():
                    raise NotOurs("it belongs to another user")
            except BaseException:
                link.close()
                raise
            return link

    def new_meeting() -> Meeting:
        """The one of this system."""
        return SocketMeeting()

    def _listen(path: Path, who: str) -> socket.socket:
        if _answers(path):
            raise AlreadyRunning(f"another {who} answers at {path}")
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # On Linux the socket's own mode becomes that of its name, so that there is no moment at which it is wider.
            # Elsewhere the directory, which is 0700, covers the moment until chmod.
            os.fchmod(listening.fileno(), 0o600)
            listening.bind(os.fspath(path))
            path.chmod(0o600)
        except BaseException:
            listening.close()
            raise
        return listening

    def _answers(path: Path) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
            trial.settimeout(1)
            try:
                trial.connect(os.fspath(path))
            except OSError:
                return False
            return True

    def peer_uid(connected: socket.socket) -> int | None:
        """The uid of the process at the other end of a Unix socket, as the kernel has it; None where it will not
        say."""
        try:
            if sys.platform == "linux":
                return int(struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
            else:  # noqa: RET505 - a type checker follows one platform's branch only when it is one
                # LOCAL_PEERCRED (1) at SOL_LOCAL (0) gives a struct xucred: version, uid, groups.
                return int(struct.unpack_from("2I", connected.getsockopt(0, 1, 76))[1])
        except OSError:
            return None
