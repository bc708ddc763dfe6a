"""Settings: where they come from, which wins, and what is said about one that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.config.reading import Source, check_text, read_settings, relevant
from syncagent.agent.config.settings import Settings
from syncagent.agent.places import Places
from syncagent.errors import BadConfig

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


PROFILES = """\
name = "laptop"
max_up = "500K"
sync_root = "/srv/one"
server = "ws://one:1"

[profiles.photos]
sync_root = "/srv/photos"
server = "ws://two:1"
max_up = "off"
"""


def test_a_profile_goes_by_the_top_of_the_file_but_for_what_is_about_its_folder(spot: Places) -> None:
    spot.config.write_text(PROFILES)
    read = Source(spot).read()
    assert list(read) == ["", "photos"]
    one, photos = read[""].settings, read["photos"].settings
    assert one is not None
    assert photos is not None
    assert (one.name, one.max_up, one.server) == ("laptop", 500_000, "ws://one:1")
    assert (photos.name, photos.max_up, photos.server, photos.folder) == ("laptop", 0, "ws://two:1", "default")
    assert read_settings(spot.of("photos")) == photos


def test_environment_and_options_on_one_folder_are_for_the_profile_that_is_named(spot: Places) -> None:
    spot.config.write_text(PROFILES)
    environment = {"SYNCAGENT_SERVER": "ws://env:1", "SYNCAGENT_RESCAN_MINUTES": "7"}
    read = Source(spot.of("photos"), environment, {"brake": "off", "name": "other"}).read()
    found = {name: one.settings for name, one in read.items()}
    assert [one and one.server for one in found.values()] == ["ws://one:1", "ws://env:1"]
    assert [one and one.rescan_minutes for one in found.values()] == [7, 7]
    assert [one and one.brake for one in found.values()] == ["off", "off"]
    assert [one and one.name for one in found.values()] == ["laptop", "other"]


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("/srv/one", "is the folder of the profile default already"),
        ("/srv/one/photos", "is inside the folder of the profile default"),
        ("/srv", "holds the folder of the profile default"),
    ],
)
def test_two_profiles_have_folders_apart(spot: Places, root: str, said: str) -> None:
    spot.config.write_text(PROFILES.replace("/srv/photos", root))
    read = Source(spot).read()
    assert read[""].settings is not None, "what is wrong with one profile is no reason to stop another"
    assert said in read["photos"].trouble
    assert read["photos"].trouble.startswith(f"{spot.config}:7:1: sync_root: ")


def test_one_agent_runs_one_hub(spot: Places) -> None:
    spot.config.write_text(PROFILES.replace("[prof", 'listen = "127.0.0.1:1"\n[prof') + 'listen = "127.0.0.1:2"\n')
    assert "one agent runs one hub, and the profile default has it" in Source(spot).read()["photos"].trouble


def test_with_named_profiles_alone_there_is_none_without_a_name(spot: Places) -> None:
    spot.config.write_text('[profiles.photos]\nsync_root = "/srv/photos"\nserver = "ws://two:1"\n')
    assert list(Source(spot).read()) == ["photos"]
    assert list(Source(spot, {}, {"sync_root": "/srv/one"}).read()) == ["", "photos"]
    assert list(Source(spot.of("music")).read()) == ["photos", "music"]


def test_what_the_agent_has_found_out_is_strongest(spot: Places) -> None:
    spot.config.write_text(PROFILES)
    read = Source(spot, {"SYNCAGENT_SERVER": "ws://env:1"}).fixing("", {"server": "ws://found:1"}).read()[""]
    assert read.settings is not None
    assert read.settings.server == "ws://found:1"
    assert read.given.origins["server"].kind == "agent"


def test_a_text_that_lacks_something_is_not_wrong_for_that(spot: Places) -> None:
    check_text("name = 'a'\n", spot)
    with pytest.raises(BadConfig, match="rescan_minutes"):
        check_text("rescan_minutes = 0\n", spot)


def test_no_key_is_among_what_is_kept_of_the_environment() -> None:
    assert relevant({"SYNCAGENT_NAME": "a", "SYNCAGENT_API_KEY": "secret", "HOME": "/"}) == {"SYNCAGENT_NAME": "a"}
