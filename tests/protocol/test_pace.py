"""Frames are long where they leave quickly."""

from __future__ import annotations

from syncagent.protocol.pace import LONG, SHORT, Pace

MIB = 1 << 20


def sent(pace: Pace, mib: int, seconds_each: float, now: float = 0.0) -> float:
    for _ in range(mib):
        pace.leaves(MIB, now)
        now += seconds_each
    return now


def test_it_begins_with_short_frames() -> None:
    pace = Pace()
    assert pace.frame_bytes == SHORT
    pace.leaves(MIB, 0.0)
    assert pace.frame_bytes == SHORT


def test_frames_become_long_where_they_leave_quickly_and_short_again() -> None:
    pace = Pace()
    now = sent(pace, 4, 0.002)
    assert pace.frame_bytes == LONG
    sent(pace, 4, 0.1, now)
    assert pace.frame_bytes == SHORT


def test_a_rest_counts_neither_way() -> None:
    pace = Pace()
    now = sent(pace, 2, 0.002)
    pace.rests()
    sent(pace, 4, 0.002, now + 60.0)
    assert pace.frame_bytes == LONG
    pace.rests()
    assert pace.frame_bytes == LONG
