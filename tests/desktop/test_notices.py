"""What a person is notified of, and what not."""

from __future__ import annotations

from typing import Any

from syncagent.desktop import actions
from syncagent.desktop.actions import Word
from syncagent.desktop.notices import MOST, QUIET, News, Notice, Notices, Told, Withdraw
from syncagent.desktop.notify import Level, Wishes
from syncagent.desktop.standing import Sight
from tests.desktop.told import asked, conflicts, told

COMPLETE = Told(complete=("/home/ann/Sync",))
HALTED = told(state="halted", in_sync=False, reason="the folder is gone", stuck="folder")


class Person:
    """Sees what is told, second by second."""

    def __init__(self, before: Told = COMPLETE, level: Level = Level.ALL) -> None:
        self.notices = Notices(before)
        self.wishes = Wishes(level)
        self.now = 1000.0
        self._sight = Sight()

    def hear(self, said: dict[str, Any] | None, seconds: float = 0.0) -> list[News]:
        """Things stand like this for so long."""
        found: list[News] = []
        end = self.now + seconds
        while True:
            self._sight.see(said, self.now)
            self.notices.hear(self._sight.standing(self.now), self.now)
            found.extend(self.notices.due(self.wishes, self.now, hour=self.now))
            if self.now >= end:
                return found
            self.now += 0.5


def test_a_hundred_conflicts_are_one_notice() -> None:
    person = Person()
    found: list[News] = []
    for count in range(1, 101):
        found += person.hear(told(conflicts=conflicts(count)))
        person.now += 0.01
    found += person.hear(told(conflicts=conflicts(100)), 10 * MOST)
    (notice,) = found
    assert isinstance(notice, Notice)
    assert notice.title == "100 files were changed on two machines"
    assert notice.body.endswith("and 97 more")


def test_one_conflict_is_named_and_leads_to_its_file() -> None:
    (notice,) = Person().hear(told(conflicts=conflicts(1)), QUIET)
    assert isinstance(notice, Notice)
    assert notice.title == "A file was changed on two machines"
    assert "report 0 (conflict 2026-11-22 desk).txt" in notice.body
    assert notice.choices[1] == ("Show the file", actions.ShowFile("report 0 (conflict 2026-11-22 desk).txt"))


def test_conflicts_that_go_on_coming_are_told_in_time() -> None:
    person, found = Person(), []
    for count in range(1, 41):
        found += person.hear(told(conflicts=conflicts(count)), 1.0)
    assert 2 <= len(found) <= 5
    assert {one.key for one in found} == {"conflicts"}, "each takes the place of the one before"


def test_a_new_tray_does_not_tell_again_what_was_told() -> None:
    person = Person()
    person.hear(told(conflicts=conflicts(2), asked=[asked(3)]), 5)
    later = Person(person.notices.told)
    assert later.hear(told(conflicts=conflicts(2), asked=[asked(3)]), 60) == []
    assert len(later.hear(told(conflicts=conflicts(3), asked=[asked(3)]), 5)) == 1


def test_a_held_mass_change_asks_and_offers_a_no() -> None:
    (notice,) = Person().hear(told(asked=[asked(3)]), QUIET)
    assert isinstance(notice, Notice)
    assert (notice.title, notice.urgent) == ("Is this meant?", True)
    assert notice.body.startswith("12 deletes made here.")
    assert notice.choices[1] == ("No, keep the files", actions.Decide(3, Word.REJECT))
    assert not any(isinstance(one, actions.Decide) and one.word is Word.APPROVE for _, one in notice.choices)


def test_what_was_decided_elsewhere_is_taken_away() -> None:
    person = Person()
    person.hear(told(asked=[asked(3)]), QUIET)
    assert person.hear(told(), 1) == [Withdraw("held")]
    assert person.hear(told(), 60) == []


def test_what_needs_the_person_is_told_once_and_again_when_it_comes_back() -> None:
    person = Person()
    (notice,) = person.hear(HALTED, 60)
    assert isinstance(notice, Notice)
    assert (notice.title, notice.body, notice.urgent) == ("Syncing needs you", "The folder is gone", True)
    assert person.hear(told(), 1) == [Withdraw("trouble")]
    assert len(person.hear(HALTED, 60)) == 1


def test_what_is_over_at_once_is_not_told() -> None:
    person = Person()
    assert person.hear(HALTED, QUIET / 2) + person.hear(told(), 60) == []


def test_an_agent_that_stops_and_starts_takes_nothing_back_and_tells_nothing_twice() -> None:
    person = Person()
    person.hear(HALTED, 5)
    assert person.hear(None, 60) + person.hear(HALTED, 60) == []


def test_the_first_sync_is_told_when_it_is_done() -> None:
    person = Person(Told())
    assert person.hear(told(in_sync=False, state="syncing"), 60) == []
    (notice,) = person.hear(told(), 60)
    assert isinstance(notice, Notice)
    assert notice.title == "“Sync” is complete"
    assert person.hear(told(in_sync=False, state="syncing"), 5) + person.hear(told(), 60) == []


def test_what_was_complete_before_anyone_looked_is_no_news() -> None:
    person = Person(Told())
    assert person.hear(told(), 60) == []
    assert person.notices.told.complete == ("/home/ann/Sync",)


def test_levels() -> None:
    important = Person(Told(), Level.IMPORTANT)
    assert important.hear(told(in_sync=False), 5) + important.hear(told(), 60) == []
    assert len(important.hear(told(conflicts=conflicts(1)), 60)) == 1
    none = Person(level=Level.NONE)
    assert none.hear({**HALTED, "conflicts": conflicts(1), "asked": [asked(3)]}, 60) == []


def test_while_snoozed_nothing_is_told_and_afterwards_what_is_still_so() -> None:
    person = Person()
    person.wishes = Wishes(Level.ALL, snoozed_until=person.now + 1800)
    assert person.hear({**HALTED, "conflicts": conflicts(1)}, 1700) == []
    assert person.notices.waiting
    found = person.hear(told(conflicts=conflicts(3)), 200)
    assert [one.key for one in found] == ["conflicts"]
