"""Programs of the system: what they say, and what becomes of it when they are not there."""

from __future__ import annotations

import pytest

from syncagent.agent.autostart.system import System
from syncagent.errors import SyncAgentError
from tests.agent.autostart.conftest import Program


def test_what_a_program_says_is_given(program: Program, environment: dict[str, str]) -> None:
    program("speaks", "echo out; echo trouble >&2; exit 3")
    answer = System(environment).ask("speaks", "a b")
    assert (answer.code, answer.output, answer.trouble) == (3, "out\n", "trouble\n")
    with pytest.raises(SyncAgentError, match="`speaks x` failed: trouble"):
        System(environment).tell("speaks", "x")


def test_the_scheduler_speaks_utf_16(program: Program, environment: dict[str, str]) -> None:
    program("speaks", r"printf '\377\376<\000a\000>\000'")
    assert System(environment).ask("speaks").output == "<a>"


def test_a_program_that_is_not_there_is_an_answer(environment: dict[str, str]) -> None:
    assert System(environment).ask("not-there-at-all").code == 127
    with pytest.raises(SyncAgentError, match="not-there-at-all is not there"):
        System(environment).tell("not-there-at-all")
