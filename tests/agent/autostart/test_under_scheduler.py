"""The task, and what the scheduler is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.autostart.system import System
from syncagent.agent.autostart.under_scheduler import LogonTask
from syncagent.errors import AskPerson
from tests.agent.autostart.conftest import Program

SCHTASKS = """
case $1 in
  /query) cat "{0}/task" 2>/dev/null ;;
  /create) cp "$5" "{0}/task" ;;
  /delete) rm "{0}/task" ;;
  /run) [ -e "{0}/task" ] ;;
  *) exit 9 ;;
esac
"""


@pytest.fixture
def item(job: Job, program: Program, environment: dict[str, str], tmp_path: Path) -> LogonTask:
    program("schtasks", SCHTASKS.format(tmp_path))
    return LogonTask(job, System(environment | {"USERDOMAIN": "DESK"}))


def test_on_and_off(item: LogonTask, told: Callable[[], list[str]], tmp_path: Path) -> None:
    assert item.look() == Standing(Hand.ABSENT, enabled=False, supervised=None)
    assert [line.split()[0] for line in item.on(force=False, start=True)] == ["registered", "started"]
    assert item.look() == Standing(Hand.CURRENT, enabled=True, supervised=None)
    assert "<UserId>DESK\\" in (tmp_path / "task").read_bytes().decode("utf-16")
    assert item.on(force=False, start=False) == []
    assert item.off(force=False) == ["removed the task \\syncagent"]
    assert told()[-1] == "schtasks /delete /tn \\syncagent /f"
    assert item.off(force=False) == []


def test_a_task_that_was_switched_off_is_registered_again(item: LogonTask, tmp_path: Path) -> None:
    item.on(force=False, start=False)
    text = (tmp_path / "task").read_bytes().decode("utf-16")
    (tmp_path / "task").write_bytes(text.replace("<Settings>", "<Settings><Enabled>false</Enabled>").encode("utf-16"))
    assert item.look() == Standing(Hand.CURRENT, enabled=False, supervised=None)
    assert len(item.on(force=False, start=False)) == 1
    assert item.look().enabled


def test_a_changed_task_is_a_persons(item: LogonTask, tmp_path: Path) -> None:
    (tmp_path / "task").write_bytes("<Task><Command>x</Command></Task>".encode("utf-16"))
    for act in (lambda: item.on(force=False, start=False), lambda: item.off(force=False)):
        with pytest.raises(AskPerson):
            act()
    item.on(force=True, start=False)
    assert item.look().hand is Hand.CURRENT
    assert Path(tmp_path / "task").exists()
