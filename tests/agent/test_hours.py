"""Times, as people say them."""

# ruff: noqa: DTZ001 - they are those of a clock on the wall

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syncagent.agent.hours import clock, moment, span, tomorrow

AFTERNOON = datetime(2026, 11, 24, 15, 30)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("1h", 3600), ("1h30m", 5400), ("90 s", 90), ("1.5h", 5400), ("2 d", 172800)]
)
def test_spans(text: str, seconds: float) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "h", "30x", "0m", "-5m", "400d", "30m later"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30m"):
        span(text)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("17:45", datetime(2026, 11, 24, 17, 45)),
        ("9:00", datetime(2026, 11, 25, 9, 0)),
        ("tomorrow", datetime(2026, 11, 25, 8, 0)),
        ("2026-11-30", datetime(2026, 11, 30)),
        ("2026-11-30T08:00", datetime(2026, 11, 30, 8, 0)),
    ],
)
def test_moments(text: str, then: datetime) -> None:
    assert moment(text, AFTERNOON) == then


def test_a_moment_with_a_zone_is_one_of_the_clock_on_the_wall() -> None:
    zoned = (AFTERNOON + timedelta(hours=3)).astimezone()
    assert moment(zoned.isoformat(), AFTERNOON) == AFTERNOON + timedelta(hours=3)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-11-24T15:00", "2028-01-01", "30m"])
def test_what_is_no_moment_to_come(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        moment(text, AFTERNOON)


def test_tomorrow_comes_after_a_night() -> None:
    assert tomorrow(datetime(2026, 11, 24, 23, 50)) == datetime(2026, 11, 25, 8, 0)
    assert tomorrow(datetime(2026, 11, 25, 1, 0)) == datetime(2026, 11, 25, 8, 0)
    assert tomorrow(datetime(2026, 11, 25, 6, 30)) == datetime(2026, 11, 26, 8, 0), "the morning has begun"


def test_a_moment_in_words() -> None:
    later = {
        AFTERNOON: "15:30",
        AFTERNOON + timedelta(days=1): "15:30 tomorrow",
        AFTERNOON - timedelta(days=1): "yesterday 15:30",
        AFTERNOON + timedelta(days=3): "Fri 15:30",
        AFTERNOON + timedelta(days=30): "24 Dec 15:30",
    }
    assert {then: clock(then, AFTERNOON) for then in later} == later
