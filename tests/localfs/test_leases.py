"""Who has a file open for writing."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncagent.localfs import leases
from syncagent.localfs.leases import is_open_for_writing
from tests.support.disks import has_leases


@pytest.fixture
def path(tmp_path: Path) -> Path:
    if not has_leases(tmp_path):
        pytest.skip("this system has no leases here")
    made = tmp_path / "a"
    made.write_bytes(b"x" * 4096)
    return made


def is_written(path: Path) -> bool:
    with path.open("rb") as file:
        return is_open_for_writing(file.fileno(), os.fstat(file.fileno()).st_dev)


@pytest.mark.hazard("B1")
@pytest.mark.parametrize("how", ["r+b", "ab", "wb"])
def test_a_file_is_written_as_long_as_somebody_has_it_open_for_writing(path: Path, how: str) -> None:
    assert not is_written(path)
    with path.open(how):
        assert is_written(path)
    assert not is_written(path)


def test_who_reads_does_not_count(path: Path) -> None:
    with path.open("rb"):
        assert not is_written(path)


@pytest.mark.hazard("B1")
def test_a_map_that_can_be_written_counts_when_its_file_is_closed(path: Path) -> None:
    with path.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    assert is_written(path)
    mapped.close()
    assert not is_written(path)


def test_another_process_counts(path: Path) -> None:
    code = "import sys; file = open(sys.argv[1], 'r+b'); print('open', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert is_written(path)
        other.communicate()
    assert not is_written(path)


def test_who_opens_it_in_the_very_moment_is_not_disturbed_and_neither_are_we(path: Path) -> None:
    stop = threading.Event()

    def opens() -> None:
        while not stop.is_set():
            with path.open("r+b") as file:
                file.write(b"y")

    other = threading.Thread(target=opens)
    other.start()
    found = {is_written(path) for _ in range(2000)}
    stop.set()
    other.join()
    assert found <= {True, False}
    assert not is_written(path)


def test_on_a_disk_of_another_machine_it_cannot_be_told(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = path.stat().st_dev
    mounts: Callable[[str], str] = lambda kind: (  # noqa: E731
        f"29 1 {os.major(device)}:{os.minor(device)} / / rw shared:1 - {kind} x rw\n"
    )
    with ExitStack() as after:
        after.callback(leases._is_remote.cache_clear)
        for kind, told in (("nfs4", False), ("ext4", True)):
            leases._is_remote.cache_clear()
            (tmp_path / "mounts").write_text(mounts(kind))
            monkeypatch.setattr(leases, "_MOUNTS", str(tmp_path / "mounts"))
            with path.open("r+b"):
                assert is_written(path) == told


def test_a_system_without_leases_cannot_tell(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_SET", None)
    with path.open("r+b"):
        assert not is_written(path)
