"""The unit, and what systemd is told; tests/e2e/test_autostart.py does the same with a real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.autostart.system import System
from syncagent.agent.autostart.under_systemd import SystemdUnit
from syncagent.errors import AskPerson, SyncAgentError
from tests.agent.autostart.conftest import Program

SYSTEMCTL = """
state="{0}/state"; mkdir -p "$state"; shift; verb=$1; shift
case $verb in
  show)
    for one in "$@"; do unit=$one; done
    if [ -e "$state/enabled" ]; then echo UnitFileState=enabled; else echo UnitFileState=disabled; fi
    if [ -e "$state/started" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
    if [ -e "{1}/$unit" ]; then echo "FragmentPath={1}/$unit"; else echo FragmentPath=; fi ;;
  enable) touch "$state/enabled" ;;
  disable) rm "$state/enabled" ;;
  start) touch "$state/started" ;;
  daemon-reload) ;;
  *) exit 9 ;;
esac
"""


@pytest.fixture
def item(job: Job, program: Program, environment: dict[str, str], tmp_path: Path) -> SystemdUnit:
    program("systemctl", SYSTEMCTL.format(tmp_path, tmp_path / "user"))
    return SystemdUnit(job, tmp_path / "user", System(environment), 252)


Told = Callable[[], list[str]]


def test_on_writes_enables_and_starts_and_says_so(item: SystemdUnit, told: Told) -> None:
    assert item.look() == Standing(Hand.ABSENT, enabled=False, supervised=False)
    said = item.on(force=False, start=True)
    assert [line.split()[0] for line in said] == ["wrote", "enabled", "started"]
    assert item.look() == Standing(Hand.CURRENT, enabled=True, supervised=True)
    verbs = [line.split()[2] for line in told()]
    assert [verb for verb in verbs if verb != "show"] == ["daemon-reload", "enable", "start"]


def test_on_again_does_nothing(item: SystemdUnit, told: Told) -> None:
    item.on(force=False, start=True)
    told()
    assert item.on(force=False, start=False) == []
    assert "enable" not in " ".join(told())


def test_an_agent_that_runs_by_hand_is_not_started_beside(item: SystemdUnit, told: Told) -> None:
    item.on(force=False, start=False)
    assert not any("start" in line for line in told())


def test_off_takes_away_what_on_has_made(item: SystemdUnit) -> None:
    item.on(force=False, start=False)
    assert [line.split()[0] for line in item.off(force=False)] == ["disabled", "removed"]
    assert not Path(item.where).exists()
    assert item.look() == Standing(Hand.ABSENT, enabled=False, supervised=False)
    assert item.off(force=False) == []


def test_an_older_unit_is_written_anew_and_the_agent_goes_on(item: SystemdUnit, job: Job) -> None:
    item.on(force=False, start=True)
    newer = SystemdUnit(Job(job.name, "another title", job.command), item.directory, item.system, 257)
    assert newer.look().hand is Hand.OUTDATED
    said = newer.on(force=False, start=False)
    assert "anew" in said[0]
    assert "goes on" in said[1]
    assert newer.look().hand is Hand.CURRENT


def test_a_changed_unit_is_switched_off_and_left(item: SystemdUnit) -> None:
    item.on(force=False, start=False)
    path = Path(item.where)
    path.write_text(path.read_text() + "Nice=5\n")
    with pytest.raises(AskPerson):
        item.on(force=False, start=False)
    assert [line.split()[0] for line in item.off(force=False)] == ["disabled", "left"]
    assert path.read_text().endswith("Nice=5\n")
    item.on(force=True, start=False)
    assert path.with_name("syncagent.service.old").read_text().endswith("Nice=5\n")
    assert item.look() == Standing(Hand.CURRENT, enabled=True, supervised=False)


def test_a_systemd_that_reads_another_directory_is_noticed(item: SystemdUnit, tmp_path: Path) -> None:
    elsewhere = SystemdUnit(item.job, tmp_path / "elsewhere", item.system, 252)
    with pytest.raises(SyncAgentError, match="XDG_CONFIG_HOME"):
        elsewhere.on(force=False, start=True)
