"""Locks on open files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from syncagent.locking import could_lock, try_lock, wait_lock


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def test_one_has_it_until_its_file_is_closed(tmp_path: Path) -> None:
    one, other, asker = (opened(tmp_path / "lock") for _ in range(3))
    assert could_lock(asker)
    os.close(asker)
    assert try_lock(one)
    assert not try_lock(other)
    asker = opened(tmp_path / "lock")
    assert not could_lock(asker)
    os.close(one)
    assert could_lock(asker)
    os.close(asker)
    assert try_lock(other)
    os.close(other)


def test_what_is_written_in_it_can_be_read_by_others(tmp_path: Path) -> None:
    one = opened(tmp_path / "lock")
    assert try_lock(one)
    os.lseek(one, 0, os.SEEK_SET)
    os.write(one, b"123")
    assert (tmp_path / "lock").read_bytes() == b"123"
    os.close(one)


def test_who_waits_has_it_after_the_other(tmp_path: Path) -> None:
    one, other = opened(tmp_path / "lock"), opened(tmp_path / "lock")
    assert try_lock(one)
    waiting = threading.Thread(target=wait_lock, args=[other])
    waiting.start()
    assert waiting.is_alive()
    os.close(one)
    waiting.join(30)
    assert not waiting.is_alive()
    asker = opened(tmp_path / "lock")
    assert not could_lock(asker)
    os.close(asker)
    os.close(other)
