"""`autostart`, where no systemd runs: on, off, status, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.autostart import choice
from syncagent.agent.founding import set_up
from syncagent.agent.keys import save_key
from syncagent.agent.places import Places
from syncagent.cli.login import answers, in_words
from tests.cli.conftest import Script, running

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(choice, "_SYSTEMD_RUNS", tmp_path / "no systemd")
    monkeypatch.setattr(choice, "_SESSIONS", ())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "config"


@pytest.fixture
def ready(spot: Places, tmp_path: Path) -> Places:
    set_up(spot, tmp_path / "folder", None, "Laptop")
    return spot


def entries(config: Path) -> list[Path]:
    return sorted((config / "autostart").glob("*")) if config.exists() else []


def test_on_off_and_status(command: Command, ready: Places, config: Path) -> None:
    assert command("autostart", "status")[:2] == (1, "starts at login: no\nrunning now: no\n")
    code, out, _ = command("autostart", "on")
    (path,) = entries(config)
    assert (code, out.splitlines()[0]) == (0, f"wrote {path}")
    assert f"--data-dir {ready.data_dir}" in path.read_text()
    assert command("autostart", "status")[:2] == (0, f"starts at login: yes\n  by xdg: {path}\nrunning now: no\n")
    assert command("autostart", "on")[:2] == (0, "nothing to do: it was on before\n")
    assert command("autostart", "off")[:2] == (0, f"removed {path}\n")
    assert command("autostart", "off")[:2] == (0, "nothing to do: it was off before\n")
    assert entries(config) == []


def test_as_json(command: Command, ready: Places, config: Path) -> None:
    found = json.loads(command("autostart", "on", "--json")[1])
    assert len(found.pop("did")) == 2
    assert found == json.loads(command("autostart", "status", "--json")[1]) == {
        "on": True, "kind": "xdg", "where": str(entries(config)[0]), "installed": True, "enabled": True,
        "up_to_date": True, "changed": False, "running": False, "supervised": None, "tray": None,
    }  # fmt: skip
    assert json.loads(command("autostart", "off", "--json")[1])["on"] is False


def test_where_there_is_a_desktop_the_tray_starts_too(
    command: Command, ready: Places, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert command("autostart", "on", "--no-tray")[0] == 0
    assert len(entries(config)) == 1
    assert "the tray starts, too: no" in command("autostart", "status")[1]
    code, out, _ = command("autostart", "on")
    tray, agent = entries(config)
    assert (code, out.splitlines()[0]) == (0, f"wrote {tray}")
    assert tray.name == f"{agent.stem}-tray.desktop"
    assert f"tray --data-dir {ready.data_dir}" in tray.read_text()
    assert f"the tray starts, too: yes, by {tray}" in command("autostart", "status")[1]
    assert json.loads(command("autostart", "status", "--json")[1])["tray"] == {"on": True, "where": str(tray)}
    tray.write_text(tray.read_text() + "Hidden=true\n")
    code, out, _ = command("autostart", "on")
    assert code == 0
    assert "changed by hand" in out
    assert command("autostart", "off", "--force")[0] == 0
    assert [path.name for path in entries(config)] == [f"{tray.name}.old"]


def test_each_data_directory_has_its_own(command: Command, ready: Places, config: Path, tmp_path: Path) -> None:
    other = Places(tmp_path / "other")
    set_up(other, tmp_path / "second", "127.0.0.1:8766", None)
    command("autostart", "on")
    command("autostart", "on", "--data-dir", str(other.data_dir))
    assert len(entries(config)) == 2
    command("autostart", "off")
    (left,) = entries(config)
    assert str(other.data_dir) in left.read_text()


def test_without_anything_set_up_it_is_a_mistake(command: Command, config: Path) -> None:
    code, out, err = command("autostart", "on")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "syncagent up" in err
    assert entries(config) == []


@pytest.mark.hazard("G5")
def test_a_key_that_only_this_shell_has_is_not_there_at_login(
    command: Command, ready: Places, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.key.unlink()
    monkeypatch.setenv("SYNCAGENT_API_KEY", "only-in-this-shell")
    code, _, err = command("autostart", "on")
    assert (code, "no key is kept" in err) == (2, True)
    save_key(ready, "the-secret-key", "file")
    assert command("autostart", "on")[0] == 0
    assert not any(key in entries(config)[0].read_text() for key in ("only-in-this-shell", "the-secret-key"))


def test_what_was_changed_by_hand_is_left_unless_forced(command: Command, ready: Places, config: Path) -> None:
    command("autostart", "on")
    (path,) = entries(config)
    path.write_text(path.read_text() + "X-Mine=1\n")
    for verb in ("on", "off"):
        code, out, err = command("autostart", verb)
        assert (code, out) == (1, "")
        assert "--force" in err
    assert path.read_text().endswith("X-Mine=1\n")
    assert "changed by hand" in command("autostart", "status")[1]
    assert command("autostart", "off", "--force")[0] == 0
    assert [one.name for one in entries(config)] == [f"{path.name}.old"]


def test_it_can_be_taken_away_when_its_data_directory_is_gone(command: Command, ready: Places, config: Path) -> None:
    command("autostart", "on")
    ready.config.unlink()
    assert "of another version or for other settings" in command("autostart", "status")[1]
    assert command("autostart", "off")[0] == 0
    assert entries(config) == []


def test_an_agent_that_runs_goes_on(command: Command, ready: Places) -> None:
    command("autostart", "on")
    with running(ready, Script()):
        assert json.loads(command("autostart", "status", "--json")[1])["running"] is True
        assert command("autostart", "off")[1].endswith("the agent that runs goes on until `syncagent stop`\n")


def test_a_start_without_a_person_sets_nothing_up(command: Command, spot: Places) -> None:
    code, _, err = command("up", "--as-set-up", "--no-link")
    assert (code, "begin with" in err) == (2, True)
    assert not spot.data_dir.exists()


def test_the_words_tell_who_looks_after_it() -> None:
    found = {
        "on": False, "kind": "systemd", "where": "/x", "installed": True, "enabled": False, "up_to_date": True,
        "changed": False, "running": True, "supervised": True,
    }  # fmt: skip
    said = in_words(found)
    assert "switched off" in said[2]
    assert said[-1] == "running now: yes, and systemd looks after it"
    package = in_words(found | {"on": True, "installed": False})
    assert package[:2] == [
        "starts at login: yes",
        "  by systemd: what came with the package, for the usual data directory",
    ]
    assert in_words(found | {"running": False})[-1] == "running now: no; systemd is about to start it"


def test_an_agent_that_was_started_is_waited_for(ready: Places) -> None:
    assert not answers(ready, within=0)
    with running(ready, Script()):
        assert answers(ready)
