"""The calls that Python lacks."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from syncagent.localfs.syscalls import Syscalls, load


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
