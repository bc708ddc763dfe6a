"""The calls that Python lacks."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from syncagent.localfs import syscalls
from syncagent.localfs.syscalls import Syscalls, load
from syncagent.portions import PORTION


def test_flags_of_rename(tmp_path: Path) -> None:
    calls = load()
    (tmp_path / "a").write_text("1")
    (tmp_path / "ü").write_text("2")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(FileExistsError):
            calls.rename(folder, "a", folder, "ü", calls.no_replace)
        calls.rename(folder, "a", folder, "ü", calls.exchange)
        assert (tmp_path / "a").read_text() == "2"
        calls.rename(folder, "a", folder, "b", calls.no_replace)
        with pytest.raises(FileNotFoundError):
            calls.rename(folder, "a", folder, "b", calls.exchange)
        calls.syncfs(folder)
    finally:
        os.close(folder)


def test_errors_are_those_of_the_system() -> None:
    calls = load()
    for act in (lambda: calls.rename(-1, "a", -1, "b", calls.exchange), lambda: calls.syncfs(-1)):
        with pytest.raises(OSError) as caught:
            act()
        assert caught.value.errno == errno.EBADF


def test_a_system_without_them_says_so() -> None:
    calls = Syscalls(None, None, 1, 2)
    with pytest.raises(OSError) as caught:
        calls.rename(0, "a", 0, "b", 1)
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(OSError) as caught:
        calls.syncfs(0)
    assert caught.value.errno == errno.ENOSYS


def test_parts_are_written_behind_each_other_also_those_that_the_system_has_not_taken_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [b"first", memoryview(b"second"), b"", b"third"]
    file = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    calls = []

    def short(file: int, offset: int, parts: Sequence[bytes | memoryview]) -> int:
        calls.append(data := b"".join(parts))
        return os.pwrite(file, data[:most], offset)

    monkeypatch.setattr(syscalls, "_write", short)
    for most in (100, 7, 1):
        calls.clear()
        syscalls.write_all(file, 3, parts)
        assert os.pread(file, 100, 0) == b"\0\0\0firstsecondthird"
        assert len(calls) == -(-16 // most)
        os.ftruncate(file, 0)
    os.close(file)


def test_what_is_long_is_written_in_portions(tmp_path: Path) -> None:
    data = bytes(range(256)) * (PORTION // 100)
    file = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    for parts in ([data], [data[:1000], memoryview(data)[1000:]]):
        syscalls.write_all(file, 0, parts)
        assert (tmp_path / "a").read_bytes() == data
        os.ftruncate(file, 0)
    os.close(file)


def test_no_more_than_some_megabytes_of_a_large_file_are_on_their_way_to_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part, calls, emptied = 4 << 20, [], []

    def called(*call: int) -> int:
        calls.append(call)
        return 0

    monkeypatch.setattr(syscalls, "_range", called)
    monkeypatch.setattr(os, "fdatasync", lambda _: emptied.append(len(begun())))

    def begun() -> list[tuple[int, int]]:
        return [(at, size) for _, at, size, what in calls if what == 2]

    for number in range(16):
        syscalls.begin_sync(7, number * part, part, 4 * part)
    waited = [(at, size) for _, at, size, what in calls if what == 1]
    assert begun() == [(number * part, part) for number in range(16)]
    assert max(at + size for at, size in waited) == 15 * part - syscalls.BEHIND
    ends = [at + size for at, size in waited]
    assert all(at <= before for (at, _), before in zip(waited[1:], ends, strict=False)), "nothing was left out"
    assert emptied == [4, 8, 12, 16], "the disk's own memory, every four parts"


@pytest.mark.hazard("B9")
def test_what_the_disk_could_not_write_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    number = errno.EIO

    def failed(*_: int) -> int:
        ctypes.set_errno(number)
        return -1

    monkeypatch.setattr(syscalls, "_range", failed)
    with pytest.raises(OSError, match="Input/output") as caught:
        syscalls.begin_sync(7, 0, 1, 2)
    assert caught.value.errno == errno.EIO
    number = errno.ESPIPE
    syscalls.begin_sync(7, 0, 1, 2)  # it only cannot be begun


def test_what_is_made_durable_is_given_to_the_disk(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    syscalls.make_durable(folder)
    os.close(folder)
    with pytest.raises(OSError) as caught:
        syscalls.make_durable(folder)
    assert caught.value.errno == errno.EBADF
