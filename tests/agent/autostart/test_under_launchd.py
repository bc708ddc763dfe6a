"""The property list, and what launchd is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.autostart.system import System
from syncagent.agent.autostart.under_launchd import LaunchAgent
from syncagent.errors import AskPerson
from tests.agent.autostart.conftest import Program

LAUNCHCTL = """
state="{0}/state"; mkdir -p "$state"
case $1 in
  print) [ -e "$state/loaded" ] ;;
  print-disabled) [ ! -e "$state/off" ] || printf '\\t"syncagent.agent" => disabled\\n' ;;
  enable) rm -f "$state/off" ;;
  bootstrap) [ -e "$3" ] && touch "$state/loaded" ;;
  *) exit 9 ;;
esac
"""


@pytest.fixture
def item(job: Job, program: Program, environment: dict[str, str], tmp_path: Path) -> LaunchAgent:
    program("launchctl", LAUNCHCTL.format(tmp_path))
    return LaunchAgent(job, tmp_path / "LaunchAgents", tmp_path / "log", System(environment), "gui/501")


def test_on_and_off(item: LaunchAgent, told: Callable[[], list[str]]) -> None:
    assert item.look() == Standing(Hand.ABSENT, enabled=False, supervised=False)
    assert [line.split()[0] for line in item.on(force=False, start=True)] == ["wrote", "enabled", "started"]
    assert f"launchctl bootstrap gui/501 {item.where}" in told()
    assert item.look() == Standing(Hand.CURRENT, enabled=True, supervised=True)
    assert item.on(force=False, start=False) == []
    assert item.off(force=False) == [f"removed {item.where}"]
    assert "bootout" not in " ".join(told()), "it would stop the agent"


def test_what_was_disabled_in_the_settings_is_enabled_again(item: LaunchAgent, tmp_path: Path) -> None:
    item.on(force=False, start=False)
    (tmp_path / "state" / "off").touch()
    assert item.look() == Standing(Hand.CURRENT, enabled=False, supervised=False)
    assert item.on(force=False, start=False) == ["enabled syncagent.agent: it starts when you log in"]
    assert item.look().enabled


def test_a_changed_list_is_a_persons(item: LaunchAgent) -> None:
    item.on(force=False, start=False)
    path = Path(item.where)
    path.write_text(path.read_text().replace("<integer>30</integer>", "<integer>60</integer>"))
    for act in (lambda: item.on(force=False, start=False), lambda: item.off(force=False)):
        with pytest.raises(AskPerson):
            act()
    item.off(force=True)
    assert path.with_name(path.name + ".old").exists()
