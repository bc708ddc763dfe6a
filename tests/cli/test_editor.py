"""The person's editor on a copy of config.toml, which takes its place only when all in it is right."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from syncagent.agent.places import Places
from syncagent.cli.editor import edit_settings, editor_in
from syncagent.errors import BadConfig, SyncAgentError

FILE = "# mine\nname = 'a'\n"


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir(mode=0o700)
    spot = Places(tmp_path / "data")
    spot.config.write_text(FILE)
    return spot


def editor(tmp_path: Path, script: str) -> dict[str, str]:
    """An editor that does ``script`` to ``$1``."""
    program = tmp_path / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"EDITOR": str(program)}


def test_what_is_right_takes_the_place_of_the_file(spot: Places, tmp_path: Path) -> None:
    assert edit_settings(spot, editor(tmp_path, "echo 'rescan_minutes = 7' >> \"$1\""))
    assert spot.config.read_text() == FILE + "rescan_minutes = 7\n"
    assert spot.config.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in spot.data_dir.iterdir()) == ["config.lock", "config.toml"]


def test_what_is_not_changed_is_not_written(spot: Places, tmp_path: Path) -> None:
    before = spot.config.stat()
    assert not edit_settings(spot, editor(tmp_path, ":"))
    assert spot.config.stat() == before


def test_what_is_wrong_is_refused_and_kept_aside(spot: Places, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="nothing was changed; what you wrote is in") as caught:
        edit_settings(spot, editor(tmp_path, "echo 'nmae = 7' >> \"$1\""), again=lambda: False)
    assert spot.config.read_text() == FILE
    assert Path(str(caught.value).rpartition(" ")[2]).read_text() == FILE + "nmae = 7\n"


def test_what_is_wrong_can_be_mended(spot: Places, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mending = editor(tmp_path, 'grep -q nmae "$1" && sed -i s/nmae/folder/ "$1" || echo \'nmae = "x"\' >> "$1"')
    assert edit_settings(spot, mending, again=lambda: True)
    assert 'folder = "x"' in spot.config.read_text()
    assert "config.edited.toml:3:1: nmae: there is no such setting" in capfd.readouterr().err


def test_what_someone_else_has_changed_meanwhile_is_not_overwritten(spot: Places, tmp_path: Path) -> None:
    both = editor(tmp_path, f"echo 'folder = \"x\"' >> \"$1\"; echo '# other' >> '{spot.config}'")
    with pytest.raises(BadConfig, match="changed by someone else meanwhile; what you wrote is in"):
        edit_settings(spot, both)
    assert spot.config.read_text() == FILE + "# other\n"


def test_an_editor_that_fails_changes_nothing(spot: Places, tmp_path: Path) -> None:
    with pytest.raises(SyncAgentError, match="ended with 3: nothing was changed"):
        edit_settings(spot, editor(tmp_path, "exit 3"))
    with pytest.raises(SyncAgentError, match="cannot be started"):
        edit_settings(spot, {"EDITOR": "/nowhere/editor"})
    assert spot.config.read_text() == FILE


def test_where_nothing_was_set_yet_all_settings_are_there_to_be_read(spot: Places, tmp_path: Path) -> None:
    spot.config.unlink()
    assert edit_settings(spot, editor(tmp_path, 'grep -q \'^#rescan_minutes = 60\' "$1" && echo >> "$1"'))
    assert "#rescan_minutes = 60" in spot.config.read_text()


def test_the_persons_own_editor_comes_first() -> None:
    assert editor_in({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert editor_in({"EDITOR": "vi"}) == ["vi"]
