"""Exit codes: one for each error that a script may want to tell apart."""

from __future__ import annotations

import pytest

from syncagent import errors
from syncagent.cli.exits import MEANING, Exit, exit_for


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadConfig("x"), 2),
        (errors.NotRunning("x"), 4),
        (errors.Refused("c", "x"), 5),
        (errors.AlreadyRunning("x"), 6),
        (errors.RootMissing("x"), 7),
        (errors.LinkLost("x"), 1),
        (errors.BadMessage("c", "x"), 1),
        (errors.SyncAgentError("x"), 1),
    ],
)
def test_each_error_has_its_code(error: errors.SyncAgentError, code: int) -> None:
    assert exit_for(error) == code


def test_each_code_has_its_meaning() -> None:
    assert set(MEANING) == set(Exit)
