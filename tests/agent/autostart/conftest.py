"""A job, and programs of the system that write down what they are told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job


@pytest.fixture
def job() -> Job:
    return Job("syncagent", "syncagent: keep /srv/folder in sync", ("/usr/bin/true", "up", "--data-dir", "/srv/d"))


@pytest.fixture
def hard_job() -> Job:
    """With all that some format takes for something of its own."""
    words = (
        "/usr/bin/true",
        "a b",
        'say "hi"',
        "50% $HOME `x` %h ~",
        "back\\slash\\",
        "<&amp;'>",
        "größe – ☃",
        "-x=1;2",
    )
    return Job("syncagent-0a1b2c3d", "syncagent: keep 100% <of> “it” & $HOME\\ in sync", words)


Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Puts a program (the text of a shell script) into a directory of the test's own."""

    def put(name: str, script: str) -> None:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{tmp_path}/told"\n{script}\n')
        path.chmod(0o755)

    return put


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(tmp_path)}


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], list[str]]:
    """What the programs were told since the last time."""

    def read() -> list[str]:
        path = tmp_path / "told"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    return read
