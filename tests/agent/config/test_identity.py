"""The id of an agent, and what it is told with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncagent.agent.config.identity import agent_config, client_id, renewed
from syncagent.agent.config.reading import read_settings
from syncagent.agent.config.settings import Settings
from syncagent.agent.keys import save_proxy_password
from syncagent.agent.places import Places
from syncagent.agent.reach import way_to_hub
from syncagent.errors import BadConfig
from tests.support.agents import config_in

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir()
    return Places(tmp_path / "data")


def settle(spot: Places) -> Settings:
    return read_settings(spot, {}, {"sync_root": "/srv/folder", "server": "ws://hub:1"})


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


def test_each_profile_is_a_client_of_its_own(spot: Places) -> None:
    settings = settle(spot)
    one, two = agent_config(settings, spot, KEY), agent_config(settings, spot.of("photos"), KEY)
    assert one.client_id != two.client_id
    assert (two.places, two.places.database) == (spot.of("photos"), spot.data_dir / "profiles" / "photos" / "agent.db")


@pytest.mark.hazard("G5")
def test_the_password_of_a_proxy_is_a_secret_wherever_it_was_kept(spot: Places) -> None:
    named = settle(spot).model_copy(update={"proxy": "http://ann@proxy:3128", "key_store": "file"})
    save_proxy_password(spot, "http://ann@proxy:3128", "hush", "file")
    config = agent_config(named, spot, KEY)
    assert way_to_hub(config.model_copy(update={"server": "wss://hub:1"})).password == "hush"  # type: ignore[union-attr]
    assert config.secrets == [KEY, "hush"]
    assert "hush" not in repr(config) + str(config) + config.model_dump_json()
    inline = agent_config(named.model_copy(update={"proxy": "http://ann:other@proxy:3128"}), spot, KEY)
    assert inline.secrets == [KEY, "other"]
    assert "other" not in repr(inline) + str(inline)
