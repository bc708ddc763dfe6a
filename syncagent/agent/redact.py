"""A recorded flight without names: for those who look for a fault, and are not to learn what the files are called.

Names of files, machines and clients become hashes under a salt that is made for this one export and kept nowhere: equal
names stay equal within it, and nowhere else.  Digests of content too, since a digest betrays a content that one has
already.  Usual endings such as ``.txt`` stay.  Of free text, in which a name may stand, only what is known to hold none
stays (HAZARDS G7).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, Final

from syncagent.agent.plain import event_from, plain
from syncagent.model.names import OWN_FOLDER

_PARTS: Final = frozenset({"", ".", "..", OWN_FOLDER, "park", "stage"})
_ENDINGS: Final = frozenset(
    {
        "c", "conf", "cpp", "csv", "docx", "go", "h", "html", "ini", "jpg", "js", "json", "log", "md", "odt", "pdf",
        "png", "pptx", "py", "rs", "sh", "toml", "txt", "xlsx", "xml", "yaml", "zip",
    }
)  # fmt: skip
_PATHS: Final = frozenset({"target", "spelling", "names", "ignored"})
_TEXTS: Final = frozenset({"reason", "message", "text"})
_FRAME: Final = re.compile(r'^  File ".*?([\w.]+)", line (\d+), in (\w+)$')
_KIND: Final = re.compile(r"^[\w.]+(?=:|$)")
_HARMLESS: Final = frozenset(
    {
        "no such file or directory", "permission denied", "input/output error", "no space left on device",
        "disk quota exceeded", "read-only file system", "too many open files", "it is a pipe", "it is a socket",
        "it is a device", "it lies on another file system", "it is still being written", "overflow", "polling", "seen",
        "start", "woke up", "the regular look",
    }
)  # fmt: skip
"""Texts in which no name stands; of all others only that they were there is told."""


class Redactor:
    """Takes the names out of one flight."""

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = secrets.token_bytes(32) if salt is None else salt

    def lines(self, flight: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The lines of a flight, without names."""
        for line in flight:
            if "flight" in line:
                kept = {"flight": line["flight"], "brake": line["brake"], "lost": line["lost"]}
                yield kept | {"client_id": self.hashed(line["client_id"]), "machine": self.hashed(line["machine"])}
            elif "error" in line:
                yield {"error": "\n".join(self._trace(str(line["error"])))}
            elif isinstance(line["event"], str):
                yield {"now": line["now"], "event": line["event"], "ids": line["ids"], "effects": line["effects"]}
            else:
                event = plain(event_from(line["event"], self._touch))
                yield {"now": line["now"], "event": event, "ids": line["ids"], "effects": line["effects"]}

    def _touch(self, kind: str, field: str, value: Any) -> Any:
        if kind in ("RelPath", "Name") or field in _PATHS:
            return self.path(str(value))
        if kind == "Digest":
            return hashlib.blake2b(value, key=self._salt, digest_size=32).digest()
        if kind == "ClientId" or field == "machine":
            return self.hashed(value)
        if field in _TEXTS and isinstance(value, str):
            return value if value in _HARMLESS or not value else "(text)"
        if kind == "bytes":
            return bytes(len(value))
        return value

    def path(self, text: str) -> str:
        return "/".join(self.name(part) for part in text.split("/"))

    def name(self, name: str) -> str:
        if name in _PARTS:
            return name
        stem, dot, ending = name.rpartition(".")
        kept = f".{ending}" if dot and stem and ending.lower() in _ENDINGS else ""
        return self.hashed(name) + kept

    def hashed(self, text: str) -> str:
        raw = text.encode("utf-8", "surrogatepass")
        return "n" + hashlib.blake2b(raw, key=self._salt, digest_size=8).hexdigest()

    def _trace(self, error: str) -> Iterator[str]:
        """Where it failed and with which exception, not what that said."""
        for line in error.splitlines():
            if frame := _FRAME.match(line):
                yield f"  {frame[1]}:{frame[2]} {frame[3]}"
            elif (kind := _KIND.match(line)) and not line.startswith("Traceback"):
                yield kind[0]


def as_text(lines: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)
