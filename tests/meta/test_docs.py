"""The documents say what is: every command, option of note, exit code and setting is in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from syncagent.agent.config.settings import Settings
from syncagent.cli.exits import MEANING, Exit
from syncagent.cli.program import build

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def every_command() -> Iterator[tuple[str, Any]]:
    """Each command with its name; those of a group with the group's before it."""
    for name, command in typer.main.get_command(build()).commands.items():  # type: ignore[attr-defined]
        yield name, command
        for below, part in getattr(command, "commands", {}).items():
            yield f"{name} {below}", part


def test_every_command_is_in_the_readme() -> None:
    commands = dict(every_command())
    listed = set(re.findall(r"^\| `([a-z-]+(?: [a-z]+)?)", README, flags=re.MULTILINE))
    assert set(commands) <= listed
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", "") or getattr(parameter, "hidden", False), f"{name} {parameter.name}"


def test_every_exit_code_is_in_the_readme_with_its_meaning() -> None:
    assert set(MEANING) == set(Exit)
    for code, meaning in MEANING.items():
        assert f"| {code.value} | {meaning} |" in README


def test_every_setting_is_in_the_readme_with_its_description() -> None:
    for name, field in Settings.model_fields.items():
        assert f"| `{name}` |" in README, name
        assert str(field.description) in README, name


def test_every_file_that_a_document_points_to_is_there() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


def test_the_changelog_has_this_version() -> None:
    version = re.search(r'__version__ = "([^"]+)"', (ROOT / "syncagent" / "__init__.py").read_text(encoding="utf-8"))
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
