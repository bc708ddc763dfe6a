"""What is for one user alone: directories, files, and the place of a socket whose address fits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncagent.errors import BadConfig
from syncagent.private import SOCKET_ROOM, control_socket, make_private, write_private


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def test_a_short_data_directory_holds_its_socket() -> None:
    assert control_socket(Path("/d")) == Path("/d/run/control.sock")


def test_a_deep_data_directory_has_its_socket_elsewhere_and_always_in_the_same_place() -> None:
    deep = control_socket(Path("/" + "d" * 120))
    assert len(os.fsencode(deep)) <= SOCKET_ROOM
    assert deep == control_socket(Path("/" + "d" * 120))
    assert deep != control_socket(Path("/" + "e" * 120))


def test_the_limit_counts_bytes_and_not_characters() -> None:
    assert not control_socket(Path("/" + "ä" * 45)).is_relative_to("/ä")


@pytest.mark.hazard("G5")
def test_a_private_directory_is_made_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        assert mode(make_private(tmp_path / "a" / "b")) == 0o700
    finally:
        os.umask(old)


@pytest.mark.hazard("G5")
def test_a_directory_that_others_may_enter_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    assert mode(make_private(tmp_path / "open")) == 0o700


def test_neither_a_link_nor_a_file_is_taken_for_a_private_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(BadConfig, match="cannot be used"):
            make_private(tmp_path / name)


@pytest.mark.hazard("G5", "G8")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(BadConfig, match="another user"):
        make_private(tmp_path / "theirs")


@pytest.mark.hazard("G5")
def test_a_private_file_has_its_mode_and_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "f"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert (target.read_text(), mode(target)) == ("new", 0o600)
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_names_that_are_no_text_are_said_and_nothing_of_them_is_left(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="not valid UTF-8"):
        make_private(tmp_path / os.fsdecode(b"d\xff"))
    with pytest.raises(BadConfig, match="no text"):
        write_private(tmp_path / "own" / "file", os.fsdecode(b"d\xff"))
    assert [path.name for path in tmp_path.rglob("*")] == ["own"]
