"""Commands that need no agent."""

from __future__ import annotations

import json
from collections.abc import Callable

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
    assert "fail  settings" in out
    assert "→ " in out


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
