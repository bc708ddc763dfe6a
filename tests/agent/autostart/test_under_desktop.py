"""An entry in the desktop's directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.autostart.under_desktop import DesktopEntry
from syncagent.agent.autostart.xdg import agent_entry
from syncagent.errors import AskPerson


@pytest.fixture
def item(job: Job, tmp_path: Path) -> DesktopEntry:
    return DesktopEntry(job, tmp_path / "autostart", agent_entry(job))


def test_on_and_off(item: DesktopEntry) -> None:
    assert item.look() == Standing(Hand.ABSENT, enabled=False, supervised=None)
    said = item.on(force=False, start=True)
    assert said == [f"wrote {item.where}", "the desktop starts it when you log in, not now"]
    assert item.look() == Standing(Hand.CURRENT, enabled=True, supervised=None)
    assert item.on(force=False, start=True) == []
    assert item.off(force=False) == [f"removed {item.where}"]
    assert item.off(force=False) == []


def test_what_a_settings_program_has_switched_off_is_off(item: DesktopEntry) -> None:
    item.on(force=False, start=False)
    path = Path(item.where)
    path.write_text(path.read_text() + "Hidden=true\n")
    assert item.look() == Standing(Hand.CHANGED, enabled=False, supervised=None)
    assert item.off(force=False)[0].startswith("left ")


def test_a_changed_entry_that_would_still_start_it_is_not_called_off(item: DesktopEntry) -> None:
    item.on(force=False, start=False)
    path = Path(item.where)
    path.write_text(path.read_text() + "# mine\n")
    with pytest.raises(AskPerson):
        item.off(force=False)
    assert path.exists()
    item.off(force=True)
    assert not path.exists()
