"""The live line: only on a terminal, and gone when the work is done."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncagent.agent.places import Places
from syncagent.cli.live import live_status
from syncagent.control import ControlClient

if TYPE_CHECKING:
    from tests.cli.conftest import Script


def test_nothing_is_shown_and_nothing_asked_where_no_one_looks(
    spot: Places, agent: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    with live_status(ControlClient(spot.control)):
        pass
    assert tuple(capsys.readouterr()) == ("", "")
    assert agent.asked == []


def test_on_a_terminal_the_status_is_shown_as_it_changes(spot: Places, agent: Script, tmp_path: Path) -> None:
    agent.status |= {"in_sync": False, "state": "syncing", "pending": 7}
    code = (
        "import sys; from pathlib import Path; from syncagent.control import ControlClient;"
        "from syncagent.cli.live import live_status\n"
        f"with live_status(ControlClient(Path({str(spot.control)!r}))): sys.stdin.readline()"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=theirs, env=environment) as child:
        os.close(theirs)
        shown = b""
        while b"7 changes pending" not in shown:
            shown += os.read(ours, 1000)
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.close()
        assert child.wait(20) == 0
    os.close(ours)
