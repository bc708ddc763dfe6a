"""``in_sync`` is said only when nothing is open (N15), and what is not at one is listed with a reason."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.standing import AT_HUB, ONLY_READS
from syncagent.engine.status import State
from syncagent.model.changes import Operation
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from tests.support.solo import Solo, file, folder, large


def edit_here(solo: Solo) -> None:
    solo.user.write("a", b"edited")
    solo.hinted("a")


def delete_here(solo: Solo) -> None:
    solo.user.delete("a")
    solo.hinted("a")


def hint_and_freeze(solo: Solo) -> None:
    solo.frozen = True
    solo.hinted("a")


def scan_and_freeze(solo: Solo) -> None:
    solo.frozen = True
    solo.feed(ev.Hinted(everything=True))


def told_of_more(solo: Solo) -> None:
    solo.hear(solo.entry(file("x", "new", b"n")))


def told_of_a_gap(solo: Solo) -> None:
    solo.entry(file("x", "one", b"1"))
    solo.hear(solo.entry(file("y", "two", b"2")))


def a_large_file(solo: Solo) -> None:
    solo.user.write("big", large("big"))
    solo.hinted("big")


OPEN: list[tuple[Callable[[Solo], object], State]] = [
    (edit_here, State.SYNCING),
    (delete_here, State.SYNCING),
    (hint_and_freeze, State.SYNCING),
    (scan_and_freeze, State.SYNCING),
    (told_of_more, State.SYNCING),
    (told_of_a_gap, State.CATCHING_UP),
    (a_large_file, State.SYNCING),
    (lambda solo: solo.offline(), State.OFFLINE),
    (lambda solo: solo.offline().welcome(), State.CATCHING_UP),
    (lambda solo: solo.feed(ev.Paused(True)), State.PAUSED),
    (lambda solo: solo.feed(ev.RootLost("unplugged")), State.HALTED),
    (lambda solo: solo.feed(ev.LinkDown("no key", final=True)), State.HALTED),
]


@pytest.mark.parametrize(("what", "state"), OPEN, ids=[str(number) for number in range(len(OPEN))])
def test_while_anything_is_open_it_is_not_in_sync_n15(what: Callable[[Solo], object], state: State) -> None:
    solo = Solo().synced(a=b"1")
    what(solo)
    assert solo.status.state is state
    assert not solo.status.in_sync
    assert solo.engine.status.in_sync is False, "and it was told at once"


def test_what_is_pending_is_counted() -> None:
    solo = Solo().synced(a=b"1").offline()
    edit_here(solo)
    solo.user.write("b", b"2")
    solo.hinted("b")
    assert (solo.status.pending, solo.status.files) == (2, 1)


def test_what_waits_is_told_with_its_way_its_size_and_its_age() -> None:
    solo = Solo().synced(a=b"1").offline()
    edit_here(solo)
    solo.user.write("b", b"four")
    solo.hinted("b")
    waiting = solo.engine.standing.waiting(10)
    assert sorted((one.path, one.out, one.busy, one.size) for one in waiting) == [
        ("a", True, False, 6), ("b", True, False, 4),
    ]  # fmt: skip
    assert all(one.since is not None for one in waiting)
    assert len(solo.engine.standing.waiting(1)) == 1


def test_what_is_being_carried_over_waits_before_all_else() -> None:
    solo = Solo().synced(a=b"1", b=b"2")
    solo.frozen = True
    told_of_more(solo)
    solo.hear(solo.entry(folder("y", "here soon")))
    first, *rest = solo.engine.standing.waiting(10)
    assert (first.path, first.out, first.busy) == ("here soon", False, True)
    assert [(one.path, one.out, one.busy) for one in rest] == [("new", False, False)]


def test_numbers_of_the_journal_are_those_of_the_hub_and_our_own() -> None:
    solo = Solo().synced(a=b"1", b=b"2")
    assert (solo.status.hub_seq, solo.status.applied_seq) == (2, 2)
    solo.offline()
    solo.head = 9
    solo.welcome()
    assert (solo.status.hub_seq, solo.status.applied_seq) == (9, 2)


def test_a_machine_that_only_reads_is_in_sync_until_something_is_changed_there() -> None:
    solo = Solo().start().online(may_write=False)
    assert (solo.status.in_sync, solo.status.reason) == (True, "")
    edit_here(solo)
    assert (solo.status.in_sync, solo.status.reason) == (False, ONLY_READS)


def test_what_the_disk_refuses_is_listed_with_its_reason_and_holds_up_nothing_else_n19() -> None:
    solo = Solo().synced(a=b"1")

    def refuse(call: str, path: RelPath) -> None:
        if call == "rename" and path == "a":
            raise OSError(errno.EACCES, "no")

    solo.disk.before_call = refuse
    node_id = solo.id_of("a")
    node = solo.engine.canopy.remote.get(node_id)
    assert isinstance(node, File)
    solo.hear(
        solo.entry(file(node_id, "moved", b"1", mtime_ns=node.mtime_ns), Operation.MOVE),
        solo.entry(file("x", "other", b"o")),
    ).give(b"o")
    assert solo.tree() == {"a": b"1", "other": b"o"}
    [(path, reason)] = solo.status.held
    assert path == "a"
    assert reason.endswith(f"({AT_HUB}moved)"), "where it is told to stand, it does not stand elsewhere"
    assert not solo.status.in_sync
    solo.disk.before_call = lambda call, path: None
    solo.pass_time(60)
    assert solo.tree() == {"moved": b"1", "other": b"o"}
    assert solo.status.held == ()
    assert solo.status.in_sync


@pytest.mark.hazard("N15")
def test_what_waits_for_what_is_held_is_told_too_but_not_all_that_is_new_in_it() -> None:
    solo = Solo().synced(a=b"1")

    def refuse(call: str, path: RelPath) -> None:
        if call == "mkdir" and path == "d":
            raise OSError(errno.EINVAL, "no such name")

    solo.disk.before_call = refuse
    node_id = solo.id_of("a")
    node = solo.engine.canopy.remote.get(node_id)
    assert isinstance(node, File)
    solo.hear(
        solo.entry(folder("d", "d")),
        solo.entry(file("n", "new", b"n", parent="d")),
        solo.entry(file(node_id, "a", b"1", parent="d", mtime_ns=node.mtime_ns), Operation.MOVE),
        solo.entry(file("x", "a", b"x")),
    ).give(b"n", b"x")
    held = dict(solo.status.held)
    assert held.keys() == {"a", "d"}, "the new one at its name has that name, too"
    assert held[RelPath("a")].startswith("it waits for ")
    assert held[RelPath("d")] == "no such name"
    solo.disk.before_call = lambda call, path: None
    solo.pass_time(60).give(b"n", b"x")
    assert solo.tree() == {"a": b"x", "d": None, "d/a": b"1", "d/new": b"n"}
    assert solo.status.in_sync


def test_what_is_held_back_before_it_is_here_has_its_name_from_the_hub() -> None:
    solo = Solo().synced(a=b"1")

    def refuse(call: str, path: RelPath) -> None:
        if call in ("open", "write", "rename") and ".syncagent" in path:
            raise OSError(errno.ENOSPC, "full")

    solo.disk.before_call = refuse
    solo.hear(solo.entry(file("x", "new", b"n" * 10))).give(b"n" * 10)
    assert [path for path, _ in solo.status.held] == ["new"]


@pytest.mark.parametrize("code", ["quota_exceeded", "mass_delete_held", "permission_denied", "storage_full"])
def test_what_the_hub_refuses_for_now_is_tried_again_within_a_minute_n19(code: str) -> None:
    solo = Solo().synced(a=b"1")
    edit_here(solo)
    for _ in range(8):
        solo.refuse(solo.submitted(), code)
        assert [path for path, _ in solo.status.held] == ["a"]
        assert solo.drain(ef.Submit) == []
        solo.pass_time(61)
    assert solo.accept()
    assert solo.status.in_sync


def test_what_the_hub_refuses_for_good_is_tried_once_more_on_another_connection() -> None:
    solo = Solo().synced(a=b"1")
    edit_here(solo)
    solo.refuse(solo.submitted(), "message_too_large")
    solo.pass_time(1000)
    assert solo.submitted() == []
    assert solo.status.held == (("a", "message_too_large"),)
    solo.offline().online()
    assert solo.accept()
    assert solo.status.in_sync


@pytest.mark.parametrize("code", ["conflict", "name_taken", "parent_missing", "not_found"])
def test_a_refusal_that_comes_again_and_again_does_not_go_round_in_circles(code: str) -> None:
    solo = Solo().synced(a=b"1")
    edit_here(solo)
    tries = 0
    for _ in range(30):
        while changes := solo.submitted():
            tries += 1
            assert tries < 20
            solo.refuse(changes, code)
        solo.pass_time(1)
    assert solo.status.held == (("a", code),)


@pytest.mark.hazard("N15")
def test_what_the_hub_has_not_acknowledged_is_counted_from_when_it_was_first_seen() -> None:
    solo = Solo().synced(a=b"1").offline()
    assert (solo.status.unacknowledged, solo.status.unacknowledged_since) == (0, None)
    edit_here(solo)
    first = solo.now
    solo.pass_time(10)
    edit_here(solo)
    solo.user.write("b", b"2")
    solo.hinted("b")
    assert (solo.status.unacknowledged, solo.status.unacknowledged_since) == (2, first)
    solo.online()
    changes = solo.submitted()
    assert solo.status.unacknowledged == 2, "submitted is not acknowledged"
    solo.accept(changes[:1])
    assert solo.status.unacknowledged == 1
    solo.accept(changes[1:])
    assert (solo.status.unacknowledged, solo.status.in_sync) == (0, True)


def test_what_came_from_the_hub_and_is_not_here_yet_is_not_ours_to_be_acknowledged() -> None:
    solo = Solo().synced(a=b"1")
    told_of_more(solo)
    assert (solo.status.pending, solo.status.unacknowledged) == (1, 0)


def test_a_refusal_of_what_is_at_one_by_now_holds_nothing_back() -> None:
    solo = Solo().synced(a=b"1")
    solo.user.write("new", b"2")
    changes = solo.hinted("new").submitted()
    solo.user.delete("new")
    solo.hinted("new").pass_time(1)
    solo.refuse(changes, "quota_exceeded")
    assert (solo.status.held, solo.status.in_sync) == ((), True)


@pytest.mark.hazard("N15")
def test_a_file_that_cannot_be_read_does_not_keep_what_is_settled_in_memory() -> None:
    solo = Solo().synced(a=b"1")

    def refuse(call: str, path: RelPath) -> None:
        if (call, path) == ("open", "x"):
            raise OSError(errno.EACCES, "no")

    solo.disk.before_call = refuse
    solo.user.write("x", b"2")
    solo.user.write("big", large("big"))
    solo.hinted("x", "big").accept_all()
    assert (solo.status.in_sync, solo.status.settled) == (False, True)
    assert not solo.engine._local.at_hand.recipes


# --- one path fails ---------------------------------------------------------------------------------------------


def fails(solo: Solo, number: int, at: Callable[[str, str], bool]) -> None:
    """Calls on the disk fail with this errno where ``at`` says so of a call and its path."""

    def fail(call: str, path: RelPath) -> None:
        if at(call, path):
            raise OSError(number, os.strerror(number), path)

    solo.disk.before_call = fail


FAULTS: dict[str, tuple[int, Callable[[str, str], bool]]] = {
    "the content of a file": (errno.EIO, lambda call, path: call == "open" and path == "d/bad"),
    "a file": (errno.EIO, lambda call, path: call in ("open", "stat", "rename") and path == "d/bad"),
    "a folder": (errno.EACCES, lambda call, path: path.startswith("d/") or (call == "list" and path == "d")),
}
"""What fails, for as long as nobody mends it."""


def told_of(solo: Solo) -> dict[str, str]:
    """The paths that are not as they should be, each with its reason."""
    return {str(path): reason for path, reason in (*solo.status.held, *solo.status.unreadable)}


@pytest.mark.hazard("A13", "A14", "N10", "N15", "N19")
@pytest.mark.parametrize("where", ["here", "there"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_path_that_fails_is_told_all_the_time_stops_no_other_and_heals(fault: str, where: str) -> None:
    others = {f"o{number:02}": b"%d" % number for number in range(30)}
    solo = Solo()
    solo.user.mkdir("d")
    solo.synced(**{"d/bad": b"bad"}, **others)
    node_id, parent = solo.id_of("d/bad"), solo.id_of("d")
    fails(solo, *FAULTS[fault])
    if where == "here":
        solo.user.write("d/bad", b"edited")
    solo.hinted("d", "d/bad").pass_time(1)
    edits = []
    if where == "there":
        edits.append(solo.entry(file(node_id, "bad", b"edited", parent), Operation.UPDATE))

    # Others change on both sides, all the time, for ten minutes.
    want: dict[str, bytes] = dict(others)
    for minute in range(10):
        mine, theirs = f"o{minute:02}", f"o{minute + 10:02}"
        want[mine], want[theirs] = b"mine %d" % minute, b"theirs %d" % minute
        solo.user.write(mine, want[mine])
        edits.append(solo.entry(file(solo.id_of(theirs), theirs, want[theirs]), Operation.UPDATE))
        solo.hinted(mine, "d", "d/bad").hear(*edits).give(*want.values(), b"edited").pass_time(1)
        edits.clear()
        assert [change.name for change in solo.accept()] == [mine]
        assert {path: data for path, data in solo.tree().items() if path in others} == want
        for _ in range(59):
            solo.pass_time(1).give(b"edited")
            assert solo.submitted() == []
            assert not solo.status.in_sync
            [(path, reason)] = told_of(solo).items()
            assert path in ("d", "d/bad")
            assert reason

    solo.disk.before_call = lambda call, path: None
    solo.pass_time(60).give(b"edited").accept_all()
    solo.pass_time(0)
    assert solo.tree() == {"d": None, "d/bad": b"edited", **want}
    assert solo.status.in_sync
    assert told_of(solo) == {}


def test_what_was_not_acknowledged_when_the_agent_stopped_is_not_either_when_it_starts() -> None:
    solo = Solo().synced(a=b"1").offline()
    solo.user.write("a", b"2")
    solo.user.write("b", b"new")
    solo.hinted("a", "b")
    assert solo.status.unacknowledged == 2
    solo.start()
    assert (solo.status.pending, solo.status.unacknowledged) == (2, 2)
