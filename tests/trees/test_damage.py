"""When a content that is not what it was is damage, and when an edit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from syncagent.content.digest import content_of
from syncagent.model.facts import UNSURE, FileSeen, Stamp, stamp
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import File, Placement
from syncagent.trees.damage import changed_silently, lost_with_power, written_since

WAS, IS = b"what was written", b"\0" * 16


@dataclass
class Times:
    mtime: int = 100
    ctime: int = 100
    size: int = 16

    @property
    def stamp(self) -> Stamp:
        return stamp(device=1, inode=2, size=self.size, mtime_ns=self.mtime, ctime_ns=self.ctime, mode=0o100644)

    def seen(self, data: bytes) -> FileSeen:
        return FileSeen(RelPath("a"), self.stamp, False, self.mtime, content_of(data))


THEN = Times()
FILE = File(NodeId("n"), Placement(ROOT, Name("a")), content_of(WAS), False, THEN.mtime)


@pytest.mark.hazard("B6")
@pytest.mark.parametrize(
    ("now", "damaged"),
    [
        (Times(), True),  # zeros under the same stamp
        (Times(size=3), True),  # truncated, and the times are those of the last write
        (Times(ctime=200), True),  # renamed after its last write
        (Times(mtime=50, ctime=50), True),  # all of it is as it was before
        (Times(mtime=50, ctime=100), True),
        (Times(mtime=200, ctime=200), False),  # written since
        (Times(mtime=50, ctime=200), False),  # put back by someone, with its old mtime
    ],
)
def test_what_the_power_has_taken_is_told_from_an_edit_by_its_times(now: Times, damaged: bool) -> None:
    assert lost_with_power(THEN.stamp, FILE, now.seen(IS), None) is damaged
    assert lost_with_power(THEN.stamp, FILE, now.seen(IS), 300) is damaged
    assert not lost_with_power(THEN.stamp, FILE, now.seen(WAS), None), "what it holds is what it held"


@pytest.mark.hazard("A7", "B6")
def test_what_was_touched_since_the_machine_was_started_again_is_an_edit_though_its_mtime_was_put_back() -> None:
    assert not lost_with_power(THEN.stamp, FILE, Times(ctime=200).seen(IS), 150)
    assert lost_with_power(THEN.stamp, FILE, Times(ctime=140).seen(IS), 150)
    assert lost_with_power(THEN.stamp, FILE, Times(mtime=50, ctime=50).seen(IS), 40), "nothing goes back by an edit"


@pytest.mark.hazard("B6")
def test_where_no_stamp_was_known_the_mtime_alone_tells() -> None:
    assert lost_with_power(UNSURE, FILE, THEN.seen(IS), None)
    assert not lost_with_power(UNSURE, FILE, Times(mtime=99).seen(IS), None)


@pytest.mark.hazard("E15")
def test_only_what_nothing_has_touched_has_changed_silently() -> None:
    assert changed_silently(THEN.stamp, FILE.content, THEN.seen(IS))
    assert not changed_silently(THEN.stamp, FILE.content, THEN.seen(WAS))
    assert not changed_silently(THEN.stamp, FILE.content, Times(ctime=101).seen(IS))
    assert not changed_silently(UNSURE, FILE.content, FileSeen(RelPath("a"), UNSURE, False, 100, content_of(IS)))


@pytest.mark.parametrize(
    ("known", "mtime", "so"),
    [(Times(50, 50).stamp, 50, False), (Times(50, 90).stamp, 50, True), (UNSURE, 90, True), (None, 50, False)],
)
def test_what_was_written_since_shows_by_either_time(known: Stamp | None, mtime: int, so: bool) -> None:
    assert written_since(90, mtime, known) is so


@pytest.mark.hazard("B6")
def test_a_disk_that_keeps_times_in_steps_of_its_own_has_not_changed_them() -> None:
    file = replace(FILE, mtime_ns=5_300_000_000)
    assert lost_with_power(UNSURE, file, FileSeen(RelPath("a"), UNSURE, False, 4_000_000_000, content_of(IS)), None)
    assert not lost_with_power(UNSURE, file, FileSeen(RelPath("a"), UNSURE, False, 3_000_000_000, content_of(IS)), None)
