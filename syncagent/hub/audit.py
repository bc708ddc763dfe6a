"""The audit log: one line for each connection, refusal, and batch of changes.  Who, what, how many; never a key, never
content, nothing that a client wrote without its control characters taken out (HAZARDS G7, G14)."""

from __future__ import annotations

import logging
from typing import Final

from syncagent.hub.events import Note

_LOG: Final = logging.getLogger("syncagent.hub.audit")
_LONGEST: Final = 120
_FORBIDDEN: Final = frozenset(' "\\')


def record(note: Note, address: str) -> None:
    """Write ``note`` of the connection from ``address``."""
    fields = {"from": address, **note.fields}
    text = " ".join(f"{name}={shown(value)}" for name, value in fields.items() if value != "")
    _LOG.info("%s %s", note.what, text)


def shown(value: str | int) -> str:
    """``value`` as one word of a line."""
    text = str(value)[:_LONGEST]
    if text.isprintable() and not _FORBIDDEN.intersection(text):  # nearly all are, and are not gone through
        return text or "-"
    return "".join(c if c.isprintable() and c not in _FORBIDDEN else "?" for c in text)
