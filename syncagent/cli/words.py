"""An agent's status, in words.  Pure; used by `status`, `wait` and the live line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from syncagent.engine.lines import bytes_in_words, duration

_WAYS: Final = {"upload_bytes": "to send", "download_bytes": "to receive"}

_COUNTED: Final = ("unacknowledged", "incoming")
"""Kinds of lines that the counts of the summary say already."""


def one_line(text: Any) -> str:
    """``text`` without line breaks: a file's name must not look like more lines of ours."""
    return str(text).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def summary(status: Mapping[str, Any]) -> str:
    """One line: ``syncing: 12 changes pending, 1 held``, and why where it does not go on: ``halted: the key is …``."""
    parts = [_count(status.get("pending"), "change", "pending")]
    parts += [_count(len(status.get(key) or ()), "", key) for key in ("held", "unreadable")]
    parts.append(_count(len(only_skipped(status)), "", "skipped"))
    transfers = status.get("transfers")
    if isinstance(transfers, Mapping):
        parts += [f"{_amount(key, value)} {_WAYS.get(key, key)}" for key, value in transfers.items() if value]
    counted = ", ".join(part for part in parts if part)
    reason = one_line(status.get("reason") or "") or next(iter(_hindering(status)), "")
    said = "; ".join(part for part in (counted, reason) if part)
    state = "in sync" if status.get("in_sync") is True else str(status.get("state", "state unknown"))
    return f"{state}: {said}" if said and not said.startswith(state) else said or state


def only_skipped(status: Mapping[str, Any]) -> list[Any]:
    """What is skipped for good: not what should be kept and could not be read."""
    unreadable = [row.get("path") for row in status.get("unreadable") or ()]
    return [row for row in status.get("skipped") or () if not unreadable or row.get("path") not in unreadable]


def notes(status: Mapping[str, Any]) -> list[str]:
    """What there is to say that is about no single path."""
    return [one_line(line.get("text", "")) for line in status.get("lines") or () if "path" not in line]


def _hindering(status: Mapping[str, Any]) -> list[str]:
    said = [line for line in status.get("lines") or () if line.get("hinders") and not line.get("path")]
    return [one_line(line.get("text", "")) for line in said if line.get("kind") not in _COUNTED]


def contact(status: Mapping[str, Any], now: float | None = None) -> str:
    """When the hub was last heard: ``hub heard 3 s ago``.  ``last_contact`` is in seconds since 1970."""
    heard = status.get("last_contact")
    if not isinstance(heard, (int, float)):
        return f"hub heard {heard}" if heard else "hub not heard yet"
    ago = max(0.0, (time.time() if now is None else now) - heard)
    return f"hub heard {duration(ago)} ago"


def limits(status: Mapping[str, Any]) -> str:
    """``no more than 500.0 kB/s up and 2.0 MB/s down``; empty when there is no limit, and the schedule says nothing."""
    found = status.get("limits")
    known = found if isinstance(found, Mapping) else {}
    said = [f"{bytes_in_words(rate)}/s {way}" for way in ("up", "down") if (rate := known.get(way))]
    guest = status.get("guest")
    hours = guest.get("limits") if isinstance(guest, Mapping) else None
    by_hours = isinstance(hours, Mapping) and any(rate is not None for rate in hours.values())
    by = ", as the schedule says for now" if by_hours else ""
    if not said:
        return f"no limits{by}" if by else ""
    return f"no more than {' and '.join(said)}{by}"


def left_out_in_words(status: Mapping[str, Any]) -> str:
    """``left out: 12 by rules; excluded on this machine: photos, film``; empty when nothing is."""
    ignored, excluded = status.get("ignored") or 0, status.get("excluded") or []
    said = [f"{ignored} by rules"] if ignored else []
    said += [f"excluded on this machine: {', '.join(map(one_line, excluded))}"] if excluded else []
    return f"left out: {'; '.join(said)}" if said else ""


def rows_of(status: Mapping[str, Any], kind: str) -> list[Any]:
    """The lines of this kind, as rows with a path."""
    return [line for line in status.get("lines") or () if line.get("kind") == kind and "path" in line]


def _amount(key: str, value: Any) -> str:
    return bytes_in_words(value) if "bytes" in key and isinstance(value, (int, float)) else str(value)


def _count(number: Any, noun: str, state: str) -> str:
    if not isinstance(number, int) or number <= 0:
        return ""
    plural = f" {noun}{'' if number == 1 else 's'}" if noun else ""
    return f"{number}{plural} {state}"
