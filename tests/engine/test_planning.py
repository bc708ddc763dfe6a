"""The brake looks before anything is planned, and what it does not hold is planned as ever."""

from __future__ import annotations

import pytest

from tests.support.masses import FILES, delete_there, full, some


@pytest.mark.hazard("G13")
def test_nothing_of_what_comes_at_once_slips_through_before_it_is_counted() -> None:
    solo = full()
    solo.frozen = True
    delete_there(solo, some(10))
    assert solo.todo == []
    assert solo.user.tree().keys() >= FILES.keys()


def test_what_is_not_held_is_planned_in_the_same_step() -> None:
    solo = full()
    delete_there(solo, some(9))
    assert len(solo.tree()) == len(FILES) - 9
