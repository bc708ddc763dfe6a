"""Files that are read by the system: whole, and with the mode that it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.autostart.files import read_text, remove_file, write_whole
from syncagent.errors import SyncAgentError


def test_a_file_is_written_whole_and_its_directory_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.service"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert read_text(path) == "two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["x.service"]


def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir(mode=0o755)
    write_whole(tmp_path / "user" / "x", b"")
    assert (tmp_path / "user").stat().st_mode & 0o777 == 0o755


def test_nothing_is_no_file_and_a_link_to_nothing_is_a_persons(tmp_path: Path) -> None:
    assert read_text(tmp_path / "x") is None
    (tmp_path / "x").symlink_to("nowhere")
    assert read_text(tmp_path / "x") == ""


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "x").write_text("")
    with pytest.raises(SyncAgentError, match="cannot be written"):
        write_whole(tmp_path / "file" / "x", b"")
    with pytest.raises(SyncAgentError, match="cannot be written"):
        write_whole(tmp_path / "directory", b"")
    with pytest.raises(SyncAgentError, match="cannot be read"):
        read_text(tmp_path / "directory")
    with pytest.raises(SyncAgentError, match="cannot be removed"):
        remove_file(tmp_path / "directory")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["directory", "file"], "nothing half written is left"
    remove_file(tmp_path / "not there")
