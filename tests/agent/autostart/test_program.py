"""What is started later must be there later."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from syncagent.agent.autostart.program import at_login, environment_for_others, ourselves


def command(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_now_it_is_this_interpreter_with_this_package() -> None:
    assert ourselves() == [sys.executable, "-P", "-m", "syncagent"]


def test_the_name_that_outlives_an_upgrade_is_taken(tmp_path: Path) -> None:
    ours = command(tmp_path / "Cellar" / "0.1.0" / "bin" / "syncagent")
    assert at_login({"PATH": "/nowhere"}, ours) == [str(ours)]
    link = tmp_path / "bin" / "syncagent"
    link.parent.mkdir()
    link.symlink_to(ours)
    assert at_login({"PATH": str(link.parent)}, ours) == [str(link)]


def test_another_installation_in_the_path_is_not_ours(tmp_path: Path) -> None:
    ours, other = command(tmp_path / "a" / "syncagent"), command(tmp_path / "b" / "syncagent")
    assert at_login({"PATH": str(other.parent)}, ours) == [str(ours)]
    assert at_login({"PATH": str(other.parent)}, tmp_path / "not there") == ourselves()


def test_a_bundle_is_its_own_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = command(tmp_path / "lib" / "syncagent")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(bundle))
    assert ourselves() == at_login({"PATH": ""}) == [str(bundle)]
    image = {"PATH": "", "APPIMAGE": "/home/ann/syncagent.AppImage"}
    assert at_login(image | {"APPDIR": str(tmp_path)}) == ["/home/ann/syncagent.AppImage"]
    assert at_login(image | {"APPDIR": "/elsewhere"}) == [str(bundle)], "the terminal was an AppImage, not we"


def test_programs_of_the_system_do_not_get_the_libraries_of_a_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment_for_others({"LD_LIBRARY_PATH": "/mine"}) == {"LD_LIBRARY_PATH": "/mine"}
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert environment_for_others({"LD_LIBRARY_PATH": "/bundle", "A": "b"}) == {"A": "b"}
    given = {"LD_LIBRARY_PATH": "/bundle", "LD_LIBRARY_PATH_ORIG": "/mine"}
    assert environment_for_others(given) == {"LD_LIBRARY_PATH": "/mine"}
