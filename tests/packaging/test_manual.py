"""The man pages have every command, and troff takes none of the words for its own."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import typer
from bundling.manual import commands, escaped, pages

from syncagent.cli.exits import Exit
from syncagent.cli.program import build

COMMAND = typer.main.get_command(build())
PAGES = pages(COMMAND, "0.1.0")


def test_every_command_and_every_option_is_in_one_of_them() -> None:
    names = dict(commands(COMMAND))
    assert {"up", "hub", "hub fsck", "autostart on", "status"} <= names.keys()
    assert "autostart" not in names, "it does nothing by itself"
    assert {"syncagent", "syncagent-config", "syncagent-hub", "syncagent-conflicts"} <= PAGES.keys()
    for name, one in names.items():
        page = PAGES.get(f"syncagent-{name.split()[0]}", PAGES["syncagent"])
        assert f".SS {escaped(name)}" in page or f".B syncagent {escaped(name)}" in page, name
        for parameter in one.params:
            if parameter.param_type_name == "option" and not parameter.hidden:
                assert escaped(parameter.opts[0]) in page, f"{name} {parameter.opts[0]}"


def test_the_first_page_has_the_exit_codes_and_names_the_others() -> None:
    for code in Exit:
        assert f"\\fB{code.value}\\fR" in PAGES["syncagent"]
    for name in PAGES.keys() - {"syncagent"}:
        assert escaped(name) in PAGES["syncagent"]


def test_words_of_troff_are_only_words() -> None:
    assert escaped(".TH --json \\n 'x'") == "\\&.TH \\-\\-json \\en \\(aqx\\(aq"


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not here")
@pytest.mark.parametrize("name", PAGES)
def test_they_are_shown_without_a_warning(name: str) -> None:
    run = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-"], input=PAGES[name],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "MANROFFSEQ": "", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert run.stderr == ""


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not here")
@pytest.mark.parametrize("name", PAGES)
def test_another_program_for_man_pages_finds_no_fault(name: str) -> None:
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=PAGES[name], capture_output=True, text=True)
    # That a page has no date: it would differ from build to build.
    faults = [line for line in run.stdout.splitlines() if "missing date" not in line]
    assert faults == []
