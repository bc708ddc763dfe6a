"""What the watcher saw, gathered until it is worth a look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncagent.localfs.dirty import DirtySet, Hints, Pace, Seen
from syncagent.model.names import RelPath, split

PACE = Pace(window=0.001, quiet=0.2, longest=5.0, hold=0.06)


class Counted(DirtySet):
    """Counts how often it goes through all that waits."""

    times = 0

    def _entries(self) -> Iterator[Any]:
        self.times += 1
        return super()._entries()


def test_in_a_crowd_nothing_is_gone_through_as_long_as_nothing_can_be_due() -> None:
    dirty = Counted(PACE)
    assert not dirty.crowded
    for number in range(100):
        saw(dirty, f"gone d/{number}", now=0.0001 * number)
        assert dirty.take(0.0001 * number) is None
    assert dirty.crowded
    assert dirty.times < 5
    given = batches(dirty)
    assert sum(len(hints.paths) for _, hints in given) == 100
    assert given[0][0] == 0.06


def p(text: str) -> RelPath:
    return RelPath(text)


def saw(dirty: DirtySet, line: str, now: float = 0.0) -> None:
    """``closed a/b``; a folder has a slash behind it; ``appeared b < a`` was moved there from ``a``."""
    seen, _, rest = line.partition(" ")
    path, _, origin = rest.partition(" < ")
    dirty.saw(now, p(path.rstrip("/")), Seen(seen), is_dir=path.endswith("/"), origin=p(origin) if origin else None)


def batches(dirty: DirtySet) -> list[tuple[float, Hints]]:
    """All that it gives from now on, each at the moment when it is due."""
    found: list[tuple[float, Hints]] = []
    last = float("-inf")
    while (due := dirty.next_due()) is not None:
        hints = dirty.take(due)
        if hints is not None:
            found.append((due, hints))
        else:
            assert due > last, "it was due, and is still"
        last = due
    return found


def paths(*found: str) -> Hints:
    return Hints(tuple(p(path) for path in found), (), everything=False, reason="seen")


def folders(*found: str) -> Hints:
    return Hints((), tuple(p(path) for path in found), everything=False, reason="seen")


@dataclass(frozen=True)
class Row:
    title: str
    seen: list[tuple[float, str]]
    given: list[tuple[float, Hints]]


TABLE = [
    Row("a closed file goes on at once", [(0, "created a"), (0, "written a"), (0, "closed a")], [(0.001, paths("a"))]),
    Row("one that was there before, and was written into: at this very moment",
        [(0.1, "written a"), (0.1002, "written a"), (0.1005, "closed a")], [(0.1005, paths("a"))]),
    Row("a touched file too", [(0, "touched a")], [(0.001, paths("a"))]),
    Row("a link too", [(0, "appeared a")], [(0.001, paths("a"))]),
    Row("a file being written waits until it is quiet", [(0, "written a"), (0.1, "written a")], [(0.3, paths("a"))]),
    Row("a file that is only opened waits too", [(0, "created a")], [(0.2, paths("a"))]),
    Row("a chmod while it is written changes nothing", [(0, "written a"), (0, "touched a")], [(0.2, paths("a"))]),
    Row("a new folder is looked at with all beneath it", [(0, "appeared d/")], [(0.001, folders("d"))]),
    Row("what lies in it is not named beside it", [(0, "appeared d/"), (0, "closed d/a")], [(0.001, folders("d"))]),
    Row("nor folders in it", [(0, "appeared d/e/"), (0, "appeared d/")], [(0.001, folders("d"))]),
    Row("a name is not what lies beneath it", [(0, "appeared d/"), (0, "gone de/")],
        [(0.001, Hints((p("de"),), (p("d"),), everything=False, reason="seen"))]),
    Row("a file that goes is held back a little", [(0, "gone a")], [(0.06, paths("a"))]),
    Row("unless it was made just now", [(0, "created a"), (0, "closed a"), (0, "gone a")], [(0.001, paths("a"))]),
    Row("a folder that goes is not held back", [(0, "gone d/")], [(0.001, paths("d"))]),
    Row("and stands for all that went from it",
        [(0, "gone d/a"), (0, "gone d/b"), (0.001, "gone d/e/"), (0.002, "gone d/")], [(0.002, paths("d"))]),
    Row("but not for what stands in it again", [(0, "gone d/a"), (0, "closed d/a"), (0.002, "gone d/")],
        [(0.001, paths("d/a")), (0.003, paths("d"))]),
    Row("what was moved out of it is not looked at before it",
        [(0, "gone d/a"), (0, "appeared b < d/a"), (0.0595, "gone d/")], [(0.06, paths("b", "d"))]),
    Row("the halves of a rename go together", [(0, "gone a"), (0.0005, "appeared b < a")], [(0.06, paths("a", "b"))]),
    Row("those of a fresh file too, at once",
        [(0, "created t"), (0, "closed t"), (0.02, "gone t"), (0.0205, "appeared a < t")],
        [(0.0215, paths("a", "t"))]),
    Row("and those of a folder", [(0, "gone d/"), (0.0005, "appeared e/ < d")],
        [(0.0015, Hints((p("d"),), (p("e"),), everything=False, reason="seen"))]),
    Row("vim: what was moved aside waits for what is written in its place",
        [(0, "gone a"), (0, "appeared a~ < a"), (0.01, "created a"), (0.02, "written a"), (0.1, "written a")],
        [(0.3, paths("a", "a~"))]),
    Row("vim, quick: the new text goes on first",
        [(0, "gone a"), (0, "appeared a~ < a"), (0.01, "created a"), (0.02, "closed a")],
        [(0.021, paths("a")), (0.06, paths("a~"))]),
    Row("a second vim save is treated like the first",
        [(0, "gone a"), (0, "created a"), (0, "closed a"), (0, "gone a")], [(0.06, paths("a"))]),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.title)
def test_when_a_hint_is_handed_on(row: Row) -> None:
    dirty = DirtySet(PACE)
    for now, line in row.seen:
        saw(dirty, line, now)

    found = batches(dirty)
    assert [hints for _, hints in found] == [hints for _, hints in row.given]
    assert [due for due, _ in found] == pytest.approx([due for due, _ in row.given])


def test_nothing_is_due_where_nothing_was_seen() -> None:
    dirty = DirtySet(PACE)
    assert dirty.next_due() is None
    assert dirty.take(1e9) is None


def test_nothing_is_given_before_it_is_due() -> None:
    dirty = DirtySet(PACE)
    saw(dirty, "closed a")
    assert dirty.take(0.0009) is None
    assert dirty.take(0.0011) == paths("a")


@pytest.mark.hazard("A5")
@pytest.mark.parametrize("lines", [["written log"], ["created log", "closed log"], ["gone log", "created log"]])
def test_a_file_that_is_never_quiet_is_looked_at_all_the_same(lines: list[str]) -> None:
    dirty = DirtySet(Pace(window=1.0, quiet=1.0, hold=1.0, longest=5.0))
    now, given_at = 0.0, []
    while now < 21:
        for line in lines:
            saw(dirty, line, now)
        now += 0.5
        if dirty.take(now) is not None:
            given_at.append(now)
    # The first hint of a new round comes up to half a second after the last look.
    assert len(given_at) >= 3
    assert max(b - a for a, b in zip([0.0, *given_at], given_at, strict=False)) <= 5.5


def test_an_edit_that_stands_alone_goes_on_in_the_same_moment() -> None:
    def due(dirty: DirtySet, *lines: str, now: float) -> float | None:
        for line in lines:
            saw(dirty, line, now)
        return dirty.next_due()

    dirty = DirtySet(PACE)
    assert due(dirty, "written a", "closed a", now=1) == 1
    dirty.take(1)
    assert due(dirty, "written b", "closed b", now=1.002) == pytest.approx(1.003), "of many, some come together"
    dirty.take(1.003)
    assert due(dirty, "created t", "written t", "closed t", now=2) == pytest.approx(2.001), "it may be renamed at once"
    dirty.take(2.001)
    assert due(dirty, "written t", "closed t", now=3) == 3
    dirty.take(3)
    assert due(dirty, "written c", "touched c", "closed c", now=4) == 4
    assert due(dirty, "touched c", now=4) == 4
    dirty.take(4)
    assert due(dirty, "gone d", "written d", "closed d", now=5) == pytest.approx(5.001), "something is put in its place"


def test_everything_comes_at_once_and_takes_the_rest_with_it() -> None:
    dirty = DirtySet(PACE)
    for line in ("closed a", "gone b", "appeared d/"):
        saw(dirty, line)
    dirty.everything(0.0, "overflow")
    saw(dirty, "closed c")
    assert batches(dirty) == [(0.0, Hints((), (), everything=True, reason="overflow"))]


def test_a_file_being_written_is_looked_at_again_after_everything() -> None:
    dirty = DirtySet(PACE)
    saw(dirty, "written a")
    dirty.everything(0.0, "start")
    assert batches(dirty)[1:] == [(0.2, paths("a"))]


def test_many_hints_in_one_folder_become_the_folder() -> None:
    dirty = DirtySet(PACE)
    for number in range(PACE.in_folder):
        saw(dirty, f"closed d/{number}")
    assert len(batches(dirty)[0][1].paths) == PACE.in_folder

    for number in range(PACE.in_folder + 1):
        saw(dirty, f"closed d/{number}", 10.0)
    saw(dirty, "closed other/a", 10.0)
    (_, hints), *rest = batches(dirty)
    assert hints == Hints((p("other/a"),), (p("d"),), everything=False, reason="seen")
    assert not rest


def test_many_in_the_root_itself_become_everything() -> None:
    dirty = DirtySet(PACE)
    for number in range(PACE.in_folder + 1):
        saw(dirty, f"closed {number}")
    [(_, hints)] = batches(dirty)
    assert hints == Hints((), (), everything=True, reason="many")


def test_many_files_being_written_are_not_looked_at_early() -> None:
    dirty = DirtySet(PACE)
    for number in range(300):
        saw(dirty, f"written d/{number}")
    assert [due for due, _ in batches(dirty)] == [pytest.approx(0.2)]


def test_many_hints_over_all_become_the_lowest_folders_that_are_few() -> None:
    dirty = DirtySet(PACE)
    for number in range(PACE.in_all + 1):
        saw(dirty, f"closed project/src/{number % 60}/deep/{number}")
    saw(dirty, "closed notes.txt")
    [(_, hints)] = batches(dirty)
    assert hints.paths == ("notes.txt",)
    assert hints.folders == tuple(sorted(f"project/src/{number}/deep" for number in range(60)))


def test_many_hints_in_many_places_become_everything() -> None:
    dirty = DirtySet(PACE)
    for number in range(PACE.in_all + 1):
        saw(dirty, f"closed {number}/a")
    [(_, hints)] = batches(dirty)
    assert hints.everything


def test_a_burst_comes_in_large_batches_and_an_edit_after_it_is_quick_again() -> None:
    dirty = DirtySet(PACE)
    given, now = [], 0.0
    for number in range(20_000):
        now += 1 / 20_000
        saw(dirty, f"created {number % 100}/{number}", now)
        saw(dirty, f"closed {number % 100}/{number}", now)
        if (hints := dirty.take(now)) is not None:
            given.append(hints)
    given.extend(hints for _, hints in batches(dirty))
    assert len(given) < 100, "at most the first few come one by one"
    assert len([hints for hints in given if hints.folders or len(hints.paths) > 1]) < 15

    saw(dirty, "closed a", now + 2)
    [(due, hints)] = batches(dirty)
    assert hints == paths("a")
    assert due == pytest.approx(now + 2.001)


# --- nothing is lost --------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "d"])
some_path = st.lists(names, min_size=1, max_size=4).map("/".join).map(RelPath)
step = st.one_of(
    st.tuples(st.just("saw"), some_path, st.sampled_from(Seen), st.booleans(), st.none() | some_path),
    st.tuples(st.just("wait"), st.floats(0.0, 1.0)),
    st.tuples(st.just("everything")),
    st.tuples(st.just("many"), some_path, st.integers(1, 12)),
)


def covers(hints: Hints, path: RelPath, *, beneath: bool) -> bool:
    if hints.everything or (not beneath and path in hints.paths) or path in hints.folders:
        return True
    while path:
        path, _ = split(path)
        if path in hints.folders:
            return True
    return False


@pytest.mark.hazard("A1")
@settings(max_examples=400, deadline=None)
@given(st.lists(step, max_size=60))
def test_whatever_was_seen_is_named_by_a_later_batch(steps: list[tuple[object, ...]]) -> None:
    dirty = DirtySet(Pace(in_folder=4, in_all=10))
    open_: list[tuple[float, RelPath, bool, bool]] = []
    now = 0.0

    def hand_on(hints: Hints | None) -> None:
        if hints is not None:
            assert hints.everything or hints.paths or hints.folders, "an empty batch"
            open_[:] = [entry for entry in open_ if not covers(hints, entry[1], beneath=entry[2])]
        late = [path for first, path, _, _ in open_ if now > first + 5.3]
        assert not late, "longer than the longest wait and the longest pause"

    def note(path: RelPath, seen: Seen, *, is_dir: bool = False, origin: RelPath | None = None) -> None:
        dirty.saw(now, path, seen, is_dir=is_dir, origin=origin)
        if seen is Seen.GONE and is_dir:  # it stands for what went from it
            open_[:] = [(one[0], path, *one[2:]) if one[3] and split(one[1])[0] == path else one for one in open_]
        open_.append((now, path, is_dir and seen in (Seen.APPEARED, Seen.CREATED), seen is Seen.GONE))

    for one in steps:
        match one:
            case ("saw", path, seen, is_dir, origin):
                note(path, seen, is_dir=is_dir, origin=origin)  # type: ignore[arg-type]
            case ("many", path, count):
                for number in range(count):  # type: ignore[call-overload]
                    note(RelPath(f"{path}/{number}"), Seen.CLOSED)
            case ("everything",):
                dirty.everything(now, "overflow")
            case ("wait", seconds):
                until = now + seconds  # type: ignore[operator]
                while (due := dirty.next_due()) is not None and due <= until:
                    now = max(now, due)
                    hand_on(dirty.take(now))
                now = until
    while (due := dirty.next_due()) is not None:
        now, hints = max(now, due), dirty.take(max(now, due))
        assert hints is not None or (again := dirty.next_due()) is None or again > now, "it was due, and is still"
        hand_on(hints)
    assert open_ == []
