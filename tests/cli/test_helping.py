"""What `--help` says to someone who has never seen it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer

from syncagent.cli.helping import _SECTIONS, EXAMPLES
from syncagent.cli.program import build

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


EVERY_EXAMPLE = [(path, line) for path, lines in EXAMPLES.items() for line in lines]


@pytest.mark.parametrize(("path", "line"), EVERY_EXAMPLE, ids=[line for _, line in EVERY_EXAMPLE])
def test_each_example_is_one_that_is_understood(path: str, line: str) -> None:
    assert path in {" ".join(path) for path, _ in ALL}
    words = shlex.split(line)
    found: Any = typer.main.get_command(build())
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    with found.make_context("syncagent", words) as context:
        assert not context.args


def test_examples_are_shown_as_they_are_typed(command: Command) -> None:
    shown = command("config", "set", "--help")[1]
    assert "Examples:\n  syncagent config set max_up 500K\n" in shown
    assert shown.startswith("Usage: syncagent config set [OPTIONS] KEY VALUE\n")


def test_no_word_of_a_programmer_is_in_it(command: Command) -> None:
    for path, _ in ALL:
        shown = command(*path, "--help")[1]
        for word in ("<str>", "<int", "<float", "<path>", "<list", "[[", "{"):
            assert word not in shown, f"{' '.join(path)}: {word}"


def test_every_listing_can_be_had_in_json() -> None:
    for path, one in ALL:
        if one.help.startswith(("List ", "Show ", "Say ")) and path not in (("tray",), ("open",)):
            assert any("--json" in parameter.opts for parameter in one.params), path
