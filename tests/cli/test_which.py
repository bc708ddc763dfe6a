"""Which profile a command is about where no agent says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places
from syncagent.cli.which import first_profile, in_any, the_profile, to_begin
from syncagent.errors import BadConfig


def test_the_only_one_or_the_one_that_is_named(tmp_path: Path) -> None:
    spot = Places(tmp_path.resolve())
    assert the_profile(tmp_path, None) == spot
    write_settings(spot.of("photos"), {"sync_root": "/photos"})
    assert the_profile(tmp_path, None) == spot.of("photos")
    write_settings(spot, {"sync_root": "/one"})
    with pytest.raises(BadConfig, match=r"say which with --profile \(default, photos\)"):
        the_profile(tmp_path, None)
    assert the_profile(tmp_path, "photos") == spot.of("photos")
    assert the_profile(tmp_path, "default") == in_any(tmp_path, None) == spot
    with pytest.raises(BadConfig, match="one profile at a time"):
        in_any(tmp_path, "all")


def test_what_begins_is_told_by_its_folder_where_no_profile_is_named(tmp_path: Path) -> None:
    spot = Places(tmp_path.resolve())
    assert to_begin(tmp_path, None, Path("/anywhere")) == spot
    write_settings(spot, {"sync_root": "/one"})
    write_settings(spot.of("photos"), {"sync_root": "/photos", "server": "ws://h:1"})
    assert to_begin(tmp_path, None, None) == spot.of("photos"), "the first that is set up well: the other has no hub"
    write_settings(spot, {"server": "ws://h:1"})
    assert to_begin(tmp_path, None, None) == spot
    assert to_begin(tmp_path, None, Path("/photos")) == spot.of("photos")
    assert to_begin(tmp_path, "new", Path("/new")) == spot.of("new")
    with pytest.raises(BadConfig, match=r"is for /one \(default\), /photos \(photos\); keep /new there too"):
        to_begin(tmp_path, None, Path("/new"))


def test_the_first_profile_stands_for_the_agent(tmp_path: Path) -> None:
    spot = Places(tmp_path.resolve())
    write_settings(spot.of("photos"), {"sync_root": "/photos"})
    write_settings(spot.of("music"), {"sync_root": "/music"})
    assert first_profile(tmp_path) == spot.of("photos")
