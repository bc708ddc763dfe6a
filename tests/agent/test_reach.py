"""Under which address a hub is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.config.settings import Settings
from syncagent.agent.reach import is_loopback, proxy_in_words, reach_from_afar, reach_own_hub
from tests.support.agents import config_in


@pytest.mark.parametrize(
    ("host", "loopback", "server"),
    [
        ("127.0.0.1", True, "ws://127.0.0.1:8765"),
        ("localhost", True, "ws://localhost:8765"),
        ("::1", True, "ws://[::1]:8765"),
        ("0.0.0.0", False, "wss://127.0.0.1:8765"),
        ("::", False, "wss://[::1]:8765"),
        ("192.0.2.7", False, "wss://192.0.2.7:8765"),
        ("hub.example", False, "wss://hub.example:8765"),
    ],
)
def test_the_agent_beside_a_hub_takes_the_nearest_way_and_beyond_loopback_it_is_tls(
    host: str, loopback: bool, server: str
) -> None:
    assert is_loopback(host) is loopback
    assert reach_own_hub(host, 8765) == {"server": server}


@pytest.mark.parametrize(
    ("listen", "server"),
    [
        ("127.0.0.1:1", "ws://127.0.0.1:1"),
        ("192.0.2.7:1", "wss://192.0.2.7:1"),
        ("[2001:db8::7]:1", "wss://[2001:db8::7]:1"),
    ],
)
def test_other_machines_take_the_address_that_it_listens_on(listen: str, server: str) -> None:
    settings = Settings(sync_root=Path("/srv"), server="ws://127.0.0.1:1", listen=listen)
    assert reach_from_afar(settings) == server


def test_where_it_listens_on_all_addresses_others_are_told_one_that_is_no_loopback() -> None:
    settings = Settings(sync_root=Path("/srv"), server="wss://127.0.0.1:1", listen="0.0.0.0:1")
    assert reach_from_afar(settings).startswith("wss://")
    assert "127.0.0.1" not in reach_from_afar(settings)
    assert "0.0.0.0" not in reach_from_afar(settings)


def test_the_proxy_that_leads_to_the_hub_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://ann:hush@proxy:3128")
    assert proxy_in_words(config_in(tmp_path, server="wss://hub:1")) == "http://ann@proxy:3128"
    assert proxy_in_words(config_in(tmp_path, server="wss://hub:1", proxy="none")) == ""
    assert proxy_in_words(config_in(tmp_path)) == "", "what is on this machine is reached without"
    monkeypatch.setenv("https_proxy", "gopher://proxy:1")
    assert proxy_in_words(config_in(tmp_path, server="wss://hub:1")).startswith("the proxy in https_proxy must begin")
