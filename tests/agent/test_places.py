"""Where things lie: one directory, and what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.places import Places, places
from syncagent.private import control_socket


def test_the_users_own_data_directory_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places().data_dir.is_relative_to(tmp_path)
    assert places().data_dir.name == "syncagent"


def test_two_spellings_of_one_directory_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    assert places("link") == places(tmp_path / "real") == places("./x/../real")


def test_the_socket_of_an_agent_is_that_of_its_data_directory() -> None:
    assert Places(Path("/d")).control == control_socket(Path("/d"))
