"""What the agent says that it can be asked is what it answers: a page shows no button that does nothing."""

from __future__ import annotations

import ast
from pathlib import Path

from syncagent.agent import commands
from syncagent.agent.commands import OFFERED


def test_every_command_that_is_answered_is_offered_and_no_other() -> None:
    tree = ast.parse(Path(commands.__file__).read_text(encoding="utf-8"))
    handle = next(
        node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == "handle"
    )  # fmt: skip
    answered = {
        value.value.value
        for match in ast.walk(handle)
        if isinstance(match, ast.match_case)
        for value in ast.walk(match.pattern)
        if isinstance(value, ast.MatchValue) and isinstance(value.value, ast.Constant)
    }
    assert answered == set(OFFERED), "commands.py: OFFERED"
    assert list(OFFERED) == sorted(OFFERED)
