"""Values are compared, hashed, matched and replaced like frozen dataclasses."""

from __future__ import annotations

from dataclasses import replace

from syncagent.model.values import value


@value
class Point:
    x: int
    y: int = 0


def test_a_value_is_what_it_holds() -> None:
    assert Point(1, 2) == Point(1, 2) != Point(1)
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert replace(Point(1, 2), y=3) == Point(1, 3)
    assert repr(Point(1)).endswith("Point(x=1, y=0)")


def test_a_value_is_matched_by_its_fields() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_a_value_has_slots_and_no_dict() -> None:
    assert not hasattr(Point(1), "__dict__")
