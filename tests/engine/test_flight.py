"""What is under way, and what is held back."""

from __future__ import annotations

import pytest

from syncagent.engine.flight import FIRST_RETRY, LAST_RETRY, Flight
from syncagent.model.changes import Operation, Ruling, Verdict
from syncagent.model.facts import UNSURE, Kind, Stamp
from syncagent.model.ids import PARK, ROOT, ChangeId, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Link, Node, Placement
from syncagent.planner.ops import (
    DeleteLocal,
    MakeLocalDir,
    MoveLocal,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    WriteLocal,
)
from syncagent.planner.tasks import DeleteTask, Inline, MakeDirTask, MoveTask, WriteTask
from syncagent.trees.canopy import Canopy
from tests.support.solo import content_of, file, folder

STAMP = Stamp(b"stamp")
D, A = folder("d", "docs"), file("a", "a.txt", b"1", parent="d")
TO = Placement(ROOT, Name("b.txt"))


def canopy_of(*nodes: Node) -> Canopy:
    canopy = Canopy()
    for node in nodes:
        canopy.set_local(node.id, node, STAMP)
        canopy.set_remote(node.id, node, Rev(1))
        canopy.set_synced(node.id, node)
    return canopy


def verdict(change_id: ChangeId) -> Verdict:
    return Verdict(change_id, A.id, Ruling.COMMITTED)


# --- tasks --------------------------------------------------------------------------------------------------------


def test_a_task_has_the_paths_and_the_stamp_of_its_nodes() -> None:
    flight = Flight(canopy_of(D, A))
    inline = Inline(b"2")
    new, e = file("n", "new", b"2", parent="d"), folder("e", "e", parent="d")
    copy = Placement(D.id, Name("copy"))
    cases: list[tuple[Op, object]] = [
        (MakeLocalDir(e), MakeDirTask(MakeLocalDir(e), "docs/e")),  # type: ignore[arg-type]
        (WriteLocal(new, None), WriteTask(WriteLocal(new, None), "docs/new", None, inline)),  # type: ignore[arg-type]
        (WriteLocal(A, A), WriteTask(WriteLocal(A, A), "docs/a.txt", STAMP, inline)),  # type: ignore[arg-type]
        (MoveLocal(A, TO), MoveTask(MoveLocal(A, TO), "docs/a.txt", "b.txt", STAMP)),  # type: ignore[arg-type]
        (SetAside(A, copy, A.id), MoveTask(SetAside(A, copy, A.id), "docs/a.txt", "docs/copy", STAMP)),  # type: ignore[arg-type]
        (DeleteLocal(A), DeleteTask(DeleteLocal(A), "docs/a.txt", STAMP, elsewhere=False)),  # type: ignore[arg-type]
    ]
    for op, task in cases:
        assert flight.begin_task(op, inline) == task  # type: ignore[arg-type]


@pytest.mark.parametrize("at_hub", [True, False])
def test_what_the_hub_has_no_more_was_deleted_elsewhere(at_hub: bool) -> None:
    canopy = canopy_of(D, A)
    if not at_hub:
        canopy.set_remote(A.id, None, Rev(2))
    task = Flight(canopy).begin_task(DeleteLocal(A), None)
    assert isinstance(task, DeleteTask)
    assert task.elsewhere is not at_hub


def test_what_is_damaged_is_kept_whether_it_is_replaced_or_deleted() -> None:
    inline = Inline(b"2")
    for wounded in ((), (A.id,)):
        for op in (WriteLocal(A, A), DeleteLocal(A)):
            task = Flight(canopy_of(D, A), wounded).begin_task(op, inline)
            assert isinstance(task, WriteTask | DeleteTask)
            assert task.keep == (A.id in wounded)


def test_into_the_park_a_node_goes_under_its_id() -> None:
    flight = Flight(canopy_of(D, A))
    task = flight.begin_task(MoveLocal(A, Placement(PARK, Name(A.id))), None)
    assert isinstance(task, MoveTask)
    assert task.to == ".syncagent/park/a"


def test_without_a_path_there_is_no_task_and_nothing_is_busy() -> None:
    flight = Flight(canopy_of())
    assert flight.begin_task(WriteLocal(A, None), Inline(b"1")) is None
    assert flight.busy == {}


def test_a_node_is_busy_until_the_outcome_is_known() -> None:
    flight = Flight(canopy_of(D, A))
    op = DeleteLocal(A)
    task = flight.begin_task(op, None)
    assert A.id in flight.busy
    assert flight.end_task(MoveLocal(A, TO)) is None, "that is not what is under way"
    assert flight.end_task(op) == task
    assert flight.end_task(op) is None
    assert A.id not in flight.busy


def test_a_task_is_where_it_was_unless_its_paths_have_changed_or_it_is_void() -> None:
    canopy = canopy_of(D, A)
    flight = Flight(canopy)
    task = flight.begin_task(DeleteLocal(A), None)
    assert task is not None
    assert flight.is_at(task)
    canopy.set_local(D.id, folder("d", "elsewhere"))
    assert not flight.is_at(task)
    canopy.set_local(D.id, D)
    flight.void_tasks()
    assert not flight.is_at(task)
    flight.end_task(task.op)
    again = flight.begin_task(DeleteLocal(A), None)
    assert again is not None
    assert flight.is_at(again)


def test_when_the_root_is_gone_no_task_is_under_way() -> None:
    flight = Flight(canopy_of(D, A))
    flight.begin_task(DeleteLocal(A), None)
    assert flight.drop_tasks() == [A.id]
    assert (flight.tasks, flight.busy) == (0, {})


def test_a_stamp_that_is_not_known_proves_nothing() -> None:
    canopy = Canopy()
    canopy.set_local(A.id, file("a", "a", b"1"))
    task = Flight(canopy).begin_task(DeleteLocal(A), None)
    assert isinstance(task, DeleteTask)
    assert task.expect == UNSURE


# --- changes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "operation"),
    [
        (SubmitCreate(A, Rev(0)), Operation.CREATE),
        (SubmitEdit(A, Rev(1)), Operation.UPDATE),
        (SubmitMove(A, TO, Rev(1)), Operation.MOVE),
        (SubmitDelete(A, Rev(1)), Operation.DELETE),
    ],
)
def test_a_change_says_all_of_its_op(op: SubmitOp, operation: Operation) -> None:
    flight = Flight(canopy_of(D, A))
    change = flight.begin_change(op, (), "1")
    content, _ = content_of(b"1")
    at = TO if operation is Operation.MOVE else A.at
    assert (change.operation, change.node_id, change.base_rev, change.kind) == (operation, A.id, op.base, Kind.FILE)
    assert (change.parent, change.name) == (at.parent, at.name)
    assert (change.content, change.recipe) == (content, (Block(content.digest, content.size),))
    assert change.path == ("b.txt" if operation is Operation.MOVE else "docs/a.txt")
    assert flight.submitted == 1


def test_folders_and_links_are_changes_without_content() -> None:
    flight = Flight(canopy_of(D))
    link = Link(NodeId("l"), Placement(ROOT, Name("l")), "docs")
    assert flight.begin_change(SubmitCreate(link, Rev(0)), (), "1").target == "docs"
    assert flight.begin_change(SubmitCreate(folder("e", "e"), Rev(0)), (), "1").content is None


def test_the_same_op_is_the_same_change_in_one_life_of_the_database_hazard_7() -> None:
    flight = Flight(canopy_of(D, A))
    first = flight.begin_change(SubmitDelete(A, Rev(1)), (), "1").change_id
    flight.drop_changes()
    assert flight.begin_change(SubmitDelete(A, Rev(1)), (), "1").change_id == first
    others = [
        flight.begin_change(SubmitDelete(A, Rev(2)), (), "1").change_id,
        flight.begin_change(SubmitDelete(A, Rev(1)), (), "2").change_id,
        flight.begin_change(SubmitMove(A, TO, Rev(1)), (), "1").change_id,
        flight.begin_change(SubmitMove(A, A.at, Rev(1)), (), "1").change_id,
    ]
    assert len({first, *others}) == 5


def test_an_answer_ends_the_change_once() -> None:
    flight = Flight(canopy_of(D, A))
    op = SubmitDelete(A, Rev(1))
    change = flight.begin_change(op, (), "1")
    assert flight.end_change(verdict(change.change_id)) == op
    assert flight.end_change(verdict(change.change_id)) is None
    assert A.id not in flight.busy


def test_answers_that_do_not_count_free_their_nodes() -> None:
    flight = Flight(canopy_of(D, A))
    change = flight.begin_change(SubmitDelete(A, Rev(1)), (), "1")
    assert flight.forget_changes([verdict(ChangeId("unknown")), verdict(change.change_id)]) == [A.id]
    assert (flight.submitted, flight.busy) == (0, {})


# --- held back ----------------------------------------------------------------------------------------------------


def test_what_fails_is_tried_ever_later_and_at_last_once_a_minute_n19() -> None:
    flight = Flight(canopy_of(D, A))
    now, waits = 0.0, []
    for _ in range(9):
        flight.hold(A.id, "why", now)
        assert flight.is_held(A.id, now)
        due = flight.next_due()
        assert due is not None
        waits.append(due - now)
        now = due
        assert flight.take_due(now) == [A.id]
        assert flight.take_due(now) == [], "it is told once"
        assert not flight.is_held(A.id, now)
    assert waits[:4] == [FIRST_RETRY, FIRST_RETRY * 2, FIRST_RETRY * 4, FIRST_RETRY * 8]
    assert waits[-1] == LAST_RETRY


def test_what_changes_is_tried_at_once_and_patience_is_new() -> None:
    flight = Flight(canopy_of(D, A))
    flight.hold(A.id, "why", 0.0)
    flight.hold(A.id, "why", 0.0)
    flight.release([A.id])
    assert not flight.is_held(A.id, 0.0)
    flight.hold(A.id, "why", 0.0)
    assert flight.next_due() == FIRST_RETRY


def test_what_was_refused_without_hope_waits_for_a_change_or_for_another_connection() -> None:
    flight = Flight(canopy_of(D, A))
    flight.hold(A.id, "never", None)
    assert flight.take_due(1e9) == []
    assert flight.next_due() is None
    assert flight.is_held(A.id, 1e9)
    assert flight.release_refused() == [A.id]
    assert not flight.is_held(A.id, 0.0)


# --- a folder with all that is beneath it -------------------------------------------------------------------------


def test_all_beneath_a_folder_is_busy_along_with_it() -> None:
    flight = Flight(canopy_of(D, A))
    op = DeleteLocal(D, (A.id,))
    task = flight.begin_task(op, None)
    assert isinstance(task, DeleteTask)
    assert [(one.path, one.is_folder) for one in task.beneath] == [(A.at.name, False)]
    assert flight.busy == {D.id: op, A.id: op}
    assert flight.end_task(op) == task
    assert flight.busy == {}


def test_what_is_not_known_for_sure_keeps_a_folder_from_going_as_a_whole() -> None:
    canopy = canopy_of(D, A)
    canopy.set_local(A.id, A, UNSURE)
    flight = Flight(canopy)
    assert flight.begin_task(DeleteLocal(D, (A.id,)), None) is None
    assert (flight.busy, list(flight.piecemeal)) == ({}, [D.id])
    assert Flight(canopy_of(D, A), [A.id]).begin_task(DeleteLocal(D, (A.id,)), None) is None, "it is damaged"


def test_of_a_folder_that_was_sent_as_a_whole_all_nodes_are_forgotten_with_the_link() -> None:
    flight = Flight(canopy_of(D, A))
    change = flight.begin_change(SubmitDelete(D, Rev(1), (A.id,)), (), "1", as_of=Seq(7))
    assert (change.operation, change.beneath, change.as_of) == (Operation.DELETE, 1, 7)
    assert flight.busy.keys() == {D.id, A.id}
    assert flight.drop_changes() == [D.id, A.id]
    assert flight.busy == {}
