"""The setting `notify`."""

from __future__ import annotations

from pathlib import Path

from syncagent.agent.places import places
from syncagent.desktop.levels import Levels
from syncagent.desktop.notify import Level


def test_it_is_read_and_written_and_read_again_when_someone_else_wrote_it(tmp_path: Path) -> None:
    levels = Levels(places(tmp_path))
    assert levels.read() is Level.ALL
    levels.write(Level.NONE)
    assert levels.read() is Level.NONE
    (tmp_path / "config.toml").write_text('notify = "important"\n')
    assert levels.read() is Level.IMPORTANT


def test_settings_that_cannot_be_read_leave_it_as_it_was(tmp_path: Path) -> None:
    levels = Levels(places(tmp_path))
    levels.write(Level.IMPORTANT)
    assert levels.read() is Level.IMPORTANT
    (tmp_path / "config.toml").write_text("notify = \n")
    assert levels.read() is Level.IMPORTANT
