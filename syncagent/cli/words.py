"""An agent's status, in words.  Pure; used by `status`, `wait` and the live line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any


def one_line(text: Any) -> str:
    """``text`` without line breaks: a file's name must not look like more lines of ours."""
    return str(text).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def summary(status: Mapping[str, Any]) -> str:
    """One line: ``syncing: 12 changes pending, 1 held``, and why where it does not go on: ``halted: the key is …``."""
    parts = [_count(status.get("pending"), "change", "pending")]
    parts += [_count(len(status.get(key) or ()), "", key) for key in ("held", "skipped")]
    transfers = status.get("transfers")
    if isinstance(transfers, Mapping):
        parts += [f"{key} {_amount(key, value)}" for key, value in transfers.items() if value]
    counted = ", ".join(part for part in parts if part)
    said = "; ".join(part for part in (counted, one_line(status.get("reason") or "")) if part)
    state = "in sync" if status.get("in_sync") is True else str(status.get("state", "state unknown"))
    return f"{state}: {said}" if said else state


def contact(status: Mapping[str, Any], now: float | None = None) -> str:
    """When the hub was last heard: ``hub heard 3 s ago``.  ``last_contact`` is in seconds since 1970."""
    heard = status.get("last_contact")
    if not isinstance(heard, (int, float)):
        return f"hub heard {heard}" if heard else "hub not heard yet"
    ago = max(0.0, (time.time() if now is None else now) - heard)
    return f"hub heard {duration(ago)} ago"


def duration(seconds: float) -> str:
    """``3 s``, ``5 min``, ``2 h``, ``4 days``."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def bytes_in_words(size: float) -> str:
    """``999 B``, ``1.5 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _amount(key: str, value: Any) -> str:
    return bytes_in_words(value) if "bytes" in key and isinstance(value, (int, float)) else str(value)


def _count(number: Any, noun: str, state: str) -> str:
    if not isinstance(number, int) or number <= 0:
        return ""
    plural = f" {noun}{'' if number == 1 else 's'}" if noun else ""
    return f"{number}{plural} {state}"
