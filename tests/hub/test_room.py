"""The room on the hub's disk: told once, and what stays free is not taken."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from syncagent.hub.room import HubRoom, Standing


def test_what_is_too_much_is_refused_and_that_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "syncagent.hub")
    room = HubRoom(tmp_path, "1%")
    usage = shutil.disk_usage(tmp_path)
    assert room.refuses(1) == ""
    for _ in range(2):
        assert "no room on the hub's disk: it needs " in room.refuses(usage.total)
    assert room.refuses(1) == ""
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert HubRoom(tmp_path, "0").refuses(1 << 60) == ""


def test_how_it_stands(tmp_path: Path) -> None:
    standing = HubRoom(tmp_path, "5GB").standing()
    assert standing.kept == 5_000_000_000
    assert 0 < standing.free <= standing.whole
    assert Standing(100, 10, 10).short
    assert not Standing(100, 11, 10).short
    assert Standing(10**9, 10**7, 10**8).in_words() == "10.0 MB are free, and 100.0 MB are to stay so (min_free)"
