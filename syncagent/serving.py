"""aiohttp, for who serves HTTP.

It reads the certificates of all authorities that the system trusts when it is imported, for its client, which nobody
here uses: 144 of them took 28 ms of each start of a hub, and 1.1 MiB as long as it ran.  Without them.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator


@contextlib.contextmanager
def _without_authorities() -> Iterator[None]:
    load = ssl.SSLContext.load_default_certs
    ssl.SSLContext.load_default_certs = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        ssl.SSLContext.load_default_certs = load  # type: ignore[method-assign]


with _without_authorities():
    from aiohttp import WSMessage, WSMsgType, web
    from aiohttp.http_exceptions import HttpProcessingError

try:
    from aiohttp._websocket.helpers import websocket_mask
except ImportError:  # it is elsewhere in this release
    websocket_mask = None  # type: ignore[assignment]

__all__ = ["HttpProcessingError", "WSMessage", "WSMsgType", "web", "websocket_mask"]
