"""What the tray takes from the settings."""

from __future__ import annotations

from pathlib import Path

from syncagent.agent.places import places
from syncagent.desktop.chosen import Chosen
from syncagent.desktop.notify import Level


def test_the_level_is_read_and_written_and_read_again_when_someone_else_wrote_it(tmp_path: Path) -> None:
    chosen = Chosen(places(tmp_path))
    assert chosen.read() is Level.ALL
    chosen.write(Level.NONE)
    assert chosen.read() is Level.NONE
    (tmp_path / "config.toml").write_text('notify = "important"\n')
    assert chosen.read() is Level.IMPORTANT


def test_settings_that_cannot_be_read_leave_it_as_it_was(tmp_path: Path) -> None:
    chosen = Chosen(places(tmp_path))
    (tmp_path / "config.toml").write_text('notify = "important"\nsync_root = "/srv/x"\n')
    assert (chosen.read(), chosen.is_set_up()) == (Level.IMPORTANT, True)
    (tmp_path / "config.toml").write_text("notify = \n")
    assert (chosen.read(), chosen.is_set_up()) == (Level.IMPORTANT, True)


def test_whether_there_is_a_folder_to_be_kept(tmp_path: Path) -> None:
    chosen = Chosen(places(tmp_path))
    assert not chosen.is_set_up()
    (tmp_path / "config.toml").write_text('log_level = "debug"\n')
    assert not chosen.is_set_up()
    (tmp_path / "config.toml").write_text('[profiles.photos]\nsync_root = "/srv/photos"\n')
    assert chosen.is_set_up()
    (tmp_path / "config.toml").unlink()
    assert not chosen.is_set_up()
