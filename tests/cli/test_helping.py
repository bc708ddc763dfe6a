"""What `--help` says to someone who has never seen it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer

from syncagent.cli.app import build
from syncagent.cli.helping import _SECTIONS

Command = Callable[..., tuple[int, str, str]]


def commands(found: Any, *above: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, one in getattr(found, "commands", {}).items():
        yield (*above, name), one
        yield from commands(one, *above, name)


ALL = list(commands(typer.main.get_command(build())))


def test_no_sentence_is_cut_off(command: Command) -> None:
    for path in {path[:-1] for path, _ in ALL}:
        assert "..." not in command(*path, "--help")[1].replace("[ARGS]...", "")


def test_each_command_stands_where_one_looks_for_it() -> None:
    said = [name for names in _SECTIONS.values() for name in names]
    assert len(said) == len(set(said))
    assert set(said) <= {path[0] for path, _ in ALL}


@pytest.mark.parametrize(("path", "one"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_each_command_and_each_option_says_what_it_is_for(path: tuple[str, ...], one: Any) -> None:
    if not one.hidden:
        assert one.help and one.help.strip().endswith((".", "."))
    for parameter in one.params:
        if getattr(parameter, "hidden", False) or parameter.param_type_name == "argument":
            continue
        assert parameter.help, f"{' '.join(path)} {parameter.opts}"
