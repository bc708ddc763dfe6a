"""Settings: where they come from, which wins, and what is said about one that is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.config import (
    Settings,
    agent_config,
    client_id,
    host_and_port,
    position_of,
    read_settings,
    renewed,
    write_settings,
)
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from tests.support.agents import config_in

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir()
    return Places(tmp_path / "data")


def settle(spot: Places, text: str = "", **options: Any) -> Settings:
    spot.config.write_text(text)
    return read_settings(spot, {}, {"sync_root": "/srv/folder", "server": "ws://hub:1", **options})


def test_the_strongest_wins_default_file_environment_option(spot: Places) -> None:
    spot.config.write_text('sync_root = "/srv/folder"\nserver = "ws://a:1"\nname = "file"\nrescan_minutes = 5\n')
    assert read_settings(spot).name == "file"
    assert read_settings(spot).folder == "default"
    environment = {"SYNCAGENT_NAME": "env", "SYNCAGENT_RESCAN_MINUTES": "7", "SYNCAGENT_ELSE": "is not ours"}
    assert read_settings(spot, environment).name == "env"
    assert read_settings(spot, environment).rescan_minutes == 7
    assert read_settings(spot, environment, {"name": "option"}).name == "option"
    assert read_settings(spot, environment, {"name": None}).name == "env"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = \n", r"config\.toml:1:8: invalid value"),
        ("# x\nname = 'a'\n  name = 'b'\n", r"config\.toml:3:13: cannot overwrite a value"),
        ("name = 'a", r"config\.toml:1:10: "),
        ("# x\n  nmae = 'a'\n", r"config\.toml:2:3: nmae: there is no such setting; did you mean name\?"),
        ("[table]\na = 1\n", r"config\.toml:1:1: table: there is no such setting"),
        (
            "\nrescan_minutes = 0\n",
            r"config\.toml:2:1: rescan_minutes: input should be greater than or equal to 1 \(not '0'\)",
        ),
        ('rescan_minutes = "often"\n', r"config\.toml:1:1: rescan_minutes: input should be a valid integer"),
        ('log_level = "loud"\n', r"config\.toml:1:1: log_level: input should be 'debug', 'info', .* \(not 'loud'\)"),
        ('listen = "nowhere"\n', r"config\.toml:1:1: listen: must look like HOST:PORT"),
        ('fingerprint = "abc"\n', r"config\.toml:1:1: fingerprint: must be a SHA-256 digest"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line_and_column(spot: Places, text: str, said: str) -> None:
    with pytest.raises(BadConfig, match=said) as caught:
        settle(spot, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_utf8_is_said(spot: Places) -> None:
    spot.config.write_bytes(b'name = "\xff"')
    with pytest.raises(BadConfig, match="not valid UTF-8 at byte 8"):
        read_settings(spot)


def test_what_is_wrong_elsewhere_is_said_with_the_variable_or_the_option(spot: Places) -> None:
    with pytest.raises(BadConfig, match="^SYNCAGENT_SERVER: must look like ws://"):
        read_settings(spot, {"SYNCAGENT_SERVER": "http://x", "SYNCAGENT_SYNC_ROOT": "/srv/folder"})
    with pytest.raises(BadConfig, match="^--name: must be one line"):
        settle(spot, name="a\nb")


@pytest.mark.parametrize(
    "server", ["hub:1", "http://hub", "ws://", "ws://u:p@hub", "ws://hub?x=1", "ws://hub:0", "ws://hub:x"]
)
def test_an_address_that_is_none_is_refused(spot: Places, server: str) -> None:
    with pytest.raises(BadConfig, match="--server"):
        settle(spot, server=server)


def test_what_is_missing_is_said_with_how_to_give_it(spot: Places) -> None:
    with pytest.raises(BadConfig, match=r"no sync_root set.*syncagent up.*--sync-root"):
        read_settings(spot)


def test_the_folder_and_the_agents_own_files_are_kept_apart(spot: Places) -> None:
    for root, said in (
        (spot.data_dir, "data directory"),
        (spot.data_dir.parent, "holds the agent's own data directory"),
        (spot.data_dir / "inside", "inside the agent's own"),
        (Path("/"), "whole file system"),
        (Path("relative"), "absolute"),
    ):
        with pytest.raises(BadConfig, match=said):
            settle(spot, sync_root=root)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("h:1", ("h", 1)), ("0.0.0.0:8765", ("0.0.0.0", 8765)), ("[::1]:80", ("::1", 80)), ("h:65535", ("h", 65535))],
)
def test_a_host_and_a_port(text: str, parts: tuple[str, int]) -> None:
    assert host_and_port(text) == parts


@pytest.mark.parametrize("text", ["", "h", "h:", ":1", "h:65536", "::1:80", "h:1/x", "a b:1", "u@h:1"])
def test_what_is_no_host_and_port(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        host_and_port(text)


def test_a_setting_is_found_where_it_is_set_and_not_where_it_is_spoken_of() -> None:
    text = "# name = 1\ndoc = '''\nname = 2\n'''\n  'name' = 3\n"
    assert position_of(text, "name") == (5, 3)
    assert position_of(text, "doc") == (2, 1)
    assert position_of(text, "other") == (1, 1)


def test_writing_keeps_what_a_person_wrote(spot: Places) -> None:
    spot.config.write_text("# mine\nname = 'a'  # why\n")
    write_settings(spot, {"name": "b", "server": "ws://h:1", "rescan_minutes": 9})
    text = spot.config.read_text()
    assert "# mine\n" in text
    assert "# why" in text
    settings = read_settings(spot, {}, {"sync_root": "/srv/folder"})
    assert (settings.name, settings.server, settings.rescan_minutes) == ("b", "ws://h:1", 9)
    assert spot.config.stat().st_mode & 0o777 == 0o600


def test_a_file_that_we_make_explains_itself(spot: Places) -> None:
    write_settings(spot, {"sync_root": "/srv/folder", "server": "ws://h:1"})
    assert "# the folder that is kept the same" in spot.config.read_text()
    assert read_settings(spot).sync_root == Path("/srv/folder")


@pytest.mark.hazard("E6")
def test_a_client_id_that_was_given_up_is_replaced_for_good(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    config.data_dir.chmod(0o700)
    other = renewed(config)
    assert other.client_id != config.client_id
    assert client_id(config.places, "x") == other.client_id
    assert other.model_copy(update={"client_id": config.client_id}) == config


def test_a_client_id_is_made_once_from_name_and_time(spot: Places) -> None:
    made = client_id(spot, "Anna's Läptop")
    assert re.fullmatch(r"anna-s-l-ptop-\d{8}T\d{6}Z-[0-9a-f]{4}", made)
    assert client_id(spot, "renamed") == made
    for damaged in (b"two words", b"\xff\xfe"):
        spot.identity.write_bytes(damaged)
        with pytest.raises(BadConfig, match="client id; remove it"):
            client_id(spot, "x")


def test_the_key_does_not_show_when_a_config_is_shown(spot: Places) -> None:
    config = agent_config(settle(spot), spot, KEY)
    assert KEY not in repr(config) + str(config) + config.model_dump_json()
    assert config.api_key.get_secret_value() == KEY
    assert config.places == spot
    with pytest.raises(BadConfig, match="no key"):
        agent_config(settle(spot), spot, "")


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())
