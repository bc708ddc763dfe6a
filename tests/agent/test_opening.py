"""Opening folders and our own page on the person's desktop."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from syncagent.agent import opening
from syncagent.agent.opening import CannotOpen, open_folder, open_page, opener

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows opens things itself")


@pytest.fixture
def desktop(tmp_path: Path) -> dict[str, str]:
    """A desktop that writes down what it is told to open."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    program.chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "DISPLAY": ":0"}


def test_a_folder_is_shown_by_the_program_of_the_desktop(desktop: dict[str, str], tmp_path: Path) -> None:
    open_folder(tmp_path, desktop)
    assert (tmp_path / "opened").read_text() == str(tmp_path)


def test_a_folder_that_is_not_there_is_said(desktop: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match="is not there"):
        open_folder(tmp_path / "gone", desktop)


def test_without_a_desktop_it_is_said() -> None:
    with pytest.raises(CannotOpen, match="no desktop"):
        opener({"PATH": "/usr/bin"}, "linux")


def test_without_a_program_that_opens_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match="xdg-utils"):
        opener({"PATH": str(tmp_path), "WAYLAND_DISPLAY": "wayland-0"}, "linux")


def test_a_program_that_fails_is_said(desktop: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin" / "xdg-open").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(CannotOpen, match="xdg-open could not open it"):
        open_folder(tmp_path, desktop)


def test_each_system_has_its_own() -> None:
    assert opener({}, "darwin") == ["/usr/bin/open"]


@pytest.mark.hazard("G8")
def test_where_others_see_arguments_a_ticket_goes_by_a_private_file(
    desktop: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "KNOWN", False)
    for ticket in ("one", "two"):
        open_page(f"http://127.0.0.1:1/enter?ticket={ticket}", tmp_path / "run", desktop)
        opened = (tmp_path / "opened").read_text()
        assert ticket not in opened
        (file,) = (tmp_path / "run").iterdir()
        assert opened == file.as_uri()
        assert file.stat().st_mode & 0o077 == 0
        assert f"ticket={ticket}" in file.read_text()


def test_where_the_kernel_tells_whose_a_connection_is_it_goes_as_it_is(
    desktop: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "KNOWN", True)
    open_page("http://127.0.0.1:1/enter?ticket=one", tmp_path / "run", desktop)
    assert (tmp_path / "opened").read_text() == "http://127.0.0.1:1/enter?ticket=one"
