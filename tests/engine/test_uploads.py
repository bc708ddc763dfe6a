"""Bytes on their way to the hub: windows, breaks, files that change under our hands, and what is held in memory."""

from __future__ import annotations

import errno
from collections import Counter

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine import uploads
from syncagent.engine.at_hand import AT_HAND
from syncagent.engine.uploads import JOBS_AT_ONCE
from syncagent.model.changes import Operation, Ruling
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from tests.support.solo import Solo, content_of, file, large

BIG = large("big", 12)
"""3 MiB: several windows."""


WINDOW = 512 * 1024
WINDOWS_AT_ONCE = 2


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a file of few MiB has several."""
    monkeypatch.setattr(uploads, "WINDOW", WINDOW)
    monkeypatch.setattr(uploads, "WINDOWS_AT_ONCE", WINDOWS_AT_ONCE)


def start_upload(solo: Solo, data: bytes = BIG, name: str = "big") -> ef.AskMissing:
    solo.user.write(name, data)
    solo.hinted(name)
    (asked,) = solo.drain(ef.AskMissing)
    return asked


def test_a_small_file_leaves_with_its_only_block_in_front() -> None:
    solo = Solo().synced()
    solo.user.write("a", b"small")
    solo.hinted("a")
    blocks, submit = solo.sent[-2:]
    assert isinstance(blocks, ef.SendBlocks)
    assert isinstance(submit, ef.Submit)
    assert [data for _, data in blocks.blocks] == [b"small"]


def test_of_a_large_file_only_what_the_hub_lacks_is_sent() -> None:
    solo = Solo().synced()
    asked = start_upload(solo)
    recipe = content_of(BIG)[1]
    assert asked.digests == tuple(dict.fromkeys(block.digest for block in recipe))
    lacking = recipe[1]
    solo.feed(ev.HubLacks(asked.number, frozenset({lacking.digest})))
    (sent,) = solo.drain(ef.SendBlocks)
    assert [block for block, _ in sent.blocks] == [lacking]
    assert solo.submitted() == []
    solo.feed(ev.BlocksSent(sent.number))
    (change,) = solo.submitted()
    assert change.recipe == recipe
    solo.accept([change])
    assert solo.status.in_sync


def test_a_large_file_goes_in_windows_so_that_nothing_waits_long() -> None:
    solo = Solo().synced()
    asked = start_upload(solo)
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    left = [solo.status.uploading]
    under_way = solo.drain(ef.SendBlocks)
    while under_way:
        assert len(under_way) <= WINDOWS_AT_ONCE
        assert all(sum(len(data) for _, data in one.blocks) <= WINDOW for one in under_way)
        solo.feed(ev.BlocksSent(under_way.pop(0).number))
        under_way.extend(solo.drain(ef.SendBlocks))
        left.append(solo.status.uploading)
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert solo.accept()
    assert solo.status.in_sync


def test_of_what_had_arrived_before_a_break_no_block_is_sent_twice() -> None:
    data = large("big", 60)
    blocks = {block.digest for block in content_of(data)[1]}
    solo = Solo().synced()
    asked = start_upload(solo, data)
    there: set[Digest] = set()
    on_the_way: list[Digest] = []
    sent: Counter[Digest] = Counter()
    for breaks in range(4):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests) - there))
        for _ in range(2 if breaks < 3 else 100):
            windows = solo.drain(ef.SendBlocks)
            on_the_way = [block.digest for one in windows for block, _ in one.blocks]
            sent.update(on_the_way)
            assert not there.intersection(on_the_way), "the hub has them"
            if breaks < 3 and there:
                break  # these never arrive
            there.update(on_the_way)
            solo.feed(*[ev.BlocksSent(one.number) for one in windows])
        if breaks < 3:
            solo.offline()
            solo.online()
            (asked,) = solo.drain(ef.AskMissing)
    assert there == set(sent) == blocks
    lost = sum(count - 1 for count in sent.values())
    assert 0 < lost <= 3 * WINDOWS_AT_ONCE * WINDOW / min(block.size for block in content_of(data)[1])
    assert solo.accept()


@pytest.mark.parametrize("breaks", [1, 2, 3])
def test_an_upload_goes_on_after_the_link_was_down_however_often(breaks: int) -> None:
    solo = Solo().synced()
    start_upload(solo)
    for _ in range(breaks):
        solo.offline()
        assert solo.status.uploading == 0
        solo.online()
        (asked,) = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset()))
    assert solo.accept()
    assert solo.status.in_sync


@pytest.mark.parametrize("when", ["before", "in the middle"])
def test_an_upload_goes_on_after_a_restart_without_reading_the_file_again(when: str) -> None:
    solo = Solo().synced()
    asked = start_upload(solo)
    if when == "in the middle":
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    opened: list[str] = []
    solo.disk.before_call = lambda call, path: opened.append(path) if call == "open" else None
    solo.start().online()
    (asked,) = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset()))
    assert solo.accept()
    assert "big" not in opened
    assert solo.status.in_sync


def test_a_file_that_changes_while_it_is_sent_is_sent_as_it_is_then_a6() -> None:
    solo = Solo().synced()
    asked = start_upload(solo)
    newer = large("newer", 12)
    solo.user.write("big", newer)
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    solo.accept_all()
    node = solo.engine.canopy.synced.get(solo.id_of("big"))
    assert node is not None
    assert node.content == content_of(newer)[0]  # type: ignore[union-attr]


def test_the_windows_of_an_upload_that_was_given_up_do_not_count_for_the_next() -> None:
    """Two windows are under way when the file turns out to be touched: the answers to both are for the old job."""
    solo = Solo().synced()
    asked = start_upload(solo)
    solo.frozen = True
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    reads = [one for one in solo.todo if isinstance(one, ef.ReadBlocks)]
    assert len(reads) == WINDOWS_AT_ONCE
    solo.todo.clear()
    solo.frozen = False
    solo.feed(ev.BlocksRead(reads[0].number, (), (RelPath("big"),)))
    solo.feed(ev.BlocksRead(reads[1].number, (), (RelPath("big"),)))
    solo.accept_all()
    assert solo.status.in_sync


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_file_that_cannot_be_read_while_it_is_sent_is_tried_ever_more_slowly(size: str) -> None:
    """Its stamp is right, so that a look finds nothing new (A13)."""
    solo = Solo().synced()
    solo.frozen = True
    solo.user.write("a", b"small" if size == "small" else BIG)
    solo.hinted("a")
    look = solo.todo.pop()
    solo.feed(*solo._answers(look))
    solo.engine._local.at_hand._small.clear()
    opened = 0

    def refuse(call: str, path: RelPath) -> None:
        nonlocal opened
        if call == "open" and path == "a":
            opened += 1
            raise OSError(errno.EIO, "no")

    solo.offline()
    solo.disk.before_call = refuse
    solo.engine._local.at_hand.let_go_of_all()
    solo.frozen = False
    solo.online()
    for _ in range(60):
        for one in solo.drain(ef.AskMissing):
            solo.feed(ev.HubLacks(one.number, frozenset(one.digests)))
        solo.pass_time(1)
    assert 3 <= opened < 40
    assert [path for path, _ in (*solo.status.held, *solo.status.skipped)]
    assert not solo.status.in_sync
    solo.disk.before_call = lambda call, path: None
    for _ in range(60):
        solo.pass_time(1).accept_all()
    assert solo.status.in_sync


@pytest.mark.parametrize("size", ["small", "large"])
def test_two_files_of_one_content_are_both_created(size: str) -> None:
    solo = Solo().synced()
    solo.offline()
    data = b"the same" if size == "small" else BIG
    solo.user.write("one", data)
    solo.user.write("two", data)
    solo.hinted("one", "two")
    solo.engine._local.at_hand._small.clear()
    solo.online().accept_all()
    assert sorted(solo.tree()) == ["one", "two"]
    assert solo.status.in_sync, solo.status


def test_what_the_hub_says_to_lack_after_all_is_sent_again_e8() -> None:
    """Only the executable bit changed, and the hub has lost the blocks of the content meanwhile."""
    solo = Solo().synced(a=b"small")
    solo.user.chmod("a", 0o755)
    solo.hinted("a")
    assert solo.drain(ef.SendBlocks) == []
    changes = solo.submitted()
    solo.refuse(changes, "needs_blocks", ruling=Ruling.NEEDS_BLOCKS)
    (sent,) = solo.drain(ef.SendBlocks)
    assert [data for _, data in sent.blocks] == [b"small"]
    assert solo.accept()
    assert solo.status.in_sync


def test_only_the_mode_of_a_large_file_changes_a12() -> None:
    solo = Solo()
    solo.user.write("big", BIG)
    solo.start().online().accept_all()
    solo.start().online()
    solo.user.chmod("big", 0o755)
    solo.hinted("big")
    (change,) = solo.submitted()
    assert change.operation is Operation.UPDATE
    assert change.recipe == content_of(BIG)[1], "whole, for the hub keeps it with the row"
    assert solo.drain(ef.AskMissing) == solo.drain(ef.SendBlocks) == []


def test_the_recipe_is_read_again_when_it_is_not_known() -> None:
    solo = Solo().synced()
    solo.offline()
    solo.user.write("big", BIG)
    solo.hinted("big")
    solo.recipes.clear()
    solo.start().online().accept_all()
    assert solo.status.in_sync


def test_reading_does_not_run_ahead_of_sending_n17() -> None:
    """Ten times as much as may be at hand, and a hub that takes its time."""
    solo = Solo().synced()
    count = 3000
    for number in range(count):
        solo.user.write(f"f{number}", number.to_bytes(4, "big") * 8000)
    solo.feed(ev.Hinted(everything=True))
    at_hand = solo.engine._local.at_hand
    created = 0
    for _ in range(count):
        assert at_hand._size <= AT_HAND
        solo.drain(ef.SendBlocks)
        changes = solo.submitted()
        if not changes:
            break
        created += len(changes)
        solo.accept(changes)
    assert created == count
    assert solo.status.in_sync
    assert at_hand._size == 0


def test_nothing_is_read_that_could_not_be_sent() -> None:
    solo = Solo().synced(a=b"1").offline()
    solo.user.write("big", BIG)
    solo.user.write("small", b"x")
    solo.hinted("big", "small")
    solo.engine._local.at_hand._small.clear()
    solo.frozen = True
    solo.online().feed(ev.Paused(True))
    solo.todo.clear()
    solo.offline().online()
    assert not [one for one in solo.todo if isinstance(one, ef.ReadBlocks)]
    assert solo.drain(ef.AskMissing)[1:] == []


@pytest.mark.parametrize("size", ["small", "large"])
def test_reads_that_the_lost_root_took_with_it_are_begun_anew(size: str) -> None:
    solo = Solo().synced()
    solo.offline()
    solo.user.write("a", b"small" if size == "small" else BIG)
    solo.hinted("a")
    solo.engine._local.at_hand._small.clear()
    solo.frozen = True
    solo.online()
    for one in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(one.number, frozenset(one.digests)))
    assert any(isinstance(one, ef.ReadBlocks) for one in solo.todo)
    solo.todo.clear()
    solo.feed(ev.RootLost("unplugged"))
    assert not solo.engine._uploads.busy
    solo.feed(ev.RootFound())
    solo.frozen = False
    solo.work().accept_all()
    assert solo.status.in_sync


def test_more_large_files_than_go_at_once_take_their_turns() -> None:
    solo = Solo().synced()
    names = [f"big{number}" for number in range(JOBS_AT_ONCE * 2 + 1)]
    for name in names:
        solo.user.write(name, large(name))
    solo.hinted(*names)
    assert len(solo.drain(ef.AskMissing)) == JOBS_AT_ONCE
    solo.offline().online().accept_all()
    assert solo.status.in_sync
    assert solo.status.uploading == 0


def test_an_edit_of_a_file_that_is_being_sent_elsewhere_does_not_wait_for_it() -> None:
    solo = Solo().synced(a=b"1")
    start_upload(solo)
    solo.user.write("a", b"2")
    solo.hinted("a")
    assert [one.name for one in solo.accept()] == ["a"]


def test_remote_and_local_create_the_same_large_file() -> None:
    solo = Solo().synced()
    start_upload(solo)
    node = solo.engine.canopy.local.get(solo.id_of("big"))
    theirs = file("theirs", "big", BIG, mtime_ns=node.mtime_ns)  # type: ignore[union-attr]
    solo.hear(solo.entry(theirs, recipe=content_of(BIG)[1]))
    assert solo.submitted() == []
    assert solo.id_of("big") == theirs.id
