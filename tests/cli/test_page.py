"""`page` and `open`: what a person looks at on the desktop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]
URL = "http://127.0.0.1:4711/enter?ticket=once"


@pytest.fixture(autouse=True)
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop whose opener writes down what it opened."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    return tmp_path / "opened"


@pytest.fixture(autouse=True)
def served(agent: Script) -> None:
    agent.answers["page"] = {"url": URL}


def test_the_page_opens_in_the_browser(command: Command, desktop: Path) -> None:
    assert command("page") == (0, "the page opens in your browser\n", "")
    assert desktop.read_text() == URL


def test_its_address_can_be_had_without_opening_it(command: Command, desktop: Path) -> None:
    assert command("page", "--print") == (0, f"{URL}\n", "")
    code, out, _ = command("page", "--json")
    assert (code, json.loads(out)) == (0, {"url": URL})
    assert not desktop.exists()


def test_without_a_desktop_its_address_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    code, out, err = command("page")
    assert (code, out) == (0, f"{URL}\n")
    assert "no desktop here" in err


def test_the_folder_is_shown_and_what_is_in_it(command: Command, agent: Script, desktop: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "a.txt").write_text("a")
    agent.status["root"] = str(root)
    for path, shown in (("", root), ("docs", root / "docs"), ("docs/a.txt", root / "docs")):
        assert command("open", *([path] if path else []))[0] == 0
        assert desktop.read_text() == str(shown)


def test_a_folder_that_is_gone_is_one_line(command: Command) -> None:
    code, out, err = command("open")
    assert (code, out) == (1, "")
    assert err == "syncagent: /srv/folder is not there\n"
