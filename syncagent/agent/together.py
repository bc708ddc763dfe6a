"""The answers of several profiles as one.  Pure.

Where one answer is expected the shape is that of one profile, with sums, with what is most urgent first, and with
``profile`` in each row; ``profiles`` has the answers themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_URGENT: Final = ("halted", "starting", "syncing", "scanning", "offline", "paused", "waiting", "idle")
"""States, what a person most needs to know first."""

_SUMS: Final = ("pending", "files")
_ROWS: Final = ("lines", "held", "asked", "skipped", "unreadable")
_COUNTED: Final = ("transfers", "traffic", "counts", "trash")

Answer = Mapping[str, Any]


def statuses(found: Sequence[Answer]) -> dict[str, Any]:
    """How all of them stand; each has its name under ``profile``."""
    worst = min(found, key=_urgency)
    said = f"{worst['profile']}: {worst['reason']}" if worst.get("reason") else ""
    contacts = [one.get("last_contact") for one in found]
    oldest = [one["unacknowledged"].get("oldest_seconds") for one in found if "unacknowledged" in one]
    paused = [one["pause"] for one in found if "pause" in one]
    return {
        **worst,
        "profile": None,
        "reason": said,
        "stuck": next((one["stuck"] for one in found if one.get("stuck")), ""),
        "in_sync": all(one.get("in_sync") is True for one in found),
        "last_contact": min((one for one in contacts if one is not None), default=None),
        **{key: sum(one.get(key) or 0 for one in found) for key in _SUMS},
        **{key: _rows(found, key) for key in _ROWS},
        **{key: _summed([one[key] for one in found if key in one]) for key in _COUNTED},
        # Only what is said of all of them is a pause of the agent.
        "pause": next((one for one in paused if not one.get("paused")), paused[0] if paused else {}),
        # What only those who watch are told.
        **({"recent": _latest(found), "conflicts": _copies(found)} if "recent" in worst else {}),
        "unacknowledged": {
            "count": sum(one["unacknowledged"]["count"] for one in found if "unacknowledged" in one),
            "oldest_seconds": max((one for one in oldest if one is not None), default=None),
        },
        "profiles": list(found),
    }


def _urgency(status: Answer) -> int:
    state = status.get("state")
    return _URGENT.index(state) if state in _URGENT else 0


def _rows(found: Sequence[Answer], key: str) -> list[dict[str, Any]]:
    return [{**row, "profile": one["profile"]} for one in found for row in one.get(key) or ()]


def _latest(found: Sequence[Answer]) -> list[dict[str, Any]]:
    rows = [
        {**row, "profile": one["profile"], "root": one.get("root")} for one in found for row in one.get("recent") or ()
    ]
    most = max((len(one.get("recent") or ()) for one in found), default=0)
    return sorted(rows, key=lambda row: -float(row["time"]))[:most]


def _copies(found: Sequence[Answer]) -> dict[str, Any]:
    """How many conflict copies there are; those of the first that has any are named, and ``root`` is where they lie."""
    some = [one for one in found if one.get("conflicts")]
    named = next((one for one in some if one["conflicts"]["count"]), None)
    return {
        "count": sum(one["conflicts"]["count"] for one in some),
        "paths": named["conflicts"]["paths"] if named else [],
        "root": named.get("root") if named else None,
    }


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    keys = dict.fromkeys(key for one in counts for key in one)
    return {key: sum(one.get(key, 0) for one in counts) for key in keys}


def acts(found: Mapping[str, Answer]) -> dict[str, Any]:
    """The mass changes that are held in any of them, by profile."""
    listed = [{**act, "profile": name} for name, one in found.items() for act in one["acts"]]
    return {"acts": listed, "held": sum(one["held"] for one in found.values())}


def entries(found: Mapping[str, Answer], limit: int) -> dict[str, Any]:
    """The latest lines of all of them, by time."""
    listed = [{**line, "profile": name} for name, one in found.items() for line in one["entries"]]
    return {"entries": sorted(listed, key=lambda line: str(line["time"]))[-limit:]}


def rows(found: Mapping[str, Answer], key: str) -> dict[str, Any]:
    """The rows that are under ``key`` in each of them, what has a time in that order."""
    listed = [{**one, "profile": name} for name, some in found.items() for one in some[key]]
    return {key: sorted(listed, key=lambda one: float(one.get("time") or 0.0))}
