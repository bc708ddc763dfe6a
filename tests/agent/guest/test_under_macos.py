"""What is read from what `pmset` says."""

from __future__ import annotations

import pytest

from syncagent.agent.guest import under_macos
from syncagent.agent.guest.deciding import UNKNOWN, Conditions
from syncagent.agent.guest.under_macos import asked

BATTERY = """Now drawing from 'Battery Power'
 -InternalBattery-0 (id=4653155)\t87%; discharging; 3:54 remaining present: true
"""
PLUGGED = """Now drawing from 'AC Power'
 -InternalBattery-0 (id=4653155)\t100%; charged; 0:00 remaining present: true
"""
DESKTOP = "Now drawing from 'AC Power'\n"
SETTINGS = """System-wide power settings:
Currently in use:
 standby              1
 lowpowermode         {saver}
 sleep                1
"""


@pytest.mark.parametrize(
    ("power", "saver", "found"),
    [
        (BATTERY, 0, Conditions(None, True, 87.0, False)),
        (BATTERY, 1, Conditions(None, True, 87.0, True)),
        (PLUGGED, 0, Conditions(None, False, 100.0, False)),
        (DESKTOP, 0, Conditions(None, False, None, False)),
    ],
)
def test_power_and_its_saver(power: str, saver: int, found: Conditions) -> None:
    assert asked(lambda command: power if command[-1] == "batt" else SETTINGS.format(saver=saver)) == found


def test_a_system_that_does_not_know_the_saver_says_nothing_of_it() -> None:
    assert asked(lambda command: BATTERY if command[-1] == "batt" else " sleep 1\n").saver is None


def test_where_the_program_fails_or_is_not_there_nothing_is_known() -> None:
    assert asked(lambda command: "") == UNKNOWN
    assert under_macos._run(("/nowhere/pmset", "-g")) == ""
    assert under_macos._run(("/bin/false",)) == ""
