"""What is said of the folder and of its disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from syncagent.agent.doctor import folder as doctor
from syncagent.agent.doctor.findings import Verdict


def test_a_folder_that_is_gone_or_is_none(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("root")
    assert doctor.folder(tmp_path / "none").verdict is Verdict.PROBLEM
    assert "nothing is deleted" in doctor.folder(tmp_path / "none").todo
    assert doctor.folder(tmp_path / "file").verdict is Verdict.PROBLEM
    assert doctor.folder(tmp_path / "link").verdict is Verdict.OK


TABLE = """22 1 8:1 / / rw,relatime - ext4 /dev/root rw
30 22 0:40 / /net rw,relatime - nfs4 server:/ rw
31 22 8:2 / /only\\040read ro,relatime - vfat /dev/sdb rw
32 22 0:41 / /net/inner rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind", "options"),
    [
        ("/home/x", "ext4", "rw"),
        ("/net/x", "nfs4", "rw"),
        ("/only read/x", "vfat", "ro"),
        ("/net/inner", "tmpfs", "rw"),
    ],
)
def test_the_mount_that_is_nearest_above_says_the_type(tmp_path: Path, path: str, kind: str, options: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    found = doctor.mount_of(Path(path), table)
    assert found[0] == kind
    assert not options or options in found[1]
    assert doctor.mount_of(Path(path), tmp_path / "none") == ("", frozenset())


@pytest.mark.parametrize(
    ("kind", "options", "verdict"),
    [
        ("ext4", {"rw"}, Verdict.OK), ("nfs4", {"rw"}, Verdict.WARNING), ("vfat", {"ro"}, Verdict.PROBLEM),
        ("tmpfs", {"rw"}, Verdict.NOTE), ("", set(), Verdict.OK),
    ],
)  # fmt: skip
def test_what_a_file_system_is_like_is_said(
    monkeypatch: pytest.MonkeyPatch, kind: str, options: set[str], verdict: Verdict
) -> None:
    monkeypatch.setattr(doctor, "mount_of", lambda _: (kind, frozenset(options)))
    assert doctor.file_system(Path("/x")).verdict is verdict


def test_what_the_disk_can_do_is_tried_and_nothing_of_that_stays(tmp_path: Path) -> None:
    assert doctor.abilities(tmp_path).verdict is Verdict.NOTE, "not a folder of ours yet"
    assert not list(tmp_path.iterdir())
    (tmp_path / ".syncagent").mkdir()
    found = doctor.abilities(tmp_path)
    assert set(found.data) == {
        "case_sensitive", "unicode_sensitive", "exchange", "symbolic_links", "hard_links", "executable_bit",
        "extended_attributes", "fine_times",
    }  # fmt: skip
    assert found.data["hard_links"] is True
    assert not list((tmp_path / ".syncagent").iterdir())


def test_a_disk_that_takes_capitals_for_small_letters_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".syncagent").mkdir()
    can = doctor._tried
    monkeypatch.setattr(doctor, "_tried", lambda trial: can(trial) | {"case_sensitive": False})
    found = doctor.abilities(tmp_path)
    assert found.verdict is Verdict.NOTE
    assert "differ in capitals" in found.means


@pytest.mark.skipif(os.getuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".syncagent").mkdir(mode=0o500)
    assert doctor.abilities(tmp_path).verdict is Verdict.PROBLEM


@pytest.mark.parametrize(
    ("free", "verdict"), [(50_000_000, Verdict.PROBLEM), (500_000_000, Verdict.WARNING), (5_000_000_000, Verdict.OK)]
)
def test_room_is_that_of_the_fuller_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    (tmp_path / "data").mkdir()
    usage = {tmp_path: 9_000_000_000, tmp_path / "data": free}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=usage[path], total=10**12))
    found = doctor.room(tmp_path, tmp_path / "data")
    assert (found.verdict, found.data["free"]) == (verdict, free)
    assert doctor.room(tmp_path, tmp_path / "none").data["free"] == 9_000_000_000
    assert doctor.room(tmp_path, tmp_path / "data", "1%").data["free"] == free - 10_000_000_000


@pytest.mark.parametrize(
    ("scheduler", "said"),
    [("[none] mq-deadline\n", "; this disk's scheduler (none) passes that over"), ("none [bfq]\n", ""), (None, "")],
)
def test_a_disk_that_knows_no_priorities_is_told(tmp_path: Path, scheduler: str | None, said: str) -> None:
    number = tmp_path.stat().st_dev
    partition = tmp_path / "disk" / "disk1"
    partition.mkdir(parents=True)
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    (blocks / f"{os.major(number)}:{os.minor(number)}").symlink_to(partition)
    if scheduler is not None:
        (tmp_path / "disk" / "queue").mkdir()
        (tmp_path / "disk" / "queue" / "scheduler").write_text(scheduler)
    assert doctor.passed_over(tmp_path, blocks) == said
