"""Rounds of looking: what is believed, when, and what is looked at again."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.local import GRACE, LONGEST_PATIENCE
from syncagent.engine.skipped import RETRY_UNREADABLE
from syncagent.engine.status import State
from syncagent.model.changes import Operation
from syncagent.model.facts import UNSURE
from syncagent.model.ids import ROOT
from syncagent.model.names import RelPath
from tests.support.solo import Solo, file, folder


def operations(solo: Solo) -> list[tuple[Operation, str]]:
    return [(one.operation, one.path) for one in solo.submitted()]


def refuse(solo: Solo, *refused: tuple[str, str], error: int = errno.EACCES) -> Callable[[], None]:
    """Let these calls fail for these paths; gives what lets them succeed again."""

    def answer(call: str, path: RelPath) -> None:
        if (call, path) in refused:
            raise OSError(error, "no")

    solo.disk.before_call = answer
    return lambda: setattr(solo.disk, "before_call", lambda call, path: None)


# --- absence ------------------------------------------------------------------------------------------------------


def test_absence_is_believed_when_it_was_seen_twice() -> None:
    solo = Solo().synced(a=b"1")
    solo.user.delete("a")
    solo.hinted("a").pass_time(GRACE / 2)
    assert operations(solo) == []
    assert not solo.status.in_sync
    solo.pass_time(GRACE)
    assert operations(solo) == [(Operation.DELETE, "a")]


@pytest.mark.hazard("N10")
def test_what_comes_back_untouched_with_its_folder_was_never_gone() -> None:
    solo = Solo().start().online()
    solo.user.mkdir("d")
    solo.user.write("d/a", b"1")
    solo.hinted("d", "d/a").accept_all()
    solo.pass_time(1)
    assert solo.accept_all().status.in_sync
    solo.user.move("d", "elsewhere")
    solo.hinted("d/a").pass_time(GRACE / 2)
    solo.user.move("elsewhere", "d")
    solo.hinted("d/a")
    assert solo.status.in_sync, "it is in doubt no more"
    solo.pass_time(1)
    assert operations(solo) == []


def test_what_is_back_when_it_is_looked_at_again_was_never_gone_a10() -> None:
    solo = Solo().synced(a=b"1")
    before = solo.id_of("a")
    solo.user.delete("a")
    solo.hinted("a").pass_time(GRACE / 2)
    solo.user.write("a", b"saved anew")
    solo.pass_time(GRACE)
    assert operations(solo) == [(Operation.UPDATE, "a")]
    assert solo.id_of("a") == before


@pytest.mark.parametrize("between", [0.0, GRACE / 2], ids=["at once", "a moment later"])
def test_a_rename_that_is_hinted_at_in_two_halves_is_a_rename(between: float) -> None:
    solo = Solo().synced(a=b"1")
    solo.user.move("a", "b")
    solo.hinted("a").pass_time(between).hinted("b")
    assert operations(solo) == [(Operation.MOVE, "b")]
    solo.pass_time(1)
    assert operations(solo) == []


def test_constant_hints_do_not_keep_what_is_gone() -> None:
    solo = Solo().synced(a=b"1", b=b"2")
    solo.user.delete("a")
    solo.hinted("a")
    for _ in range(10):
        solo.pass_time(GRACE / 5).hinted("b")
    assert operations(solo) == [(Operation.DELETE, "a")]


def test_nothing_is_planned_for_what_is_missing() -> None:
    solo = Solo().synced(a=b"1")
    solo.user.delete("a")
    solo.hinted("a")
    node = file(solo.id_of("a"), "a", b"theirs")
    solo.hear(solo.entry(node, Operation.UPDATE)).give(b"theirs")
    assert solo.tree() == {}
    solo.pass_time(1).give(b"theirs")
    assert solo.tree() == {"a": b"theirs"}, "edit beats delete"
    assert operations(solo) == []


@pytest.mark.hazard("D10")
def test_what_was_missed_by_itself_too_when_its_folder_went_is_planned_for() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/a", b"1")
    solo.start().online()
    solo.accept_all()
    node = file(solo.id_of("d/a"), "b", b"1")
    solo.user.delete("d")
    solo.hinted("d").pass_time(GRACE / 2)
    solo.hinted("d/a")
    solo.hear(solo.entry(node, Operation.MOVE)).pass_time(GRACE * 0.6)
    solo.hinted("else")
    for _ in range(5):
        solo.pass_time(GRACE).give(b"1")
    solo.accept_all()
    assert solo.tree() == {"b": b"1"}, "a move beats a delete"


def test_a_folder_goes_with_all_that_was_in_it() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.mkdir("d/e")
    solo.user.write("d/e/x", b"1")
    solo.start().online().accept_all()
    solo.user.delete("d")
    solo.hinted("d").pass_time(1)
    gone: list[str] = []
    while changes := solo.accept():
        gone.extend(one.path for one in changes)
        assert all(one.operation is Operation.DELETE for one in changes)
    assert gone == ["d/e/x", "d/e", "d"]
    assert solo.status.in_sync


@pytest.mark.parametrize("refused", [("stat", "a"), ("list", "")])
def test_an_error_is_no_absence_a14_n10(refused: tuple[str, str]) -> None:
    solo = Solo().synced(a=b"1")
    refuse(solo, refused, error=errno.EIO)
    if refused[0] == "stat":
        solo.user.write("a", b"edited")
    solo.hinted("a")
    if refused[0] == "list":
        solo.feed(ev.Hinted(everything=True))
    solo.pass_time(RETRY_UNREADABLE * 4)
    assert operations(solo) == []
    assert solo.status.skipped


# --- our own tasks ------------------------------------------------------------------------------------------------


def test_facts_that_our_own_task_has_overtaken_are_looked_at_again() -> None:
    """A scan has read the folder before our file was written, and is believed only after it."""
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True))
    (look,) = solo.todo
    (answers,) = [solo._answers(look)]
    solo.todo.clear()
    solo.hear(solo.entry(file("x", "new", b"theirs")), solo.entry(file(solo.id_of("a"), "a", b"2"), Operation.UPDATE))
    solo.give(b"theirs", b"2")
    solo.frozen = False
    solo.work()
    solo.feed(*answers).pass_time(1)
    assert solo.tree() == {"a": b"2", "new": b"theirs"}
    assert operations(solo) == []
    assert solo.status.in_sync


def test_a_rename_of_ours_is_not_seen_backwards() -> None:
    """The first part of a scan has come, with the old name; then we rename; then comes the end of the scan."""
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True))
    answers = solo._answers(solo.todo.pop())
    solo.feed(*answers[:-1])
    solo.hear(solo.entry(file(solo.id_of("a"), "b", b"1"), Operation.MOVE))
    solo.frozen = False
    solo.work()
    solo.feed(answers[-1]).pass_time(1)
    assert solo.tree() == {"b": b"1"}
    assert operations(solo) == []
    assert solo.status.in_sync


@pytest.mark.parametrize("when", ["before the scan is answered", "between two parts of the answer"])
def test_what_is_new_in_a_folder_that_we_move_during_a_scan_is_looked_for_where_it_is_then(when: str) -> None:
    """Found by the simulation, seed 20273: the facts named the old paths, at which there is nothing any more."""
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/x", b"1")
    solo.start().online().accept_all()
    solo.user.mkdir("d/new")
    solo.user.write("d/new/file", b"2")
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True))
    answers = solo._answers(solo.todo.pop())
    first = answers[:-1] if when.startswith("between") else []
    solo.feed(*first)
    solo.hear(solo.entry(folder(solo.id_of("d"), "e"), Operation.MOVE))
    solo.frozen = False
    solo.work()
    solo.feed(*answers[len(first) :]).pass_time(1)
    solo.accept_all()
    assert solo.status.in_sync
    assert solo.engine.canopy.synced.get(solo.id_of("e/new/file")) is not None


def test_what_a_person_does_in_the_moment_of_our_write_is_seen_b13() -> None:
    solo = Solo().synced(a=b"1")
    solo.hear(solo.entry(file(solo.id_of("a"), "a", b"theirs"), Operation.UPDATE)).give(b"theirs")
    solo.user.write("a", b"mine")
    solo.hinted("a")
    assert operations(solo) == [(Operation.UPDATE, "a")]


# --- rounds -------------------------------------------------------------------------------------------------------


def test_a_hint_during_a_round_makes_another_round() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True))
    look = solo.todo.pop()
    answers = solo._answers(look)
    solo.user.write("a", b"later than the look")
    solo.hinted("a")
    assert solo.todo == []
    solo.feed(*answers)
    assert [type(one) for one in solo.todo] == [ef.Look]
    solo.frozen = False
    solo.work()
    assert operations(solo) == [(Operation.UPDATE, "a")]


def test_a_new_folder_that_is_hinted_at_as_a_path_is_walked_a3() -> None:
    solo = Solo().synced()
    solo.user.mkdir("d")
    solo.user.mkdir("d/e")
    solo.user.write("d/e/x", b"1")
    solo.hinted("d").accept_all()
    assert solo.engine.canopy.synced.get(solo.id_of("d/e/x")) is not None
    assert solo.status.in_sync


def test_a_folder_that_was_replaced_by_another_is_walked_a4() -> None:
    """``d`` was renamed, and a new ``d`` was made; the watcher speaks of the two names only."""
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/x", b"1")
    solo.start().online().accept_all()
    solo.user.move("d", "old")
    solo.user.mkdir("d")
    solo.user.write("d/y", b"2")
    solo.hinted("d", "old").pass_time(1).accept_all()
    assert {solo.engine.canopy.local_path(one) for one in solo.engine.canopy.synced.ids()} == {
        "d", "d/y", "old", "old/x",
    }  # fmt: skip
    assert solo.status.in_sync


def test_a_long_round_is_waited_for_without_being_woken() -> None:
    """A path was skipped, and its time to be tried again comes while a scan is under way."""
    solo = Solo()
    solo.user.special("pipe")
    solo.synced(a=b"1")
    solo.frozen = True
    solo.pass_time(1).feed(ev.Hinted(everything=True))
    solo.pass_time(RETRY_UNREADABLE * 10)
    solo.frozen = False
    solo.work().pass_time(RETRY_UNREADABLE * 2)
    assert solo.status.in_sync
    assert [path for path, _ in solo.status.skipped] == ["pipe"]


def test_what_is_new_is_sent_though_someone_has_asked_for_another_scan_meanwhile() -> None:
    """Who waits to be in sync wants a scan that begins from now on; the one under way is not less worth for that."""
    solo = Solo()
    for number in range(4_000):
        solo.user.write(f"f{number}", f"{number}".encode())
    solo.frozen = True
    solo.start().online().feed(ev.ProofWanted(1))
    for _ in range(3):  # the walk, and the first readings
        solo.feed(*solo._answers(solo.todo.pop(0)))
    assert solo.drain(ef.Submit), "long before all is read"


# --- the root -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at rest", "in a round", "with something missing"])
def test_without_a_root_nothing_happens_until_it_is_back_e1(when: str) -> None:
    solo = Solo()
    solo.user.special("pipe")
    solo.synced(a=b"1", b=b"2")
    solo.user.delete("a")
    match when:
        case "in a round":
            solo.frozen = True
            solo.feed(ev.Hinted(everything=True))
            solo.todo.clear()
        case "with something missing":
            solo.hinted("a")
    solo.feed(ev.RootLost("it is not there"))
    solo.frozen = False
    assert (solo.status.state, solo.status.reason) == (State.HALTED, "it is not there")
    solo.hear(solo.entry(file("x", "new", b"n"))).give(b"n")
    solo.pass_time(100)
    assert (operations(solo), sorted(solo.tree())) == ([], ["b", "pipe"])
    solo.user.write("a", b"1", mtime_ns=1)
    solo.feed(ev.RootFound()).give(b"n").pass_time(1)
    solo.accept_all()
    assert solo.tree() == {"a": b"1", "b": b"2", "new": b"n", "pipe": b""}
    assert solo.status.in_sync


def test_a_lost_root_takes_the_tasks_with_it_and_they_are_done_again() -> None:
    """And the paths of those tasks are believed again afterwards: they are not for ever 'about to be changed'."""
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.hear(solo.entry(file("x", "new", b"n"))).give(b"n")
    assert any(isinstance(one, ef.Run) for one in solo.todo)
    solo.todo.clear()
    solo.feed(ev.RootLost("unplugged"), ev.RootFound())
    solo.frozen = False
    solo.work().give(b"n").pass_time(1)
    assert solo.tree() == {"a": b"1", "new": b"n"}
    assert solo.status.in_sync
    solo.user.write("new", b"edited")
    solo.hinted("new").accept_all()
    assert solo.status.in_sync


def test_an_outcome_that_comes_after_the_root_was_lost_is_looked_for() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.hear(solo.entry(file("x", "new", b"n"))).give(b"n")
    run = next(one for one in solo.todo if isinstance(one, ef.Run))
    solo.todo.clear()
    solo.feed(ev.RootLost("unplugged"), ev.RootFound())
    late = solo._answers(run)
    solo.frozen = False
    solo.work().give(b"n")
    solo.feed(*late).pass_time(1)
    assert solo.tree() == {"a": b"1", "new": b"n"}
    assert solo.status.in_sync
    assert operations(solo) == []


def test_nodes_in_doubt_when_the_root_was_lost_are_planned_again() -> None:
    solo = Solo().synced(a=b"1")
    solo.user.delete("a")
    solo.hinted("a")
    solo.hear(solo.entry(file(solo.id_of("a"), "b", b"1"), Operation.MOVE))
    solo.feed(ev.RootLost("unplugged"))
    solo.user.write("a", b"1", mtime_ns=1_600_000_000_000_000_000)
    solo.feed(ev.RootFound()).pass_time(1)
    solo.accept_all()
    assert set(solo.tree()) == {"b"}
    assert solo.status.in_sync


# --- what cannot be read ------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_listed_is_said_and_walked_when_it_can_a14_n19() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/x", b"1")
    again = refuse(solo, ("list", "d"))
    solo.start().online().accept_all()
    for _ in range(3):
        assert [path for path, _ in solo.status.skipped] == ["d"]
        solo.pass_time(RETRY_UNREADABLE)
    again()
    solo.pass_time(RETRY_UNREADABLE + 1).accept_all()
    assert solo.status.skipped == ()
    assert solo.engine.canopy.synced.get(solo.id_of("d/x")) is not None


def test_a_root_that_cannot_be_listed_is_tried_again() -> None:
    solo = Solo()
    solo.user.write("a", b"1")
    again = refuse(solo, ("list", ""), error=errno.EIO)
    solo.start().online()
    assert [path for path, _ in solo.status.skipped] == [""]
    again()
    solo.pass_time(RETRY_UNREADABLE + 1).accept_all()
    assert solo.engine.canopy.synced.get(solo.id_of("a")) is not None


def test_a_file_that_cannot_be_read_is_tried_again_a13() -> None:
    solo = Solo().synced(a=b"1")
    again = refuse(solo, ("open", "a"))
    solo.user.write("a", b"edited")
    solo.hinted("a").pass_time(RETRY_UNREADABLE * 2)
    assert operations(solo) == []
    assert [path for path, _ in solo.status.skipped] == ["a"]
    again()
    solo.pass_time(RETRY_UNREADABLE + 1)
    assert operations(solo) == [(Operation.UPDATE, "a")]


# --- stamps that prove nothing (A8) -------------------------------------------------------------------------------


@pytest.mark.hazard("A8")
def test_a_file_written_in_the_clocks_own_grain_is_looked_at_before_it_is_replaced_a8() -> None:
    solo = Solo(granularity_ns=5_000_000).synced(a=b"1")
    node_id = solo.id_of("a")
    solo.user.write("a", b"2")
    solo.hinted("a").accept_all()
    solo.engine.canopy.set_local(node_id, solo.engine.canopy.local.get(node_id), UNSURE)
    opened: list[str] = []
    solo.disk.before_call = lambda call, path: opened.append(path) if call == "open" else None
    solo.hear(solo.entry(file(node_id, "a", b"3"), Operation.UPDATE)).give(b"3")
    assert solo.tree() == {"a": b"2"}
    solo.pass_time(0.02)
    assert "a" not in opened, "to look at once would prove as little"
    for _ in range(10):
        solo.user.write("other", b"time goes on")
    solo.pass_time(5).give(b"3")
    assert solo.tree()["a"] == b"3"


def test_a_file_that_never_keeps_still_is_looked_at_ever_more_slowly() -> None:
    solo = Solo().synced(a=b"1")
    node_id = solo.id_of("a")
    looks = 0

    def write_on(call: str, path: RelPath) -> None:
        nonlocal looks
        if call == "open" and path == "a":
            looks += 1
            solo.engine.canopy.set_local(node_id, solo.engine.canopy.local.get(node_id), UNSURE)

    solo.disk.before_call = write_on
    solo.scanner = type(solo.scanner)(solo.disk, type(solo.disk.abilities)(10**18, True, False, True, 0o022))
    solo.engine.canopy.set_local(node_id, solo.engine.canopy.local.get(node_id), UNSURE)
    solo.hear(solo.entry(file(node_id, "a", b"3"), Operation.UPDATE)).give(b"3")
    solo.pass_time(120)
    assert 4 < looks < 25
    assert ("a", "it keeps changing") in solo.status.held
    assert LONGEST_PATIENCE < 60


# --- parked -------------------------------------------------------------------------------------------------------


def test_what_lies_in_the_park_at_the_start_is_brought_to_its_place() -> None:
    solo = Solo().synced(a=b"1")
    node_id = solo.id_of("a")
    solo.user.move("a", f".syncagent/park/{node_id}")
    solo.engine = type(solo.engine)(solo.engine._client_id, "Laptop", solo.engine._ids)
    parked = tuple(solo.scanner.parked())
    solo.feed(ev.Started(tuple(solo.rows.values()), solo.facts, {}, parked, "2026-11-22")).online().pass_time(1)
    assert solo.tree() == {"a": b"1"}
    assert operations(solo) == []
    assert solo.status.in_sync


def test_folders_that_change_places_elsewhere_do_so_here_b14() -> None:
    solo = Solo()
    for name in ("d", "e"):
        solo.user.mkdir(name)
        solo.user.write(f"{name}/x", name.encode())
    solo.start().online().accept_all()
    one, two = solo.id_of("d"), solo.id_of("e")
    solo.hear(
        solo.entry(folder(one, "tmp"), Operation.MOVE),
        solo.entry(folder(two, "d"), Operation.MOVE),
        solo.entry(folder(one, "e"), Operation.MOVE),
    )
    assert solo.tree() == {"d": None, "d/x": b"e", "e": None, "e/x": b"d"}
    assert solo.status.in_sync
    assert solo.engine.canopy.local.get(one).at.parent == ROOT  # type: ignore[union-attr]


@pytest.mark.hazard("A13", "N15")
def test_what_should_be_kept_and_could_not_be_read_is_not_in_sync_until_it_can_be() -> None:
    solo = Solo().synced(a=b"1")
    again = refuse(solo, ("open", "new"))
    solo.user.write("new", b"2")
    solo.hinted("new")
    assert [path for path, _ in solo.status.unreadable] == ["new"]
    assert not solo.status.in_sync
    solo.pass_time(RETRY_UNREADABLE * 3)
    assert not solo.status.in_sync
    again()
    solo.pass_time(RETRY_UNREADABLE + 1).accept_all()
    assert (solo.status.unreadable, solo.status.in_sync) == ((), True)


@pytest.mark.hazard("A14", "N15")
def test_a_folder_that_is_there_and_cannot_be_listed_stays_said_when_it_is_only_looked_at() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    refuse(solo, ("list", "d"))
    solo.start().online().accept_all()
    solo.hinted("d")
    assert [path for path, _ in solo.status.unreadable] == ["d"]
    assert not solo.status.in_sync


@pytest.mark.hazard("A15", "N15")
def test_a_pipe_where_a_kept_file_was_is_no_delete_and_not_in_sync_and_elsewhere_it_is_only_skipped() -> None:
    solo = Solo().synced(a=b"1", b=b"2")
    solo.user.special("pipe")
    solo.hinted("pipe")
    assert (solo.status.skipped, solo.status.unreadable) == ((("pipe", "it is a pipe"),), ())
    assert solo.status.in_sync
    solo.user.delete("a")
    solo.user.special("a")
    solo.hinted("a").pass_time(1)
    assert operations(solo) == []
    assert solo.status.unreadable == (("a", "it is a pipe, and something that is kept was there"),)
    assert not solo.status.in_sync


@pytest.mark.hazard("A1")
def test_why_everything_is_looked_at_is_told_until_it_was() -> None:
    solo = Solo().synced(a=b"1")
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True, reason="overflow"))
    assert (solo.status.scan, solo.status.reason) == ("overflow", "rescanning (overflow)")
    solo.feed(ev.Hinted(everything=True, reason="polling"), ev.Hinted(everything=True, reason="woke up"))
    assert solo.status.scan == "overflow", "of that one: the next comes after"
    first, solo.todo = solo.todo, []
    for effect in first:
        solo.feed(*solo._answers(effect))
    assert solo.status.scan == "polling, woke up"
    solo.frozen = False
    solo.work()
    assert (solo.status.scan, solo.status.reason) == (None, "")


@pytest.mark.hazard("A7")
def test_a_write_that_hides_behind_a_rename_is_found_by_the_next_look() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.write("a", b"by hand", mtime_ns=solo.disk.stat(RelPath("a")).mtime_ns)
    solo.user.move("a", "b")
    solo.feed(ev.Hinted(everything=True)).pass_time(1)
    assert [change.operation for change in solo.accept()] == [Operation.MOVE]
    solo.feed(ev.Hinted(everything=True))
    assert [change.content for change in solo.accept()] == [file("b", "b", b"by hand").content]


def test_a_folder_that_was_renamed_is_told_before_what_is_in_it_is_looked_through() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    for number in range(30):
        solo.user.write(f"d/f{number}", f"{number}".encode())
    solo.start().online()
    solo.accept_all()
    solo.user.move("d", "e")
    solo.user.write("e/f3", b"edited at once")
    solo.frozen = True
    solo.feed(ev.Hinted((RelPath("d"), RelPath("e")), (RelPath("e"),)))
    [look] = [one for one in solo.todo if isinstance(one, ef.Look)]
    assert ([wish.path for wish in look.wishes], look.folders) == (["d", "e"], ())
    solo.todo.remove(look)
    for event in solo._answers(look):
        solo.feed(event)
    [change] = solo.submitted()
    assert change.operation is Operation.MOVE
    assert [one.folders for one in solo.todo if isinstance(one, ef.Look)] == [("e",)]
    solo.frozen = False
    solo.accept([change])
    solo.work()
    assert [one.operation for one in solo.accept()] == [Operation.UPDATE], "nothing else in it is news"
    assert solo.status.in_sync


def test_what_a_walk_through_one_folder_shows_of_what_is_known_is_not_taken_in() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.mkdir("d/e")
    for number in range(30):
        solo.user.write(f"d/e/f{number}", f"{number}".encode())
    solo.start().online()
    solo.accept_all()
    solo.frozen = True
    solo.feed(ev.Hinted((), (RelPath("d/e"),)))
    [look] = [one for one in solo.todo if isinstance(one, ef.Look)]
    assert [(wish.path, wish.quiet) for wish in look.wishes] == [("d", False), ("d/e", False)]
    solo.todo.remove(look)
    *parts, last = solo._answers(look)
    for event in parts:
        solo.feed(event)
    assert solo.engine._local._round is not None
    assert solo.engine._local._round.facts == []
    solo.feed(last)
    assert solo.status.in_sync
