"""Spans and moments as people say them: ``30m``, ``1h30m``, ``17:45``, ``tomorrow``.  Pure but for the local time zone;
the present hour is passed in.

Moments have no zone, for they are meant by the clock on the wall: 8:00 is 8:00 also after the clocks were changed.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final

MORNING: Final = time(8)
"""When a tomorrow begins for those who want to be left alone until then."""

NIGHT: Final = timedelta(hours=4)
"""Who says "tomorrow" in the small hours means after a sleep, and not in a moment."""

LONGEST: Final = timedelta(days=366)

_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)\s*")


def span(text: str) -> float:
    """The seconds that ``text`` says.  Raises ValueError, with the reason."""
    rest, seconds = text.strip().lower(), 0.0
    while found := _PART.match(rest):
        seconds += float(found[1]) * _SECONDS[found[2]]
        rest = rest[found.end() :]
    if rest or not 0 < seconds <= LONGEST.total_seconds():
        raise ValueError("must be a time such as 30m, 1h or 1h30m, and a year at most")
    return seconds


def moment(text: str, now: datetime) -> datetime:
    """The moment that ``text`` says, after ``now``: an hour (the next of it), ``tomorrow``, or a date.

    Raises ValueError, with the reason.
    """
    said = text.strip().lower()
    if said == "tomorrow":
        return tomorrow(now)
    if found := re.fullmatch(r"(\d{1,2}):(\d{2})", said):
        try:
            hour = time(int(found[1]), int(found[2]))
        except ValueError:
            raise ValueError("must be an hour of the day, from 00:00 to 23:59") from None
        return _next(hour, now, timedelta(0))
    try:
        wanted = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("must be tomorrow, an hour such as 17:45, or a date such as 2026-11-30T08:00") from None
    if wanted.tzinfo is not None:
        wanted = wanted.astimezone().replace(tzinfo=None)
    if not now < wanted <= now + LONGEST:
        raise ValueError("must be in the future, and within a year")
    return wanted


def tomorrow(now: datetime) -> datetime:
    """The next morning that a night lies before."""
    return _next(MORNING, now, NIGHT)


def clock(then: datetime, now: datetime) -> str:
    """``14:05``; with the day where that is not today: ``14:05 tomorrow``, ``Mon 14:05``, ``30 Nov 14:05``."""
    days = (then.date() - now.date()).days
    said = f"{then:%H:%M}"
    match days:
        case 0:
            return said
        case 1:
            return f"{said} tomorrow"
        case -1:
            return f"yesterday {said}"
        case _ if -7 < days < 7:
            return f"{then:%a} {said}"
        case _:
            return f"{then.day} {then:%b} {said}"


def _next(hour: time, now: datetime, after: timedelta) -> datetime:
    then = datetime.combine(now.date(), hour)
    while then <= now + after:
        then = datetime.combine(then.date() + timedelta(days=1), hour)
    return then
