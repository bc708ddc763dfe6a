"""Files that a browser gets, read once: what is not among them cannot be asked for, whatever a path looks like.

Called by whoever serves pages; knows nothing of what is on them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from syncagent.model.values import fixed

KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""The names that are given out, and as what."""


@fixed
class File:
    """``tag`` is another one whenever the bytes are."""

    body: bytes
    kind: str
    tag: str


def files_in(folder: Path, prefix: str = "/") -> dict[str, File]:
    """The files of ``folder``, by the path under which they are asked for."""
    found: dict[str, File] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in KINDS and path.is_file():
            body = path.read_bytes()
            found[prefix + path.name] = File(body, KINDS[path.suffix], hashlib.sha256(body).hexdigest()[:16])
    return found


def look() -> dict[str, File]:
    """What all pages share, beneath ``/look/``."""
    return files_in(Path(__file__).parent, "/look/")
