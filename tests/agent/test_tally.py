"""How a start knows that what it finds is what the last one left."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from syncagent.agent.tally import NOTE, Place, Tally, tally_in

HERE = Place("machine", "/data", 7)


@dataclass
class Kept:
    """The note, the database and the folder's marker; each start has its token in all three."""

    note: str = ""
    remembered: str = ""
    marked: str = ""
    place: Place = HERE
    tokens: itertools.count[int] = field(default_factory=itertools.count)

    def tally(self) -> Tally:
        return Tally(self.place, lambda: self.note, self._write, lambda: f"t{next(self.tokens)}")

    def _write(self, text: str) -> None:
        self.note = text

    def start(self, *, until: str = "") -> str:
        """What is objected to; if nothing is, the start is noted, ``until`` it is killed there."""
        tally = self.tally()
        if why := tally.objection(self.remembered, self.marked):
            return why
        tally.begin()
        for place, note in (("marker", self._mark), ("database", self._remember)):
            if until == place:
                return ""
            note(tally.token)
        if until != "done":
            tally.done()
        return ""

    def _mark(self, token: str) -> None:
        self.marked = token

    def _remember(self, token: str) -> None:
        self.remembered = token

    def copy(self) -> Kept:
        return replace(self)


def started(times: int = 2) -> Kept:
    kept = Kept()
    for _ in range(times):
        assert kept.start() == ""
    return kept


def test_start_after_start_fits() -> None:
    started(5)


@pytest.mark.hazard("E13")
@pytest.mark.parametrize("until", ["marker", "database", "done"])
def test_a_start_that_was_killed_half_way_fits_the_next_one(until: str) -> None:
    kept = started()
    for _ in range(3):
        assert kept.start(until=until) == ""
    assert kept.start() == ""


@pytest.mark.hazard("E4")
@pytest.mark.parametrize("back", [1, 2])
def test_a_database_that_was_put_back_does_not_fit(back: int) -> None:
    kept = started()
    before = kept.copy()
    for _ in range(back):
        kept.start()
    kept.remembered = before.remembered
    assert "the database was put back" in kept.start()


@pytest.mark.hazard("E4")
@pytest.mark.parametrize("remembered", ["of another agent", ""])
def test_a_foreign_database_does_not_fit(remembered: str) -> None:
    kept = started()
    kept.remembered = remembered
    assert "that of another agent" in kept.start()


@pytest.mark.hazard("E5")
def test_a_folder_that_was_put_back_does_not_fit() -> None:
    kept = started()
    before = kept.copy()
    kept.start()
    kept.marked = before.marked
    assert "the folder was put back" in kept.start()


@pytest.mark.hazard("E5")
def test_all_of_it_put_back_to_one_moment_fits() -> None:
    kept = started()
    before = kept.copy()
    kept.start()
    assert before.start() == ""


@pytest.mark.hazard("E4", "E5")
def test_a_data_directory_that_was_put_back_does_not_fit_the_folder() -> None:
    kept = started()
    before = kept.copy()
    kept.start()
    before.marked = kept.marked
    assert before.start()


@pytest.mark.hazard("E6")
@pytest.mark.parametrize(
    ("place", "why"),
    [
        (Place("another", "/data", 7), "from another machine"),
        (Place("machine", "/copy", 8), "a copy of /data"),
        (Place("machine", "/moved", 7), ""),
        (Place("machine", "/data", 8), ""),  # restored, or a disk whose inodes change
        (Place("", "/data", 7), ""),
    ],
)
def test_a_copy_is_told_from_what_was_moved(place: Place, why: str) -> None:
    kept = started()
    kept.place = place
    found = kept.start()
    assert why in found
    assert bool(found) is bool(why)


def test_from_before_there_were_tokens_all_fits() -> None:
    assert Kept().start() == ""


@pytest.mark.parametrize("note", ["", "{", "[]", '{"tokens": 1}', "\0"])
def test_without_its_note_nothing_is_believed(note: str) -> None:
    kept = started()
    kept.note = note
    assert "missing" in kept.start()


def test_the_note_lies_in_the_data_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    tally = tally_in(tmp_path)
    tally.begin()
    tally.done()
    assert tally.token in (tmp_path / NOTE).read_text()
    assert tally_in(tmp_path).objection(tally.token, tally.token) == ""
    assert tally_in(tmp_path).objection("", tally.token)
