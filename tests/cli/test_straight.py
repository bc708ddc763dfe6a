"""What is read without the parser is what the parser would have read."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from syncagent.cli import started, straight
from syncagent.cli.program import build

SELDOM = {"--dry-run", "--json", "--help", "-h"}
BODIES: dict[str, Callable[..., int]] = {"run": started.run, "hub": started.hub}


def as_parsed(words: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """All that the command is given by the parser, with what it has by itself."""
    came: dict[str, Any] = {}
    body = BODIES[words[0]]

    def noted(*given: Any, **more: Any) -> int:
        bound = inspect.signature(body).bind(*given, **more)
        bound.apply_defaults()
        came.update(bound.arguments)
        return 0

    monkeypatch.setattr(started, words[0], noted)
    build(words[0])(words, prog_name="syncagent", standalone_mode=False)
    return came


@pytest.mark.parametrize("name", BODIES)
def test_both_have_the_same_options(name: str) -> None:
    parsed: dict[str, tuple[str, bool, str]] = {}
    for parameter in typer.main.get_command(build(name)).commands[name].params:  # type: ignore[attr-defined]
        for opt in (*parameter.opts, *parameter.secondary_opts):
            parsed[opt] = (parameter.name, parameter.is_flag, parameter.envvar or "")
    here = {
        opt: (option.parameter, option.reads is None, option.variable)
        for opt, option in straight.COMMANDS[name].items()
    }
    assert here == {opt: about for opt, about in parsed.items() if opt not in SELDOM}
    assert {option.parameter for option in straight.COMMANDS[name].values()} == set(
        inspect.signature(BODIES[name]).parameters
    )


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--data-dir", "/d"],
        ["run", "--data-dir=/d", "--sync-root", "r/é", "--server", "ws://h:1", "--name", "n m", "--folder=a=b"],
        ["run", "--new-hub", "--data-dir", "/d", "--new-folder", "--brake", "maybe", "--respect-gitignore"],
        ["run", "--profile", "p", "--data-dir", "/d"],
        ["hub", "--data-dir", "/d", "--listen", "nonsense", "--insecure", "--brake", "off"],
        ["hub", "--data-dir", "/d", "--brake-files", "3", "--brake-share", "0.25", "--brake-most", "77"],
        ["hub", "--data-dir", "/d", "--brake-share", "1", "--min-free", "5GB"],
    ],
)
@pytest.mark.parametrize("environment", [{}, {"SYNCAGENT_PROFILE": "q", "SYNCAGENT_BRAKE": "off",
                                              "SYNCAGENT_BRAKE_FILES": "9", "SYNCAGENT_MIN_FREE": ""}])  # fmt: skip
def test_both_read_the_same(words: list[str], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SYNCAGENT_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    read = straight.read(words, os.environ)
    assert read is not None
    bound = inspect.signature(BODIES[words[0]]).bind(**read[1])
    bound.apply_defaults()
    assert dict(bound.arguments) == as_parsed(words, monkeypatch)


@pytest.mark.parametrize(
    "words",
    [
        [], ["status"], ["run"], ["hub"], ["hub", "--data-dir", "d", "status"], ["hub", "status", "--data-dir", "d"],
        ["run", "--help"], ["run", "--data-dir", "d", "-h"], ["run", "--data-dir", "d", "--dry-run"],
        ["run", "--data-dir", ""], ["run", "--data-dir="], ["run", "--data-dir"], ["run", "--data-dir", "d", "e"],
        ["run", "--data-dir", "d", "--data-dir", "e"], ["run", "--data-dir", "d", "--nam", "n"],
        ["run", "--data-dir", "d", "--name", "--server"], ["run", "--data-dir", "d", "--new-hub=yes"],
        ["run", "--data-dir", os.fsdecode(b"\xff")], ["hub", "--data-dir", "d", "--brake-files", "0"],
        ["hub", "--data-dir", "d", "--brake-files", "1_0"], ["hub", "--data-dir", "d", "--brake-files", "٣"],
        ["hub", "--data-dir", "d", "--brake-share", "1.5"], ["hub", "--data-dir", "d", "--brake-share", "nan"],
    ],
)  # fmt: skip
def test_what_is_not_plain_is_the_parsers(words: list[str]) -> None:
    assert straight.read(words, {}) is None


def test_so_is_a_variable_that_is_not() -> None:
    assert straight.read(["hub", "--data-dir", "d"], {"SYNCAGENT_BRAKE_MOST": "many"}) is None
    assert straight.read(["run"], {"SYNCAGENT_DATA_DIR": "d"}) == ("run", {"data_dir": Path("d")})
