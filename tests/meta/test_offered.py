"""What the agent says that it can be asked is what it answers, and no face asks for anything else: a page shows no
button that does nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from syncagent.agent.hearing import FOR_ALL, FROM_ANY, LISTING, Hearing, Household
from syncagent.agent.page.inside import ASKED
from syncagent.agent.table import OF_THE_WHOLE
from tests.agent.test_commands import Agent

PACKAGE = Path(__file__).parents[2] / "syncagent"
FACES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parts[len(PACKAGE.parts)] in ("agent", "cli", "desktop") and path.name != "hub.py"
]
"""Who asks an agent; ``cli/hub.py`` asks a hub."""

STREAMS = {"check", "watch", "recent"}
"""What is answered with events alone."""


def asked_in(path: Path) -> Iterator[str]:
    """The commands that a module asks for by name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="call"), args=[ast.Constant(value=str() as command), *_]):
                yield command


async def test_what_is_offered_is_what_is_answered() -> None:
    agent = Agent()
    offered = (await agent.commands.handle("commands", {}))["commands"]
    hearing = Hearing(cast("Household", None))
    assert hearing.answers().keys() == set(OF_THE_WHOLE), "table.py: OF_THE_WHOLE"
    assert set(offered) == agent.commands.answers().keys() | hearing.answers().keys()
    assert offered == sorted(offered)


@pytest.mark.parametrize("asked", [ASKED, {*LISTING, *FOR_ALL, *FROM_ANY} - STREAMS], ids=["page", "profiles"])
async def test_what_is_asked_for_by_rule_is_offered(asked: set[str]) -> None:
    assert set(Agent().commands.offered()) >= asked


async def test_what_a_face_asks_for_is_offered() -> None:
    asked = {command: path.name for path in FACES for command in asked_in(path)}
    assert {"status", "config", "trash.restore"} <= asked.keys(), "the search finds them"
    assert asked.keys() - set(Agent().commands.offered()) == set()
