"""What the hub says: the journal, our own changes met in it, gaps, snapshots, other journals, other hubs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.remote import Footing
from syncagent.engine.status import State
from syncagent.model.changes import Entry, Operation, Ruling, Verdict
from syncagent.model.ids import ClientId, Rev, Seq
from syncagent.model.names import is_conflict_name
from syncagent.model.nodes import File
from syncagent.planner.tasks import DeleteTask
from syncagent.trees.tree import subtree
from tests.support.solo import ME, OTHER, Solo, file, folder


def edited(solo: Solo, data: bytes) -> File:
    """``a``, as another machine has edited it."""
    node = solo.engine.canopy.remote.get(solo.id_of("a"))
    assert isinstance(node, File)
    return file(node.id, "a", data)


def test_what_others_did_comes_here() -> None:
    solo = Solo().synced()
    solo.hear(solo.entry(file("x", "new", b"theirs"))).give(b"theirs")
    assert solo.tree() == {"new": b"theirs"}
    assert solo.status.in_sync


def test_the_cursor_is_committed_with_what_was_heard() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.hear(solo.entry(file("x", "new", b"theirs")))
    assert solo.facts["cursor"] == "2"
    assert solo.rows[file("x", "new", b"").id].remote == file("x", "new", b"theirs")


# --- the answer was lost (hazard 7) ---------------------------------------------------------------------------


def lose_the_answer(solo: Solo) -> ef.Submit:
    """The hub takes what was submitted, and the link goes down before it can say so."""
    (submit,) = solo.drain(ef.Submit)
    solo.offline()
    return submit


def do(solo: Solo, what: str) -> None:
    """One act of the person, hinted at: ``a=text``, ``a>b``, ``a-``."""
    if "=" in what:
        path, text = what.split("=")
        solo.user.write(path, text.encode())
        solo.hinted(path)
    elif ">" in what:
        old, new = what.split(">")
        solo.user.move(old, new)
        solo.hinted(old, new)
    else:
        solo.user.delete(what[:-1])
        solo.hinted(what[:-1]).pass_time(1)


@pytest.mark.parametrize("restart", [False, True], ids=["same life", "after a restart"])
@pytest.mark.parametrize(
    ("act", "then", "left"),
    [
        ("b=new", "", {"a": b"1", "b": b"new"}),
        ("b=new", "b=newer", {"a": b"1", "b": b"newer"}),
        ("b=new", "b>c", {"a": b"1", "c": b"new"}),
        ("a=edited", "", {"a": b"edited"}),
        ("a=edited", "a=again", {"a": b"again"}),
        ("a=edited", "a>b", {"b": b"edited"}),
        ("a=edited", "a-", {}),
        ("a>b", "", {"b": b"1"}),
        ("a>b", "b>c", {"c": b"1"}),
        ("a>b", "b>a", {"a": b"1"}),
        ("a>b", "b=edited", {"b": b"edited"}),
        ("a>b", "b-", {}),
        ("a-", "", {}),
        ("a-", "a=back", {"a": b"back"}),
    ],
)
def test_our_own_change_met_in_the_journal_is_settled(
    act: str, then: str, left: dict[str, bytes], restart: bool
) -> None:
    solo = Solo().synced(a=b"1")
    do(solo, act)
    submit = lose_the_answer(solo)
    if then:
        do(solo, then)
    entries = [solo.own(change) for change in submit.changes]
    if restart:
        solo.start()
    solo.online(*entries)
    changes = solo.submitted()
    solo.accept(changes)
    solo.accept_all()
    assert solo.tree() == left
    assert solo.status.in_sync
    assert len(changes) == (1 if then else 0), "nothing is submitted twice"


def test_a_file_created_and_deleted_before_the_answer_came_is_deleted_at_the_hub() -> None:
    solo = Solo().synced()
    do(solo, "b=new")
    submit = lose_the_answer(solo)
    do(solo, "b-")
    solo.online(*[solo.own(change) for change in submit.changes])
    assert [one.operation for one in solo.submitted()] == [Operation.DELETE]


@pytest.mark.hazard("F2", "N3")
def test_the_first_file_of_all_created_and_deleted_before_the_answer_came_is_deleted_at_the_hub() -> None:
    """Whoever has heard nothing yet is told of it by a snapshot; by that it came back."""
    solo = Solo().synced()
    do(solo, "b=new")
    submit = lose_the_answer(solo)
    do(solo, "b-")
    solo.welcome().drain(ef.AskChanges)
    solo.catch_up(*[solo.own(change) for change in submit.changes], snapshot=True)
    assert [one.operation for one in solo.submitted()] == [Operation.DELETE]
    assert solo.drain(ef.AskBlocks) == []


def test_what_the_memory_lost_with_the_power_is_fetched_again_not_deleted_b6_e5() -> None:
    """The journal has files of ours of which nothing is known here, and which are not on the disk (any more)."""
    solo = Solo().synced(a=b"old")
    rows, facts = dict(solo.rows), dict(solo.facts)
    node_id = solo.id_of("a")
    ours = solo.entry(file("lost", "b", b"was durable at the hub only"), Operation.CREATE, ME)
    newer = solo.entry(file(node_id, "a", b"newer"), Operation.UPDATE, ME)
    solo.rows, solo.facts = rows, facts
    solo.start().online(ours, newer).give(b"was durable at the hub only", b"newer")
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"newer", "b": b"was durable at the hub only"}


def test_the_identity_that_was_lost_with_the_power_is_adopted_again() -> None:
    solo = Solo().synced()
    rows, facts = dict(solo.rows), dict(solo.facts)
    do(solo, "b=new")
    submit = lose_the_answer(solo)
    entries = [solo.own(change) for change in submit.changes]
    solo.rows, solo.facts = rows, facts
    solo.start().online(*entries)
    assert solo.submitted() == []
    assert solo.id_of("b") == entries[0].node_id
    assert solo.status.in_sync


# --- gaps, pages, order -----------------------------------------------------------------------------------------


def test_a_gap_is_asked_for_again_f3() -> None:
    solo = Solo().synced()
    first, second = solo.entry(file("x", "one", b"1")), solo.entry(file("y", "two", b"2"))
    solo.drain(ef.AskChanges)
    solo.hear(second)
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(0), snapshot=True)]
    assert solo.status.state is State.CATCHING_UP
    solo.catch_up(first, second, snapshot=True).give(b"1", b"2")
    assert solo.tree() == {"one": b"1", "two": b"2"}
    assert solo.status.in_sync


def test_what_is_heard_twice_counts_once_f3() -> None:
    solo = Solo().synced()
    entry = solo.entry(file("x", "one", b"1"))
    solo.hear(entry).give(b"1")
    solo.user.delete("one")
    solo.hinted("one").pass_time(1).hear(entry)
    assert [one.operation for one in solo.submitted()] == [Operation.DELETE]


def test_a_page_that_repeats_what_was_heard_meanwhile_turns_nothing_back() -> None:
    """The answer to a proof holds entries that were pushed before it; the second page of them is still to come."""
    solo = Solo().synced(a=b"1")
    solo.feed(ev.ProofWanted(1))
    second = solo.entry(edited(solo, b"2"), Operation.UPDATE)
    solo.hear(second).give(b"2")
    do(solo, "a=3")
    (third,) = solo.accept()
    solo.catch_up(second, more=True)
    assert solo.tree() == {"a": b"3"}
    assert solo.drain(ef.AskBlocks) == []
    solo.catch_up(replace(solo.own(third), seq=Seq(3), rev=Rev(3)))
    solo.head = 3
    assert solo.tree() == {"a": b"3"}
    assert solo.submitted() == []


def test_an_answer_behind_a_gap_is_met_again_in_the_journal_f3() -> None:
    """An entry of another was left out before our verdict: its content must not be put over what we sent after it."""
    solo = Solo().synced(a=b"1")
    theirs = solo.entry(edited(solo, b"theirs"), Operation.UPDATE)
    do(solo, "b=ours")
    changes = solo.submitted()
    verdicts = solo.commit(changes)
    solo.drain(ef.AskChanges)
    solo.feed(ev.Judged(tuple(verdicts), Seq(solo.head)))
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(1))]
    assert not solo.status.in_sync
    ours = replace(solo.own(changes[0]), seq=verdicts[0].seq, rev=verdicts[0].rev)
    solo.head = 3
    solo.catch_up(theirs, ours).give(b"theirs")
    assert solo.tree() == {"a": b"theirs", "b": b"ours"}
    assert solo.status.in_sync
    assert solo.submitted() == []


def test_a_verdict_given_twice_changes_nothing_n13() -> None:
    solo = Solo().synced()
    do(solo, "b=1")
    changes = solo.submitted()
    verdicts = tuple(solo.commit(changes))
    solo.feed(ev.Judged(verdicts, Seq(solo.head)), ev.Judged(verdicts, Seq(solo.head)))
    again = tuple(replace(one, ruling=Ruling.DUPLICATE) for one in verdicts)
    solo.feed(ev.Judged(again, Seq(solo.head)))
    assert solo.status.in_sync


def test_a_duplicate_of_long_ago_is_settled_when_its_answer_never_came() -> None:
    solo = Solo().synced()
    do(solo, "b=1")
    (change,) = solo.submitted()
    (verdict,) = solo.commit([change])
    solo.feed(ev.Judged((replace(verdict, ruling=Ruling.DUPLICATE),), Seq(1)))
    assert solo.status.in_sync


# --- snapshots ----------------------------------------------------------------------------------------------------


def test_a_snapshot_counts_when_its_last_page_is_there() -> None:
    solo = Solo().start().welcome()
    one, two = solo.entry(file("x", "one", b"1")), solo.entry(file("y", "two", b"2"))
    solo.catch_up(one, more=True, snapshot=True)
    assert solo.status.state is State.CATCHING_UP
    assert solo.drain(ef.AskBlocks) == []
    solo.catch_up(two, snapshot=True).give(b"1", b"2")
    assert solo.tree() == {"one": b"1", "two": b"2"}


def test_a_snapshot_that_was_broken_off_is_begun_anew() -> None:
    solo = Solo().start().welcome()
    gone = solo.entry(file("x", "one", b"1"))
    solo.catch_up(gone, more=True, snapshot=True).offline()
    kept = solo.entry(file("y", "two", b"2"))
    solo.drain(ef.AskChanges)
    solo.welcome()
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(0), snapshot=True)]
    solo.catch_up(kept, snapshot=True).give(b"2")
    assert solo.tree() == {"two": b"2"}


def test_what_is_not_in_a_snapshot_was_deleted() -> None:
    solo = Solo().synced(a=b"1", b=b"2").offline()
    kept = solo.entry(edited(solo, b"1"), Operation.UPDATE)
    solo.welcome()
    solo.catch_up(kept, snapshot=True)
    assert set(solo.tree()) == {"a"}


def test_a_tombstone_in_a_later_page_takes_back_what_an_earlier_one_said() -> None:
    solo = Solo().start().welcome()
    one = solo.entry(file("x", "one", b"1"))
    solo.catch_up(one, more=True, snapshot=True)
    solo.catch_up(solo.entry(one.node_id, Operation.DELETE), snapshot=True)
    assert solo.tree() == {}
    assert solo.status.in_sync


@pytest.mark.hazard("E4", "E5", "B6")
def test_what_is_ours_in_the_journal_beyond_what_we_remember_is_taken_like_anybody_elses() -> None:
    """Folder and memory were put back to the moment in which an edit was on its way; another one followed it."""
    solo = Solo().synced(a=b"1")
    solo.user.write("a", b"2")
    [second] = solo.hinted("a").submitted()
    later = edited(solo, b"3")
    solo.offline().start()
    solo.online(solo.own(second), solo.entry(later, Operation.UPDATE, ME)).give(b"3")
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"3"}
    assert solo.status.in_sync


# --- other journals, other hubs ----------------------------------------------------------------------------------


@pytest.mark.hazard("E7")
@pytest.mark.parametrize("how", ["another epoch", "the hub went back", "the hub went back and on"])
def test_another_journal_unites_both_sides_and_deletes_nothing_e7(how: str) -> None:
    solo = Solo().synced(a=b"1", b=b"2").offline()
    solo.head, solo.revs = 0, {}
    theirs = solo.entry(file("t", "theirs", b"t"))
    if how == "the hub went back and on":
        solo.head = 9
    solo.welcome(epoch="e2" if how == "another epoch" else "e1", diverged=how == "the hub went back and on")
    assert any("both sides are united" in note for note in solo.notes)
    assert solo.drain(ef.AskChanges)[-1] == ef.AskChanges(Seq(0), snapshot=True)
    solo.catch_up(theirs, snapshot=True).give(b"t")
    assert sorted((one.operation, one.name) for one in solo.submitted() if one.base_rev == 0) == [
        (Operation.CREATE, "a"),
        (Operation.CREATE, "b"),
    ]
    assert solo.tree() == {"a": b"1", "b": b"2", "theirs": b"t"}


@pytest.mark.hazard("E7")
def test_the_run_that_is_remembered_is_the_one_in_which_the_cursor_came_to_where_it_is() -> None:
    solo = Solo().start().welcome(run="r1")
    solo.catch_up(solo.entry(file("a", "a", b"")))
    assert solo.engine.footing == Footing("e1", Seq(1), "r1")
    solo.offline().welcome(run="r2").catch_up()
    assert solo.engine.footing == Footing("e1", Seq(1), "r1"), "nothing was heard in the second run"
    solo.hear(solo.entry(file("b", "b", b"")))
    assert solo.engine.footing == Footing("e1", Seq(2), "r2")
    assert (solo.facts["cursor"], solo.facts["run"]) == ("2", "r2")
    assert solo.offline().start().engine.footing == Footing("e1", Seq(2), "r2")


@pytest.mark.hazard("E7")
def test_a_verdict_moves_the_cursor_in_the_run_of_its_connection() -> None:
    solo = Solo()
    solo.user.write("a", b"1")
    solo.start().online(run="r1").accept_all()
    assert solo.engine.footing == Footing("e1", Seq(1), "r1")
    solo.user.write("b", b"1")
    solo.offline().online(run="r2").hinted("b").accept_all()
    assert solo.engine.footing == Footing("e1", Seq(2), "r2")


def test_who_was_never_told_a_run_takes_the_first_that_it_is_told() -> None:
    solo = Solo().synced(a=b"1")
    assert solo.engine.footing.run == ""
    solo.offline().online(run="r5")
    assert solo.engine.footing.run == solo.facts["run"] == "r5"


@pytest.mark.hazard("E7", "F2")
def test_what_is_sent_again_to_a_hub_that_went_back_is_another_change_than_before() -> None:
    """Else the hub, which remembers the first one, would say that it has it; and it may have been deleted there."""
    solo = Solo()
    solo.user.write("a", b"1")
    solo.start().online(run="r1")
    [before] = solo.accept()
    solo.offline().welcome(run="r2", diverged=True).catch_up(snapshot=True)
    [again] = solo.submitted()
    assert (again.node_id, again.base_rev, again.content) == (before.node_id, before.base_rev, before.content)
    assert again.change_id != before.change_id


def test_another_journal_with_another_content_keeps_both_e7() -> None:
    solo = Solo().synced(a=b"1").offline()
    solo.head, solo.revs = 0, {}
    node = edited(solo, b"of the other journal")
    solo.welcome(epoch="e2").catch_up(solo.entry(node), snapshot=True).give(b"of the other journal")
    assert solo.tree()["a"] == b"of the other journal"
    assert [what for path, what in solo.tree().items() if is_conflict_name(path)] == [b"1"]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("written", {"a": b"1", "new": b"only here now"}),
        ("overwritten", {"a": b"only here now"}),
        ("moved", {"moved": b"1"}),
        ("made", {"a": b"1", "d": None}),
    ],
)
def test_what_the_disk_finishes_for_a_journal_that_counts_no_more_is_not_deleted_e7(
    change: str, left: dict[str, bytes | None]
) -> None:
    """A task was under way when the hub came back with another journal."""
    solo = Solo().synced(a=b"1")
    node_id = solo.id_of("a")
    solo.frozen = True
    match change:
        case "written":
            solo.hear(solo.entry(file("x", "new", b"only here now"))).give(b"only here now")
        case "overwritten":
            solo.hear(solo.entry(edited(solo, b"only here now"), Operation.UPDATE)).give(b"only here now")
        case "moved":
            solo.hear(solo.entry(file(node_id, "moved", b"1"), Operation.MOVE))
        case "made":
            solo.hear(solo.entry(folder("d", "d")))
    assert any(isinstance(one, ef.Run) for one in solo.todo)
    solo.offline()
    solo.head = 0
    solo.welcome(epoch="e2")
    solo.frozen = False
    solo.work().pass_time(1)
    solo.catch_up(snapshot=True).pass_time(2)
    assert solo.tree() == left
    assert {one.operation for one in solo.submitted()} == {Operation.CREATE}


@pytest.mark.hazard("E12")
def test_another_hub_is_not_spoken_to_e12() -> None:
    solo = Solo().synced(a=b"1").offline().welcome(hub_id="another")
    (close,) = solo.drain(ef.CloseLink)
    assert not close.again
    assert solo.status.state is State.HALTED
    assert "another hub" in solo.status.reason
    solo.offline().online()
    assert solo.status.in_sync


def test_a_hub_without_a_journal_leaves_all_as_it_is() -> None:
    solo = Solo()
    solo.user.write("a", b"1")
    solo.start().welcome(journal=False)
    assert solo.submitted() == []
    assert solo.drain(ef.AskChanges) == []
    assert solo.status.state is State.OFFLINE
    assert "no journal" in solo.status.reason


def test_a_machine_that_may_only_read_says_why_its_changes_stay() -> None:
    solo = Solo().start().online(may_write=False)
    assert solo.status.in_sync
    do(solo, "mine=1")
    solo.hear(solo.entry(file("x", "theirs", b"t"))).give(b"t")
    assert solo.submitted() == []
    assert solo.tree() == {"mine": b"1", "theirs": b"t"}
    assert not solo.status.in_sync
    assert "only read" in solo.status.reason
    solo.offline().online()
    assert [one.name for one in solo.submitted()] == ["mine"]


def test_a_reason_that_only_a_person_can_mend_halts_until_a_welcome() -> None:
    solo = Solo().synced()
    solo.feed(ev.LinkDown("the key was taken back", final=True), ev.LinkDown("closed"))
    assert (solo.status.state, solo.status.reason) == (State.HALTED, "the key was taken back")
    solo.feed(ev.LinkDown("the proxy wants a name", final=True))
    assert (solo.status.state, solo.status.reason) == (State.HALTED, "the proxy wants a name"), "the latest of them"
    solo.feed(ev.LinkDown("the hub cannot be reached", anew=True))
    assert (solo.status.state, solo.status.reason) == (State.OFFLINE, "the hub cannot be reached"), "on another way"
    solo.feed(ev.LinkDown("the key was taken back", final=True))
    solo.online()
    assert solo.status.in_sync


def test_recipes_of_one_block_are_not_kept_in_memory() -> None:
    solo = Solo().synced()
    solo.hear(solo.entry(file("x", "small", b"1"), recipe=((file("x", "small", b"1").content),)))  # type: ignore[arg-type]
    assert solo.engine._remote.recipes == {}


# --- a folder with all that is beneath it -----------------------------------------------------------------------


def furnished(files: int = 20, **more: bytes) -> Solo:
    """``d`` with ``d/e``, and so many files in each."""
    solo = Solo()
    for path in ("d", "d/e"):
        solo.user.mkdir(path)
    for number in range(files):
        solo.user.write(f"d/f{number}", f"f{number}".encode())
        solo.user.write(f"d/e/g{number}", f"g{number}".encode())
    for name, data in more.items():
        solo.user.write(name, data)
    solo.start().online(subtrees=True)
    solo.accept_all()
    solo.drain(ef.AskChanges)
    assert solo.status.in_sync, solo.status
    return solo


def all_gone(solo: Solo, folder: str = "d", by: ClientId = OTHER, *, off: int = 0) -> Entry:
    """The hub tells that the folder was deleted with all beneath it; of ``off`` nodes too many."""
    nodes = list(subtree(solo.engine.canopy.remote, solo.id_of(folder)))
    for node_id in nodes:
        solo.revs[node_id] = solo.revs.get(node_id, 0) + 1
    solo.head += len(nodes) + off
    beneath = len(nodes) - 1 + off
    return Entry(Seq(solo.head), Rev(solo.revs[nodes[0]]), Operation.DELETE, by, nodes[0], None, beneath=beneath)


def test_a_folder_that_was_deleted_with_all_beneath_it_goes_here_by_one_task() -> None:
    solo = furnished(a=b"1")
    solo.frozen = True
    solo.hear(all_gone(solo))
    [run] = [one for one in solo.todo if isinstance(one, ef.Run)]
    [task] = run.tasks
    assert isinstance(task, DeleteTask)
    assert (task.path, len(task.beneath)) == ("d", 41)
    assert solo.facts["cursor"] == str(solo.head)
    solo.frozen = False
    solo.work()
    assert solo.tree() == {"a": b"1"}
    assert solo.status.in_sync
    assert set(solo.rows) == {solo.id_of("a")}


@pytest.mark.hazard("B3", "D11")
def test_a_new_file_brings_the_folder_back_with_that_file_alone() -> None:
    solo = furnished()
    solo.user.write("d/e/new", b"mine")
    solo.hear(all_gone(solo))
    solo.hinted("d/e/new").pass_time(5)
    solo.accept_all()
    assert {path: what for path, what in solo.tree().items() if what is not None} == {"d/e/new": b"mine"}
    assert solo.status.in_sync


@pytest.mark.hazard("B2", "D4")
def test_an_edit_beats_the_delete_of_its_folder() -> None:
    solo = furnished()
    solo.user.write("d/f3", b"edited")
    solo.hear(all_gone(solo))
    solo.hinted("d/f3").pass_time(5)
    solo.accept_all()
    assert {path: what for path, what in solo.tree().items() if what is not None} == {"d/f3": b"edited"}
    assert solo.status.in_sync


def test_a_count_that_is_not_ours_is_asked_about_one_by_one() -> None:
    solo = furnished()
    cursor = solo.engine.footing.cursor
    solo.hear(all_gone(solo, off=1))
    assert solo.engine.footing.cursor == cursor
    assert len(solo.drain(ef.AskChanges)) == 1
    assert "d/f1" in solo.tree()


def test_a_gap_before_it_is_one() -> None:
    solo = furnished()
    solo.head += 1
    solo.hear(all_gone(solo))
    assert len(solo.drain(ef.AskChanges)) == 1
    assert "d/f1" in solo.tree()


@pytest.mark.hazard("F2")
@pytest.mark.parametrize("returned", [False, True], ids=["still gone", "made again meanwhile"])
def test_our_own_delete_of_a_folder_is_met_in_the_journal_entry_by_entry(*, returned: bool) -> None:
    solo = furnished()
    nodes = list(subtree(solo.engine.canopy.remote, solo.id_of("d")))
    solo.user.delete("d")
    solo.hinted("d").pass_time(0.2)
    [change] = solo.submitted()
    assert (change.operation, change.beneath, change.as_of) == (Operation.DELETE, 41, solo.head)
    assert solo.facts["sent_whole"] == change.node_id
    solo.offline()
    if returned:
        solo.user.mkdir("d")
        solo.user.write("d/f1", b"f1")
        solo.hinted("d", "d/f1").pass_time(1)
    solo.online(*[solo.entry(one, Operation.DELETE, ME) for one in reversed(nodes)], subtrees=True)
    solo.pass_time(1)
    solo.accept_all()
    assert {path: what for path, what in solo.tree().items() if what} == ({"d/f1": b"f1"} if returned else {})
    assert solo.status.in_sync
    assert solo.facts["sent_whole"] == ""


def test_our_own_delete_of_a_folder_has_its_place_in_the_journal() -> None:
    solo = furnished(a=b"1")
    solo.user.delete("d")
    solo.hinted("d").pass_time(0.2)
    [change] = solo.submitted()
    solo.head += 42
    verdict = Verdict(
        change.change_id, change.node_id, Ruling.COMMITTED, Seq(solo.head), Rev(change.base_rev + 1), beneath=41
    )
    solo.feed(ev.Judged((verdict,), Seq(solo.head)))
    assert solo.engine.footing.cursor == solo.head
    assert solo.drain(ef.AskChanges) == []
    assert solo.status.in_sync
    assert set(solo.rows) == {solo.id_of("a")}


def test_what_the_hub_refuses_as_a_whole_goes_piece_by_piece() -> None:
    solo = furnished()
    solo.user.delete("d")
    solo.hinted("d").pass_time(0.2)
    [change] = solo.submitted()
    solo.refuse([change], "conflict", rev=change.base_rev)
    pieces = solo.submitted()
    assert sorted(one.beneath for one in pieces) == [0] * 20 + [20]
    solo.accept(pieces)
    solo.accept_all()
    assert solo.status.in_sync
    assert solo.rows == {}


def test_a_hub_that_cannot_is_told_node_by_node() -> None:
    solo = furnished()
    solo.offline().online()
    solo.user.delete("d")
    solo.hinted("d").pass_time(0.2)
    changes = solo.submitted()
    assert len(changes) == 40
    assert {one.beneath for one in changes} == {0}
