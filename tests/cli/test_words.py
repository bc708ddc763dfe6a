"""A status in words."""

from __future__ import annotations

from typing import Any

import pytest

from syncagent.cli.words import bytes_in_words, contact, duration, limits, summary


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"state": "idle", "in_sync": True}, "in sync"),
        ({"state": "syncing", "in_sync": False, "pending": 1}, "syncing: 1 change pending"),
        ({"state": "idle", "in_sync": True, "skipped": [1, 2]}, "in sync: 2 skipped"),
        ({"state": "syncing", "transfers": {"upload_bytes": 1500000, "download_bytes": 0}}, "syncing: 1.5 MB to send"),
        ({"state": "waiting", "transfers": {"download_bytes": 1500000}}, "waiting: 1.5 MB to receive"),
        ({"state": "paused", "reason": "paused: nothing is sent"}, "paused: nothing is sent"),
        ({"state": "halted", "reason": "the key\nis bad"}, "halted: the key\\nis bad"),
        ({"state": "offline", "reason": "no hub", "pending": 2}, "offline: 2 changes pending; no hub"),
        ({}, "state unknown"),
        (
            {
                "state": "idle",
                "in_sync": False,
                "unreadable": [{"path": "a"}],
                "skipped": [{"path": "a"}],
                "lines": [
                    {"kind": "skipped", "text": "no", "hinders": False, "path": "b"},
                    {"kind": "unreadable", "text": "no", "hinders": True, "path": "a"},
                    {"kind": "unacknowledged", "text": "1 change not acknowledged", "hinders": True},
                    {"kind": "watch", "text": "watching:\ndegraded", "hinders": True},
                ],
            },
            "idle: 1 unreadable; watching:\\ndegraded",
        ),
    ],
)
def test_summary(status: dict[str, Any], said: str) -> None:
    assert summary(status) == said


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (97.0, "hub heard 3 s ago"),
        (200.0, "hub heard 0 s ago"),
        (None, "hub not heard yet"),
        ("noon", "hub heard noon"),
    ],
)
def test_contact(heard: Any, said: str) -> None:
    assert contact({"last_contact": heard}, now=100.0) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (2e5, "2 days")]
)
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("size", "said"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (3e12, "3.0 TB")])
def test_bytes(size: float, said: str) -> None:
    assert bytes_in_words(size) == said


@pytest.mark.parametrize(
    ("now", "hours", "said"),
    [
        ({"up": None, "down": None}, {"up": None, "down": None}, ""),
        ({"up": 500_000, "down": None}, {"up": None, "down": None}, "no more than 500.0 kB/s up"),
        ({"up": 500_000, "down": 2_000_000}, {"up": 500_000, "down": None},
         "no more than 500.0 kB/s up and 2.0 MB/s down, as the schedule says for now"),
        ({"up": None, "down": None}, {"up": 0, "down": None}, "no limits, as the schedule says for now"),
    ],
)  # fmt: skip
def test_limits_say_when_the_schedule_has_set_them(now: object, hours: object, said: str) -> None:
    assert limits({"limits": now, "guest": {"limits": hours}}) == said
