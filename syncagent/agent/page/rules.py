"""What a request must look like to come from our own page, and what goes with every answer.  Pure.

A page that someone visits can have the browser ask at 127.0.0.1, in the person's name (CSRF), and can have its own name
lead there (DNS rebinding).  Host and Origin are the browser's to say, and no page can forge them (HAZARDS G8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COOKIE: Final = "syncagent-visit"
KEY_HEADER: Final = "X-Syncagent-Key"
MOST_BYTES: Final = 64 * 1024
"""What a request may carry: settings and words, never files."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "Server": "syncagent",
}

ENTRANCE: Final = "/enter"


def wrong_with(method: str, path: str, headers: Mapping[str, str], port: int) -> str:
    """Why a request is not from our page; empty when it may be."""
    ours = f"127.0.0.1:{port}"
    if headers.get("Host") != ours:
        return f"this is {ours}, and nothing else"
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{ours}":
        return "this is for its own page alone"
    if method == "POST" and origin is None:
        return "a browser says where a request comes from"
    # Who comes in by a ticket comes from elsewhere: a tray, another program, the assistant at another port.
    site = headers.get("Sec-Fetch-Site", "none")
    if path != ENTRANCE and site not in ("none", "same-origin"):
        return "this is for its own page alone"
    return ""
