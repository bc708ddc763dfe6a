"""The brake looks before anything is planned, and what it does not hold is planned as ever."""

from __future__ import annotations

from collections import Counter

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine import planning
from syncagent.model.ids import ROOT, NodeId
from syncagent.planner import plan as plan_module
from tests.support.masses import FILES, delete_there, full, some
from tests.support.solo import Solo, content_of, file, folder


@pytest.mark.hazard("G13")
def test_nothing_of_what_comes_at_once_slips_through_before_it_is_counted() -> None:
    solo = full()
    solo.frozen = True
    delete_there(solo, some(10))
    assert solo.todo == []
    assert solo.user.tree().keys() >= FILES.keys()


def test_what_is_not_held_is_planned_in_the_same_step() -> None:
    solo = full()
    delete_there(solo, some(1))
    assert len(solo.tree()) == len(FILES) - 1


# --- deep trees -------------------------------------------------------------------------------------------------


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> Counter[NodeId]:
    """How often it was decided what to do about each node."""
    counted: Counter[NodeId] = Counter()
    decide = plan_module._Planning._decide

    def counting(planning: plan_module._Planning, node_id: NodeId) -> NodeId | None:
        counted[node_id] += 1
        return decide(planning, node_id)

    monkeypatch.setattr(plan_module._Planning, "_decide", counting)
    return counted


DEEP = ["/".join(["d"] * depth) for depth in range(1, 301)]


@pytest.mark.hazard("C8")
def test_a_chain_of_folders_that_is_sent_is_decided_on_level_by_level(decisions: Counter[NodeId]) -> None:
    solo = Solo().start().online()
    for path in DEEP:
        solo.user.mkdir(path)
    solo.user.write(f"{DEEP[-1]}/file", b"1")
    solo.feed(ev.Hinted(everything=True))
    while solo.accept():
        pass
    assert solo.status.in_sync
    assert decisions.total() < 6 * len(DEEP)
    assert max(decisions.values()) < 10


@pytest.mark.hazard("C8")
def test_a_chain_of_folders_that_comes_is_decided_on_level_by_level(decisions: Counter[NodeId]) -> None:
    solo = Solo().start().online()
    entries, parent = [], ROOT
    for depth in range(len(DEEP)):
        entries.append(solo.entry(folder(f"d{depth}", "d", parent)))
        parent = NodeId(f"d{depth}")
    entries.append(solo.entry(file("file", "file", b"1", parent)))
    solo.hear(*entries).give(b"1")
    assert solo.status.in_sync
    assert solo.tree()[f"{DEEP[-1]}/file"] == b"1"
    assert decisions.total() < 6 * len(DEEP)
    assert max(decisions.values()) < 10


def test_of_very_many_about_which_nothing_is_to_be_begun_some_are_planned_for_and_others_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "PLANS_AT_ONCE", 2)
    monkeypatch.setattr(planning, "PLANNED_AT_ONCE", 3)
    solo = Solo().start()
    names = [f"f{number}" for number in range(20)]
    for name in names:
        solo.user.write(name, b"here")
    solo.feed(ev.Hinted(everything=True)).pass_time(1)
    solo.online(*(solo.entry(file(f"hub {name}", name, b"here")) for name in names))
    assert not solo.status.in_sync, "it waits to be woken"
    solo.pass_time(1)
    assert solo.accept_all().status.in_sync
    assert solo.submitted() == []


def test_of_many_that_have_waited_for_one_folder_only_so_many_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SUBMITTED_AT_ONCE", 6)
    monkeypatch.setattr(planning, "PLANNED_AT_ONCE", 3)
    solo = Solo().start().online()
    solo.user.mkdir("d")
    for number in range(40):
        solo.user.write(f"d/{number}", f"{number}".encode())
    solo.feed(ev.Hinted(everything=True))
    assert [change.path for change in solo.accept()] == ["d"]
    first = solo.submitted()
    assert len(first) == 6
    solo.accept(first)
    assert solo.accept_all().status.in_sync
    assert sorted(solo.tree()) == sorted(["d", *(f"d/{number}" for number in range(40))])


def test_at_a_first_link_a_small_file_is_decided_on_once_the_hub_has_said_who_brings_it(
    decisions: Counter[NodeId],
) -> None:
    solo = Solo()
    for number in range(20):
        solo.user.write(f"f{number}", f"{number}".encode())
    solo.start()
    decisions.clear()
    asked = solo.online(claims=True).drain(ef.AskMissing)
    assert decisions.total() == 0
    for one in asked:
        solo.feed(ev.HubLacks(one.number, frozenset(one.digests[:12]), frozenset(one.digests[12:])))
    assert (decisions.total(), max(decisions.values())) == (12, 1)
    assert len(solo.accept()) == 12


def test_what_must_wait_for_its_folder_is_asked_about_when_the_hub_has_that() -> None:
    solo = Solo()
    solo.user.mkdir("folder")
    solo.user.write("folder/in it", b"1")
    solo.start().online(claims=True)
    assert [one.digests for one in solo.drain(ef.AskMissing)] == []
    assert [change.path for change in solo.accept()] == ["folder"]
    assert [one.digests for one in solo.drain(ef.AskMissing)] == [(content_of(b"1")[0].digest,)]
