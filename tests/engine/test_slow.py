"""Large files are read while all else goes on, and what was read counts only for the file as it was then."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import local, slow
from syncagent.engine.slow import SlowReads
from syncagent.model.changes import Operation
from syncagent.model.facts import UNSURE, FileSeen, Listed, LookAt, NothingThere, Stamp, stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from tests.support.solo import Solo, content_of

LIMIT = 100
BIG = b"large " * 50


@pytest.fixture(autouse=True)
def _limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow, "LARGE", LIMIT)
    monkeypatch.setattr(local, "LARGE", LIMIT)


def is_slow(effect: ef.Effect) -> bool:
    if isinstance(effect, ef.ReadOn):
        return effect.path == "big"
    return isinstance(effect, ef.Look) and effect.wishes == (LookAt(RelPath("big"), None),)


def quick(solo: Solo) -> None:
    """Carry out what is to be done on the disk, but the reading of large files, which goes on."""
    while quick_ones := [one for one in solo.todo if not is_slow(one)]:
        solo.todo.remove(quick_ones[0])
        for event in solo._answers(quick_ones[0]):
            solo.feed(event)


def reading() -> Solo:
    """A large file is being read."""
    solo = Solo().synced()
    solo.frozen = True
    solo.user.write("big", BIG)
    solo.hinted("big")
    quick(solo)
    assert [is_slow(one) for one in solo.todo] == [True]
    return solo


def test_an_edit_of_another_file_does_not_wait_for_a_large_one() -> None:
    solo = reading()
    assert solo.submitted() == []
    assert not solo.status.in_sync, "it counts as being looked at"
    solo.user.write("small", b"edit")
    solo.hinted("small")
    quick(solo)
    (change,) = solo.accept()
    assert change.path == "small"
    assert not solo.status.in_sync
    solo.work()
    (change,) = solo.accept()
    assert (change.path, change.content) == ("big", content_of(BIG)[0])
    assert solo.status.in_sync


def test_what_was_read_does_not_count_for_what_the_file_is_by_then_a6() -> None:
    solo = reading()
    events = solo._answers(solo.todo.pop())
    solo.user.write("big", BIG[::-1])
    solo.feed(*events)
    solo.work()
    assert [change.content for change in solo.accept()] == [content_of(BIG[::-1])[0]]
    assert solo.status.in_sync


def test_a_large_file_that_goes_while_it_is_read_is_gone() -> None:
    solo = reading()
    solo.user.delete("big")
    solo.work()
    solo.pass_time(1)
    assert solo.submitted() == []
    assert solo.status.in_sync


def test_a_large_file_that_is_renamed_is_the_same_node() -> None:
    solo = Solo().synced()
    solo.user.write("big", BIG)
    solo.hinted("big")
    solo.accept()
    solo.user.move("big", "moved")
    solo.hinted("big", "moved")
    assert [change.operation for change in solo.accept()] == [Operation.MOVE]


def test_an_edit_of_a_large_file_is_an_edit() -> None:
    solo = Solo().synced()
    solo.user.write("big", BIG)
    solo.hinted("big")
    solo.accept()
    solo.user.write("big", BIG + b"!")
    solo.hinted("big")
    (change,) = solo.accept()
    assert (change.operation, change.content) == (Operation.UPDATE, content_of(BIG + b"!")[0])


def test_when_the_root_is_lost_the_reading_is_forgotten_e1() -> None:
    solo = reading()
    solo.engine._local.abandon()
    assert not solo.engine._local._slow


# --- by itself --------------------------------------------------------------------------------------------------


def of(size: int, mtime_ns: int = 1) -> Stamp:
    return stamp(device=1, inode=1, size=size, mtime_ns=mtime_ns, ctime_ns=1, mode=0o100644)


def fact(path: str, size: int, mtime_ns: int = 1) -> FileSeen:
    return FileSeen(RelPath(path), of(size, mtime_ns), False, 1, None)


def test_one_is_read_at_a_time() -> None:
    reads = SlowReads()
    assert reads.put_off([fact("a", 200), fact("b", 200), fact("c", 10)], lambda _: None) == [fact("c", 10)]
    first = reads.begin(1, lambda _: NodeId("n"))
    assert first == ef.Look(1, (LookAt(RelPath("a"), None),))
    assert reads.begin(2, lambda _: NodeId("n")) is None
    assert reads.seen(9, ()) is None
    assert reads.seen(1, ()) == "a"
    assert reads.begin(2, lambda _: NodeId("n")) == ef.Look(2, (LookAt(RelPath("b"), None),))
    assert reads.seen(2, ()) == "b"
    assert not reads


def test_what_has_not_changed_is_not_read() -> None:
    reads = SlowReads()
    assert reads.put_off([fact("a", 200)], lambda _: of(200)) == [fact("a", 200)]
    assert reads.put_off([fact("a", 200)], lambda _: of(200, 2)) == []


@pytest.mark.parametrize("beside", [NothingThere(RelPath("gone")), Listed(RelPath("d"), frozenset({"a"}))])
def test_where_something_is_missing_all_is_read_at_once(beside: NothingThere | Listed) -> None:
    facts = [fact("d/a", 200), beside]
    known = {RelPath("gone"): of(200)}
    assert SlowReads().put_off(facts, known.get) == facts


def test_a_name_that_nobody_knew_is_not_missed() -> None:
    gone = NothingThere(RelPath("big.tmp"))
    assert SlowReads().put_off([fact("big", 200), gone], lambda _: None) == [gone]


def test_what_was_read_stands_for_the_same_state_alone() -> None:
    full = FileSeen(RelPath("a"), of(200), False, 1, content_of(BIG)[0])
    for shown, given in (
        (fact("a", 200), full),
        (fact("a", 200, 2), fact("a", 200, 2)),
        (NothingThere(RelPath("a")), NothingThere(RelPath("a"))),
    ):
        reads = SlowReads()
        reads.put_off([fact("a", 200)], lambda _: None)
        reads.begin(1, lambda _: NodeId("n"))
        reads.seen(1, [full])
        assert reads.stamp_of(RelPath("a")) == of(200)
        assert reads.resolved([shown]) == [given]
        assert not reads, "it counts once"


def test_nobody_can_tell_by_a_stamp_that_is_unsure() -> None:
    reads = SlowReads()
    reads.put_off([fact("a", 200)], lambda _: None)
    reads.begin(1, lambda _: NodeId("n"))
    reads.seen(1, [FileSeen(RelPath("a"), UNSURE, False, 1, content_of(BIG)[0])])
    assert reads.stamp_of(RelPath("a")) is None
    assert reads.resolved([fact("a", 200)]) == [fact("a", 200)]
