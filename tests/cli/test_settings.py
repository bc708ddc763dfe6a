"""`config`: what it shows, what it changes, and what it says of that."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(spot: Places) -> Path:
    spot.data_dir.mkdir(mode=0o700, exist_ok=True)
    write_settings(spot, {"sync_root": "/srv/folder", "server": "ws://hub:1", "name": "a"})
    return spot.config


def test_a_value_is_said_set_and_taken_back(command: Command, file: Path) -> None:
    assert command("config", "get", "rescan_minutes") == (0, "60\n", "")
    said = command("config", "set", "rescan_minutes", "5")
    assert said == (0, "rescan_minutes: 60 → 5 (in force when an agent starts)\n", "")
    assert command("config", "get", "rescan_minutes")[1] == "5\n"
    assert json.loads(command("config", "get", "rescan_minutes", "--json")[1])["origin"]["kind"] == "file"
    assert command("config", "unset", "rescan_minutes")[0] == 0
    assert command("config", "get", "rescan_minutes")[1] == "60\n"


@pytest.mark.hazard("G5")
def test_what_has_a_password_in_it_can_be_given_unseen(
    command: Command, file: Path, spot: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings(spot, {"key_store": "file"})
    monkeypatch.setattr("sys.stdin", io.StringIO("http://ann:hush@proxy:3128\n"))
    said = command("config", "set", "proxy", "-")
    assert said == (0, "proxy: system → http://ann@proxy:3128 (in force when an agent starts)\n", "")
    assert "hush" not in file.read_text() + command("config", "show", "--json")[1]
    assert "hush" in spot.proxy_passwords.read_text()


def test_a_dry_run_changes_nothing(command: Command, file: Path) -> None:
    before = file.read_text()
    said = command("config", "set", "brake", "off", "--dry-run")
    assert said == (0, "brake: on → off (would be in force when an agent starts)\n", "")
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("get", "nmae"), "nmae: there is no such setting; did you mean name?"),
        (("set", "brake", "maybe"), "brake: input should be 'on' or 'off'"),
        (("unset", "server"), "server: is needed, and has no default"),
        (("show", "--profile", "music"), "there is no profile music, but default"),
    ],
)
def test_what_is_wrong_is_one_line_and_code_2(
    command: Command, file: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = command("config", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_show_says_where_each_value_comes_from(command: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCAGENT_RESCAN_MINUTES", "7")
    rows = {line.split()[0]: line for line in command("config", "show", "--origin")[1].splitlines()}
    assert rows["name"].endswith(f"{file}:12:1")
    assert rows["rescan_minutes"].split()[1:] == ["7", "environment:", "SYNCAGENT_RESCAN_MINUTES"]
    assert rows["brake"].split()[1:] == ["on", "default"]
    shown = json.loads(command("config", "show", "--json")[1])
    assert shown["path"] == str(file)
    assert [row["key"] for row in shown["settings"]][:2] == ["sync_root", "server"]


def test_path_says_where_the_file_is_and_whether_it_is_there(command: Command, spot: Places) -> None:
    assert command("config", "path") == (0, f"{spot.config}\n", "")
    assert json.loads(command("config", "path", "--json")[1]) == {"path": str(spot.config), "exists": False}


def test_a_new_file_explains_itself_after_the_first_set(command: Command, spot: Places) -> None:
    assert command("config", "set", "max_up", "500K")[0] == 0
    assert "\n#rescan_minutes = 60\n" in spot.config.read_text()
    assert '\nmax_up = "500K"\n' in spot.config.read_text()
