"""What a person has said about hours: ``Mon-Fri 09:00-18:00 up=1M down=5M; 22:00-06:00 pause``.  Pure.

Rules are parted by ``;`` or line breaks.  Each has days (or else it is for all), hours (or else it is for the whole
day) and what holds then.  Hours that end before they begin go on into the next day, and belong to the day on which they
begin.  Of the rules that hold, the last one that says something of a matter has the word.

Moments have no zone, for they are meant by the clock on the wall: what is said of 2:30 is not done on the night on
which the clocks leave it out, and twice on the one on which they come back to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from syncagent.model.values import fixed
from syncagent.transport.pace import bytes_a_second


class Does(StrEnum):
    """What goes on; each does less than the one before."""

    SYNC = "sync"
    """Everything."""
    SMALL = "small"
    """Large files wait."""
    PAUSE = "pause"
    """Nothing is sent, and nothing received."""


@fixed
class Rule:
    """``start`` and ``end`` are minutes of the day; an end that is not after the start is on the next day.  What is
    None is not said; a rate of 0 is none."""

    days: frozenset[int]
    start: int
    end: int
    does: Does | None = None
    up: int | None = None
    down: int | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether it is about ``moment``."""
        minute, day = moment.hour * 60 + moment.minute, moment.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or ((day - 1) % 7 in self.days and minute < self.end)

    def turns(self, day: date) -> Iterator[datetime]:
        """When it begins or ends on that day of the calendar, whether it is about that day or not."""
        midnight = datetime.combine(day, datetime.min.time())
        yield midnight + timedelta(minutes=self.start)
        yield midnight + timedelta(minutes=self.end)


Timetable: TypeAlias = tuple[Rule, ...]


@fixed
class Said:
    """What holds at a moment; None where nothing is said."""

    does: Does | None = None
    up: int | None = None
    down: int | None = None


def at(timetable: Iterable[Rule], moment: datetime) -> Said:
    """What is said of ``moment``."""
    does, up, down = None, None, None
    for rule in timetable:
        if rule.holds(moment):
            does = rule.does if rule.does is not None else does
            up = rule.up if rule.up is not None else up
            down = rule.down if rule.down is not None else down
    return Said(does, up, down)


def until(timetable: Timetable, moment: datetime) -> datetime | None:
    """When something else is said of what goes on; None: never, or not within a week."""
    now = at(timetable, moment).does
    return next((turn for turn in _turns(timetable, moment) if at(timetable, turn).does is not now), None)


def next_turn(timetable: Timetable, moment: datetime) -> datetime | None:
    """When it is worth another look."""
    now = at(timetable, moment)
    return next((turn for turn in _turns(timetable, moment) if at(timetable, turn) != now), None)


def _turns(timetable: Timetable, moment: datetime) -> list[datetime]:
    days = [moment.date() + timedelta(days=number) for number in range(-1, 9)]
    return sorted({turn for rule in timetable for day in days for turn in rule.turns(day) if turn > moment})


# --- reading --------------------------------------------------------------------------------------------------------

_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WHOLE: Final = frozenset(range(7))
_GROUPS: Final = {"daily": _WHOLE, "weekdays": frozenset(range(5)), "weekends": frozenset((5, 6))}
_WORD: Final = re.compile(r"[^\s,]+(?:\s*,\s*[^\s,]+)*,?")
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


def read(text: str) -> Timetable:
    """The rules of ``text``.  Raises ValueError, with the place and the reason."""
    rules: list[Rule] = []
    for part in re.finditer(r"[^;\n]+", text):
        if part[0].strip():
            try:
                rules.append(_rule(part[0]))
            except _Wrong as wrong:
                line = text.count("\n", 0, part.start()) + 1
                column = part.start() + wrong.at - (text.rfind("\n", 0, part.start()) + 1) + 1
                place = f"line {line}, character {column}" if "\n" in text.strip() else f"character {column}"
                raise ValueError(f"{wrong} (at {place} of the schedule)") from None
    return tuple(rules)


class _Wrong(Exception):
    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at


def _rule(text: str) -> Rule:
    days: frozenset[int] | None = None
    hours: tuple[int, int] | None = None
    does: Does | None = None
    rates: dict[str, int] = {}
    for word in _WORD.finditer(text):
        said, place = word[0].lower(), word.start()
        key, sign, value = said.partition("=")
        if said in tuple(Does):
            if does is not None:
                raise _Wrong(place, f'"{does}" is said already, and now "{said}"')
            does = Does(said)
        elif sign and key in ("up", "down"):
            try:
                rates[key] = bytes_a_second(value)
            except ValueError as reason:
                raise _Wrong(place, f'"{word[0]}": a rate {reason}') from None
        elif said[0].isdigit():
            if hours is not None:
                raise _Wrong(place, "a rule has hours once; part rules with ;")
            hours = _hours(said, place)
        else:
            if days is not None or hours is not None:
                raise _Wrong(place, f'"{word[0]}": days come first, and once; part rules with ;')
            days = _days(said, place)
    if does is None and not rates:
        raise _Wrong(
            len(text) - len(text.lstrip()), "a rule ends with what holds then: sync, small, pause, up=1M, down=5M"
        )
    start, end = hours or (0, 24 * 60)
    return Rule(_WHOLE if days is None else days, start, end, does, rates.get("up"), rates.get("down"))


def _hours(said: str, place: int) -> tuple[int, int]:
    found = _HOURS.fullmatch(said)
    if found is None:
        raise _Wrong(place, f'"{said}": hours look like 09:00-18:00')
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if int(found[2]) > 59 or int(found[4]) > 59 or start >= 24 * 60 or end > 24 * 60:
        raise _Wrong(place, f'"{said}": hours are from 00:00 to 24:00')
    if start == end:
        raise _Wrong(place, f'"{said}": there is no time between; the whole day is 00:00-24:00')
    return start, end


def _days(said: str, place: int) -> frozenset[int]:
    found: set[int] = set()
    for part in said.split(","):
        first, to, last = part.strip().partition("-")
        if part.strip() in _GROUPS:
            found |= _GROUPS[part.strip()]
        elif to:
            begin, count = _day(first, place), (_day(last, place) - _day(first, place)) % 7
            found |= {(begin + number) % 7 for number in range(count + 1)}
        else:
            found.add(_day(first, place))
    return frozenset(found)


def _day(said: str, place: int) -> int:
    matching = [number for number, name in enumerate(_WEEK) if len(said) >= 3 and name.startswith(said)]
    if not matching:
        raise _Wrong(place, f'"{said}" is no day, no hours such as 09:00-18:00, and not what holds then')
    return matching[0]
