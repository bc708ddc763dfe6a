"""One agent for one data directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncagent.agent.lock import hold, is_held
from syncagent.errors import AlreadyRunning, BadConfig


def test_a_second_one_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    with hold(path):
        assert is_held(path)
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"), hold(path):
            pass
        assert path.read_text().strip() == str(os.getpid()), "a failed attempt leaves the pid as it was"
    assert not is_held(path)
    with hold(path):
        pass


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    code = f"import pathlib, syncagent.agent.lock as l; l.take(pathlib.Path({str(path)!r})); print('has it'); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"has it\n"
        assert is_held(path)
        with pytest.raises(AlreadyRunning, match=f"process {other.pid}"), hold(path):
            pass
        other.kill()
        other.wait()
    assert path.read_text().strip() == str(other.pid), "what it left behind is a pid, and no lock"
    with hold(path):
        pass


def test_looking_does_not_make_the_file(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "agent.lock")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_followed_and_a_missing_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    for path in (tmp_path / "link", tmp_path / "no" / "agent.lock"):
        with pytest.raises(BadConfig, match="cannot be opened"), hold(path):
            pass
    assert not (tmp_path / "elsewhere").exists()
