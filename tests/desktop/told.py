"""What an agent tells those who watch, made up."""

from __future__ import annotations

from typing import Any


def told(**more: Any) -> dict[str, Any]:
    """At rest, and in sync, but for ``more``."""
    rest: dict[str, Any] = {
        "name": "laptop", "root": "/home/ann/Sync", "server": "wss://hub:8765", "state": "idle", "reason": "",
        "stuck": "", "in_sync": True, "lines": [], "pending": 0, "files": 1234, "asked": [],
        "pause": {"paused": False, "until": None}, "transfers": {"upload_bytes": 0, "download_bytes": 0},
        "traffic": {"sent": 0, "received": 0}, "held": [], "unreadable": [], "skipped": [],
        "counts": {"held": 0, "unreadable": 0, "skipped": 0}, "recent": [], "conflicts": {"count": 0, "paths": []},
    }  # fmt: skip
    return rest | more


def line(kind: str, text: str) -> dict[str, Any]:
    return {"kind": kind, "text": text, "hinders": True}


def asked(number: int = 3, deleted: int = 12, direction: str = "outgoing") -> dict[str, Any]:
    return {"id": number, "direction": direction, "deleted": deleted, "overwritten": 0, "since": "T", "paths": []}


def conflicts(count: int) -> dict[str, Any]:
    paths = [f"report {number} (conflict 2026-11-22 desk).txt" for number in range(count)]
    return {"count": count, "paths": paths[:20]}


OFFLINE = told(
    state="offline", in_sync=False, pending=3,
    lines=[line("hub", "no connection to the hub; last heard 5 min ago"), line("unacknowledged", "3 changes")],
)  # fmt: skip
SYNCING = told(
    state="syncing", in_sync=False, pending=12, lines=[line("unacknowledged", "12 changes not acknowledged")],
    transfers={"upload_bytes": 45_000_000, "download_bytes": 0},
)  # fmt: skip
PAUSED = told(state="paused", in_sync=False, pause={"paused": True, "until": None}, lines=[line("paused", "paused")])
