"""Commands that need no agent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import syncagent
from syncagent.agent.places import Places

Command = Callable[..., tuple[int, str, str]]


def test_version(command: Command) -> None:
    assert command("version") == (0, f"syncagent {syncagent.__version__}\n", "")
    assert json.loads(command("version", "--json")[1])["version"] == syncagent.__version__
    assert command("--version")[1] == f"syncagent {syncagent.__version__}\n"


def test_doctor_before_anything_is_set_up(command: Command) -> None:
    code, out, err = command("doctor")
    assert (code, err) == (1, "")
    assert "problem  settings" in out
    assert "→ " in out


def test_a_bundle_says_what_is_in_it_and_is_not_replaced(command: Command, tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    code, out, err = command("doctor", "--bundle", str(target))
    assert (code, out) == (0, f"{target}\n")
    assert "keys are left out" in err
    assert "log.txt" in err
    before = target.read_bytes()
    code, _, err = command("doctor", "--bundle", str(target))
    assert (code, "is not replaced" in err) == (2, True)
    assert target.read_bytes() == before
    found = json.loads(command("doctor", "--bundle", str(tmp_path / "c.tar.gz"), "--json")[1])
    assert {file["name"] for file in found["files"]} >= {"README.txt", "doctor.json", "log.txt"}


def test_doctor_shows_what_is_wrong_in_the_config(command: Command, spot: Places) -> None:
    spot.data_dir.mkdir(mode=0o700)
    spot.config.write_text("nmae = 1\n")
    code, out, _ = command("doctor", "--json")
    found = json.loads(out)
    assert (code, found["ok"]) == (1, False)
    [settings] = [check for check in found["checks"] if check["name"] == "settings"]
    assert settings["found"].endswith("config.toml:1:1: nmae: there is no such setting; did you mean name?")


def test_doctor_makes_nothing(command: Command, spot: Places) -> None:
    command("doctor")
    assert not spot.data_dir.exists()
