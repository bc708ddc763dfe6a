"""Which profile a command is about where no agent says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places
from syncagent.cli.which import in_any, the_profile
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
