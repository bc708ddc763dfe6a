"""A connection to the hub: a WebSocket, over TLS wherever it leaves this machine.

The key is the first thing that is said on a connection, so whoever is at the other end is looked at before: an address
that is not this machine needs TLS, its certificate must be the one that is pinned (or one that the system trusts), and
no redirect is followed, wherever it leads (HAZARDS F24, G4).  An answer that is no WebSocket's is never read as data.
The only module that knows the library.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import os
import secrets
import socket as sockets
import ssl
import struct
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidProxyStatus, InvalidStatus, WebSocketException
from websockets.protocol import Protocol, State

from syncagent.errors import LinkLost, Refused
from syncagent.model.values import fixed
from syncagent.transport.pieces import Pieces
from syncagent.transport.proxy import Proxy

try:
    from websockets.speedups import apply_mask
except ImportError:  # it was not compiled here
    from websockets.utils import apply_mask

OPEN_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0
UNSENT_BYTES: Final = 256 * 1024
UNREAD_BYTES: Final = 512 * 1024
"""So much of what comes from this machine itself waits to be read: there is no distance to be filled with more, and
what waits there no edit overtakes."""

LONG: Final = 65_536
"""Bytes of a frame from which on it is worth a thought how often it is copied."""

WITH_HEAD: Final = 16_384
"""So much of a long frame leaves together with its head."""

RECEIVED_BYTES: Final = 1024 * 1024
"""So much is taken from the system at once."""

NO_MASK: Final = bytes(4)
"""It leaves everything as it is."""

_TEXT, _BINARY = 0x81, 0x82
_MASKED, _SHORT, _TWO_BYTES = 0x80, 125, 126
_HEAD: Final = struct.Struct("!BBQ")
HEADROOM: Final = 4096
"""The library counts the head of a frame as part of it."""


@fixed
class WsDialer:
    """Opens WebSockets to ``url``.

    ``fingerprint`` is the SHA-256 of the hub's certificate in lower-case hexadecimal; "" leaves it to the system whom
    to trust.  ``frame_bytes`` is the largest message that is read.  ``insecure`` allows a key to leave this machine
    without TLS: only where something else protects the way (a VPN, a proxy on this machine's own network).  ``way``
    gives the proxy that leads there now; it raises ValueError where one is named that cannot be.
    """

    url: str
    fingerprint: str = ""
    frame_bytes: int = 4 << 20
    insecure: bool = False
    open_seconds: float = OPEN_SECONDS
    way: Callable[[], Proxy | None] = lambda: None

    async def __call__(self) -> WsLink:
        try:
            proxy = self.way()
        except ValueError as error:
            raise LinkLost(str(error)) from error
        secure = urlsplit(self.url).scheme == "wss"
        tls: dict[str, Any] = {"ssl": self._trust()} if secure else {}
        begun: list[ClientConnection] = []

        def begin(*args: Any, **options: Any) -> ClientConnection:
            begun.append(ClientConnection(*args, **options))
            return begun[0]

        try:
            socket = await _NoRedirect(
                self.url,
                compression=None,  # blocks and long texts are compressed by us, where it pays
                max_size=self.frame_bytes + HEADROOM,
                open_timeout=self.open_seconds,
                close_timeout=CLOSE_SECONDS,
                ping_interval=None,  # the protocol has heartbeats of its own
                # A proxy could be anywhere: what is said without TLS goes straight to its address.
                proxy=proxy.url if secure and proxy is not None else None,
                create_connection=begin,  # type: ignore[arg-type]
                user_agent_header="syncagent",
                **tls,
            )
        except (OSError, WebSocketException, ValueError, EOFError) as error:
            if secure and proxy is not None and not begun:
                raise _proxy_trouble(proxy, self.url, error) from error
            hint = "" if secure or isinstance(error, OSError) else ": does it speak TLS by now? Then join it anew"
            through = f" (through the proxy {proxy})" if secure and proxy is not None else ""
            raise LinkLost(f"the hub at {self.url}{through} {_why_not(error)}{hint}") from error
        try:
            self._look_at_peer(socket, secure)
        except Refused:
            await socket.close()
            raise
        _keep_short(socket.transport)
        _read_in_pieces(socket)
        return WsLink(socket, self._is_direct(socket, secure))

    def _is_direct(self, socket: ClientConnection, secure: bool) -> bool:
        """Whether nobody stands between who could read: the hub is this machine, or its own certificate is pinned."""
        return bool(self.fingerprint) if secure else _is_loopback(socket.transport.get_extra_info("peername"))

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.fingerprint:
            # The certificate itself is pinned, and compared in ``_look_at_peer`` before a word is said: who signed
            # it, for which name, and until when, adds nothing to that.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _look_at_peer(self, socket: ClientConnection, secure: bool) -> None:
        """Raises Refused when the one at the other end must not be told our key."""
        if secure:
            if self.fingerprint:
                channel = socket.transport.get_extra_info("ssl_object")
                shown = hashlib.sha256(channel.getpeercert(binary_form=True) or b"").hexdigest()
                if not hmac.compare_digest(shown, self.fingerprint):
                    raise Refused(
                        "hub_mismatch",
                        f"the hub at {self.url} showed another certificate than the one that was pinned "
                        f"(SHA-256 {shown}): if it got a new one, join it anew",
                    )
        elif not self.insecure and not _is_loopback(socket.transport.get_extra_info("peername")):
            raise Refused(
                "authentication_failed",
                f"{self.url} leaves this machine, and its connection is not encrypted: "
                "the key is not sent; use a wss:// address",
            )


class _NoRedirect(connect):
    """A redirect is an answer like any other that is not a WebSocket's."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@fixed
class WsLink:
    """An open WebSocket (port ``Link``).  ``direct``: nobody between the two ends sees what it carries."""

    _socket: ClientConnection
    direct: bool = False

    @property
    def date(self) -> str:
        """The hour of the other side, as HTTP has it; "" when it did not say."""
        answer = self._socket.response
        return answer.headers.get("Date", "") if answer is not None else ""

    @property
    def certificate(self) -> bytes:
        """What the other side showed, in DER; empty without TLS."""
        channel = self._socket.transport.get_extra_info("ssl_object")
        return channel.getpeercert(binary_form=True) or b"" if channel is not None else b""

    @property
    def tls(self) -> str:
        """The version of TLS, such as TLSv1.3; empty without."""
        channel = self._socket.transport.get_extra_info("ssl_object")
        return channel.version() or "" if channel is not None else ""

    def send_at_once(self, frame: str | bytes) -> bool:
        """As the library would: nothing is ever sent in fragments here, so that it stands in nothing's middle."""
        socket, length = self._socket, len(frame)
        if length >= LONG or socket.protocol.state is not State.OPEN or socket.paused or socket.transport.is_closing():
            return False
        data, first = (frame.encode(), _TEXT) if isinstance(frame, str) else (frame, _BINARY)
        length = len(data)
        if length <= _SHORT:
            head = bytes((first, _MASKED | length))
        elif length < LONG:
            head = struct.pack("!BBH", first, _MASKED | _TWO_BYTES, length)
        else:
            return False
        mask = secrets.token_bytes(4)
        socket.transport.write(b"".join((head, mask, apply_mask(data, mask))))
        return True

    async def send_text(self, text: str | bytes) -> None:
        try:
            await self._socket.send(text, text=True)
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def send_binary(self, frame: bytes) -> None:
        try:
            if len(frame) < LONG:
                await self._socket.send(frame)
                return
            # As the library would, but without its copies of what is long.  Nothing is ever sent in fragments here, so
            # that it stands in nothing's middle; on its way out the context waits until there is room again.
            async with self._socket.send_context():
                # A mask keeps whoever stands between from taking content for a request.  Where nobody does it only
                # costs two passes over all that is sent.
                mask = NO_MASK if self.direct else secrets.token_bytes(len(NO_MASK))
                masked = memoryview(frame if self.direct else apply_mask(frame, mask))
                # The head by itself would wake the other side for a few bytes; and of a view nothing is copied that
                # has left at once.
                head = b"".join((_HEAD.pack(0x82, 0xFF, len(frame)), mask, masked[:WITH_HEAD]))
                self._socket.transport.write(head)
                self._socket.transport.write(masked[WITH_HEAD:])
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._socket.recv()
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS + 1):
                await self._socket.close(code, reason[:100])
        except (TimeoutError, OSError):
            self._socket.transport.abort()


def _read_in_pieces(socket: ClientConnection) -> None:
    """Have what comes be copied once.  As a rule nothing has come yet: the hub speaks when it is spoken to."""
    protocol = socket.protocol
    if protocol.state is State.OPEN and not protocol.reader.eof and not protocol.reader.buffer:
        protocol.reader = Pieces()  # type: ignore[assignment]  # all of it that is needed from here on
        protocol.parser = Protocol.parse(protocol)
        next(protocol.parser)
        if hasattr(socket.transport, "max_size"):
            socket.transport.max_size = RECEIVED_BYTES


def _keep_short(transport: asyncio.BaseTransport) -> None:
    """Have the system take no more than a little of what cannot leave yet: what waits here an edit overtakes, what
    waits there it does not."""
    socket = transport.get_extra_info("socket")
    if socket is not None and hasattr(sockets, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            if _is_loopback(transport.get_extra_info("peername")):
                socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, UNREAD_BYTES)


def _lost(error: ConnectionClosed) -> LinkLost:
    closed = error.rcvd or error.sent
    if closed is None:
        return LinkLost("the connection to the hub broke")
    by = "the hub" if error.rcvd is not None and error.rcvd_then_sent is not False else "we"
    reason = "".join(c for c in closed.reason if c.isprintable())
    return LinkLost(f"{by} closed the connection ({closed.code}{': ' + reason if reason else ''})")


def _why_not(error: Exception) -> str:
    """What went wrong with the opening of a connection, as the rest of a sentence about the hub."""
    match error:
        case TimeoutError():
            return "did not answer in time"
        case InvalidStatus():
            return f"did not answer as a hub does (HTTP {error.response.status_code})"
        case ssl.SSLCertVerificationError():
            return f"showed a certificate that this machine does not trust ({error.verify_message})"
        case ssl.SSLError():
            return f"does not speak TLS as it should ({error.reason})"
        case sockets.gaierror():
            return f"cannot be found ({error.strerror})"
        case OSError():
            return f"cannot be reached ({os.strerror(error.errno) if error.errno else error})"
    return "did not answer as a hub does"


def _proxy_trouble(proxy: Proxy, url: str, error: Exception) -> LinkLost | Refused:
    """What went wrong before the proxy had connected us to the hub."""
    named = f"the proxy {proxy}" + (f" (from {proxy.origin})" if proxy.origin else "")
    said = str(error.__cause__ or error)
    match error:
        case InvalidProxyStatus() if error.response.status_code == 407:
            offered = " ".join(error.response.headers.get_all("Proxy-Authenticate")).lower()
            if offered and "basic" not in offered:
                return Refused(_SIGN_IN, f"{named} wants a sign-in that is not spoken here ({offered.split()[0]})")
            return Refused(_SIGN_IN, f"{named} {_wants(proxy)} (HTTP 407)")
        case InvalidProxyStatus() if error.response.status_code in (502, 503, 504):
            return LinkLost(f"{named} cannot reach the hub at {url} (HTTP {error.response.status_code})")
        case InvalidProxyStatus():
            return LinkLost(f"{named} lets nobody through to {url} (HTTP {error.response.status_code})")
        case OSError() if isinstance(error.__cause__, sockets.gaierror):
            return LinkLost(f"{named} {_why_not(error.__cause__)}")
        case TimeoutError():
            return LinkLost(f"{named} did not connect us to {url} in time")
        case OSError():
            return LinkLost(f"{named} {_why_not(error)}")
        case WebSocketException() if proxy.scheme.startswith("socks"):
            if "authentication" in said.lower():
                return Refused(_SIGN_IN, f"{named} {_wants(proxy)}")
            return LinkLost(f"{named} does not connect us to {url} ({said or 'it hung up'})")
    return LinkLost(f"{named} did not answer as a proxy does")


_SIGN_IN: Final = "authentication_failed"


def _wants(proxy: Proxy) -> str:
    return "does not take this name and password" if proxy.user else "wants a name and a password"


def _is_loopback(peer: Any) -> bool:
    """Whether the address that we are connected to (not only its name) is this machine."""
    try:
        return ipaddress.ip_address(str(peer[0]).partition("%")[0]).is_loopback
    except (TypeError, ValueError, IndexError):
        return False
