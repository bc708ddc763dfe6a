"""Of many facts a part at a time: what comes of it is the same, and other events have their turn in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncagent.engine import events as ev
from syncagent.engine import taking
from syncagent.engine.status import State
from syncagent.model.changes import Operation
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement
from tests.support.solo import Solo, file


def a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 3)


def grown(solo: Solo) -> Solo:
    """At one with the hub about two folders of some files each."""
    for folder in "xy":
        solo.user.mkdir(folder)
        for number in range(8):
            solo.user.write(f"{folder}/{number}", f"{folder}{number}".encode())
    solo.start().online().pass_time(1)
    return solo.accept_all()


def renamed(solo: Solo) -> None:
    solo.user.move("x", "z")
    solo.user.move("y/1", "z/moved")


def edited(solo: Solo) -> None:
    for number in range(8):
        solo.user.write(f"x/{number}", b"new")


def deleted(solo: Solo) -> None:
    for number in range(8):
        solo.user.delete(f"x/{number}")
    solo.user.delete("x")


def exchanged(solo: Solo) -> None:
    solo.user.move("x/1", "x/passing")
    solo.user.move("y/1", "x/1")
    solo.user.move("x/passing", "y/1")


def told(act: Callable[[Solo], None]) -> list[tuple[Operation, NodeId, RelPath]]:
    """What the hub hears of what a person did unseen, found by one walk."""
    solo = grown(Solo())
    act(solo)
    solo.feed(ev.Hinted(everything=True)).pass_time(1)
    changes = solo.submitted()
    solo.accept(changes)
    solo.accept_all().pass_time(1)
    assert solo.status.in_sync
    return sorted((one.operation, one.node_id, one.path) for one in changes)


@pytest.mark.parametrize("act", [renamed, edited, deleted, exchanged])
def test_what_comes_of_many_facts_is_what_comes_of_them_at_once(
    act: Callable[[Solo], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = told(act)
    assert at_once
    a_few_at_once(monkeypatch)
    assert told(act) == at_once


def test_other_events_have_their_turn_before_all_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    a_few_at_once(monkeypatch)
    solo = Solo()
    for number in range(20):
        solo.user.write(f"f{number}", b"1")
    solo.start().online()
    assert solo.status.state is State.SCANNING, "it waits to be woken"
    solo.hinted("f1").pass_time(1)
    assert len(solo.accept()) == 20
    assert solo.accept_all().status.in_sync


def test_what_we_have_changed_by_the_time_that_its_turn_comes_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solo = grown(Solo())
    a_few_at_once(monkeypatch)
    for number in range(20):
        solo.user.write(f"y/new {number}", b"1")
    solo.feed(ev.Hinted(everything=True))
    solo.hear(solo.entry(file("z", "came", b"theirs"))).give(b"theirs")
    moved = solo.engine.canopy.remote.get(solo.id_of("x"))
    assert isinstance(moved, Dir)
    solo.hear(solo.entry(replace(moved, at=Placement(ROOT, Name("moved"))), Operation.MOVE))
    solo.pass_time(1)
    assert {one.operation for one in solo.accept()} == {Operation.CREATE}
    solo.accept_all().pass_time(1)
    assert solo.status.in_sync
    assert {"came", "moved/1", "y/new 1"} <= solo.tree().keys()


def test_a_root_that_is_lost_meanwhile_is_looked_through_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    a_few_at_once(monkeypatch)
    solo = Solo()
    for number in range(20):
        solo.user.write(f"f{number}", b"1")
    solo.start().online()
    solo.feed(ev.RootLost("it is not there")).pass_time(1)
    assert solo.submitted() == []
    solo.feed(ev.RootFound()).pass_time(1)
    assert solo.accept_all().status.in_sync


def test_folders_that_a_first_walk_has_found_are_sent_while_the_first_files_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_few_at_once(monkeypatch)
    solo = Solo()
    solo.user.mkdir("d")
    for number in range(8):
        solo.user.write(f"d/{number}", b"1")
    solo.start().online()
    solo.frozen = True
    solo.pass_time(0)
    assert solo.todo, "files are to be read"
    assert [change.path for change in solo.submitted()] == ["d"]
