"""What a choice does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.places import Places, places
from syncagent.desktop import actions, deeds
from syncagent.desktop.actions import Place, Word
from syncagent.desktop.deeds import DesktopDeeds, nearest_folder
from syncagent.desktop.notices import Notice
from syncagent.desktop.notify import Level
from tests.desktop.agent import Agent


class Person:
    def __init__(self, spot: Places) -> None:
        self.rung: list[Notice] = []
        self.levels: list[Level] = []
        self.quits = 0
        self.deeds = DesktopDeeds(
            spot, begin=lambda deed: deed(), ring=self.rung.append, set_level=self.levels.append, quit=self._quit
        )

    def _quit(self) -> None:
        self.quits += 1

    def does(self, action: Any, root: Path | str = "/nowhere") -> None:
        self.deeds.carry_out(action, str(root))


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    return places(tmp_path / "data")


@pytest.fixture
def agent(spot: Places) -> Iterator[Agent]:
    made = Agent()
    made.answers = {name: {} for name in ("pause", "resume", "sync", "approve", "reject", "stop")}
    with made.running(spot):
        yield made


@pytest.fixture
def person(spot: Places) -> Person:
    return Person(spot)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be shown on the desktop."""
    found: list[str] = []
    monkeypatch.setattr(deeds, "open_folder", lambda folder: found.append(str(folder)))
    monkeypatch.setattr(deeds, "open_page", lambda url, private: found.append(url))
    return found


@pytest.mark.parametrize(
    ("action", "command", "args"),
    [
        (actions.PauseFor(1800), "pause", {"seconds": 1800, "profile": "all"}),
        (actions.PauseUntilResumed(), "pause", {"profile": "all"}),
        (actions.Resume(), "resume", {"profile": "all"}),
        (actions.SyncNow(), "sync", {"profile": "all"}),
        (actions.Decide(4, Word.REJECT, "work"), "reject", {"act": 4, "profile": "work"}),
        (actions.Decide(3, Word.REJECT), "reject", {"act": 3, "profile": None}),
    ],
)
def test_the_agent_is_asked(agent: Agent, person: Person, action: Any, command: str, args: dict[str, Any]) -> None:
    person.does(action)
    assert agent.asked == [(command, args)]
    assert person.rung == []


def test_a_pause_until_tomorrow_ends_in_the_morning(agent: Agent, person: Person) -> None:
    person.does(actions.PauseUntilTomorrow())
    ((command, args),) = agent.asked
    assert command == "pause"
    assert args["until"] % 60 == 0


def test_stop_and_quit(agent: Agent, person: Person) -> None:
    person.does(actions.StopAndQuit())
    assert [command for command, _ in agent.asked] == ["stop"]
    assert person.quits == 1


def test_to_stop_what_does_not_run_is_to_quit(person: Person) -> None:
    person.does(actions.StopAndQuit())
    assert (person.quits, person.rung) == (1, [])


def test_the_page_opens_at_its_part(agent: Agent, person: Person, opened: list[str]) -> None:
    agent.answers["page"] = {"url": "http://127.0.0.1:1/?ticket=x"}
    person.does(actions.OpenPage(Place.CONFLICTS))
    person.does(actions.Help())
    assert agent.asked == [("page", {"part": "conflicts"}), ("page", {"part": "help"})]
    assert opened == ["http://127.0.0.1:1/?ticket=x"] * 2


def test_without_a_page_the_command_that_says_the_same_is_named(agent: Agent, person: Person) -> None:
    person.does(actions.OpenPage(Place.HELD))
    assert "`syncagent held`" in person.rung[0].body


def test_the_folder_and_what_is_in_it(person: Person, opened: list[str], tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    person.does(actions.OpenFolder(), tmp_path)
    person.does(actions.ShowFile("docs/gone/report.txt"), tmp_path)
    assert opened == [str(tmp_path), str(tmp_path / "docs")]


@pytest.mark.hazard("G3")
def test_nothing_outside_of_the_folder_is_shown(tmp_path: Path, person: Person, opened: list[str]) -> None:
    (tmp_path / "link").symlink_to("/etc")
    assert nearest_folder(tmp_path, "link/passwd") == tmp_path
    for path in ("../x", "/etc/passwd", "a/../../b", ""):
        person.does(actions.ShowFile(path), tmp_path)
    assert opened == []
    assert len(person.rung) == 4


def test_a_level_is_kept(person: Person) -> None:
    person.does(actions.SetLevel(Level.NONE))
    assert person.levels == [Level.NONE]


def test_what_does_not_work_is_said(person: Person) -> None:
    person.does(actions.SyncNow())
    assert person.rung[0].title == "That did not work"
    assert "no agent is running" in person.rung[0].body


def test_a_start_of_what_was_never_set_up_says_so(person: Person) -> None:
    person.does(actions.Start())
    assert "no sync_root set" in person.rung[0].body


class Unit:
    """What starts the agent at login, and looks after it."""

    def __init__(self, *, enabled: bool, supervised: bool | None) -> None:
        self.standing = Standing(Hand.CURRENT, enabled, supervised)
        self.started = 0

    def look(self) -> Standing:
        return self.standing

    def on(self, *, force: bool, start: bool) -> list[str]:
        assert (force, start) == (False, True)
        self.started += 1
        return []


@pytest.mark.parametrize(
    ("enabled", "supervised", "by_it"), [(True, False, True), (True, None, False), (False, False, False)]
)
def test_what_looks_after_the_agent_starts_it(
    person: Person, monkeypatch: pytest.MonkeyPatch, enabled: bool, supervised: bool | None, by_it: bool
) -> None:
    unit, begun = Unit(enabled=enabled, supervised=supervised), []
    monkeypatch.setattr(deeds, "login_item", lambda *_: unit)
    monkeypatch.setattr(deeds, "start_behind", lambda spot, options: begun.append(options))
    person.does(actions.Start())
    assert (unit.started, begun) == ((1, []) if by_it else (0, [["--as-set-up"]]))


def test_help_does_not_start_what_is_stopped(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    person.does(actions.Help())
    assert "`syncagent --help`" in person.rung[0].body


def test_without_an_agent_the_assistant_goes_on(person: Person, monkeypatch: pytest.MonkeyPatch, spot: Places) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr("subprocess.Popen", lambda command, **_: begun.append(command))
    person.does(actions.OpenPage(Place.STATUS))
    person.does(actions.SetUp())
    assert [command[-3:] for command in begun] == [["setup", "--data-dir", str(spot.data_dir)]] * 2
    assert person.rung == []


def test_an_older_agent_is_said_to_be_one(agent: Agent, person: Person) -> None:
    del agent.answers["sync"]
    person.does(actions.SyncNow())
    assert "another version" in person.rung[0].title
