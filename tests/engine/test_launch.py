"""How ops leave: what they need before they can, and the batches in which they do."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.launch import RUN_BATCH, SMALL_AT_ONCE, SUBMIT_BYTES
from syncagent.model.changes import Operation
from syncagent.model.ids import Seq
from syncagent.planner.tasks import Inline, InPlace, Staged, WriteTask
from tests.support.solo import Solo, content_of, file, large


def runs(solo: Solo) -> list[ef.Run]:
    return [one for one in solo.todo if isinstance(one, ef.Run)]


@pytest.mark.parametrize(
    ("data", "source"),
    [(b"", Inline(b"")), (b"small", Inline(b"small")), (large("big"), Staged(content_of(large("big"))[0]))],
    ids=["empty", "small", "large"],
)
def test_where_the_bytes_of_a_new_file_come_from(data: bytes, source: object) -> None:
    solo = Solo().synced()
    solo.frozen = True
    solo.hear(solo.entry(file("x", "new", data), recipe=content_of(data)[1])).give(data)
    while not runs(solo):
        solo.feed(*solo._answers(solo.todo.pop(0))).give(data)
    ((task,),) = [one.tasks for one in runs(solo)]
    assert isinstance(task, WriteTask)
    assert task.source == source


def test_only_the_mode_or_the_mtime_change_in_place_a12() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.hear(solo.entry(file(solo.id_of("a"), "a", b"1", mtime_ns=7), Operation.UPDATE))
    ((task,),) = [one.tasks for one in runs(solo)]
    assert isinstance(task, WriteTask)
    assert task.source == InPlace()
    assert solo.drain(ef.AskBlocks) == []


def test_tasks_leave_in_batches() -> None:
    solo = Solo().synced()
    solo.frozen = True
    count = RUN_BATCH * 2 + 5
    solo.hear(*[solo.entry(file(f"x{number}", f"f{number}", b"")) for number in range(count)])
    assert [len(one.tasks) for one in runs(solo)] == [RUN_BATCH, RUN_BATCH, 5]


def test_a_batch_of_changes_is_cut_when_its_bytes_are_many_and_its_blocks_go_in_front() -> None:
    solo = Solo().synced()
    size = 60_000
    count = SUBMIT_BYTES // size + 10
    for number in range(count):
        solo.user.write(f"f{number}", number.to_bytes(4, "big") * (size // 4))
    solo.feed(ev.Hinted(everything=True))
    order = [one for one in solo.sent if isinstance(one, ef.SendBlocks | ef.Submit)]
    assert [type(one) for one in order] == [ef.SendBlocks, ef.Submit] * 2
    for blocks, submit in zip(order[::2], order[1::2], strict=True):
        assert isinstance(blocks, ef.SendBlocks)
        assert isinstance(submit, ef.Submit)
        sent = {block.digest for block, _ in blocks.blocks}
        assert sent == {change.content.digest for change in submit.changes if change.content}
        assert sum(len(data) for _, data in blocks.blocks) < SUBMIT_BYTES + size


def test_a_batch_has_no_more_changes_than_the_hub_takes() -> None:
    solo = Solo().start()
    for number in range(25):
        solo.user.write(f"f{number}", b"")
    solo.feed(ev.Hinted(everything=True), ev.Welcomed("hub", "e1", Seq(0), batch_changes=10)).catch_up()
    assert [len(one.changes) for one in solo.drain(ef.Submit)] == [10, 10, 5]


def test_two_files_of_one_small_content_send_its_block_once() -> None:
    solo = Solo().synced()
    solo.user.write("a", b"the same")
    solo.user.write("b", b"the same")
    solo.hinted("a", "b")
    (blocks,) = solo.drain(ef.SendBlocks)
    assert len(blocks.blocks) == 1
    assert len(solo.submitted()) == 2


def test_a_rename_and_a_delete_send_no_bytes() -> None:
    solo = Solo().synced(a=b"1", b=b"2")
    solo.user.move("a", "c")
    solo.user.delete("b")
    solo.hinted("a", "b", "c").pass_time(1)
    assert solo.drain(ef.SendBlocks) == []
    assert sorted(one.operation.value for one in solo.submitted()) == ["delete", "move"]


def test_recipes_of_large_files_are_committed_with_their_rows() -> None:
    solo = Solo().synced()
    mine, theirs = large("mine"), large("theirs")
    solo.user.write("mine", mine)
    solo.hinted("mine").hear(solo.entry(file("x", "theirs", theirs), recipe=content_of(theirs)[1]))
    for data in (mine, theirs):
        content, recipe = content_of(data)
        assert solo.recipes[content.digest] == recipe


def test_a_file_whose_folder_is_not_here_yet_waits_for_it() -> None:
    from tests.support.solo import folder

    solo = Solo().synced()
    solo.frozen = True
    solo.hear(solo.entry(folder("d", "d")), solo.entry(file("x", "a", b"", parent="d")))
    ((made,),) = [one.tasks for one in runs(solo)]
    assert made.path == "d"
    solo.frozen = False
    solo.work()
    assert solo.tree() == {"d": None, "d/a": b""}


def test_of_many_small_folders_that_go_only_some_go_as_wholes_each_by_its_own_message() -> None:
    solo = Solo().synced().start().online(subtrees=True)
    names = [f"d{number:02}" for number in range(SMALL_AT_ONCE * 3)]
    for name in names:
        solo.user.mkdir(name)
        solo.user.write(f"{name}/x", name.encode())
    solo.hinted(*names).accept_all()
    assert solo.status.in_sync
    for name in names:
        solo.user.delete(name)
    solo.hinted(*names).pass_time(2)
    submits = solo.drain(ef.Submit)
    wholes = [one for one in submits if any(change.beneath for change in one.changes)]
    assert len(wholes) == SMALL_AT_ONCE
    assert all(len(one.changes) == 1 for one in wholes)
    assert len(submits) < SMALL_AT_ONCE + 4, "the others in batches"
    solo.accept([change for one in submits for change in one.changes])
    solo.accept_all()
    assert solo.tree() == {}
    assert solo.status.in_sync
