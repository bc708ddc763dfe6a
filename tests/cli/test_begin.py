"""What `up` and `join` leave behind, before anything is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncagent.agent.config.writing import write_settings
from syncagent.agent.founding import propose, set_up, set_up_joined
from syncagent.agent.keys import load_key
from syncagent.agent.places import Places, places
from syncagent.cli.begin import how_to_add, typed
from syncagent.errors import BadConfig
from syncagent.model.link import Link, format_link, parse_link

LINK = Link(server="wss://hub.example:8765", key="the-key-of-the-hub", fingerprint="ab" * 32)


@pytest.fixture(autouse=True)
def _no_ring(spot: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    import keyring.backends.fail

    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())


def test_the_first_up_makes_a_folder_a_key_and_settings(spot: Places, tmp_path: Path) -> None:
    settings = set_up(spot, tmp_path / "folder", None, "Laptop")
    assert (tmp_path / "folder").is_dir()
    assert (settings.sync_root, settings.name) == (tmp_path / "folder", "Laptop")
    assert (settings.listen, settings.server) == ("127.0.0.1:8765", "ws://127.0.0.1:8765")
    assert len(load_key(spot)) >= 43
    assert spot.key.stat().st_mode & 0o777 == 0o600


def test_the_next_up_goes_on_where_it_was(spot: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, key = set_up(spot, tmp_path / "folder", None, None), load_key(spot)
    text = spot.config.read_bytes()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("folder")
    for folder in (None, Path("folder"), Path("link"), tmp_path / "folder"):
        assert set_up(spot, folder, None, None) == first
    assert spot.config.read_bytes() == text
    assert load_key(spot) == key


def test_a_folder_that_has_gone_is_not_made_again(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", None, None)
    (tmp_path / "folder").rmdir()
    set_up(spot, tmp_path / "folder", None, None)
    assert not (tmp_path / "folder").exists()


def test_one_data_directory_is_for_one_folder(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", None, None)
    with pytest.raises(BadConfig, match="is for the folder .*--data-dir"):
        set_up(spot, tmp_path / "other", None, None)
    assert not (tmp_path / "other").exists()


def test_letting_others_in_makes_it_tls_and_keeps_the_rest(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", None, "Laptop")
    key = load_key(spot)
    settings = set_up(spot, None, "0.0.0.0", None)
    assert (settings.listen, settings.server) == ("0.0.0.0:8765", "wss://127.0.0.1:8765")
    assert settings.name == "Laptop"
    assert load_key(spot) == key


@pytest.mark.parametrize("listen", ["", "x y", "h:0", "h:99999", "[::1", "::1"])
def test_what_cannot_be_listened_on_is_refused_and_nothing_is_made(spot: Places, tmp_path: Path, listen: str) -> None:
    with pytest.raises(BadConfig, match="--listen"):
        set_up(spot, tmp_path / "folder", listen, None)
    assert not spot.data_dir.exists()
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize(
    ("listen", "address"), [("[::1]", "[::1]:8765"), ("[::1]:9", "[::1]:9"), ("h:9", "h:9"), ("h", "h:8765")]
)
def test_a_port_may_be_left_out(spot: Places, tmp_path: Path, listen: str, address: str) -> None:
    assert set_up(spot, tmp_path / "folder", listen, None).listen == address


def test_join_takes_everything_from_the_link(spot: Places, tmp_path: Path) -> None:
    settings = set_up_joined(spot, LINK, tmp_path / "folder", "Desk")
    assert (settings.server, settings.fingerprint, settings.listen) == (LINK.server, LINK.fingerprint, "")
    assert load_key(spot) == LINK.key
    assert LINK.key not in spot.config.read_text()
    assert set_up(spot, None, None, None) == settings, "up goes on with the hub that was joined"
    with pytest.raises(BadConfig, match="joined the hub at"):
        set_up(spot, None, "0.0.0.0", None)


def test_joining_again_renews_the_key_and_keeps_the_folder(spot: Places, tmp_path: Path) -> None:
    set_up_joined(spot, LINK, tmp_path / "folder", "Desk")
    settings = set_up_joined(spot, Link(server="ws://127.0.0.1:9", key="another-key"), None, None)
    assert (settings.sync_root, settings.name) == (tmp_path / "folder", "Desk")
    assert (settings.server, settings.fingerprint) == ("ws://127.0.0.1:9", "")
    assert load_key(spot) == "another-key"


def test_a_machine_with_its_own_hub_does_not_join_another_by_mistake(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", None, None)
    with pytest.raises(BadConfig, match="own hub"):
        set_up_joined(spot, LINK, None, None)


def test_the_line_to_type_holds_what_join_needs(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "folder", "192.0.2.7:9", None)
    write_settings(spot, {"fingerprint": LINK.fingerprint})
    text = how_to_add(set_up(spot, None, None, None), "the-key", spot)
    link = parse_link(text.partition("join '")[2].partition("'")[0])
    assert link == Link(server="wss://192.0.2.7:9", key="the-key", fingerprint=LINK.fingerprint)
    assert "this machine only" not in text


def test_a_link_to_a_hub_on_loopback_says_that_it_is_for_this_machine(spot: Places, tmp_path: Path) -> None:
    assert "--listen 0.0.0.0" in how_to_add(set_up(spot, tmp_path / "folder", None, None), "the-key", spot)


def test_what_is_to_be_typed_names_the_program_and_the_data_directory_where_they_are_not_the_usual(
    spot: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "syncagent").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert typed(spot, "status") == "syncagent status"
    monkeypatch.delenv("SYNCAGENT_DATA_DIR")
    assert typed(spot, "status") == f"syncagent status --data-dir {spot.data_dir}"
    monkeypatch.setenv("PATH", "/nowhere")
    assert typed(places(None), "status") == f"{tmp_path}/bin/syncagent status"


def test_a_link_that_was_cut_off_at_its_ampersand_is_not_taken(spot: Places, tmp_path: Path) -> None:
    cut = format_link(LINK).partition("&")[0]
    with pytest.raises(BadConfig, match="quotes"):
        set_up_joined(spot, parse_link(cut), tmp_path / "folder", None)
    assert not spot.data_dir.exists()


def test_a_file_is_no_folder(spot: Places, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadConfig, match="is no folder"):
        set_up(spot, tmp_path / "file", None, None)


def test_the_link_may_come_on_stdin_and_what_is_wrong_with_it_does_not_show_it(spot: Places) -> None:
    text = format_link(LINK).replace("key=", "yek=")
    run = subprocess.run(
        [sys.executable, "-m", "syncagent", "join", "-"], input=text, capture_output=True, text=True, timeout=30,
        env={**os.environ, "SYNCAGENT_DATA_DIR": str(spot.data_dir)},
    )  # fmt: skip
    assert run.returncode == 2
    assert "the link has no key" in run.stderr
    assert LINK.key not in run.stderr + run.stdout


def test_a_further_folder_goes_to_the_hub_that_is_here_under_its_own_name(spot: Places, tmp_path: Path) -> None:
    one = set_up(spot, tmp_path / "one", "127.0.0.1:9", "Desk")
    photos = set_up(spot.of("photos"), tmp_path / "photos", None, None)
    assert (photos.server, photos.folder, photos.listen, photos.name) == (one.server, "photos", "", "Desk")
    assert load_key(spot.of("photos")) == load_key(spot)
    assert spot.of("photos").state.stat().st_mode & 0o777 == 0o700
    with pytest.raises(BadConfig, match="inside the folder of the profile default"):
        set_up(spot.of("inner"), tmp_path / "one" / "inner", None, None)
    assert not (tmp_path / "one" / "inner").exists()


def test_a_further_folder_may_join_another_hub(spot: Places, tmp_path: Path) -> None:
    set_up(spot, tmp_path / "one", None, "Desk")
    joined = set_up_joined(spot.of("work"), LINK, tmp_path / "work", None)
    assert (joined.server, joined.fingerprint, joined.name) == (LINK.server, LINK.fingerprint, "Desk")
    assert load_key(spot.of("work")) == LINK.key != load_key(spot)
    with pytest.raises(BadConfig, match="one agent runs one hub, and the profile default has it"):
        set_up(spot.of("more"), tmp_path / "more", "127.0.0.1:10", None)


def test_whether_gitignore_files_count_is_kept_when_it_is_said(spot: Places, tmp_path: Path) -> None:
    made = propose(spot, tmp_path / "folder", None, None).also({"respect_gitignore": True}).carry_out()
    assert made.respect_gitignore
    assert set_up(spot, None, None, None).respect_gitignore, "said once"
    assert not propose(spot, None, None, None).also({"respect_gitignore": False}).carry_out().respect_gitignore
    assert not propose(spot, None, None, None).also({"respect_gitignore": None}).changes
