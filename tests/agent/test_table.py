"""Commands by name, and what comes with them."""

from __future__ import annotations

import pytest

from syncagent.agent.table import Args, answer, count, flag, joined, number, text
from syncagent.control import Answer, UnknownCommand


async def told(args: Args) -> Answer:
    return {"told": args.get("path")}


async def test_a_command_is_answered_by_the_one_that_has_its_name() -> None:
    table = joined({"why": told}, {"trash": told})
    assert await answer(table, "trash", {"path": "a"}) == {"told": "a"}
    with pytest.raises(UnknownCommand, match="'dance'"):
        await answer(table, "dance", {})


def test_two_modules_do_not_answer_the_same_command() -> None:
    with pytest.raises(AssertionError, match=r"in two places: \['why'\]"):
        joined({"why": told, "held": told}, {"why": told})


def test_what_is_not_of_its_kind_counts_as_not_said() -> None:
    odd: Args = {"a": -1, "b": "3", "c": True, "d": None, "e": 2.5, "f": 7}
    assert [number(odd, name, 60.0) for name in "abcdefg"] == [60.0, 60.0, 60.0, 60.0, 2.5, 7.0, 60.0]
    assert [count(odd, name, 50, 5) for name in "abcdefg"] == [50, 50, 50, 50, 50, 5, 50]
    assert [flag(odd, name) for name in "abcdefg"] == [False, False, True, False, False, False, False]
    assert [text(odd, name) for name in "bdg"] == ["3", "", ""]
