"""One command, from its words to its exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from syncagent.cli import app, started
from syncagent.errors import BadConfig

Command = Callable[..., tuple[int, str, str]]


def test_what_is_plain_is_started_without_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(started, "hub", lambda **options: given.append(options) or 7)  # type: ignore[func-returns-value]
    monkeypatch.setitem(sys.modules, "syncagent.cli.program", None)
    assert app.run(["hub", "--data-dir", "/d"]) == 7
    assert [one["listen"] for one in given if "listen" in one] == []


def test_its_errors_are_told_like_all_others(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: Any) -> int:
        raise BadConfig("this is wrong")

    monkeypatch.setattr(started, "run", fails)
    assert command("run", "--data-dir", "/d") == (2, "", "syncagent: this is wrong\n")


@pytest.mark.parametrize("words", [["--version"], ["version"]])
def test_the_program_and_the_module_are_one(words: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "syncagent", *words], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.startswith("syncagent ")
