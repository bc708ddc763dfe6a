"""The engine as a whole: order of effects, pauses, proofs, and that it comes to rest."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.planning import Planning
from syncagent.engine.status import State
from syncagent.model.changes import Operation
from syncagent.model.ids import Seq
from syncagent.model.names import RelPath
from tests.support.solo import DAY, ME, Solo, content_of, file, large


def step(solo: Solo, event: ev.Event) -> list[ef.Effect]:
    return list(solo.engine.step(event, solo.now))


def kinds(effects: list[ef.Effect]) -> list[type]:
    return [type(one) for one in effects if not isinstance(one, ef.Publish | ef.WakeAt | ef.Note)]


# --- order --------------------------------------------------------------------------------------------------------


def test_an_id_is_committed_before_it_is_submitted() -> None:
    solo = Solo().synced()
    solo.user.write("a", b"1")
    solo.frozen = True
    solo.hinted("a")
    effects: list[ef.Effect] = []
    for event in solo._answers(solo.todo.pop()):
        effects.extend(step(solo, event))
    assert kinds(effects) == [ef.Commit, ef.SendBlocks, ef.Submit]
    commit = effects[0]
    assert isinstance(commit, ef.Commit)
    (row,) = commit.delta.rows
    assert commit.delta.facts["sent"] == row.id, "and that it was sent is remembered, too"


def test_what_was_heard_is_committed_before_anything_is_done_about_it() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    effects = step(solo, ev.Heard((solo.entry(file(solo.id_of("a"), "b", b"1"), Operation.MOVE),)))
    assert kinds(effects) == [ef.Commit, ef.Run]


def test_an_outcome_is_committed_when_it_is_known() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    node_id = solo.id_of("a")
    mtime_ns = solo.engine.canopy.synced.get(node_id).mtime_ns  # type: ignore[union-attr]
    solo.hear(solo.entry(file(node_id, "b", b"1", mtime_ns=mtime_ns), Operation.MOVE))
    run = solo.todo.pop()
    assert solo.rows[node_id].local.at.name == "a"  # type: ignore[union-attr]
    solo.feed(*solo._answers(run))
    row = solo.rows[node_id]
    assert row.local == row.remote == row.synced
    assert row.local.at.name == "b"  # type: ignore[union-attr]


def test_an_event_that_changes_nothing_has_no_effect() -> None:
    solo = Solo().synced(a=b"1")
    solo.pass_time(1)
    assert step(solo, ev.Tick(DAY)) == []
    assert step(solo, ev.Heard(())) == []
    assert step(solo, ev.Paused(False)) == []


def test_of_a_hint_at_rest_a_look_follows_and_nothing_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    solo = Solo().synced(a=b"1")
    solo.pass_time(1)
    planned: list[float] = []
    go_on = Planning.go_on

    def noted(planning: Planning, incarnation: str, now: float) -> list[ef.Effect]:
        planned.append(now)
        return go_on(planning, incarnation, now)

    monkeypatch.setattr(Planning, "go_on", noted)
    effects = step(solo, ev.Hinted(paths=(RelPath("a"),)))
    assert kinds(effects) == [ef.Look]
    assert not solo.engine.status.in_sync, "it is said at once that something may have changed"
    assert planned == []
    step(solo, ev.Hinted(paths=(RelPath("a"),)))
    assert planned == [solo.now], "while something goes on all is gone through"


def test_the_same_events_have_the_same_effects_n18() -> None:
    def story() -> list[str]:
        solo = Solo().synced(a=b"1", b=b"2")
        told: list[str] = []
        for event in (
            ev.Heard((solo.entry(file("x", "new", b"n")),)),
            ev.ProofWanted(1),
            ev.LinkDown("cut"),
            ev.Welcomed("hub", "e1", Seq(solo.head)),
        ):
            told.extend(map(repr, step(solo, event)))
        return told

    assert story() == story()


# --- states -------------------------------------------------------------------------------------------------------


def test_the_states_of_a_start() -> None:
    solo = Solo()
    solo.frozen = True
    solo.user.write("a", b"1")
    solo.start()
    states = [solo.status.state]
    solo.frozen = False
    solo.work()
    states.append(solo.status.state)
    solo.welcome()
    states.append(solo.status.state)
    solo.catch_up()
    states.append(solo.status.state)
    solo.accept_all()
    states.append(solo.status.state)
    assert states == [State.SCANNING, State.OFFLINE, State.CATCHING_UP, State.SYNCING, State.IDLE]


def test_before_the_disk_was_looked_through_nothing_is_sent_or_changed() -> None:
    solo = Solo()
    solo.user.write("a", b"1")
    solo.frozen = True
    solo.start().online(solo.entry(file("x", "new", b"n"))).give(b"n")
    assert solo.status.state is State.SCANNING
    assert [one for one in solo.todo if not isinstance(one, ef.Look)] == []
    assert solo.submitted() == []
    solo.frozen = False
    solo.work().give(b"n").accept_all()
    assert solo.tree() == {"a": b"1", "new": b"n"}
    assert solo.status.in_sync


def test_paused_nothing_leaves_and_nothing_is_touched() -> None:
    solo = Solo().synced(a=b"1").feed(ev.Paused(True))
    solo.user.write("b", b"2")
    solo.hinted("b").hear(solo.entry(file(solo.id_of("a"), "a", b"theirs"), Operation.UPDATE))
    solo.pass_time(100)
    assert solo.status.state is State.PAUSED
    assert not solo.status.in_sync
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"1", "b": b"2"}
    solo.feed(ev.Paused(False)).give(b"theirs").accept_all()
    assert solo.tree() == {"a": b"theirs", "b": b"2"}
    assert solo.status.in_sync


def test_paused_while_changes_are_unanswered_their_answers_count() -> None:
    solo = Solo().synced()
    solo.user.write("b", b"2")
    solo.hinted("b").feed(ev.Paused(True))
    solo.accept()
    solo.feed(ev.Paused(False))
    assert solo.status.in_sync


# --- proofs -------------------------------------------------------------------------------------------------------


def test_a_proof_takes_a_scan_and_a_word_of_the_hub_that_begin_after_it() -> None:
    solo = Solo().synced(a=b"1")
    solo.drain(ef.AskChanges)
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True), ev.ProofWanted(7))
    first = solo._answers(solo.todo.pop())
    solo.feed(*first)
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(1))]
    solo.catch_up()
    assert solo.status.proven == 0, "the scan that was under way began too early"
    solo.feed(*solo._answers(solo.todo.pop()))
    assert solo.status.proven == 7
    assert solo.status.in_sync


@pytest.mark.parametrize("trouble", ["offline", "scanning", "root lost", "root lost before", "paused", "link lost"])
def test_a_proof_is_given_in_the_end_whatever_comes_between(trouble: str) -> None:
    solo = Solo().synced(a=b"1")
    if trouble == "root lost before":
        solo.frozen = True
        solo.feed(ev.Hinted(everything=True))
        solo.todo.clear()
        solo.feed(ev.RootLost("unplugged"), ev.RootFound())
        solo.frozen = False
        solo.work()
    if trouble == "offline":
        solo.offline()
    solo.frozen = trouble in {"scanning", "root lost"}
    solo.feed(ev.ProofWanted(1))
    match trouble:
        case "offline":
            solo.pass_time(10).online()
        case "root lost":
            solo.todo.clear()
            solo.feed(ev.RootLost("unplugged"), ev.RootFound())
        case "paused":
            solo.feed(ev.Paused(True), ev.Paused(False))
        case "link lost":
            solo.offline().online()
    solo.frozen = False
    solo.work()
    if trouble != "offline":
        solo.catch_up()
    assert solo.status.proven == 1, solo.status


def test_of_two_proofs_the_later_one_answers_both() -> None:
    solo = Solo().synced(a=b"1").feed(ev.ProofWanted(1), ev.ProofWanted(2)).catch_up().catch_up()
    assert solo.status.proven == 2


# --- rest ---------------------------------------------------------------------------------------------------------


def test_at_rest_a_scan_changes_nothing_and_nobody_is_woken_n5() -> None:
    solo = Solo().synced(a=b"1", b=large("b"))
    solo.pass_time(1)
    solo.sent.clear()
    solo.feed(ev.Hinted(everything=True)).pass_time(1000)
    assert solo.sent == []
    assert solo.wake is None
    assert solo.status.in_sync


def test_at_rest_nothing_is_held_in_memory_n17() -> None:
    solo = Solo().synced(a=b"1", b=large("b"))
    solo.hear(solo.entry(file("x", "big", large("x")), recipe=content_of(large("x"))[1]))
    engine = solo.engine
    solo.hear(solo.entry(file("x", "big", large("x")).id, Operation.DELETE))
    solo.pass_time(5)
    assert solo.status.in_sync
    assert (engine._remote.recipes, engine._remote._sent) == ({}, {})
    assert (engine._local.at_hand.recipes, engine._local.at_hand._size) == ({}, 0)
    assert not engine._flight.held
    assert solo.facts["sent"] == ""


def test_the_stage_is_swept_once_all_is_at_one() -> None:
    solo = Solo()
    solo.user.write("a", b"1")
    solo.frozen = True
    solo.start().online()
    while solo.todo:
        effect = solo.todo.pop(0)
        assert not isinstance(effect, ef.SweepStage)
        solo.feed(*solo._answers(effect))
    solo.accept()
    assert [type(one) for one in solo.todo] == [ef.SweepStage]
    solo.pass_time(10)
    assert len(solo.todo) == 1


def test_where_nothing_was_put_in_the_stage_it_is_not_swept() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.user.write("a", b"22")
    solo.hinted("a")
    while solo.todo:
        effect = solo.todo.pop(0)
        assert not isinstance(effect, ef.SweepStage)
        solo.feed(*solo._answers(effect))
    solo.accept()
    assert solo.status.in_sync
    assert not solo.todo
    solo.feed(ev.AheadHeld(0))
    assert [type(one) for one in solo.todo] == [ef.SweepStage]


def test_a_restart_at_rest_sends_nothing() -> None:
    solo = Solo().synced(a=b"1", b=large("b"))
    solo.start().online()
    assert solo.submitted() == []
    assert solo.status.in_sync


def test_without_its_database_the_agent_unites_both_sides_e3() -> None:
    solo = Solo().synced(a=b"1", b=b"2")
    nodes = [row.remote for row in solo.rows.values()]
    solo.user.delete("b")
    solo.rows, solo.facts = {}, {"incarnation": "2"}
    solo.head, solo.revs = 0, {}
    entries = [solo.entry(node, by=ME) for node in nodes if node is not None]
    solo.start().welcome().catch_up(*entries, snapshot=True).give(b"2").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"1", "b": b"2"}
    assert solo.status.in_sync


def test_many_files_are_sent_in_batches_that_the_hub_takes_d17() -> None:
    solo = Solo().start().online()
    for number in range(1300):
        solo.user.write(f"f{number}", f"{number}".encode())
    solo.feed(ev.Hinted(everything=True))
    sizes: list[int] = []
    while submits := solo.drain(ef.Submit):
        sizes.extend(len(one.changes) for one in submits)
        for one in submits:
            solo.accept(one.changes)
    assert sum(sizes) == 1300
    assert max(sizes) <= 500
    assert solo.status.in_sync
    assert solo.status.files == 1300


def test_bytes_that_come_ahead_of_their_change_are_put_by_and_are_there_when_it_comes() -> None:
    solo = Solo().synced(a=b"1")
    solo.drain(ef.AskBlocks)
    before = solo.engine._planning
    solo.engine._planning = None  # type: ignore[assignment]  # nothing follows before the change comes
    effects = solo.engine.step(ev.BlocksCame(((file("n", "new", b"new").content.digest, b"new"),)), 50.0)
    assert [type(one) for one in effects] == [ef.WakeAt]
    solo.engine._planning = before
    solo.hear(solo.entry(file("n", "new", b"new")))
    assert solo.user.read("new") == b"new"
    assert solo.drain(ef.AskBlocks) == []
    assert solo.status.in_sync
