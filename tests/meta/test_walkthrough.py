"""What docs/WALKTHROUGH.md tells people to type is there to be typed, and all of its pictures are.

That it does what stands there, `make walkthrough` shows, which writes it.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from syncagent.cli.program import build

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "WALKTHROUGH.md").read_text()
TYPED = re.findall(r"^anna@\w+:~\$ (.*)$", TEXT, re.MULTILINE)
OURS = [line for line in TYPED if line.startswith("syncagent ")]


def refused(words: list[str]) -> str:
    """What the parser has against it, which alone gets it; empty when it takes it."""
    command: Any = typer.main.get_command(build())
    context, name = None, "syncagent"
    try:
        while True:
            context = command.make_context(name, list(words), parent=context)
            rest = [*context._protected_args, *context.args] if hasattr(command, "resolve_command") else []
            if not rest:
                return ""
            name, command, words = command.resolve_command(context, rest)
    except Exception as error:  # noqa: BLE001 - what it is called differs
        # The exceptions of the parser have one method in common, and no class that is public in all its versions.
        return str(error.format_message()) if hasattr(error, "format_message") else f"{error!r}"


@pytest.mark.parametrize("line", OURS)
def test_each_command_is_one_that_the_program_takes(line: str) -> None:
    assert refused(shlex.split(line)[1:]) == ""


@pytest.mark.parametrize("line", ["bogus", "status --bogus", "conflicts merge", "conflicts bogus"])
def test_what_the_program_does_not_take_is_found(line: str) -> None:
    assert refused(shlex.split(line))


def test_all_of_the_way_is_there() -> None:
    said = "\n".join(TYPED)
    for part in ("pipx install", "syncagent setup", "syncagent join", "syncagent pause", "syncagent conflicts keep",
                 "syncagent trash restore"):  # fmt: skip
        assert part in said


def test_its_pictures_are_those_that_are_there() -> None:
    shown = set(re.findall(r"!\[[^\]]+\]\((pictures/walkthrough/[^)]+)\)", TEXT))
    assert shown == {f"pictures/walkthrough/{path.name}" for path in (DOCS / "pictures" / "walkthrough").iterdir()}
    assert "/tmp/" not in TEXT
