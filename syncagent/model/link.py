"""The link that adds a machine: ``syncagent://HOST:PORT/FOLDER?key=…&fp=…``.

It holds all that another machine needs: where the hub is, which folder, the key, and the fingerprint of the hub's
certificate.  With ``fp`` the hub speaks TLS with just that certificate; with ``tls=1`` it speaks TLS with one that the
system trusts; with neither, none.  ``at`` is the path of a hub that stands behind another server.  Whoever has the
link has the key: it is shown to its person, and logged nowhere.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlencode, urlsplit

from syncagent.errors import BadConfig
from syncagent.model.values import fixed

SCHEME: Final = "syncagent"
PORTS: Final = {"ws": 80, "wss": 443}
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@fixed
class Link:
    """``server`` is a ws:// or wss:// address; ``fingerprint`` is lower-case hex, or "" where none is pinned."""

    server: str
    key: str
    folder: str = "default"
    fingerprint: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.server).hostname or ""

    def __repr__(self) -> str:
        return f"Link(server={self.server!r}, folder={self.folder!r}, key=…)"


def is_folder_name(text: str) -> bool:
    """Whether ``text`` can be what a folder is called at the hub."""
    return _FOLDER.fullmatch(text) is not None


def format_link(link: Link) -> str:
    """``link`` as one line of text.  ``parse_link`` gives it back."""
    server = urlsplit(link.server)
    query = {"key": link.key}
    if link.fingerprint:
        query["fp"] = link.fingerprint
    elif server.scheme == "wss":
        query["tls"] = "1"
    if server.path.strip("/"):
        query["at"] = server.path
    host = f"[{server.hostname}]" if ":" in (server.hostname or "") else server.hostname
    port = server.port or PORTS[server.scheme]
    return f"{SCHEME}://{host}:{port}/{quote(link.folder, safe='')}?{urlencode(query)}"


def parse_link(text: str) -> Link:
    """The link that ``text`` is.

    Raises BadConfig, with a text that does not repeat the key.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise BadConfig("this is no link of syncagent: its address cannot be read") from None
    if parts.scheme != SCHEME or not parts.hostname or port is None:
        raise BadConfig("this is no link of syncagent: one begins with syncagent://HOST:PORT/")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    key, fingerprint = query.get("key", ""), query.get("fp", "").replace(":", "").lower()
    folder = unquote(parts.path.strip("/")) or "default"
    if not key:
        raise BadConfig("the link has no key; was it cut off?  Put it in quotes, because of its &")
    if fingerprint and not _FINGERPRINT.fullmatch(fingerprint):
        raise BadConfig("the fingerprint in the link is not whole; was it cut off?")
    if not is_folder_name(folder):
        raise BadConfig("the link names a folder that no hub can have")
    return Link(_server(parts, port, secure=bool(fingerprint or query.get("tls")), at=query.get("at", "")), key, folder,
                fingerprint)  # fmt: skip


def _server(parts: SplitResult, port: int, *, secure: bool, at: str) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{'wss' if secure else 'ws'}://{host}:{port}{at}"
