"""The kernel's queue itself; what its events mean is in ``test_lookout.py``, and all of it in ``test_watcher.py``."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("inotify is of Linux", allow_module_level=True)

from syncagent.localfs.inotify import Inotify
from syncagent.localfs.lookout import IN_CLOSE_WRITE, IN_CREATE, IN_IGNORED, MASK


def test_what_happens_in_a_folder_is_told_with_its_name(tmp_path: Path) -> None:
    kernel = Inotify()
    try:
        watch = kernel.add(str(tmp_path), MASK)
        (tmp_path / "ä").write_text("x")
        told = kernel.read(10.0)
        assert {(one, name) for one, _, _, name in told} == {(watch, os.fsencode("ä"))}
        assert {mask for _, mask, _, _ in told} >= {IN_CREATE, IN_CLOSE_WRITE}
        kernel.remove(watch)
        assert [mask for _, mask, _, _ in kernel.read(10.0)] == [IN_IGNORED]
        assert kernel.read(0.0) == []
    finally:
        kernel.close()


def test_what_cannot_be_watched_is_an_error(tmp_path: Path) -> None:
    kernel = Inotify()
    try:
        with pytest.raises(OSError, match="No such file") as raised:
            kernel.add(str(tmp_path / "none"), MASK)
        assert raised.value.errno == errno.ENOENT
        assert not os.get_inheritable(kernel.fileno())
    finally:
        kernel.close()


def test_who_waits_is_woken() -> None:
    kernel = Inotify()
    told: list[object] = []
    waiting = threading.Thread(target=lambda: told.append(kernel.read(None)))
    waiting.start()
    kernel.wake()
    waiting.join(30)
    kernel.close()
    assert told == [[]]
