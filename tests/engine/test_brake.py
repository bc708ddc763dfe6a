"""A mass of deletes or overwrites waits for a person's word, in both directions; all else goes on."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.perils import WINDOW
from syncagent.engine.status import State
from syncagent.model.acts import Decision, Direction, Limits
from syncagent.model.changes import Operation
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
from tests.support.solo import OTHER, Solo, file, folder


@pytest.mark.hazard("E2", "N15")
def test_a_mass_delete_here_is_held() -> None:
    solo = full()
    delete_here(solo, some(10))
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 10, 0)]
    assert (solo.status.state, solo.status.in_sync) == (State.HELD, False)
    assert "10 deletes" in solo.status.reason
    assert any("10 deletes" in note for note in solo.notes)
    assert solo.status.asked[0].since == "2026-11-22T10:30:00Z"


def test_a_few_deletes_are_not_asked_about() -> None:
    solo = full()
    delete_here(solo, some(7))
    assert len(solo.submitted()) == 7
    assert solo.status.asked == ()


@pytest.mark.hazard("E2")
def test_a_mass_of_overwrites_here_is_held() -> None:
    solo = full()
    overwrite_here(solo, some(12))
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 0, 12)]


@pytest.mark.hazard("E2", "G13")
def test_a_mass_delete_by_the_hub_is_held() -> None:
    solo = full()
    delete_there(solo, some(16))
    assert solo.tree() == FILES
    assert asked(solo) == [(Direction.IN, 16, 0)]
    assert solo.status.asked[0].by == (OTHER,)


@pytest.mark.hazard("E2", "G13")
def test_a_mass_of_overwrites_by_the_hub_is_held() -> None:
    solo = full()
    overwrite_there(solo, some(10))
    assert solo.tree() == FILES
    assert asked(solo) == [(Direction.IN, 0, 10)]


@pytest.mark.hazard("G13")
def test_a_hub_that_deletes_all_while_we_were_away_is_held_page_by_page() -> None:
    solo = full().offline()
    entries = [solo.entry(solo.id_of(name), Operation.DELETE) for name in some(16)]
    solo.welcome().catch_up(*entries[:9], more=True)
    solo.catch_up(*entries[9:])
    solo.pass_time(2)
    assert len([name for name in FILES if name in solo.tree()]) >= 16 - 9, "less than a mass had come before"
    assert asked(solo)[0][0] is Direction.IN
    solo.decide("reject")
    solo.accept_all().give(*FILES.values())
    assert solo.tree() == FILES


@pytest.mark.hazard("N19")
def test_all_else_goes_on_while_it_is_held() -> None:
    solo = full()
    delete_here(solo, some(12))
    solo.user.write("new", b"n")
    solo.user.write("f01", b"an edit")
    solo.user.move("f00", "moved")
    solo.hinted("new", "f01", "f00", "moved")
    solo.pass_time(0.2)
    sent = solo.accept()
    assert {change.operation for change in sent} == {Operation.CREATE, Operation.UPDATE, Operation.MOVE}
    solo.hear(solo.entry(file("x", "theirs", b"t")))
    solo.give(b"t")
    assert solo.tree()["theirs"] == b"t"
    assert asked(solo) == [(Direction.OUT, 12, 0)]


def test_a_folder_goes_with_what_it_held() -> None:
    solo = Solo(brake=Limits())
    solo.user.mkdir("d")
    solo.synced(**{f"d/{number:02}": b"%d" % number for number in range(12)})
    solo.user.delete("d")
    solo.hinted("d")
    solo.pass_time(0.3)
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 12, 0)]
    assert len(solo.parts) == 13
    solo.decide("approve")
    assert [change.operation for change in solo.accept()] == [Operation.DELETE] * 12
    solo.accept_all()
    assert solo.status.in_sync
    assert solo.head == 13 + 13


@pytest.mark.hazard("E2", "B3", "N19")
def test_who_works_on_in_a_folder_whose_delete_is_held_is_heard() -> None:
    solo = Solo(brake=Limits()).synced()
    solo.user.mkdir("d")
    for number in range(12):
        solo.user.write(f"d/{number}", b"content")
    solo.hinted("d").accept_all()
    solo.hear(*[solo.entry(solo.id_of(f"d/{number}"), Operation.DELETE) for number in range(12)])
    solo.hear(solo.entry(solo.id_of("d"), Operation.DELETE))
    assert asked(solo) == [(Direction.IN, 12, 0)]
    solo.user.write("d/3", b"edited")
    solo.user.write("d/new", b"new")
    solo.hinted("d/3", "d/new")
    solo.pass_time(0.2)
    taken = [change.name for _ in range(3) for change in solo.accept()]
    assert sorted(taken) == ["3", "d", "new"]
    assert asked(solo) == [(Direction.IN, 11, 0)]
    solo.decide("approve")
    solo.pass_time(0.2)
    assert solo.tree() == {"d": None, "d/3": b"edited", "d/new": b"new"}
    assert solo.status.in_sync


def test_new_folders_and_moves_are_no_loss() -> None:
    solo = full()
    solo.user.mkdir("d")
    for name in FILES:
        solo.user.move(name, f"d/{name}")
    solo.feed(ev.Hinted(everything=True))
    solo.pass_time(0.3)
    assert asked(solo) == []
    solo.accept_all()
    assert solo.status.in_sync
    solo.hear(*[solo.entry(folder("x", "x"))])
    assert "x" in solo.tree()


def test_what_comes_within_a_minute_belongs_to_it_and_what_comes_later_does_not() -> None:
    solo = Solo(brake=Limits(files=4, share=0.2)).synced(**FILES)
    delete_here(solo, some(5))
    delete_here(solo, [some(6)[-1]])
    assert asked(solo) == [(Direction.OUT, 6, 0)]
    solo.pass_time(WINDOW + 1)
    delete_here(solo, [some(7)[-1]])
    solo.pass_time(1.5)
    assert asked(solo) == [(Direction.OUT, 6, 0)]
    assert len(solo.accept()) == 1


def test_what_was_let_through_before_is_part_of_it() -> None:
    solo = full()
    delete_here(solo, some(6))
    assert len(solo.accept()) == 6
    delete_here(solo, some(12)[6:])
    assert asked(solo) == [(Direction.OUT, 6, 0)]
    assert len(solo.parts) == 12


def test_what_was_let_through_long_ago_does_not_count() -> None:
    solo = full()
    delete_here(solo, some(6))
    solo.accept()
    solo.pass_time(WINDOW + 1)
    delete_here(solo, some(11)[6:])
    assert len(solo.accept()) == 5
    assert asked(solo) == []


def test_who_undoes_it_himself_is_asked_no_more() -> None:
    solo = full()
    overwrite_here(solo, some(12))
    for name in some(12):
        solo.user.write(name, FILES[name])
    solo.hinted(*some(12))
    solo.pass_time(0.2)
    assert asked(solo) == []
    solo.accept_all()
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N15")
def test_who_puts_back_what_was_deleted_is_asked_no_more() -> None:
    solo = Solo(brake=Limits())
    solo.user.mkdir("d")
    solo.synced(**{f"d/{number:02}": b"%d" % number for number in range(12)})
    solo.user.delete("d")
    solo.hinted("d")
    solo.pass_time(2)
    assert asked(solo) == [(Direction.OUT, 12, 0)]
    solo.user.mkdir("d")
    for number in range(12):
        solo.user.write(f"d/{number:02}", b"%d" % number)
    solo.hinted("d")
    solo.pass_time(0.3)
    assert asked(solo) == []
    solo.accept_all()
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N1")
def test_what_is_made_anew_in_the_place_of_what_is_held_is_an_overwrite_and_can_be_rejected() -> None:
    solo = full()
    delete_here(solo, some(12))
    made = overwrite_here(solo, some(12)[:8])
    assert asked(solo) == [(Direction.OUT, 4, 8)]
    solo.decide("reject")
    settle(solo, *made.values())
    assert FILES.items() <= solo.tree().items()
    assert copies(solo) == sorted(made.values())
    assert solo.status.in_sync


def test_an_edit_here_of_what_the_hub_deleted_is_part_of_it_no_more() -> None:
    solo = full()
    delete_there(solo, some(12))
    solo.user.write("f07", b"mine")
    solo.hinted("f07")
    solo.pass_time(0.1)
    assert asked(solo) == [(Direction.IN, 11, 0)]
    assert [change.operation for change in solo.accept()] == [Operation.CREATE], "an edit beats a delete"


# --- the brake is off, the hub asks --------------------------------------------------------------------------------


def test_with_the_brake_off_all_goes_through_and_the_hub_is_told_that_a_person_said_so() -> None:
    solo = Solo(brake=None).synced(**FILES)
    solo.drain(ef.Submit)
    delete_here(solo, some(15))
    submits = solo.drain(ef.Submit)
    assert sum(len(one.changes) for one in submits) == 15
    assert all(one.confirmed for one in submits)


def test_what_was_held_goes_through_when_the_brake_is_taken_off() -> None:
    solo = full()
    delete_here(solo, some(12))
    solo.brake = None
    solo.start().online()
    assert len(solo.accept()) == 12
    assert solo.status.in_sync


def test_what_was_held_goes_through_when_the_brake_is_taken_off_while_it_runs() -> None:
    solo = full()
    delete_here(solo, some(12))
    assert asked(solo)
    solo.feed(ev.Configured("Laptop", None))
    assert len(solo.accept()) == 12
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N15")
def test_other_limits_count_from_now_on_and_what_is_held_stays_held() -> None:
    solo = full()
    solo.feed(ev.Configured("Laptop", Limits(3, 0.01, 3)))
    delete_here(solo, some(3))
    assert asked(solo) == [(Direction.OUT, 3, 0)]
    solo.feed(ev.Configured("Laptop", Limits(1000, 1.0, 1000)))
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 3, 0)]


@pytest.mark.hazard("E2")
def test_a_brake_that_is_put_on_while_it_runs_holds_what_comes() -> None:
    solo = Solo(brake=None).synced(**FILES)
    solo.drain(ef.Submit)
    solo.feed(ev.Configured("Laptop", Limits(10, 0.5, 1000)))
    delete_here(solo, some(12))
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 12, 0)]


@pytest.mark.hazard("E2")
def test_what_the_hub_holds_is_asked_about_and_approved_here() -> None:
    solo = full()
    delete_here(solo, some(4))
    refused = solo.submitted()
    solo.refuse(refused, "mass_delete_held")
    assert asked(solo) == [(Direction.OUT, 4, 0)]
    assert solo.status.asked[0].by_hub
    assert solo.submitted() == []
    solo.decide("approve")
    [submit] = solo.drain(ef.Submit)
    assert submit.confirmed
    assert {one.change_id for one in submit.changes} == {one.change_id for one in refused}
    solo.accept(list(submit.changes))
    assert solo.status.in_sync


@pytest.mark.hazard("E2")
def test_a_person_at_the_hub_says_yes() -> None:
    solo = full()
    delete_here(solo, some(4))
    solo.refuse(solo.submitted(), "mass_delete_held")
    solo.pass_time(1.5)
    [again] = solo.drain(ef.Submit)
    assert not again.confirmed
    solo.accept(list(again.changes))
    assert asked(solo) == []
    assert solo.status.in_sync
    assert solo.decide("undo", 1).concerned == 4


def test_who_waits_has_the_hub_asked_at_once() -> None:
    solo = full()
    delete_here(solo, some(4))
    solo.refuse(solo.submitted(), "mass_delete_held")
    assert solo.submitted() == []
    solo.feed(ev.ProofWanted(1))
    assert len(solo.submitted()) == 4
    assert asked(solo) == [(Direction.OUT, 4, 0)]


@pytest.mark.hazard("E2", "N1")
def test_a_person_at_the_hub_says_no() -> None:
    solo = full()
    delete_here(solo, some(4))
    solo.refuse(solo.submitted(), "mass_delete_held")
    solo.pass_time(1.5)
    solo.refuse(solo.submitted(), "mass_delete_rejected")
    settle(solo)
    assert solo.tree() == FILES
    assert asked(solo) == []
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "N1")
def test_a_no_at_the_hub_is_about_what_had_been_let_through_too() -> None:
    solo = full()
    delete_here(solo, some(3))
    assert len(solo.accept()) == 3
    delete_here(solo, some(7)[3:])
    solo.refuse(solo.submitted(), "mass_delete_held")
    solo.pass_time(1.5)
    solo.refuse(solo.submitted(), "mass_delete_rejected")
    settle(solo)
    assert solo.tree() == FILES
    assert [act.decision for act in solo.acts.values()] == [Decision.REJECTED]
    assert solo.status.in_sync


def test_a_hub_that_holds_what_was_approved_is_asked_again_later() -> None:
    solo = full()
    delete_here(solo, some(12))
    solo.decide("approve")
    solo.refuse(solo.submitted(), "mass_delete_held")
    assert solo.submitted() == []
    assert asked(solo) == []
    solo.pass_time(5)
    assert len(solo.accept()) == 12


# --- whatever else happens meanwhile -------------------------------------------------------------------------------


@pytest.mark.hazard("E2", "E13")
def test_a_restart_forgets_neither_what_is_held_nor_what_was_decided() -> None:
    solo = full()
    delete_here(solo, some(12))
    solo.start().online()
    solo.pass_time(0.5)
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 12, 0)]
    solo.offline()
    solo.decide("approve")
    solo.start().online()
    solo.pass_time(0.5)
    assert asked(solo) == []
    assert len(solo.accept()) == 12
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "E13")
def test_what_went_on_while_the_agent_was_down_belongs_to_what_is_held() -> None:
    solo = full()
    delete_here(solo, some(10))
    for name in some(14)[10:]:
        solo.user.delete(name)
    solo.start().online()
    solo.pass_time(2)
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 14, 0)]


def test_away_from_the_hub_nothing_is_asked_before_it_could_be_sent() -> None:
    solo = full().offline()
    delete_here(solo, some(12))
    assert asked(solo) == []
    solo.online()
    assert asked(solo) == [(Direction.OUT, 12, 0)]
    assert solo.submitted() == []


def test_paused_it_is_decided_and_done_later() -> None:
    solo = full()
    delete_there(solo, some(12))
    solo.feed(ev.Paused(True))
    solo.decide("approve")
    assert solo.tree() == FILES
    solo.feed(ev.Paused(False))
    assert len(solo.tree()) == 4


def test_a_machine_that_may_only_read_is_asked_about_what_comes_and_not_about_its_own() -> None:
    solo = Solo(brake=Limits()).synced(**FILES).offline()
    solo.online(may_write=False)
    delete_here(solo, some(10))
    assert asked(solo) == []
    delete_there(solo, ["f00", "f01", "f02", "f03"])
    assert solo.submitted() == []


@pytest.mark.hazard("E1")
def test_a_folder_that_is_lost_while_something_is_held() -> None:
    solo = full()
    delete_there(solo, some(12))
    solo.feed(ev.RootLost("unplugged"))
    solo.decide("approve")
    assert solo.tree() == FILES
    solo.feed(ev.RootFound())
    solo.pass_time(0.5)
    assert len(solo.tree()) == 4


@pytest.mark.hazard("E7")
def test_a_journal_that_is_begun_anew_brings_back_what_was_held() -> None:
    solo = full()
    delete_here(solo, some(12))
    solo.offline()
    before = [row.remote for row in solo.rows.values() if row.remote is not None]
    solo.head, solo.revs = 0, {}
    solo.welcome(epoch="another").catch_up(*[solo.entry(node) for node in before], snapshot=True)
    solo.give(*FILES.values())
    solo.pass_time(2)
    solo.give(*FILES.values())
    assert asked(solo) == []
    assert solo.tree() == FILES


# --- a folder with all that is in it ------------------------------------------------------------------------------


def archive() -> Solo:
    """A folder of 30 files, and 10 others; the hub takes folders as a whole."""
    solo = Solo(brake=Limits())
    solo.user.mkdir("d")
    for number in range(30):
        solo.user.write(f"d/f{number}", f"inside {number}".encode())
    for number in range(10):
        solo.user.write(f"g{number}", f"outside {number}".encode())
    solo.start().online(subtrees=True)
    solo.accept_all()
    assert solo.status.in_sync
    return solo


def without_it(solo: Solo) -> Solo:
    solo.user.delete("d")
    return solo.hinted("d").pass_time(0.2)


@pytest.mark.hazard("E2")
def test_a_folder_that_is_a_mass_is_held_and_goes_as_a_whole_once_a_person_has_said_yes() -> None:
    solo = without_it(archive())
    assert solo.submitted() == []
    assert asked(solo) == [(Direction.OUT, 30, 0)]
    solo.decide("approve")
    [submit] = solo.drain(ef.Submit)
    assert submit.confirmed
    assert [one.beneath for one in submit.changes] == [30]
    solo.accept(list(submit.changes))
    assert solo.status.in_sync
    assert solo.decide("undo", 1).concerned == 31, "the folder goes with its files"


@pytest.mark.hazard("E2", "G13")
def test_a_folder_that_the_hub_holds_is_asked_about_file_by_file() -> None:
    solo = archive()
    solo.brake = Limits(files=1000, share=1.0)
    solo.start().online(subtrees=True)
    without_it(solo)
    [change] = solo.submitted()
    solo.refuse([change], "mass_delete_held")
    assert asked(solo) == [(Direction.OUT, 30, 0)]
    assert solo.status.asked[0].by_hub
    assert solo.submitted() == []
    solo.decide("approve")
    [submit] = solo.drain(ef.Submit)
    assert submit.confirmed
    solo.accept(list(submit.changes))
    solo.accept_all()
    assert solo.status.in_sync


@pytest.mark.hazard("E2")
def test_a_no_at_the_hub_brings_all_of_it_back() -> None:
    solo = archive()
    before = solo.tree()
    solo.brake = Limits(files=1000, share=1.0)
    solo.start().online(subtrees=True)
    without_it(solo)
    solo.refuse(solo.submitted(), "mass_delete_rejected")
    solo.pass_time(2).give(*(data for data in before.values() if isinstance(data, bytes)))
    solo.accept_all()
    assert solo.tree() == before
    assert solo.status.in_sync
