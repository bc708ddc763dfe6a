"""What the shell takes from the world around it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from syncagent.agent.outside import REAL

AT = datetime(2026, 11, 22, 23, 59, 1, 234567, UTC)


def test_the_hour_is_told_in_utc_with_milliseconds() -> None:
    assert dataclasses.replace(REAL, hour=lambda: AT).instant() == "2026-11-22T23:59:01.234Z"


def test_the_date_is_that_of_the_people_here() -> None:
    assert dataclasses.replace(REAL, hour=lambda: AT).today() == AT.astimezone().date().isoformat()


def test_every_agent_has_ids_of_its_own() -> None:
    assert REAL.ids().new_id() != REAL.ids().new_id()
