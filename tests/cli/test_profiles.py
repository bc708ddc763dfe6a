"""`profiles`: what it lists, and what it takes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places

Command = Callable[..., tuple[int, str, str]]


def set_up(spot: Places) -> None:
    write_settings(spot, {"sync_root": "/srv/one", "server": "ws://hub:1"})
    write_settings(spot.of("photos"), {"sync_root": "/srv/photos", "server": "ws://hub:2", "folder": "p"})


def test_where_no_agent_runs_what_is_set_up_is_listed(command: Command, spot: Places) -> None:
    set_up(spot)
    code, out, err = command("profiles")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "default: /srv/one with ws://hub:1, not running", "photos: /srv/photos with ws://hub:2, not running",
    ]  # fmt: skip
    [_, photos] = json.loads(command("profiles", "--json")[1])["profiles"]
    assert (photos["profile"], photos["folder"], photos["reason"]) == ("photos", "p", "")


def test_an_agent_that_runs_says_itself_how_they_are(command: Command, agent: Any) -> None:
    one = {"profile": "default", "root": "/a", "server": "ws://h:1", "folder": "f", "state": "halted", "reason": "gone"}
    agent.answers["profiles"] = {"profiles": [one]}
    assert command("profiles")[1] == "default: /a with ws://h:1, halted (gone)\n"


def test_one_that_is_taken_out_is_in_the_file_no_more_and_its_folder_stays(command: Command, spot: Places) -> None:
    set_up(spot)
    code, out, _ = command("profiles", "--remove", "photos")
    assert code == 0
    assert out.startswith("photos is kept no more; /srv/photos stays as it is")
    assert "photos]" not in spot.config.read_text().replace("# [profiles.photos]", "")
    assert "there is no profile photos" in command("profiles", "--remove", "photos")[2]
    assert command("profiles", "--remove", "default")[0] == 2
