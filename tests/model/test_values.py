"""Values are compared, hashed, matched, copied and replaced like frozen dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field, fields, is_dataclass

import pytest

from syncagent.model.values import fixed, replace, value


@value
class Point:
    x: int
    y: int = 0


@fixed
class Place:
    x: int
    y: int = 0


@fixed
class Crowd:
    """What has defaults that are made anew, a field that is not compared, and one that is not shown."""

    name: str
    members: list[str] = field(default_factory=list, hash=False)
    seen: int = field(default=0, compare=False)
    secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("it has a name")


both = pytest.mark.parametrize("kind", [Point, Place])


@both
def test_a_value_is_what_it_holds(kind: Callable[..., Point]) -> None:
    assert kind(1, 2) == kind(1, 2) != kind(1)
    assert kind(1, y=2) == kind(y=2, x=1)
    assert len({kind(1), kind(1), kind(2)}) == 2
    assert replace(kind(1, 2), y=3) == dataclasses.replace(kind(1, 2), y=3) == kind(1, 3)
    assert dataclasses.asdict(kind(1, 2)) == {"x": 1, "y": 2}
    assert repr(kind(1)).endswith("(x=1, y=0)")


def test_values_of_two_kinds_are_never_the_same() -> None:
    assert Point(1, 2) != Place(1, 2)
    assert Point(1, 2).__eq__((1, 2)) is NotImplemented


@both
def test_a_value_takes_its_fields_and_no_others(kind: Callable[..., Point]) -> None:
    for arguments, named in (((), {}), ((1, 2, 3), {}), ((1,), {"z": 1}), ((1,), {"x": 1})):
        with pytest.raises(TypeError):
            kind(*arguments, **named)


def test_a_value_is_matched_by_its_fields() -> None:
    for one in (Point(1, 2), Place(1, 2)):
        match one:
            case Point(x, y) | Place(x, y):
                assert (x, y) == (1, 2)
            case _:
                raise AssertionError


@both
def test_a_value_has_slots_and_no_dict_and_is_a_dataclass(kind: type[Point]) -> None:
    assert not hasattr(kind(1), "__dict__")
    assert is_dataclass(kind)
    assert [one.name for one in fields(kind)] == ["x", "y"]


@both
def test_nothing_is_assigned_to_a_value(kind: Callable[..., Point]) -> None:
    place = kind(1, 2)
    for name in ("x", "other"):
        with pytest.raises(AttributeError):
            setattr(place, name, 5)
        with pytest.raises(AttributeError):
            delattr(place, name)
    assert place == kind(1, 2)


@both
def test_a_value_is_copied(kind: Callable[..., Point]) -> None:
    one = kind(1, 2)
    assert copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


def test_a_default_that_is_made_anew_is_each_ones_own() -> None:
    one, other = Crowd("a"), Crowd("a")
    one.members.append("x")
    assert other.members == []
    assert Crowd("a", members=["y"]).members == ["y"]


def test_what_is_not_compared_nor_shown_is_neither() -> None:
    assert Crowd("a", seen=1) == Crowd("a", seen=2) != Crowd("a", secret="s")
    assert hash(Crowd("a", ["x"], seen=1)) == hash(Crowd("a", ["y"], seen=2))
    assert repr(Crowd("a", secret="s")).endswith("Crowd(name='a', members=[], seen=0)")


def test_what_a_value_does_after_it_was_made_is_done() -> None:
    with pytest.raises(ValueError, match="it has a name"):
        Crowd("")


def test_methods_of_its_own_are_kept() -> None:
    @value
    class Odd:  # noqa: PLW1641 - it has the hash that a value gets
        x: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Odd)

        def __repr__(self) -> str:
            return "odd"

    assert Odd(1) == Odd(2)
    assert hash(Odd(1)) == hash(Odd(1))
    assert repr(Odd(1)) == "odd"


def test_a_value_is_not_made_of_another() -> None:
    with pytest.raises(TypeError, match="no other value"):

        @fixed
        class Spot(Place):
            name: str = ""


@pytest.mark.parametrize("how", [value, fixed])
def test_fields_that_a_value_could_not_take_are_refused(how: Callable[[type], type]) -> None:
    class Turned:
        x: int = 0
        y: int  # type: ignore[misc]

    class Hidden:
        x: int = field(init=False)

    for kind in (Turned, Hidden):
        with pytest.raises(TypeError):
            how(kind)
