"""What is done less of, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from syncagent.agent.guest.deciding import UNKNOWN, Conditions, decide
from syncagent.agent.guest.timetable import Does, read

NOON = datetime.fromisoformat("2026-11-23T12:00")
FINE = Conditions(metered=False, on_battery=False, percent=90.0, saver=False)


@dataclass(frozen=True)
class Wishes:
    on_metered: str = "small"
    on_battery: str = "sync"
    on_power_saver: str = "small"
    pause_below_battery: int = 10
    server: str = "wss://hub.example:8765"


@pytest.mark.parametrize(
    ("found", "wishes", "does", "text"),
    [
        (UNKNOWN, Wishes(), Does.SYNC, ""),
        (FINE, Wishes(), Does.SYNC, ""),
        (replace(FINE, metered=True), Wishes(), Does.SMALL, "the network is metered"),
        (replace(FINE, metered=True), Wishes(on_metered="pause"), Does.PAUSE, "the network is metered"),
        (replace(FINE, metered=True), Wishes(on_metered="sync"), Does.SYNC, ""),
        (replace(FINE, metered=True), Wishes(on_metered="pause", server="ws://127.0.0.1:8765"), Does.SYNC, ""),
        (replace(FINE, metered=True), Wishes(on_metered="pause", server="wss://localhost:8765"), Does.SYNC, ""),
        (replace(FINE, metered=True), Wishes(on_metered="pause", server="wss://[fd00::2]:87"), Does.PAUSE,
         "the network is metered"),
        (replace(FINE, on_battery=True), Wishes(), Does.SYNC, ""),
        (replace(FINE, on_battery=True), Wishes(on_battery="small"), Does.SMALL, "this machine runs on battery"),
        (replace(FINE, on_battery=True, percent=9.6), Wishes(), Does.PAUSE, "the battery is at 9 %"),
        (replace(FINE, on_battery=True, percent=10.0), Wishes(), Does.SYNC, ""),
        (replace(FINE, on_battery=True, percent=None), Wishes(), Does.SYNC, ""),
        (replace(FINE, on_battery=False, percent=3.0), Wishes(), Does.SYNC, ""),
        (replace(FINE, on_battery=True, percent=3.0), Wishes(pause_below_battery=0), Does.SYNC, ""),
        (replace(FINE, on_battery=True, saver=True), Wishes(), Does.SMALL, "this machine saves power"),
        (replace(FINE, on_battery=False, saver=True), Wishes(), Does.SYNC, ""),
        (replace(FINE, metered=True, on_battery=True, saver=True), Wishes(), Does.SMALL,
         "the network is metered and this machine saves power"),
        (replace(FINE, metered=True, on_battery=True, percent=2.0), Wishes(), Does.PAUSE, "the battery is at 2 %"),
    ],
)  # fmt: skip
def test_the_strictest_counts_and_is_said(found: Conditions, wishes: Wishes, does: Does, text: str) -> None:
    decision = decide(wishes, (), found, NOON)
    assert (decision.does, decision.text) == (does, text)


@pytest.mark.parametrize(
    ("schedule", "does", "text"),
    [
        ("09:00-18:00 pause", Does.PAUSE, "the schedule says so until 18:00"),
        ("Mon-Tue pause", Does.PAUSE, "the schedule says so until Wed 00:00"),
        ("pause", Does.PAUSE, "the schedule says so"),
        ("pause; 11:00-13:00 sync", Does.SYNC, ""),
        ("09:00-18:00 small", Does.SMALL, "the schedule says so until 18:00"),
    ],
)
def test_the_schedule_counts_too(schedule: str, does: Does, text: str) -> None:
    decision = decide(Wishes(), read(schedule), FINE, NOON)
    assert (decision.does, decision.text) == (does, text)


def test_rates_come_from_the_schedule_alone() -> None:
    decision = decide(Wishes(), read("09:00-18:00 up=100K down=off"), FINE, NOON)
    assert (decision.does, decision.up, decision.down) == (Does.SYNC, 100_000, 0)


def test_what_is_waived_counts_again_when_it_comes_again() -> None:
    costly = replace(FINE, metered=True)
    waived = decide(Wishes(), (), costly, NOON, {"metered"})
    assert (waived.does, waived.ignored) == (Does.SYNC, ("the network is metered",))
    over = decide(Wishes(), (), FINE, NOON, waived.waived)
    again = decide(Wishes(), (), costly, NOON, over.waived)
    assert again.does is Does.SMALL


def test_something_new_counts_beside_what_is_waived() -> None:
    found = replace(FINE, metered=True, on_battery=True, percent=4.0)
    decision = decide(Wishes(), (), found, NOON, {"metered"})
    assert (decision.does, decision.text) == (Does.PAUSE, "the battery is at 4 %")


def test_tonight_waived_is_not_tomorrow_night() -> None:
    nights = read("22:00-06:00 pause")
    tonight = decide(Wishes(), nights, FINE, NOON.replace(hour=23))
    waived = {one.key for one in tonight.reasons}
    assert decide(Wishes(), nights, FINE, NOON.replace(day=24, hour=5), waived).does is Does.SYNC
    assert decide(Wishes(), nights, FINE, NOON.replace(day=24, hour=23), waived).does is Does.PAUSE
