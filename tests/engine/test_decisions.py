"""Yes and no to a mass change: all of it goes through, or comes back, with what had been let through before."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine.hesitation import GATHERED
from syncagent.model.acts import Decision
from syncagent.model.changes import Operation
from tests.support.masses import (
    FILES,
    copies,
    delete_here,
    delete_there,
    full,
    overwrite_here,
    overwrite_there,
    settle,
    some,
)


def test_what_is_approved_goes_through_and_says_so() -> None:
    solo = full()
    delete_here(solo, some(12))
    assert solo.decide("approve") == ef.Answered(1, 12, 0)
    assert solo.notes[-1] == "1 is approved: 12 files and folders", "so that the log tells who let them go, and when"
    submits = solo.drain(ef.Submit)
    assert all(one.confirmed for one in submits)
    assert len(solo.accept([change for one in submits for change in one.changes])) == 12
    assert solo.status.in_sync
    assert not any(part.open for part in solo.parts.values())


def test_what_is_approved_of_the_hubs_is_done_here() -> None:
    solo = full()
    made = overwrite_there(solo, some(12))
    solo.decide("approve")
    settle(solo, *made.values())
    assert solo.tree() == FILES | made
    assert solo.status.in_sync


def test_an_approval_is_of_what_was_there_and_of_nothing_later() -> None:
    solo = full().offline()
    solo.online()
    overwrite_here(solo, some(12))
    solo.offline()
    solo.decide("approve")
    overwrite_here(solo, some(11))
    for name in some(11):
        solo.user.write(name, b"another " + name.encode())
    solo.hinted(*some(11))
    solo.pass_time(0.2)
    solo.online()
    assert [one.overwritten for one in solo.status.asked] == [11]
    assert len(solo.submitted()) == 1


@pytest.mark.hazard("E2", "N1")
def test_a_rejected_delete_here_comes_back_from_the_hub() -> None:
    solo = full()
    delete_here(solo, some(12))
    assert solo.decide("reject") == ef.Answered(1, 12, 0)
    settle(solo)
    assert solo.tree() == FILES
    assert solo.head == 16, "nothing had to be told to the hub"
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N1")
def test_a_rejected_overwrite_here_is_kept_beside_the_hubs_version() -> None:
    solo = full()
    made = overwrite_here(solo, some(12))
    solo.decide("reject")
    settle(solo, *made.values())
    assert FILES.items() <= solo.tree().items()
    assert copies(solo) == sorted(made.values())
    assert solo.status.in_sync


@pytest.mark.hazard("G13", "N1")
def test_a_rejected_delete_of_the_hubs_is_put_back_there_under_the_same_id() -> None:
    solo = full()
    ids = {solo.id_of(name) for name in some(16)}
    delete_there(solo, some(16))
    solo.decide("reject")
    changes = solo.accept()
    assert {(one.operation, one.base_rev) for one in changes} == {(Operation.CREATE, 2)}
    settle(solo)
    assert ids == {solo.id_of(name) for name in some(16)}
    assert solo.tree() == FILES
    assert solo.status.in_sync


@pytest.mark.hazard("G13", "N1")
def test_a_rejected_overwrite_of_the_hubs_is_overwritten_there() -> None:
    solo = full()
    made = overwrite_there(solo, some(12))
    solo.decide("reject")
    submits = solo.drain(ef.Submit)
    assert all(one.confirmed for one in submits)
    changes = [change for one in submits for change in one.changes]
    assert {(one.operation, one.base_rev) for one in changes} == {(Operation.UPDATE, 2)}
    solo.accept(changes)
    settle(solo, *made.values())
    assert solo.tree() == FILES
    assert solo.status.in_sync


# --- with what was let through before it was too much -------------------------------------------------------------


@pytest.mark.hazard("E2", "N1")
def test_no_to_deletes_here_takes_back_those_that_were_let_through() -> None:
    solo = full()
    delete_here(solo, some(6))
    assert len(solo.accept()) == 6
    delete_here(solo, some(12)[6:])
    solo.decide("reject")
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N1")
def test_no_to_overwrites_here_takes_back_those_that_were_let_through_and_keeps_them_beside() -> None:
    solo = full()
    made = overwrite_here(solo, some(6))
    solo.accept_all()
    made |= overwrite_here(solo, some(12)[6:])
    solo.decide("reject")
    settle(solo, *made.values())
    assert FILES.items() <= solo.tree().items()
    assert copies(solo) == sorted(made.values())
    assert solo.status.in_sync


@pytest.mark.hazard("G13", "N1")
def test_no_to_the_hubs_takes_back_what_was_let_through_here() -> None:
    solo = full()
    delete_there(solo, some(6))
    solo.pass_time(GATHERED)
    assert len(solo.tree()) == 10
    delete_there(solo, some(12)[6:])
    solo.decide("reject")
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync


@pytest.mark.hazard("G13", "N1")
def test_no_to_overwrites_of_the_hubs_takes_back_what_was_let_through_here() -> None:
    solo = full()
    made = overwrite_there(solo, some(6))
    made |= overwrite_there(solo, some(12)[6:])
    solo.decide("reject")
    settle(solo, *made.values())
    assert solo.tree() == FILES
    assert solo.status.in_sync


def test_no_while_an_answer_of_the_hub_is_still_to_come() -> None:
    solo = full()
    delete_here(solo, some(6))
    on_its_way = solo.submitted()
    delete_here(solo, some(12)[6:])
    solo.decide("reject")
    solo.accept(on_its_way)
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N1")
@pytest.mark.parametrize("word", ["approve", "reject"])
@pytest.mark.parametrize("same", [True, False], ids=["as they were", "as others"])
def test_files_that_are_back_under_their_names_before_anything_was_decided(word: str, same: bool) -> None:
    solo = full()
    delete_here(solo, some(12))
    back = {name: FILES[name] if same else b"another " + name.encode() for name in some(12)}
    for name, data in back.items():
        solo.user.write(name, data)
    solo.hinted(*some(12))
    solo.pass_time(1.0)
    solo.decide(word)
    settle(solo, *back.values())
    assert solo.status.in_sync
    kept = set(solo.tree().values())
    assert kept >= set(back.values())
    assert word == "approve" or kept >= set(FILES.values())


# --- words that do not fit ----------------------------------------------------------------------------------------


def test_words_that_do_not_fit_are_refused_with_a_reason() -> None:
    solo = full()
    assert solo.decide("approve").problem == "nothing is held"
    assert "there is no 7" in solo.decide("reject", 7).problem
    delete_here(solo, some(12))
    assert "nothing has been decided" in solo.decide("undo", 1).problem
    assert "say which one" in solo.decide("undo").problem
    solo.decide("approve", 1)
    assert "decided already: approved" in solo.decide("reject", 1).problem
    assert solo.acts[1].decision is Decision.APPROVED
    assert solo.decide("undo", 1).problem == ""
    assert "decided already" in solo.decide("undo", 1).problem
