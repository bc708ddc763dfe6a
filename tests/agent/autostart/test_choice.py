"""Which way of starting at login a system has."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.autostart import choice
from syncagent.agent.autostart.choice import has_desktop, login_item, on_linux, tray_item, with_runtime_directory
from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.under_desktop import DesktopEntry
from syncagent.agent.autostart.under_launchd import LaunchAgent
from syncagent.agent.autostart.under_scheduler import LogonTask
from syncagent.agent.autostart.under_systemd import SystemdUnit
from syncagent.agent.places import Places
from syncagent.errors import SyncAgentError
from tests.agent.autostart.conftest import Program


def test_where_systemd_runs_it_is_a_unit(
    job: Job, program: Program, environment: dict[str, str], tmp_path: Path
) -> None:
    program("systemctl", "echo 252.38-1~deb12u1")
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    item = on_linux(job, environment, systemd_runs=True)
    assert isinstance(item, SystemdUnit)
    assert (item.version, item.where) == (252, str(tmp_path / "config/systemd/user/syncagent.service"))


def test_elsewhere_it_is_an_entry_of_the_desktop(job: Job, environment: dict[str, str], tmp_path: Path) -> None:
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    item = on_linux(job, environment, systemd_runs=False)
    assert isinstance(item, DesktopEntry)
    assert item.where == str(tmp_path / "config/autostart/syncagent.desktop")


def test_a_systemd_that_does_not_answer_is_no_reason_to_take_something_else(
    job: Job, program: Program, environment: dict[str, str]
) -> None:
    program("systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1")
    with pytest.raises(SyncAgentError, match="No medium found"):
        on_linux(job, environment, systemd_runs=True)


def test_the_runtime_directory_is_found_where_the_shell_does_not_know_it(tmp_path: Path) -> None:
    assert with_runtime_directory({"A": "b"}, 1000, tmp_path) == {"A": "b"}
    (tmp_path / "1000").mkdir()
    assert with_runtime_directory({}, 1000, tmp_path) == {"XDG_RUNTIME_DIR": str(tmp_path / "1000")}
    assert with_runtime_directory({"XDG_RUNTIME_DIR": "/x"}, 1000, tmp_path) == {"XDG_RUNTIME_DIR": "/x"}


@pytest.mark.parametrize(("platform", "kind"), [("darwin", LaunchAgent), ("win32", LogonTask)])
def test_the_other_systems_have_their_own(
    platform: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert isinstance(login_item(Places(tmp_path), tmp_path, ["/usr/bin/syncagent"], {}), kind)


def test_the_tray_starts_where_there_is_a_desktop_and_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, environment = ["/usr/bin/syncagent"], {"XDG_CONFIG_HOME": str(tmp_path)}
    monkeypatch.setattr(choice, "_SESSIONS", (tmp_path / "sessions",))
    assert tray_item(Places(tmp_path), program, environment) is None
    item = tray_item(Places(tmp_path), program, {**environment, "WAYLAND_DISPLAY": "wayland-0"})
    assert isinstance(item, DesktopEntry)
    assert item.where.endswith("-tray.desktop")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert tray_item(Places(tmp_path), program, {**environment, "WAYLAND_DISPLAY": "wayland-0"}) is None


def test_a_desktop_that_one_could_log_in_to_is_one(tmp_path: Path) -> None:
    assert not has_desktop({}, [tmp_path])
    (tmp_path / "plasma.desktop").touch()
    assert has_desktop({}, [tmp_path])
    assert has_desktop({"DISPLAY": ":0"}, [])


@pytest.mark.parametrize(("platform", "kind"), [("darwin", LaunchAgent), ("win32", LogonTask)])
def test_the_tray_of_the_other_systems(
    platform: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    item = tray_item(Places(tmp_path), ["/usr/bin/syncagent"], {})
    assert isinstance(item, kind)
    assert "tray" in item.where
