"""Deletes wait a moment while it looks as if many more were to come: little is gone before anyone is asked."""

from __future__ import annotations

import pytest

from syncagent.engine.hesitation import GATHERED, LONGEST, SETTLED
from syncagent.model.acts import Limits
from syncagent.model.changes import Operation
from syncagent.model.ids import NodeId
from syncagent.planner.whole import Wholes
from tests.support.solo import Solo

FILES = {f"f{number:02}": f"content {number}".encode() for number in range(40)}


def full() -> Solo:
    return Solo(brake=Limits()).synced(**FILES)


def delete(solo: Solo, start: int, count: int) -> None:
    names = sorted(FILES)[start : start + count]
    for name in names:
        solo.user.delete(name)
    solo.hinted(*names)


@pytest.mark.hazard("E2")
def test_rm_rf_that_is_seen_in_rounds_is_held_as_a_whole() -> None:
    solo = full()
    sent = 0
    for start in range(0, 24, 4):
        delete(solo, start, 4)
        solo.pass_time(0.11)
        sent += len(solo.accept())
    assert sent == 8, "what goes before it is a good number"
    assert [one.deleted for one in solo.status.asked] == [24 - 8]
    assert len(solo.parts) == 24


def test_what_is_missing_counts_already() -> None:
    solo = full()
    delete(solo, 0, 4)
    solo.pass_time(0.05)
    delete(solo, 4, 30)
    solo.pass_time(0.06)
    assert solo.submitted() == [], "four are gone, and thirty are not where they were"
    solo.pass_time(0.5)
    assert solo.submitted() == []
    assert [one.deleted for one in solo.status.asked] == [34]


def test_what_is_no_mass_goes_a_moment_later() -> None:
    solo = full()
    delete(solo, 0, 12)
    solo.pass_time(0.2)
    assert solo.submitted() == []
    assert not solo.status.in_sync
    solo.pass_time(SETTLED)
    assert len(solo.accept()) == 12
    assert solo.status.asked == ()
    assert solo.status.in_sync


def test_what_has_gone_is_not_gone_through_again_in_each_round_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    solo = Solo()
    solo.user.mkdir("d")
    for number in range(20):
        solo.user.mkdir(f"d/{number}")
        for inner in range(20):
            solo.user.write(f"d/{number}/{inner}", f"{number} {inner}".encode())
    solo.start().online(subtrees=True)
    solo.accept_all()
    surveys: list[NodeId] = []
    survey = Wholes._survey
    monkeypatch.setattr(Wholes, "_survey", lambda self, top: (surveys.append(top), survey(self, top))[1])
    for number in range(20):
        solo.user.delete(f"d/{number}")
        solo.hinted(f"d/{number}").pass_time(0.03)
    solo.user.delete("d")
    solo.hinted("d").pass_time(0.5)
    assert [(one.path, one.beneath) for one in solo.submitted()] == [("d", 420)]
    assert len(surveys) <= 4


def test_a_few_do_not_wait() -> None:
    solo = full()
    delete(solo, 0, 5)
    solo.pass_time(0.11)
    assert len(solo.submitted()) == 5


def test_a_stream_of_deletes_goes_through_in_pieces() -> None:
    solo = Solo(brake=Limits(files=3, share=1.0)).synced(**FILES)
    sent = 0
    for number in range(20):
        delete(solo, number, 1)
        solo.pass_time(LONGEST / 12)
        sent += len(solo.accept())
    assert sent > 10


@pytest.mark.hazard("G13")
def test_what_the_hub_deletes_waits_in_the_same_way() -> None:
    solo = full()
    for start in (0, 12):
        solo.hear(*[solo.entry(solo.id_of(name), Operation.DELETE) for name in sorted(FILES)[start : start + 12]])
        solo.pass_time(0.2)
    assert solo.tree() == FILES
    assert [one.deleted for one in solo.status.asked] == [24]


@pytest.mark.hazard("G13")
def test_small_folders_that_the_hub_deletes_one_after_another_are_asked_about_together() -> None:
    solo = full()
    for start in (0, 8, 16):
        solo.hear(*[solo.entry(solo.id_of(name), Operation.DELETE) for name in sorted(FILES)[start : start + 8]])
        solo.pass_time(0.02)
    solo.pass_time(SETTLED)
    assert solo.tree() == FILES
    assert [one.deleted for one in solo.status.asked] == [24]


def test_a_few_that_the_hub_deletes_go_a_moment_later() -> None:
    solo = full()
    solo.hear(*[solo.entry(solo.id_of(name), Operation.DELETE) for name in sorted(FILES)[:8]])
    assert solo.tree() == FILES
    solo.pass_time(GATHERED)
    assert len(solo.tree()) == len(FILES) - 8
    assert solo.status.asked == ()
