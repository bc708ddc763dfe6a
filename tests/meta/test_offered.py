"""What the agent says that it can be asked is what it answers: a page shows no button that does nothing."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

from syncagent.agent import commands, hearing
from syncagent.agent.commands import OFFERED


def answered_by(module: ModuleType) -> set[object]:
    """The commands that its ``handle`` knows."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    handle = next(
        node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == "handle"
    )  # fmt: skip
    return {
        value.value.value
        for match in ast.walk(handle)
        if isinstance(match, ast.match_case)
        for value in ast.walk(match.pattern)
        if isinstance(value, ast.MatchValue) and isinstance(value.value, ast.Constant)
    }


def test_every_command_that_is_answered_is_offered_and_no_other() -> None:
    assert answered_by(commands) | answered_by(hearing) == set(OFFERED), "commands.py: OFFERED"
    assert list(OFFERED) == sorted(OFFERED)
