"""What a change of the settings comes to, before it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.config.proposing import commit, meant, propose, rows, settled
from syncagent.agent.config.reading import Source
from syncagent.agent.config.settings import Applies
from syncagent.agent.keys import load_proxy_password
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from tests.support.agents import config_in

FILE = 'sync_root = "/srv/folder"\nserver = "ws://hub:1"\nmax_up = "500K"\n'


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir()
    return Places(tmp_path / "data")


@pytest.mark.parametrize(
    ("key", "said", "value"),
    [
        ("rescan_minutes", "5", 5), ("rescan_minutes", "often", "often"), ("brake_share", "0.25", 0.25),
        ("max_up", "500K", "500K"), ("max_up", "20000", 20000), ("name", "5", "5"), ("brake", "off", "off"),
        ("rescan_minutes", 7, 7),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_what_stands_in_the_file(key: str, said: Any, value: Any) -> None:
    assert meant(key, said) == value


def test_a_proposal_says_what_changes_and_how_and_writes_nothing(spot: Places) -> None:
    spot.config.write_text(FILE)
    text, steps = propose(Source(spot), "", {"max_up": "2MB", "name": "new", "folder": "other", "server": "ws://hub:1"})
    assert [(step.key, step.after, step.applies.value) for step in steps] == [
        ("name", "new", "reconnect"), ("folder", "other", "restart"), ("max_up", 2_000_000, "live"),
    ]  # fmt: skip
    assert 'max_up = "2MB"' in text
    assert spot.config.read_text() == FILE


def test_what_is_stronger_than_the_file_is_said(spot: Places) -> None:
    spot.config.write_text(FILE)
    [step] = commit(Source(spot, {"SYNCAGENT_RESCAN_MINUTES": "7"}), "", {"rescan_minutes": "9"})
    assert (step.before, step.after, step.overruled) == (7, 7, "SYNCAGENT_RESCAN_MINUTES")
    assert "rescan_minutes = 9" in spot.config.read_text()


@pytest.mark.parametrize(
    ("profile", "changes", "said"),
    [
        ("", {"nmae": "x"}, "nmae: there is no such setting; did you mean name"),
        ("", {"rescan_minutes": "often"}, "^rescan_minutes: input should be a valid integer"),
        ("", {"server": None}, "server: is needed"),
        ("photos", {"log_level": "debug"}, "log_level: is for the whole agent; set it without --profile"),
        ("music", {"name": "x"}, "there is no profile music"),
        ("photos", {"sync_root": "/srv/folder/photos"}, "inside the folder of the profile default"),
        ("photos", {"sync_root": "/srv"}, "holds the folder of the profile default"),
        ("photos", {"sync_root": "/srv/folder"}, "is the folder of the profile default already"),
    ],
)
def test_what_is_wrong_is_refused_and_not_written(
    spot: Places, profile: str, changes: dict[str, Any], said: str
) -> None:
    text = FILE + '[profiles.photos]\nsync_root = "/photos"\nserver = "ws://hub:1"\n'
    spot.config.write_text(text)
    with pytest.raises(BadConfig, match=said):
        commit(Source(spot), profile, changes)
    assert spot.config.read_text() == text


def test_rows_say_what_is_in_force_where_it_comes_from_and_what_waits(spot: Places, tmp_path: Path) -> None:
    spot.config.write_text(FILE)
    source = Source(spot, {"SYNCAGENT_NAME": "env"}, {"brake": "off"})
    running = config_in(tmp_path / "agent", name="env", folder="before", max_up=500_000)
    found = {row["key"]: row for row in rows(source.read()[""], running)}
    assert found["max_up"]["origin"] == {"kind": "file", "text": f"{spot.config}:3:1: max_up", "line": 3}
    assert (found["name"]["value"], found["name"]["origin"]["kind"]) == ("env", "environment")
    assert found["brake"]["origin"] == {"kind": "command line", "text": "--brake", "line": 0}
    assert found["rescan_minutes"]["origin"]["kind"] == "default"
    assert (found["folder"]["value"], found["folder"]["waiting"]) == ("before", "default")
    assert "waiting" not in found["name"]


def test_where_the_folder_waits_for_the_next_start_its_hub_does_too(tmp_path: Path) -> None:
    before = config_in(tmp_path)
    read = before.model_copy(update={"sync_root": tmp_path / "other", "server": "ws://other:1", "max_up": 20_000})
    config, waits = settled(before, read)
    assert (config.sync_root, config.server, config.max_up) == (before.sync_root, before.server, 20_000)
    assert waits == ("sync_root", "server")
    moved, waits = settled(before, before.model_copy(update={"server": "ws://other:1", "client_id": "another"}))
    assert (moved.server, moved.client_id, waits) == ("ws://other:1", before.client_id, ())


@pytest.mark.hazard("G5")
def test_the_password_of_a_proxy_is_kept_apart_from_the_file_and_never_shown(spot: Places) -> None:
    spot.config.write_text(FILE + 'key_store = "file"\n')
    source = Source(spot)
    made = commit(source, "", {"proxy": "http://ann:hush@proxy:3128"})
    assert [(step.key, step.after) for step in made] == [("proxy", "http://ann@proxy:3128")]
    assert "hush" not in spot.config.read_text()
    assert load_proxy_password(spot, "http://ann@proxy:3128") == "hush"
    made = commit(source, "", {"proxy": "http://ann:other@proxy:3128"})
    assert [(step.key, step.applies) for step in made] == [("proxy", Applies.RECONNECT)]
    assert load_proxy_password(spot, "http://ann@proxy:3128") == "other"
    commit(source, "", {"proxy": "none"})
    assert load_proxy_password(spot, "http://ann@proxy:3128") == ""


@pytest.mark.hazard("G5")
def test_a_password_that_stands_in_the_file_is_not_shown_and_what_is_shown_is_not_taken_for_one(spot: Places) -> None:
    text = FILE + 'proxy = "http://ann:hush@proxy:3128"\n'
    spot.config.write_text(text)
    source = Source(spot)
    [row] = [row for row in rows(source.read()[""]) if row["key"] == "proxy"]
    assert row["value"] == "http://ann:***@proxy:3128"
    _, [step] = propose(source, "", {"proxy": "http://ben:pass@proxy:3128"})
    assert "hush" not in str(step.as_dict())
    assert "pass" not in str(step.as_dict())
    with pytest.raises(BadConfig, match="leave it out") as caught:
        commit(source, "", {"proxy": "http://ann:***@proxy:3128"})
    with pytest.raises(BadConfig, match="must end with its port") as caught:
        commit(source, "", {"proxy": "http://ann:sec/ret@proxy:3128"})
    assert "ret" not in str(caught.value)
    assert spot.config.read_text() == text
