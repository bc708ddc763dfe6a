"""Changing config.toml: what a person wrote stays, and what we write explains itself."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.config.reading import read_settings
from syncagent.agent.config.settings import Settings
from syncagent.agent.config.writing import fresh, with_changes, without_profile, write_settings
from syncagent.agent.places import Places
from syncagent.errors import BadConfig


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir()
    return Places(tmp_path / "data")


def test_writing_keeps_what_a_person_wrote(spot: Places) -> None:
    spot.config.write_text("# mine\nname = 'a'  # why\n")
    write_settings(spot, {"name": "b", "server": "ws://h:1", "rescan_minutes": 9})
    text = spot.config.read_text()
    assert "# mine\n" in text
    assert "# why" in text
    settings = read_settings(spot, {}, {"sync_root": "/srv/folder"})
    assert (settings.name, settings.server, settings.rescan_minutes) == ("b", "ws://h:1", 9)
    assert spot.config.stat().st_mode & 0o777 == 0o600


def test_a_file_that_we_make_explains_itself(spot: Places) -> None:
    write_settings(spot, {"sync_root": "/srv/folder", "server": "ws://h:1"})
    assert "# the folder that is kept the same" in spot.config.read_text()
    assert read_settings(spot).sync_root == Path("/srv/folder")


def test_a_fresh_file_sets_nothing_and_names_every_setting_with_default_unit_and_range() -> None:
    text = fresh()
    assert tomllib.loads(text) == {}
    for key in Settings.model_fields:
        assert f"\n#{key} = " in text
    assert "# how often the whole folder is looked through\n# (1 to 10080 minutes; takes effect at once)" in text
    assert "\n#rescan_minutes = 60\n" in text


def test_to_set_takes_the_place_of_the_commented_line_and_to_unset_gives_it_back() -> None:
    before = fresh()
    after = with_changes(before, "", {"rescan_minutes": 5})
    assert after == before.replace("#rescan_minutes = 60", "rescan_minutes = 5")
    assert with_changes(after, "", {"rescan_minutes": None}) == before


def test_every_setting_uncommented_as_it_stands_is_valid_or_to_be_filled_in() -> None:
    lines = [line[1:] if line.startswith("#") and line[1:2].isalpha() else line for line in fresh().splitlines()]
    assert tomllib.loads("\n".join(lines)).keys() == Settings.model_fields.keys()


MINE = """\
# mine
name = 'a'  # why

rescan_minutes = 9

[profiles.photos]   # the photos
sync_root = "/photos"
# and that is that
max_up = "2MB"

[profiles."music"]
sync_root = "/music"
"""


@pytest.mark.parametrize(
    ("profile", "changes", "expected"),
    [
        ("", {"name": "b"}, {"name": "b"}),
        ("", {"deep_scan_days": 3}, {"deep_scan_days": 3}),
        ("", {"rescan_minutes": None}, {"rescan_minutes": None}),
        ("photos", {"max_up": 5_000_000}, {"max_up": 5_000_000}),
        ("photos", {"max_up": None}, {"max_up": None}),
        ("photos", {"name": "c", "brake": "off"}, {"name": "c", "brake": "off"}),
        ("music", {"server": "ws://m:1"}, {"server": "ws://m:1"}),
        ("new", {"sync_root": Path("/new"), "server": "ws://n:1"}, {"sync_root": "/new", "server": "ws://n:1"}),
    ],
)
def test_a_change_changes_just_that(profile: str, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    changed = with_changes(MINE, profile, changes)
    before, after = tomllib.loads(MINE), tomllib.loads(changed)
    table = before["profiles"].setdefault(profile, {}) if profile else before
    for key, value in expected.items():
        table.pop(key, None) if value is None else table.update({key: value})
    assert after == before
    for comment in ("# mine", "# why", "# the photos", "# and that is that"):
        assert comment in changed
    order = [line for line in MINE.splitlines() if line and line in changed.splitlines()]
    assert order == [line for line in changed.splitlines() if line in order], "what stays is in its order"


def test_tables_that_are_written_otherwise_are_changed_too() -> None:
    dotted = with_changes('profiles.a.sync_root = "/a"\n', "a", {"max_up": 20_000})
    assert tomllib.loads(dotted) == {"profiles": {"a": {"sync_root": "/a", "max_up": 20_000}}}
    inline = with_changes('profiles = { a = { sync_root = "/a" } }\n', "a", {"sync_root": "/b"})
    assert tomllib.loads(inline) == {"profiles": {"a": {"sync_root": "/b"}}}
    gone = with_changes('profiles = { a = { sync_root = "/a", folder = "x" } }\n', "a", {"folder": None})
    assert tomllib.loads(gone) == {"profiles": {"a": {"sync_root": "/a"}}}


def test_a_profile_can_be_taken_out() -> None:
    without = without_profile(without_profile(MINE, "photos"), "music")
    assert tomllib.loads(without) == {"name": "a", "rescan_minutes": 9}


def test_what_would_be_wrong_is_not_written(spot: Places) -> None:
    spot.config.write_text("name = 'a'\n")
    with pytest.raises(BadConfig, match="rescan_minutes: input should be less"):
        write_settings(spot, {"rescan_minutes": 10**9}, check=True)
    spot.config.write_text("name = \n")
    with pytest.raises(BadConfig, match=r"config\.toml:1:8"):
        write_settings(spot, {"name": "b"})
    assert spot.config.read_text() == "name = \n"


def test_a_file_that_is_a_link_stays_one(spot: Places, tmp_path: Path) -> None:
    theirs = tmp_path / "dotfiles"
    theirs.mkdir(mode=0o755)
    (theirs / "syncagent.toml").write_text("name = 'a'\n")
    spot.config.symlink_to(theirs / "syncagent.toml")
    write_settings(spot, {"name": "b"})
    assert spot.config.is_symlink()
    assert tomllib.loads((theirs / "syncagent.toml").read_text()) == {"name": "b"}
    assert theirs.stat().st_mode & 0o777 == 0o755
    assert os.listdir(theirs) == ["syncagent.toml"]
