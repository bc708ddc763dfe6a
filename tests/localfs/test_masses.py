"""Batches that follow each other: the next one is made while another thread waits for the disk."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import pytest

from syncagent.errors import RootMissing
from syncagent.localfs import masses
from syncagent.localfs.applier import Applier
from syncagent.localfs.begun import FEW, Begun
from syncagent.localfs.masses import Masses
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_file import MemoryMark
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done, Failed, Outcome, StaleTask, Task
from tests.support.disks import Bench, NoSyncfs, memory_bench

MANY: Final = FEW + 12


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masses, "TOGETHER", MANY)


@dataclass
class Crew:
    """A disk, runs of tasks that wait, and another thread, which does its work when the ``when``-th file of the next
    batch is being made (never, where there is no such file: then it is waited for)."""

    bench: Bench
    disk: MemoryDisk
    runs: deque[Sequence[Task]] = field(default_factory=deque)
    when: int = 0
    told: list[Outcome] = field(default_factory=list)
    placed: list[list[str]] = field(default_factory=list)
    under_way: list[int] = field(default_factory=list)
    """How many batches were made and not told, each time that the disk was waited for."""
    is_rung: bool = True
    on_told: Callable[[], None] = lambda: None
    _work: Callable[[], None] | None = None
    _raised: Exception | None = None
    _opened: int = 0
    _given: int = 0

    def __post_init__(self) -> None:
        self.disk.before_call = self.before_call

    def before_call(self, call: str, path: RelPath) -> None:
        if call == "file.write" and self._work is not None:
            self._opened += 1
            if self._opened == self.when:
                self.work()

    def begin(self, work: Callable[[], None]) -> None:
        assert self._work is None, "one at a time"
        self.under_way.append((self._given - len(self.told)) // MANY)
        self._work, self._opened = work, 0
        if not self.when:
            self.work()

    def work(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            try:
                work()
            except RootMissing as error:
                self._raised = error

    def is_over(self, *, or_more: bool) -> bool:
        if or_more and self.is_rung and self.runs:
            self.is_rung = False
            return False
        self.work()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        return True

    def more(self, most: int, no_few: bool) -> Sequence[Task]:
        if not self.runs or (no_few and sum(map(len, self.runs)) <= FEW):
            return ()
        self._given += len(self.runs[0])
        return self.runs.popleft()

    def places(self, tasks: Sequence[Task]) -> None:
        self.placed.append([str(task.path) for task in tasks])

    def ended(self, begun: Begun, outcomes: list[Outcome]) -> None:
        assert [one.op for one in outcomes] == [task.op for task in begun.tasks]
        self.told.extend(outcomes)
        self.on_told()

    def put(self, *names: str, count: int = MANY) -> None:
        self.is_rung = True
        for name in names:
            self.runs.append([self.bench.write(f"{name}{number}", name.encode()) for number in range(count)])

    def run(self) -> None:
        applier = Applier(self.disk, self.bench.staging, self.bench.abilities)
        Masses(applier, self, self.more, self.places, self.ended).run(self.more(MANY, False))

    def done(self) -> set[str]:
        """Of which batches all is told to be done; of each, all or nothing."""
        found: dict[str, set[type[Outcome]]] = {}
        for one in self.told:
            found.setdefault(one.op.node.at.name[0], set()).add(type(one))  # type: ignore[union-attr]
        assert all(len(kinds) == 1 for kinds in found.values())
        return {name for name, kinds in found.items() if kinds == {Done}}

    def there(self) -> set[str]:
        """Of which batches anything is in the tree; each must be there as a whole then."""
        tree = self.disk.user.tree()
        found = {path[0] for path in tree}
        assert all(len([path for path in tree if path[0] == one]) == MANY for one in found)
        assert all(content == path[0].encode() for path, content in tree.items())
        return found


def crew(when: int = 0, disk: MemoryDisk | None = None) -> Crew:
    disk, bench = memory_bench(disk)
    return Crew(bench, disk, when=when)


def nth(call: str, number: int, act: Callable[[], None]) -> Callable[[str, RelPath], None]:
    """Do something before the call of that number."""
    left = [number]

    def before(name: str, path: RelPath) -> None:
        if name == call:
            left[0] -= 1
            if not left[0]:
                act()

    return before


def hooked(crew: Crew, hook: Callable[[str, RelPath], None]) -> None:
    def both(call: str, path: RelPath) -> None:
        hook(call, path)
        crew.before_call(call, path)

    crew.disk.before_call = both


def fail() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


BESIDE: Final = pytest.mark.parametrize(
    "when", [0, 1, MANY // 2, MANY, MANY + 1], ids=["before", "first", "middle", "last", "after"]
)
"""When the sync is done, by the making of the next batch."""


@BESIDE
def test_masses_are_done_in_their_order_with_one_sync_between_two(when: int) -> None:
    on = crew(when)
    on.put("a", "b", "c", "d")
    syncs: list[None] = []
    hooked(on, lambda call, _: syncs.append(None) if call == "sync" else None)
    on.run()
    assert [names[0][0] for names in on.placed] == ["a", "b", "c", "d"]
    assert [one.op.node.at.name[0] for one in on.told[::MANY]] == ["a", "b", "c", "d"]  # type: ignore[union-attr]
    assert on.done() == on.there() == {"a", "b", "c", "d"}
    assert len(syncs) == 5
    assert on.bench.staged() == []


@BESIDE
def test_never_are_more_than_three_batches_under_way(when: int) -> None:
    on = crew(when)
    on.put(*"abcdefgh")
    on.run()
    assert max(on.under_way) == 2, "and the one that is made while the disk is waited for"
    assert len(on.under_way) == 9


def test_what_comes_while_the_disk_is_waited_for_is_made_meanwhile() -> None:
    on = crew(MANY + 1)
    on.put("a")
    coming = deque(["b", "c"])
    made_before: list[bool] = []
    is_over = on.is_over

    def comes(*, or_more: bool) -> bool:
        if or_more and coming and not on.runs:
            on.put(coming.popleft())
            return False
        made_before.append(any(name.startswith("new.") for name in on.bench.staged()))
        return is_over(or_more=or_more)

    on.is_over = comes  # type: ignore[method-assign]
    on.run()
    assert on.done() == {"a", "b", "c"}
    assert made_before[0]


def test_small_runs_that_wait_are_one_batch() -> None:
    on = crew()
    on.put("a")
    for number in range(MANY):
        on.runs.append([on.bench.write(f"b{number}", b"b")])
    on.run()
    assert [len(names) for names in on.placed] == [MANY, MANY]
    assert on.done() == on.there() == {"a", "b"}


def test_few_are_done_with_others_and_no_batch_is_begun_for_them() -> None:
    on = crew()
    on.put("a", count=MANY - 2)
    on.put("b", count=2)
    on.put("c", count=FEW)
    on.run()
    assert [len(names) for names in on.placed] == [MANY]
    assert len(on.runs) == 1


# --- a sync that fails ------------------------------------------------------------------------------------------


@pytest.mark.hazard("B9")
@BESIDE
@pytest.mark.parametrize("which", [1, 2, 3, 4, 5])
def test_with_a_sync_that_fails_all_is_lost_that_was_made_since_the_one_before(which: int, when: int) -> None:
    """The kernel tells of pages that it could not write once, and takes them for written then."""
    on = crew(when)
    on.put("a", "b", "c", "d")
    hooked(on, nth("sync", which, fail))
    on.run()
    names = " abcd "  # the sync of that number is for the names of one, and the content of the next
    lost = set(names[which - 1 : which + 2]) & set("abcd")
    assert len(on.told) == 4 * MANY
    assert on.done() == set("abcd") - lost
    assert {type(one) for one in on.told} == {Done, Failed}
    assert on.there() == set("abcd") - lost | ({names[which - 1]} & set("abcd")), "in place, and not told to be"
    assert on.bench.staged() == []


@pytest.mark.hazard("B9")
def test_what_comes_after_a_sync_that_failed_is_done() -> None:
    on = crew(1)
    on.put("a", "b")
    on.put("c", count=FEW + 1)
    hooked(on, nth("sync", 2, fail))
    on.on_told = lambda: on.put("d") if len(on.told) == MANY else None  # into the batch of c, of which nothing is left
    on.run()
    assert [type(one) for one in on.told] == [Failed] * (2 * MANY + FEW + 1) + [Done] * MANY
    assert on.there() == {"a", "d"}


@pytest.mark.hazard("B9")
@BESIDE
def test_where_each_is_made_durable_alone_one_that_fails_is_lost_alone(when: int) -> None:
    on = crew(when, NoSyncfs())
    on.put("a", "b", "c")
    hooked(on, nth("file.sync", MANY + 3, fail))
    on.run()
    failed = [one.op.node.at.name for one in on.told if isinstance(one, Failed)]  # type: ignore[union-attr]
    assert failed == ["b2"]
    before = on.disk.user.tree()
    assert len(before) == 3 * MANY - 1
    assert on.bench.staged() == []
    on.disk.crash()
    assert on.disk.user.tree() == before


# --- power cuts, and a root that goes ----------------------------------------------------------------------------


@pytest.mark.hazard("B5", "B6", "N8")
@BESIDE
def test_whenever_the_power_goes_what_was_told_is_there_and_all_in_the_tree_is_whole(when: int) -> None:
    class PowerCut(BaseException):
        pass

    def cut() -> None:
        raise PowerCut

    calls: list[str] = []
    whole = crew(when)
    whole.put("a", "b", "c")
    hooked(whole, lambda call, _: calls.append(call))
    whole.run()
    for number in range(1, len(calls) + 1, 3):
        on = crew(when)
        on.put("a", "b", "c")
        left = [number]

        def goes(call: str, path: RelPath) -> None:
            left[0] -= 1  # noqa: B023 - it is over within this turn
            if not left[0]:  # noqa: B023
                cut()

        hooked(on, goes)
        with suppress(PowerCut):
            on.run()
        on.disk.before_call = lambda call, path: None
        told = {one.op.node.at.name for one in on.told if isinstance(one, Done)}  # type: ignore[union-attr]
        on.disk.crash()
        assert on.bench.restart() == ()
        tree = on.disk.user.tree()
        assert told <= tree.keys()
        assert all(content == path[0].encode() for path, content in tree.items())
        assert on.bench.staged() == []


@pytest.mark.hazard("E1")
@BESIDE
def test_when_the_root_goes_it_is_told_and_nothing_more_is_begun(when: int) -> None:
    calls: list[str] = []
    whole = crew(when)
    whole.put("a", "b", "c")
    hooked(whole, lambda call, _: calls.append(call))
    whole.run()
    for number in range(1, len(calls) + 1, 7):
        on = crew(when)
        on.put("a", "b", "c")
        left = [number]

        def goes(call: str, path: RelPath) -> None:
            left[0] -= 1  # noqa: B023 - it is over within this turn
            on.disk.root_there = left[0] > 0  # noqa: B023

        hooked(on, goes)
        with pytest.raises(RootMissing):
            on.run()
        assert on._work is None, "what the other thread does is over when the marks are closed"


@pytest.mark.parametrize("call", ["sync", "mark", "rename", "file.write"])
@pytest.mark.parametrize("number", [1, 2, 25, 45])
def test_marks_are_closed_whatever_happens(call: str, number: int) -> None:
    on = crew(3)
    on.put("a", "b", "c", "d")
    made: list[CountingMark] = []

    class CountingMark(MemoryMark):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    def mark() -> MemoryMark:
        made.append(CountingMark(on.disk))
        return made[-1]

    on.disk.mark = mark  # type: ignore[method-assign]
    hooked(on, nth(call, number, fail if number < MANY else lambda: setattr(on.disk, "root_there", False)))
    with suppress(RootMissing):
        on.run()
    assert made
    assert {one.closed for one in made} == {1}


# --- what others do meanwhile --------------------------------------------------------------------------------------


@pytest.mark.hazard("B1", "N7")
@BESIDE
def test_each_is_looked_for_again_when_its_content_is_durable(when: int) -> None:
    on = crew(when)
    on.put("a", "b", "c")
    on.on_told = lambda: on.disk.user.write("c3", b"the user's") if len(on.told) == MANY else None
    on.run()
    stale = [one.op.node.at.name for one in on.told if isinstance(one, StaleTask)]  # type: ignore[union-attr]
    assert stale == ["c3"]
    assert on.disk.user.read("c3") == b"the user's"
    assert sum(isinstance(one, Done) for one in on.told) == 3 * MANY - 1
    assert on.bench.staged() == []
