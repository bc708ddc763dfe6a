"""A key at rest: private from its first moment, refused when it is not, in a keyring where one works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from syncagent.agent.keys import (
    forget_key,
    from_environment,
    load_key,
    load_proxy_password,
    save_key,
    save_proxy_password,
)
from syncagent.agent.places import Places
from syncagent.errors import BadConfig


class RingInMemory(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def no_ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def ring() -> Iterator[RingInMemory]:
    before, here = keyring.get_keyring(), RingInMemory()
    keyring.set_keyring(here)
    yield here
    keyring.set_keyring(before)


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    return Places(tmp_path / "data")


@pytest.mark.hazard("G5")
def test_where_no_keyring_works_the_key_is_in_a_file_of_mode_0600(spot: Places, no_ring: None) -> None:
    old = os.umask(0)
    try:
        assert save_key(spot, "the key") == "file"
    finally:
        os.umask(old)
    assert spot.key.stat().st_mode & 0o777 == 0o600
    assert spot.data_dir.stat().st_mode & 0o777 == 0o700
    assert load_key(spot) == "the key"


@pytest.mark.hazard("G5")
def test_the_file_never_has_a_wider_mode_not_even_for_a_moment(
    spot: Places, no_ring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, int, int]] = []
    real = os.open

    def watched(path: str, flags: int, mode: int = 0o777, **rest: int) -> int:
        opened.append((os.fspath(path), flags, mode))
        return real(path, flags, mode, **rest)

    monkeypatch.setattr(os, "open", watched)
    save_key(spot, "the key", "file")
    [(_, flags, mode)] = [call for call in opened if "key" in call[0]]
    assert mode == 0o600
    assert flags & os.O_EXCL


@pytest.mark.hazard("G5")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_read_or_write_is_refused(spot: Places, no_ring: None, mode: int) -> None:
    save_key(spot, "the key", "file")
    spot.key.chmod(mode)
    with pytest.raises(BadConfig, match="by others") as caught:
        load_key(spot)
    assert "the key\n" not in str(caught.value)


@pytest.mark.hazard("G5")
def test_a_link_or_a_pipe_is_not_read_as_a_key(spot: Places, no_ring: None) -> None:
    spot.data_dir.mkdir()
    (spot.data_dir / "x").write_text("k")
    spot.key.symlink_to("x")
    with pytest.raises(BadConfig):
        load_key(spot)
    spot.key.unlink()
    os.mkfifo(spot.key, 0o600)
    with pytest.raises(BadConfig, match="not a file"):
        load_key(spot)


def test_no_key_is_no_error(spot: Places, no_ring: None) -> None:
    assert load_key(spot) == ""


def test_a_keyring_that_works_has_the_key_and_the_file_is_gone(spot: Places, ring: RingInMemory) -> None:
    save_key(spot, "first", "file")
    assert save_key(spot, "second") == "keyring"
    assert not spot.key.exists()
    assert load_key(spot) == "second"
    forget_key(spot)
    forget_key(spot)
    assert load_key(spot) == ""
    assert ring.kept == {}


def test_two_data_directories_have_two_keys_in_one_keyring(tmp_path: Path, ring: RingInMemory) -> None:
    one, two = Places(tmp_path / "1"), Places(tmp_path / "2")
    save_key(one, "k1")
    save_key(two, "k2")
    assert (load_key(one), load_key(two)) == ("k1", "k2")


def test_asking_for_a_keyring_where_there_is_none_is_said(spot: Places, no_ring: None) -> None:
    with pytest.raises(BadConfig, match="no keyring works"):
        save_key(spot, "k", "keyring")


@pytest.mark.hazard("G5")
def test_the_environments_key_is_taken_out_of_it() -> None:
    environment = {"SYNCAGENT_API_KEY": " k \n", "HOME": "/h"}
    assert from_environment(environment) == "k"
    assert environment == {"HOME": "/h"}
    assert from_environment(environment) == ""


PROXY = "http://ann@proxy:3128"


@pytest.mark.hazard("G5")
def test_the_password_of_a_proxy_is_kept_apart_in_a_file_of_mode_0600(spot: Places, no_ring: None) -> None:
    save_proxy_password(spot, PROXY, "hush")
    save_proxy_password(spot, "socks5h://ben@other:1080", "more")
    assert spot.proxy_passwords.stat().st_mode & 0o777 == 0o600
    assert load_proxy_password(spot, PROXY) == load_proxy_password(spot.of("photos"), PROXY) == "hush"
    assert load_proxy_password(spot, "http://ann@other:3128") == ""
    save_proxy_password(spot, PROXY, "")
    assert load_proxy_password(spot, PROXY) == ""
    assert load_proxy_password(spot, "socks5h://ben@other:1080") == "more"
    with pytest.raises(BadConfig, match="no keyring works here"):
        save_proxy_password(spot, PROXY, "hush", "keyring")


def test_a_keyring_that_works_has_the_password_of_a_proxy(spot: Places, ring: RingInMemory) -> None:
    save_proxy_password(spot, PROXY, "hush", "file")
    save_proxy_password(spot, PROXY, "changed")
    assert "hush" not in spot.proxy_passwords.read_text()
    assert load_proxy_password(spot, PROXY) == "changed"
    save_proxy_password(spot, PROXY, "")
    assert ring.kept == {}


@pytest.mark.hazard("G5")
def test_a_file_of_passwords_that_others_can_read_is_refused_and_a_damaged_one_is_none(
    spot: Places, no_ring: None
) -> None:
    save_proxy_password(spot, PROXY, "hush")
    spot.proxy_passwords.write_text("[no, json")
    assert load_proxy_password(spot, PROXY) == ""
    spot.proxy_passwords.chmod(0o644)
    with pytest.raises(BadConfig, match="the file of proxy passwords .* can be read"):
        load_proxy_password(spot, PROXY)
