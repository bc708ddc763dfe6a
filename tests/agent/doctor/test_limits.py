"""What the system lets one user have."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.doctor import limits as doctor
from syncagent.agent.doctor.findings import Verdict


def process(proc: Path, number: int, watches: int) -> None:
    """A program that watches so many places."""
    (proc / str(number) / "fd").mkdir(parents=True)
    (proc / str(number) / "fdinfo").mkdir()
    (proc / str(number) / "fd" / "5").symlink_to("anon_inode:inotify")
    (proc / str(number) / "fdinfo" / "5").write_text("pos: 0\n" + "inotify wd:1 ino:2\n" * watches)
    (proc / str(number) / "fd" / "6").symlink_to("/dev/null")


def test_more_folders_than_may_be_watched(tmp_path: Path) -> None:
    limits, proc = tmp_path / "inotify", tmp_path / "proc"
    limits.mkdir()
    proc.mkdir()
    root = tmp_path / "root"
    for number in range(9):
        (root / f"d{number}").mkdir(parents=True)
    (root / "loop").symlink_to(".")
    for most, verdict in ((100, Verdict.OK), (12, Verdict.WARNING), (10, Verdict.PROBLEM), (5, Verdict.PROBLEM)):
        (limits / "max_user_watches").write_text(f"{most}\n")
        assert doctor.watch_limits(root, limits, proc).verdict is verdict, most
    todo = doctor.watch_limits(root, limits, proc).todo
    assert todo == (
        "echo fs.inotify.max_user_watches=524288 | sudo tee /etc/sysctl.d/90-max_user_watches.conf "
        "&& sudo sysctl --system"
    )
    assert doctor.watch_limits(root, tmp_path / "no-linux", proc).verdict is Verdict.OK
    (limits / "max_user_watches").write_text("100\n")
    process(proc, 17, 95)
    found = doctor.watch_limits(root, limits, proc)
    assert (found.verdict, found.data["in_use"], found.data["folders"]) == (Verdict.PROBLEM, 95, 10)


def test_how_many_programs_may_watch(tmp_path: Path) -> None:
    limits, proc = tmp_path / "inotify", tmp_path / "proc"
    limits.mkdir()
    for number in range(9):
        process(proc, number, 1)
    for most, verdict in ((128, Verdict.OK), (10, Verdict.WARNING), (9, Verdict.PROBLEM)):
        (limits / "max_user_instances").write_text(f"{most}\n")
        found = doctor.instance_limits(limits, proc)
        assert found is not None
        assert (found.verdict, found.data["in_use"]) == (verdict, 9)
    assert doctor.instance_limits(tmp_path / "no-linux", proc) is None
    assert doctor.in_use(tmp_path / "no-proc") == (0, 0)


@pytest.mark.parametrize(
    ("limit", "verdict", "wanted"),
    [((100, 500), Verdict.PROBLEM, "ulimit -n 500"), ((512, 99999), Verdict.WARNING, "ulimit -n 4096"),
     ((4096, 4096), Verdict.OK, "")],
)  # fmt: skip
def test_how_many_files_may_be_open(limit: tuple[int, int], verdict: Verdict, wanted: str) -> None:
    found = doctor.open_files(limit)
    assert found.verdict is verdict
    assert found.todo.startswith(wanted)
    assert doctor.open_files().data["limit"] > 0


def test_the_count_of_folders_ends_in_time(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert doctor.count_folders(tmp_path, 100) == (3, True)
    hours = iter((0.0, 0.0, 99.0))
    assert doctor.count_folders(tmp_path, 100, lambda: next(hours)) == (2, False)
