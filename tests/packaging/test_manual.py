"""The man page has every command, and troff takes none of the words for its own."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import typer
from bundling.manual import commands, escaped, manual

from syncagent.cli.app import build

COMMAND = typer.main.get_command(build())


def test_every_command_is_in_it() -> None:
    page = manual(COMMAND, "0.1.0")
    names = [name for name, _ in commands(COMMAND)]
    assert {"up", "hub", "hub fsck", "autostart on", "status"} <= set(names)
    assert "autostart" not in names, "it does nothing by itself"
    for name in names:
        assert f".SS {escaped(name)}" in page


def test_words_of_troff_are_only_words() -> None:
    assert escaped(".TH --json \\n 'x'") == "\\&.TH \\-\\-json \\en \\(aqx\\(aq"


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not here")
def test_it_is_shown_without_a_warning() -> None:
    run = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-"], input=manual(COMMAND, "0.1.0"),
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "MANROFFSEQ": "", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert run.stderr == ""
