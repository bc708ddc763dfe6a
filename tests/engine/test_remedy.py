"""Undoing what was approved or rejected, as a whole: at the hub first, from where it comes to all disks."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.hesitation import GATHERED
from syncagent.model.acts import Decision, Limits
from syncagent.model.changes import Operation
from syncagent.model.ids import ROOT, Seq
from tests.support.masses import (
    FILES,
    asked,
    copies,
    delete_here,
    delete_there,
    full,
    overwrite_here,
    overwrite_there,
    settle,
    some,
)
from tests.support.solo import Solo, file


def deleted_and_approved() -> Solo:
    solo = full()
    delete_here(solo, some(12))
    solo.decide("approve")
    solo.accept()
    assert len(solo.tree()) == 4
    assert solo.status.in_sync
    return solo


@pytest.mark.hazard("E2", "N1")
def test_deletes_here_that_were_approved_come_back_without_any_bytes_sent() -> None:
    solo = deleted_and_approved()
    solo.drain(ef.SendBlocks)
    assert solo.decide("undo", 1) == ef.Answered(2, 12, 0)
    assert not solo.status.in_sync
    submits = solo.drain(ef.Submit)
    assert all(one.confirmed for one in submits)
    changes = [change for one in submits for change in one.changes]
    assert {(one.operation, one.base_rev) for one in changes} == {(Operation.CREATE, 2)}
    assert sorted(len(one.recipe) for one in changes)[-2:] != [1, 1], "how the large ones are cut was recalled"
    assert solo.drain(ef.SendBlocks) == []
    solo.accept(changes)
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync
    assert solo.acts[1].decision is Decision.APPROVAL_UNDONE
    assert not any(part.open for part in solo.parts.values())


def test_overwrites_here_that_were_approved_are_put_back() -> None:
    solo = full()
    made = overwrite_here(solo, some(12))
    solo.decide("approve")
    settle(solo, *made.values())
    solo.decide("undo", 1)
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync
    assert asked(solo) == [], "what follows here of what a person said is not asked about"


@pytest.mark.hazard("G13", "N1")
def test_what_was_approved_of_the_hubs_is_put_back() -> None:
    for act in (delete_there, overwrite_there):
        solo = full()
        made = act(solo, some(12)) or {}
        solo.decide("approve")
        settle(solo, *made.values())
        assert solo.tree() != FILES
        solo.decide("undo", 1)
        settle(solo)
        assert solo.tree() == FILES
        assert solo.status.in_sync


def test_deletes_here_that_were_rejected_are_done_after_all() -> None:
    solo = full()
    delete_here(solo, some(12))
    solo.decide("reject")
    settle(solo)
    assert solo.tree() == FILES
    solo.decide("undo", 1)
    settle(solo)
    assert len(solo.tree()) == 4
    assert solo.status.in_sync
    assert asked(solo) == []


def test_overwrites_here_that_were_rejected_are_done_after_all() -> None:
    solo = full()
    made = overwrite_here(solo, some(12))
    solo.decide("reject")
    settle(solo, *made.values())
    solo.decide("undo", 1)
    settle(solo, *made.values())
    assert made.items() <= solo.tree().items()
    assert copies(solo) == sorted(made.values())
    assert solo.status.in_sync


def test_deletes_of_the_hubs_that_were_rejected_are_done_after_all() -> None:
    solo = full()
    delete_there(solo, some(12))
    solo.decide("reject")
    settle(solo)
    solo.decide("undo", 1)
    settle(solo)
    assert len(solo.tree()) == 4
    assert solo.status.in_sync


def test_folders_come_back_before_what_they_held() -> None:
    files = {f"d/e/{number:02}": b"%d" % number for number in range(12)}
    solo = Solo(brake=Limits())
    solo.user.mkdir("d")
    solo.user.mkdir("d/e")
    solo.synced(**files)
    solo.user.delete("d")
    solo.hinted("d")
    solo.pass_time(0.3)
    solo.decide("approve")
    settle(solo)
    assert solo.tree() == {}
    solo.decide("undo", 1)
    [submit] = solo.drain(ef.Submit)
    assert [change.name for change in submit.changes][:2] == ["d", "e"]
    solo.accept(list(submit.changes))
    solo.give(*files.values())
    assert {path: data for path, data in solo.tree().items() if data is not None} == files
    assert solo.status.in_sync


@pytest.mark.hazard("G13", "N1")
def test_what_had_gone_comes_back_once_its_folder_does_that_still_stands_here() -> None:
    """The folder's own delete was held, so that it comes back by ordinary planning, a step later than what is sent of
    what has no disk."""
    files = {f"d/e/{number:02}": b"%d" % number for number in range(12)}
    solo = Solo(brake=Limits())
    solo.user.mkdir("d")
    solo.user.mkdir("d/e")
    solo.synced(**files)
    ids = {path: solo.id_of(path) for path in [*files, "d/e", "d"]}
    solo.hear(*[solo.entry(ids[path], Operation.DELETE) for path in list(files)[:2]])
    solo.pass_time(GATHERED)
    assert not files.keys() <= solo.tree().keys()
    solo.hear(*[solo.entry(ids[path], Operation.DELETE) for path in [*list(files)[2:], "d/e", "d"]])
    solo.pass_time(2)
    solo.decide("reject")
    there = {ROOT}
    for _ in range(10):
        for change in solo.accept():
            assert change.parent in there, f"{change.name} is sent before its folder"
            there.add(change.node_id)
        solo.pass_time(1)
    solo.give(*files.values())
    assert {path: data for path, data in solo.tree().items() if data is not None} == files
    assert solo.status.in_sync


# --- what has changed since ---------------------------------------------------------------------------------------


def test_what_has_changed_since_is_left_alone_and_counted() -> None:
    solo = full()
    made = overwrite_here(solo, some(12))
    solo.decide("approve")
    settle(solo)
    solo.user.write("f10", b"newer")
    solo.hinted("f10")
    settle(solo)
    assert solo.decide("undo", 1) == ef.Answered(2, 11, 1)
    settle(solo)
    assert solo.tree() == FILES | {"f10": b"newer"}
    assert solo.status.in_sync
    assert made


def test_a_name_that_is_taken_by_now_is_left_to_the_one_that_has_it() -> None:
    solo = deleted_and_approved()
    solo.hear(solo.entry(file("n", "f10", b"a new one")))
    solo.give(b"a new one")
    solo.decide("undo", 1)
    changes = solo.submitted()
    taken = [one for one in changes if one.name == "f10"]
    others = [one for one in changes if one.name != "f10"]
    solo.feed(ev.Judged(tuple(solo.commit(others)), Seq(solo.head)))
    solo.refuse(taken, "name_taken")
    settle(solo)
    assert solo.tree() == FILES | {"f10": b"a new one"}
    assert solo.status.in_sync
    assert any("could not be put back" in note for note in solo.notes)


# --- answers that are lost, or do not fit -------------------------------------------------------------------------


@pytest.mark.hazard("F2")
def test_an_answer_that_is_lost_costs_nothing() -> None:
    solo = deleted_and_approved()
    solo.decide("undo", 1)
    sent = solo.submitted()
    entries = [solo.own(change) for change in sent[:5]]
    solo.offline()
    solo.online(*entries)
    again = solo.submitted()
    assert {one.change_id for one in again} == {one.change_id for one in sent[5:]}
    solo.accept(again)
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync


@pytest.mark.hazard("E13")
def test_a_restart_in_the_middle_goes_on_with_it() -> None:
    solo = deleted_and_approved()
    solo.offline()
    assert solo.decide("undo", 1).concerned == 12
    solo.start().online()
    solo.pass_time(0.5)
    settle(solo)
    assert solo.tree() == FILES
    assert solo.status.in_sync


def test_the_revision_of_a_deletion_is_learnt_from_the_hub() -> None:
    solo = full()
    delete_here(solo, some(6))
    solo.accept()
    delete_here(solo, some(12)[6:])
    solo.decide("reject")
    guessed = solo.submitted()
    assert len(guessed) == 6
    solo.refuse(guessed, "conflict", rev=7)
    again = solo.submitted()
    assert {one.base_rev for one in again} == {7}
    solo.accept(again)
    settle(solo)
    assert solo.tree() == FILES


def test_a_hub_that_never_had_it_is_given_it() -> None:
    solo = full()
    delete_here(solo, some(6))
    solo.accept()
    delete_here(solo, some(12)[6:])
    solo.decide("reject")
    solo.refuse(solo.submitted(), "conflict", rev=0)
    again = solo.submitted()
    assert {one.base_rev for one in again} == {0}
    solo.refuse(again, "conflict", rev=0)
    assert solo.submitted() == [], "it is not asked for ever"


def test_a_refusal_that_passes_is_tried_again_and_one_that_does_not_is_said() -> None:
    solo = deleted_and_approved()
    solo.decide("undo", 1)
    changes = solo.submitted()
    solo.refuse(changes[:6], "storage_full")
    solo.refuse(changes[6:], "invalid_path")
    solo.pass_time(20)
    assert solo.submitted() == []
    assert not solo.status.in_sync
    solo.pass_time(20)
    assert len(solo.accept()) == 6
    settle(solo)
    assert len(solo.tree()) == 10
    assert solo.status.in_sync


def test_an_answer_behind_a_gap_does_not_count() -> None:
    solo = deleted_and_approved()
    solo.drain(ef.AskChanges)
    solo.decide("undo", 1)
    sent = solo.submitted()
    missed = solo.entry(file("x", "theirs", b"t"))
    verdicts = solo.commit(sent)
    solo.feed(ev.Judged(tuple(verdicts), Seq(solo.head)))
    [ask] = solo.drain(ef.AskChanges)
    assert ask.since == missed.seq - 1
    solo.head, revs = missed.seq, solo.revs
    for change in sent:
        revs[change.node_id] = change.base_rev
    solo.catch_up(missed, *[solo.own(change) for change in sent])
    settle(solo, b"t")
    assert solo.tree() == FILES | {"theirs": b"t"}
    assert solo.status.in_sync
