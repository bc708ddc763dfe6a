"""The hub's directory is one process's at a time, and its owner's alone."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from syncagent.errors import AlreadyRunning, StorageTrouble
from syncagent.hub.checkup import check_stopped
from syncagent.hub.premises import DATABASE, block_files, held, open_store
from syncagent.sqlite import DatabaseDamaged


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


@pytest.mark.hazard("E8", "N15")
@pytest.mark.parametrize("left", [None, b""])
def test_blocks_without_the_database_that_told_of_them_are_not_in_order(tmp_path: Path, left: bytes | None) -> None:
    (tmp_path / "blocks" / "ab").mkdir(parents=True)
    (tmp_path / "blocks" / "ab" / "cd").write_bytes(b"of some file")
    if left is not None:
        (tmp_path / DATABASE).write_bytes(left)
    report = check_stopped(tmp_path)
    assert (report.database, report.wrong) == ("damaged", 1)
    assert "--new-hub" in report.findings[0].what
    assert not (tmp_path / DATABASE).exists() or (tmp_path / DATABASE).read_bytes() == b"", "looking changes nothing"


@pytest.mark.hazard("E8")
def test_a_damaged_database_is_said_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"no database " * 500)
    with closing(block_files(tmp_path)) as files, pytest.raises(DatabaseDamaged, match=r"hub\.db.*--new-hub"):
        open_store(tmp_path, files)
