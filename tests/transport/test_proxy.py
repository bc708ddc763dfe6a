"""Which proxy leads to a hub: what the settings, the environment and the system say, and what is reached without."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from syncagent.transport.proxy import (
    Proxy,
    Surroundings,
    is_loopback,
    is_spared,
    proxy_in,
    proxy_setting,
    proxy_to,
    without_password,
)

HUB = "wss://hub.example:8765"


def around(system: Mapping[str, str] | None = None, *, spared: bool = False, **environment: str) -> Surroundings:
    return Surroundings(environment, lambda: system or {}, lambda _: spared)


def led(setting: str = "system", server: str = HUB, surroundings: Surroundings | None = None) -> str | None:
    found = proxy_to(server, setting, "", surroundings or around())
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("http://proxy:3128", Proxy("http", "proxy", 3128)),
        ("https://proxy", Proxy("https", "proxy", 443)),
        ("socks5h://proxy", Proxy("socks5h", "proxy", 1080)),
        ("socks5://ann@proxy:9050", Proxy("socks5", "proxy", 9050, "ann")),
        ("http://ann:p%40ss%2Fword@proxy:3128/", Proxy("http", "proxy", 3128, "ann", "p@ss/word")),
        ("proxy.example:8080", Proxy("http", "proxy.example", 8080)),
        ("http://[fd00::1]:3128", Proxy("http", "fd00::1", 3128)),
    ],
)
def test_an_address_says_what_is_spoken_and_where(text: str, meant: Proxy) -> None:
    assert proxy_in(text) == meant
    assert proxy_in(meant.url) == meant


@pytest.mark.parametrize(
    "text",
    [
        "ftp://proxy:21", "http://", "http://:3128", "http://proxy:port", "http://proxy:0", "http://proxy:99999",
        "http://ann:hush@proxy:3128/path", "http://ann:hu/sh@proxy:3128", "http://:hush@proxy:3128",
        "socks5h://ann:hush@", "http://ann:hush@pro xy:1",
    ],
)  # fmt: skip
def test_what_is_no_proxy_is_refused_without_telling_its_password(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        proxy_setting(text)
    assert "hush" not in str(caught.value)
    assert "hush" not in without_password(text)


def test_the_setting_is_a_word_or_an_address() -> None:
    assert proxy_setting(" System ") == "system"
    assert proxy_setting("NONE") == "none"
    assert proxy_setting("http://proxy:3128") == "http://proxy:3128"
    with pytest.raises(ValueError, match="the one that is kept counts"):
        proxy_setting("http://ann:***@proxy:3128")


@pytest.mark.hazard("G5")
def test_a_proxy_is_shown_without_its_password() -> None:
    proxy = proxy_in("http://ann:hush@proxy:3128")
    assert str(proxy) == "http://ann@proxy:3128"
    assert "hush" not in repr(proxy)
    assert proxy.url == "http://ann:hush@proxy:3128"
    assert without_password("http://ann:hush@proxy:3128") == "http://ann:***@proxy:3128"
    assert without_password("ann:hu:s@h@proxy:3128") == "ann:***@proxy:3128"
    assert without_password("http://ann@proxy:3128") == "http://ann@proxy:3128"
    assert without_password("system") == "system"


def test_the_setting_is_stronger_than_the_environment() -> None:
    named = around(https_proxy="http://other:1")
    assert led("http://proxy:3128", surroundings=named) == "http://proxy:3128"
    assert led("none", surroundings=named) is None
    assert led("system", surroundings=named) == "http://other:1"


def test_a_password_that_is_kept_is_for_a_user_without_one() -> None:
    assert [
        found.password
        for setting in ("http://ann@proxy:1", "http://ann:own@proxy:1", "http://proxy:1")
        if (found := proxy_to(HUB, setting, "kept", around()))
    ] == ["kept", "own", ""]


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://one:1"}, "http://one:1"),
        ({"HTTPS_PROXY": "http://one:1", "https_proxy": "http://two:2"}, "http://two:2"),
        ({"ALL_PROXY": "socks5://one:1"}, "socks5h://one:1"),
        ({"ALL_PROXY": "socks5://one:1", "HTTPS_PROXY": "http://two:2"}, "http://two:2"),
        ({"HTTP_PROXY": "http://one:1"}, None),
        ({"https_proxy": "", "HTTPS_PROXY": "one:3128"}, "http://one:3128"),
        ({"https_proxy": "http://one:1", "no_proxy": "hub.example"}, None),
        ({"https_proxy": "http://one:1", "NO_PROXY": "other.example"}, "http://one:1"),
    ],
)
def test_the_environment_names_it(environment: dict[str, str], chosen: str | None) -> None:
    assert led(surroundings=around(**environment)) == chosen


def test_what_the_environment_names_wrongly_is_told_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"the proxy in HTTPS_PROXY must begin with http://") as caught:
        led(surroundings=around(HTTPS_PROXY="ftp://ann:hush@one:1"))
    assert "hush" not in str(caught.value)


def test_without_the_environment_the_system_names_it() -> None:
    assert led(surroundings=around({"https": "http://one:1", "socks": "http://two:2"})) == "http://one:1"
    assert led(surroundings=around({"socks": "http://two:2"})) == "socks5h://two:2"
    assert led(surroundings=around({"socks": "two:2"})) == "socks5h://two:2"
    assert led(surroundings=around({"http": "http://one:1"})) is None
    assert led(surroundings=around({"https": "http://one:1"}, spared=True)) is None
    assert led(surroundings=around({"https": "http://one:1"}, NO_PROXY="elsewhere")) == "http://one:1"
    assert led(surroundings=around({"https": "http://one:1"}, ALL_PROXY="http://two:2")) == "http://two:2"


@pytest.mark.hazard("G4")
@pytest.mark.parametrize(
    "server", ["ws://hub.example:8765", "wss://127.0.0.1:8765", "wss://localhost:8765", "wss://[::1]:8765"]
)
def test_what_is_not_encrypted_and_what_is_here_goes_through_none(server: str) -> None:
    assert led("http://proxy:3128", server) is None


@pytest.mark.parametrize(
    ("host", "listed", "spared"),
    [
        ("hub.example", "*", True),
        ("hub.example", "example", True),
        ("hub.example", ".example", True),
        ("hub.example", "*.example", True),
        ("hub.example", "other, hub.example", True),
        ("hub.example.", "HUB.example", True),
        ("hub.example", "ub.example", False),
        ("hub.example", "hub.example:8765", True),
        ("hub.example", "hub.example:443", False),
        ("hub.example", "", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "hub.example", False),
        ("fd00::1", "[fd00::1]:8765", True),
        ("fd00::1", "fd00::/8", True),
        ("fd00::1", "fe80::1", False),
    ],
)
def test_no_proxy_spares_names_addresses_and_networks(host: str, listed: str, spared: bool) -> None:
    assert is_spared(host, 8765, listed) is spared


def test_this_machine_is_known_by_its_names() -> None:
    assert [is_loopback(host) for host in ("127.0.0.9", "::1", "localhost", "LOCALHOST.")] == [True] * 4
    assert [is_loopback(host) for host in ("10.0.0.1", "hub.localhost.example", "")] == [False] * 3
