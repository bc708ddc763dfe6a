"""What is said of hours and days, and what holds then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.agent.guest.timetable import Does, Said, at, next_turn, read, until

MONDAY = datetime.fromisoformat("2026-11-23")
FRIDAY, SATURDAY, SUNDAY = (MONDAY + timedelta(days=days) for days in (4, 5, 6))


def when(day: datetime, hour: int, minute: int = 0) -> datetime:
    return day + timedelta(hours=hour, minutes=minute)


WORK = read("Mon-Fri 09:00-18:00 up=1M down=5M; 22:00-06:00 pause")


def test_working_hours_have_limits_and_nights_a_pause() -> None:
    assert at(WORK, when(MONDAY, 8, 59)) == Said()
    assert at(WORK, when(MONDAY, 9)) == Said(None, 1_000_000, 5_000_000)
    assert at(WORK, when(MONDAY, 18)) == Said()
    assert at(WORK, when(SATURDAY, 12)) == Said()
    assert at(WORK, when(SATURDAY, 23)) == Said(Does.PAUSE)
    assert at(WORK, when(SUNDAY, 5, 59)) == Said(Does.PAUSE)
    assert at(WORK, when(SUNDAY, 6)) == Said()


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    rules = read("Fri 22:00-06:00 pause")
    held = [when(FRIDAY, 22), when(SATURDAY, 0), when(SATURDAY, 5, 59)]
    free = [when(FRIDAY, 5), when(FRIDAY, 21, 59), when(SATURDAY, 6), when(SATURDAY, 22), when(SUNDAY, 3)]
    assert [at(rules, moment).does for moment in held] == [Does.PAUSE] * 3
    assert [at(rules, moment).does for moment in free] == [None] * 5


def test_the_last_rule_that_says_something_has_the_word() -> None:
    only_at_night = read("pause; 01:00-05:00 sync\nup=500K\nweekends up=off")
    assert at(only_at_night, when(MONDAY, 12)) == Said(Does.PAUSE, 500_000)
    assert at(only_at_night, when(MONDAY, 1)) == Said(Does.SYNC, 500_000)
    assert at(only_at_night, when(SUNDAY, 1)) == Said(Does.SYNC, 0)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon pause", {0}), ("MONDAY pause", {0}), ("Mon,Wed , Sun pause", {0, 2, 6}), ("Fri-Mon pause", {4, 5, 6, 0}),
        ("weekdays, sat pause", {0, 1, 2, 3, 4, 5}), ("daily pause", set(range(7))), ("pause", set(range(7))),
    ],
)  # fmt: skip
def test_days(text: str, days: set[int]) -> None:
    [rule] = read(text)
    assert rule.days == days


def test_until_when_it_goes_on() -> None:
    assert until(WORK, when(SATURDAY, 23)) == when(SUNDAY, 6)
    assert until(WORK, when(MONDAY, 10)) == when(MONDAY, 22)
    assert next_turn(WORK, when(MONDAY, 10)) == when(MONDAY, 18)
    assert next_turn(WORK, when(FRIDAY, 18)) == when(FRIDAY, 22)
    assert until(read("pause"), MONDAY) is None
    assert next_turn((), MONDAY) is None
    two = read("20:00-24:00 pause; 00:00-06:00 pause")
    assert until(two, when(MONDAY, 21)) == when(MONDAY + timedelta(days=1), 6), "nothing changes at midnight"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("25:00-26:00 pause", '"25:00-26:00": hours are from 00:00 to 24:00 (at character 1 of the schedule)'),
        ("Mon 9-18 pause", '"9-18": hours look like 09:00-18:00 (at character 5 of the schedule)'),
        ("09:00-09:00 pause", "there is no time between"),
        ("Mon-Fry pause", '"fry" is no day'),
        ("Mo pause", '"mo" is no day'),
        ("pause; Mon 09:00-18:00", "ends with what holds then: sync, small, pause, up=1M, down=5M (at character 8 "),
        ("pause\n  Mon 10:00-11:00 up=fast", '"up=fast": a rate must be bytes a second'),
        ("pause\n  Mon 10:00-11:00 up=fast", "(at line 2, character 19 of the schedule)"),
        ("up=5 pause", "a rate must be at least 10K"),
        ("pause sync", '"pause" is said already, and now "sync" (at character 7 '),
        ("10:00-11:00 12:00-13:00 pause", "a rule has hours once"),
        ("10:00-11:00 Mon pause", "days come first"),
        ("left=1M", '"left=1m" is no day'),
        ("Mon, pause", "is no day"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=".") as error:
        read(text)
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["", " ; \n;"])
def test_nothing_may_be_said(text: str) -> None:
    assert read(text) == ()


RULES = st.lists(
    st.sampled_from(["Mon-Fri", "Sat", "Fri-Mon", ""]).flatmap(
        lambda days: st.tuples(st.integers(0, 95), st.integers(0, 96), st.sampled_from(["pause", "sync", "up=1M"])).map(
            lambda one: (
                f"{days} {one[0] // 4:02}:{one[0] % 4 * 15:02}-{one[1] // 4:02}:{one[1] % 4 * 15:02} {one[2]}"
                if one[0] != one[1]
                else f"{days} {one[2]}"
            )
        )
    ),
    max_size=4,
)


@given(RULES, st.integers(0, 7 * 24 * 60 - 1))
def test_nothing_changes_before_the_next_turn(rules: list[str], minute: int) -> None:
    timetable, moment = read(";".join(rules)), MONDAY + timedelta(minutes=minute)
    turn = next_turn(timetable, moment)
    quarters = int(((turn or moment + timedelta(days=7)) - moment).total_seconds() // 900)
    between = [moment + timedelta(minutes=15 * number) for number in range(quarters + 1)]
    assert {at(timetable, one) for one in between if turn is None or one < turn} == {at(timetable, moment)}
    if turn is not None:
        assert at(timetable, turn) != at(timetable, moment)
