"""The error tree is the one that is drawn at its top, and each leaf says how one reacts."""

from __future__ import annotations

import inspect
import re

import pytest

from syncagent import errors
from syncagent.errors import AskPerson, BadMessage, LookAgain, Refused, SyncAgentError, TryAgain

CLASSES = {name: one for name, one in vars(errors).items() if inspect.isclass(one) and issubclass(one, SyncAgentError)}


def drawn() -> dict[str, str]:
    """Each class of the picture, and the one that it hangs from."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^( {4}[│├└─ ]*)([A-Z]\w+)", line)
        if found is None or line.startswith("    " * 8):
            continue
        depth, name = len(found[1]), found[2]
        above = [one for one in above if one[0] < depth]
        if name in CLASSES:
            parents[name] = above[-1][1] if above else "Exception"
            above.append((depth, name))
    return parents


def test_the_tree_is_the_one_that_is_drawn() -> None:
    assert drawn() == {name: one.__bases__[0].__name__ for name, one in CLASSES.items()}


@pytest.mark.parametrize("name", CLASSES)
def test_each_error_says_what_it_is_about(name: str) -> None:
    assert CLASSES[name].__doc__


def test_each_leaf_has_one_reaction() -> None:
    reactions = (TryAgain, LookAgain, AskPerson, BadMessage)
    for one in CLASSES.values():
        if one is not SyncAgentError:
            assert sum(issubclass(one, reaction) for reaction in reactions) == 1


@pytest.mark.parametrize("kind", [Refused, BadMessage])
def test_what_comes_from_the_protocol_carries_its_code(kind: type[Refused | BadMessage]) -> None:
    error = kind("name_taken", "there is one already")
    assert error.code == "name_taken"
    assert str(error) == "there is one already"
