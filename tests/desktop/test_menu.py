"""The menu, for each way in which things can stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from syncagent.desktop import actions
from syncagent.desktop.actions import Place
from syncagent.desktop.menu import Entry, Item, in_home, menu, shortened, tooltip
from syncagent.desktop.notify import Level, Wishes
from syncagent.desktop.standing import Sight, Standing
from tests.desktop.told import PAUSED, asked, conflicts, line, told

NOON = 1_764_158_400.0


def standing(said: dict[str, Any] | None) -> Standing:
    sight = Sight()
    sight.see(said, 0.0)
    return sight.standing(0.0)


def items(entries: Iterable[Entry]) -> Iterator[Item]:
    for entry in entries:
        if isinstance(entry, Item):
            yield entry
            yield from items(entry.children)


def made(said: dict[str, Any] | None, wishes: Wishes | None = None) -> dict[str, Item]:
    return {item.key: item for item in items(menu(standing(said), wishes or Wishes(), NOON))}


def test_at_rest() -> None:
    found = made(told())
    labels = [one.label for one in found.values() if one.shown and not one.key.startswith(("pause-", "notify-"))]
    assert labels == [
        "Everything is in sync", "1,234 files and folders",
        "Open the folder “Sync”", "Recent changes", "Nothing yet", "Pause",
        "Sync now", "Open syncagent", "Preferences…", "Notifications", "Quiet for 30 minutes", "Quiet for 1 hour",
        "Quiet for 8 hours", "Help", "Quit (syncing goes on)", "Stop syncing and quit",
    ]  # fmt: skip
    assert not found["headline"].enabled
    assert found["folder"].action == actions.OpenFolder()
    assert found["preferences"].action == actions.OpenPage(Place.PREFERENCES)


def test_no_agent_offers_to_start_it() -> None:
    found = made(None)
    assert found["start"].action == actions.Start()
    assert not found["folder"].enabled
    assert found.keys() & {"pause", "sync", "page", "stop"} == set()
    assert found["quit"].label == "Quit"


def test_where_nothing_is_set_up_the_assistant_is_offered() -> None:
    entries = menu(replace(standing(None), set_up=False), Wishes(), NOON)
    found = {item.key: item for item in items(entries)}
    assert found["setup"].action == actions.SetUp()
    assert "start" not in found


def test_several_folders_can_each_be_opened() -> None:
    said = told(profiles=[{"root": "/home/ann/Sync"}, {"root": "/srv/Work"}], asked=[{**asked(3), "profile": "work"}],
                recent=[{"time": NOON, "what": "added", "path": "a", "by": "", "root": "/srv/Work"}])  # fmt: skip
    found = made(said)
    assert [found[key].action for key in ("folder", "folder-1")] == [
        actions.OpenFolder("/home/ann/Sync"), actions.OpenFolder("/srv/Work"),
    ]  # fmt: skip
    assert found["recent-0"].action == actions.ShowFile("a", "/srv/Work")
    assert "held-work/3" in found
    assert tooltip(standing(said), NOON)[1].endswith("/home/ann/Sync\n/srv/Work")


def test_pauses() -> None:
    found = made(told())
    assert [found[key].action for key in ("pause-30", "pause-60", "pause-tomorrow", "pause-open")] == [
        actions.PauseFor(1800), actions.PauseFor(3600), actions.PauseUntilTomorrow(), actions.PauseUntilResumed(),
    ]  # fmt: skip
    assert "resume" not in found
    paused = made({**PAUSED, "pause": {"paused": True, "until": NOON + 1800}})
    assert paused["resume"].action == actions.Resume()
    assert paused["headline"].label.startswith("Paused until ")
    assert not paused["sync"].enabled


def test_a_pause_of_the_machines_can_be_overruled_and_one_of_ones_own_begun() -> None:
    spared = made(told(state="paused", in_sync=False, reason="the network is metered"))
    assert spared["headline"].label == "Paused: the network is metered"
    assert (spared["resume"].label, spared["resume"].action) == ("Sync everything all the same", actions.Resume())
    assert spared["pause"].label == "Pause"
    assert spared["sync"].enabled


def test_recent_changes_say_who_and_when_and_lead_to_their_folder() -> None:
    recent = [
        {"time": NOON, "what": "changed", "path": "docs/report.docx", "by": "desk"},
        {"time": NOON - 60, "what": "deleted", "path": "old", "by": ""},
    ]
    found = made(told(recent=recent))
    assert found["recent-0"].label.startswith("report.docx: changed by desk, ")
    assert found["recent-1"].label.startswith("old: deleted here, ")
    assert found["recent-0"].action == actions.ShowFile("docs/report.docx")
    assert found["activity"].action == actions.OpenPage(Place.ACTIVITY)


def test_a_name_that_turns_the_direction_of_writing_is_seen_to_do_so() -> None:
    found = made(told(recent=[{"time": NOON, "what": "added", "path": "\u202egnp.exe", "by": ""}]))
    assert found["recent-0"].label.startswith("\\u202egnp.exe: added here, ")


def test_of_many_changes_the_latest_are_shown() -> None:
    recent = [{"time": NOON, "what": "added", "path": f"f{number}", "by": ""} for number in range(20)]
    assert "recent-11" in made(told(recent=recent))
    assert "recent-12" not in made(told(recent=recent))


def test_what_needs_the_person_is_there_with_its_number() -> None:
    found = made(
        told(state="halted", reason="it failed", asked=[asked(3), asked(9, 50, "incoming")], conflicts=conflicts(2))
    )
    assert found["held-3"].label == "Held: 12 deletes made here…"
    assert found["held-9"].action == actions.OpenPage(Place.HELD)
    assert (found["conflicts"].label, found["conflicts"].action) == ("2 conflicts…", actions.OpenPage(Place.CONFLICTS))
    assert found["trouble-halted"].label == "It failed"
    assert made(told()).keys() & {"conflicts", "line-needed", "held-3"} == set()


def test_notifications_have_a_level_and_can_be_quiet_for_a_time() -> None:
    found = made(told(), Wishes(Level.IMPORTANT))
    assert [found[f"notify-{level.value}"].chosen for level in Level] == [False, True, False]
    assert found["snooze-480"].action == actions.Snooze(28800)
    quiet = made(told(), Wishes(Level.ALL, NOON + 600))
    assert quiet["snooze-off"].action == actions.Snooze(0)
    assert quiet["snoozed"].label.startswith("Quiet until ")
    assert "snooze-30" not in made(told(), Wishes(Level.NONE))


def test_keys_are_each_there_once() -> None:
    said = told(recent=[{"time": 1, "what": "added", "path": "a", "by": ""}] * 20, asked=[asked(1), asked(2)],
                conflicts=conflicts(1), lines=[line("watch", "w")])  # fmt: skip
    entries = list(menu(standing(said), Wishes(), NOON))
    children = [child for entry in entries if isinstance(entry, Item) for child in entry.children]
    keys = [entry.key for entry in [*entries, *children]]
    assert len(keys) == len(set(keys))


def test_the_tooltip_says_it_in_words() -> None:
    title, text = tooltip(standing({**PAUSED, "pause": {"paused": True, "until": NOON + 86400}}), NOON)
    assert title == "Paused"
    assert text.startswith("Until ")
    assert text.endswith("tomorrow\n/home/ann/Sync")
    assert tooltip(standing(None), NOON) == ("syncagent is not running", "")


def test_a_tooltip_is_no_wider_than_a_screen() -> None:
    said = told(state="offline", in_sync=False, root="/srv/" + "deep/" * 40, lines=[line("hub", "no route " * 40)])
    title, text = tooltip(standing(said), NOON)
    assert max(map(len, [title, *text.split("\n")])) <= 72


def test_long_names_keep_their_ends() -> None:
    assert shortened("a" * 100 + ".docx", 20) == "aaaaaaaaaaaaa…a.docx"
    assert shortened("two\nlines") == "two lines"


def test_what_lies_at_home_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert [in_home(path) for path in ("/home/ann/Sync", "/home/ann", "/srv/x")] == ["~/Sync", "~", "/srv/x"]
