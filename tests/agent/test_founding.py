"""An agent is set up: with a hub of its own, or by a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.config.reading import read_settings
from syncagent.agent.founding import PORT, check_sealed, set_up, set_up_joined
from syncagent.agent.keys import load_key
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from syncagent.model.link import Link


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    return Places(tmp_path / "data")


def test_a_first_machine_has_a_hub_a_key_and_its_folder(spot: Places, tmp_path: Path) -> None:
    made = set_up(spot, tmp_path / "folder", "127.0.0.1", "Laptop")
    assert (made.listen, made.server, made.name) == (f"127.0.0.1:{PORT}", f"ws://127.0.0.1:{PORT}", "Laptop")
    assert (tmp_path / "folder").is_dir()
    assert len(load_key(spot)) > 30
    assert read_settings(spot) == made


def test_a_key_that_is_there_already_stays(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", None, None)
    key = load_key(spot)
    spot.config.unlink()
    set_up(spot, tmp_path / "another", None, None)
    assert load_key(spot) == key


def test_a_machine_that_joins_has_what_the_link_says(spot: Places, tmp_path: Path) -> None:
    link = Link("wss://hub.example:8765", "the key", "team", "ab" * 32)
    made = set_up_joined(spot, link, tmp_path / "folder", None)
    assert (made.server, made.folder, made.fingerprint, made.listen) == (link.server, "team", "ab" * 32, "")
    assert load_key(spot) == "the key"


def test_what_is_set_up_is_for_one_folder(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", None, None)
    with pytest.raises(BadConfig, match="another --data-dir"):
        set_up(spot, tmp_path / "another", None, None)
    with pytest.raises(BadConfig, match="runs its own hub"):
        set_up_joined(spot, Link("wss://hub.example:1", "k", fingerprint="ab" * 32), None, None)


def test_a_folder_within_one_that_is_kept_is_refused_before_anything_is_made(spot: Places, tmp_path: Path) -> None:
    (tmp_path / "kept" / ".syncagent").mkdir(parents=True)
    (tmp_path / "kept" / ".syncagent" / "root.json").touch()
    link = Link("wss://hub.example:8765", "the key", "team", "ab" * 32)
    with pytest.raises(BadConfig, match="kept already"):
        set_up(spot, tmp_path / "kept" / "a", None, None)
    with pytest.raises(BadConfig, match="kept already"):
        set_up_joined(spot, link, tmp_path / "kept" / "a", None)
    (tmp_path / "around").mkdir()
    (tmp_path / "kept").rename(tmp_path / "around" / "kept")
    with pytest.raises(BadConfig, match="holds kept, which is kept already"):
        set_up_joined(spot, link, tmp_path / "around", None)
    assert not spot.data_dir.exists() and not (tmp_path / "kept" / "a").exists()


@pytest.mark.parametrize("server", ["ws://192.168.1.20:8765", "ws://hub.example:80"])
def test_beyond_this_machine_a_link_must_be_for_an_encrypted_connection(server: str) -> None:
    with pytest.raises(BadConfig, match="would not be encrypted"):
        check_sealed(Link(server, "k"))
    check_sealed(Link("ws://127.0.0.1:8765", "k"))
