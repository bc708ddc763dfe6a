"""The hub's directory is one process's at a time, and its owner's alone."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from syncagent.errors import AlreadyRunning, StorageTrouble
from syncagent.hub.premises import DATABASE, block_files, held, open_store


@pytest.mark.hazard("F20")
def test_a_second_hub_is_refused_and_takes_over_when_the_first_has_gone(tmp_path: Path) -> None:
    with held(tmp_path / "hub"), pytest.raises(AlreadyRunning), held(tmp_path / "hub"):
        pass
    with held(tmp_path / "hub"):
        pass


def test_what_cannot_be_a_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("")
    with pytest.raises(StorageTrouble, match="cannot be used"), held(tmp_path / "hub"):
        pass
    with closing(block_files(tmp_path)) as files, pytest.raises(StorageTrouble, match="cannot be used"):
        open_store(tmp_path / "hub", files)


@pytest.mark.hazard("G5")
def test_the_database_is_for_its_owners_eyes_from_the_first_moment(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with held(tmp_path / "hub"), closing(block_files(tmp_path / "hub")) as files:
            open_store(tmp_path / "hub", files).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "hub" / DATABASE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "hub").stat().st_mode) == 0o700
