"""What can be chosen."""

from __future__ import annotations

import pytest

from syncagent.cli.program import _GROUPS
from syncagent.desktop.actions import Place


@pytest.mark.parametrize("place", list(Place))
def test_the_command_that_says_the_same_is_there(place: Place) -> None:
    program, command = place.command.split()
    known = {name for names in _GROUPS.values() for name in names} | {"--help"}
    assert program == "syncagent"
    assert command in known
