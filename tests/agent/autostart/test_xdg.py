"""The desktop entry, read as the specification says, and by the desktop's own tool."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import Hand, hand_of
from syncagent.agent.autostart.xdg import agent_entry, quoted, starts, tray_entry


def words_of(entry: str) -> list[str]:
    """``Exec`` as a desktop reads it: the escapes of the value first, then the quotes, then the field codes."""
    value = re.search(r"^Exec=(.*)$", entry, flags=re.MULTILINE)
    assert value is not None
    text = value[1].replace("\\\\", "\\")
    found = []
    for inner, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', text):
        found.append((re.sub(r"\\(.)", r"\1", inner) or plain).replace("%%", "%"))
    return found


@pytest.mark.parametrize("which", ["job", "hard_job"])
@pytest.mark.parametrize("render", [agent_entry, tray_entry])
def test_the_command_comes_out_as_it_went_in(which: str, render: object, request: pytest.FixtureRequest) -> None:
    job = request.getfixturevalue(which)
    assert words_of(render(job)) == list(job.command)  # type: ignore[operator]


def test_plain_words_are_left_alone() -> None:
    assert quoted("--data-dir=/home/ann/x_1.2") == "--data-dir=/home/ann/x_1.2"
    assert quoted("a b") == '"a b"'


@pytest.mark.parametrize(
    ("line", "on"),
    [("", True), ("Hidden=true", False), ("X-GNOME-Autostart-enabled = false", False), ("Hidden=false", True)],
)
def test_a_desktop_switches_an_entry_off_by_a_line(job: Job, line: str, on: bool) -> None:
    assert starts(f"{agent_entry(job)}{line}\n") is on


def test_the_entry_is_sealed(job: Job) -> None:
    assert hand_of(agent_entry(job), agent_entry(job)) is Hand.CURRENT
    assert hand_of(agent_entry(job) + "Hidden=true\n", agent_entry(job)) is Hand.CHANGED


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils are not here")
@pytest.mark.parametrize("which", ["job", "hard_job"])
@pytest.mark.parametrize("render", [agent_entry, tray_entry])
def test_the_desktops_own_tool_finds_nothing_to_say_against_it(
    which: str, render: object, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "syncagent.desktop"
    path.write_text(render(request.getfixturevalue(which)), encoding="utf-8")  # type: ignore[operator]
    run = subprocess.run(["desktop-file-validate", str(path)], capture_output=True, text=True)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
