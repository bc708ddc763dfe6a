"""Files whose content is yet to be read: what goes on meanwhile, what waits, and what need not be sent at all."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.local import READS_AT_ONCE
from syncagent.engine.rounds import FIRST_READS, READ_BATCH
from syncagent.engine.unread import FIRST, Unread
from syncagent.model.changes import Entry, Operation
from syncagent.model.facts import FileSeen, LookAt, Stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File, Link, Node
from syncagent.trees.canopy import Canopy
from tests.support.solo import Solo, content_of, file, folder

MANY = READ_BATCH * READS_AT_ONCE + 500


def looks(solo: Solo) -> list[ef.Look]:
    return [effect for effect in solo.todo if isinstance(effect, ef.Look)]


def answer_next(solo: Solo) -> None:
    """Let the next look show what it shows."""
    effect = looks(solo)[0]
    solo.todo.remove(effect)
    solo.feed(*solo._answers(effect))


def as_at_hub(solo: Solo, path: str, node: Node) -> Entry:
    """The hub has had it since before, with the same mtime."""
    if isinstance(node, File):
        [seen] = solo.scanner.look([LookAt(RelPath(path), None)])
        assert isinstance(seen, FileSeen)
        node = File(node.id, node.at, node.content, seen.executable, seen.mtime_ns)
    return solo.entry(node)


def met_before() -> tuple[Solo, list[Entry]]:
    """A folder with a file, a file and a link, which the hub has just so."""
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/a", b"the same")
    solo.user.write("b", b"this too")
    solo.user.symlink("b", "l")
    link = Link(file("hl", "l", b"").id, file("hl", "l", b"").at, "b")
    nodes = {
        "d": folder("hd", "d"),
        "d/a": file("ha", "a", b"the same", "hd"),
        "b": file("hb", "b", b"this too"),
        "l": link,
    }
    return solo, [as_at_hub(solo, path, node) for path, node in nodes.items()]


@pytest.mark.parametrize("heard_first", [True, False], ids=["the hub is heard first", "the disk is looked at first"])
def test_of_what_both_sides_had_before_they_met_nothing_is_sent_or_fetched(heard_first: bool) -> None:
    solo, entries = met_before()
    solo.frozen = heard_first
    solo.start().online(*entries)
    solo.frozen = False
    solo.work()
    assert solo.drain(ef.SendBlocks) == solo.drain(ef.AskBlocks) == solo.drain(ef.Submit) == []
    assert solo.status.in_sync, solo.status
    assert {path: solo.id_of(path) for path in ("d", "d/a", "b", "l")} == {"d": "hd", "d/a": "ha", "b": "hb", "l": "hl"}


def test_names_that_share_a_place_are_not_taken_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Unread, "_place_of", lambda unread, name: 0)
    solo, entries = met_before()
    solo.frozen = True
    solo.start()
    [walk] = solo.todo
    solo.todo = []
    solo.feed(*solo._answers(walk))
    solo.online(*entries, solo.entry(file("new", "elsewhere", b"1")))
    asked = [one.digests for one in solo.sent if isinstance(one, ef.AskBlocks)]
    assert asked == [(content_of(b"1")[0].digest,)], "only that is not here"
    solo.frozen = False
    solo.work().give(b"1")
    assert solo.drain(ef.AskBlocks) == solo.drain(ef.SendBlocks) == []
    assert solo.status.in_sync


def test_what_differs_in_a_byte_from_what_the_hub_has_is_another_file() -> None:
    solo, entries = met_before()
    solo.user.write("b", b"This too")
    solo.frozen = True
    solo.start().online(*entries)
    solo.frozen = False
    solo.work().give(b"this too")
    assert [one.operation for one in solo.submitted()] == [Operation.CREATE]
    assert sorted(data for data in solo.tree().values() if isinstance(data, bytes)) == [
        b"This too",
        b"the same",
        b"this too",
    ]


def many(solo: Solo) -> Solo:
    for number in range(MANY):
        solo.user.write(f"{number:05}", b"%d" % number)
    solo.frozen = True
    solo.start().online()
    answer_next(solo)
    return solo


def test_what_was_read_is_sent_while_others_are_yet_to_be_read() -> None:
    solo = many(Solo())
    assert len(looks(solo)) == READS_AT_ONCE
    assert solo.submitted() == []
    answer_next(solo)
    assert len(solo.submitted()) == FIRST_READS
    assert not solo.status.in_sync
    assert solo.status.looking


def test_of_a_mass_few_are_read_at_first_so_that_others_have_work_soon() -> None:
    solo = many(Solo())
    asked = [len(one.wishes) for one in looks(solo)]
    assert asked == [FIRST_READS, 2 * FIRST_READS, 4 * FIRST_READS, READ_BATCH]


def test_no_more_is_read_than_can_be_sent_soon() -> None:
    solo = many(Solo())
    sent = 0
    while looks(solo):
        answer_next(solo)
        sent += len(solo.submitted())
    assert sent < MANY, "the hub has answered nothing yet"
    solo = many(Solo())
    solo.frozen = False
    solo.work().accept_all()
    assert solo.status.in_sync, "it goes on when the hub has answered"


def test_what_stands_at_the_hub_where_something_is_yet_to_be_read_is_not_fetched_for_nothing() -> None:
    solo = Solo()
    solo.user.write("a", b"the same")
    solo.frozen = True
    solo.start().online()
    answer_next(solo)  # its name is known
    theirs = as_at_hub(solo, "a", file("ha", "a", b"the same"))
    solo.hear(theirs, solo.entry(file("hb", "b", b"else")))
    assert [[*one.digests] for one in solo.drain(ef.AskBlocks)] == [[content_of(b"else")[0].digest]]
    solo.frozen = False
    solo.work()
    assert solo.id_of("a") == "ha"
    assert solo.drain(ef.AskBlocks) == solo.drain(ef.SendBlocks) == []


def test_what_waited_for_a_file_goes_on_when_that_is_known() -> None:
    solo = Solo()
    solo.user.write("a", b"ours")
    solo.frozen = True
    solo.start().online()
    answer_next(solo)
    solo.hear(solo.entry(file("ha", "a", b"theirs")))
    solo.frozen = False
    solo.work().give(b"theirs")
    solo.accept_all()
    assert solo.status.in_sync, solo.status
    assert solo.tree()["a"] == b"theirs"
    assert b"ours" in solo.tree().values()


def test_each_machine_begins_elsewhere_and_all_with_what_lies_topmost() -> None:
    wishes = [LookAt(RelPath(f"{number}"), None) for number in range(FIRST + 100)]
    for begin_at in (0.0, 0.25, 0.999):
        ordered = Unread(Canopy(), begin_at).begin(wishes)
        assert ordered[:FIRST] == wishes[:FIRST]
        assert ordered[FIRST] == wishes[FIRST + int(100 * begin_at)]
        assert sorted(one.path for one in ordered) == sorted(one.path for one in wishes)


def test_a_node_that_stands_elsewhere_does_not_wait() -> None:
    canopy = Canopy()
    canopy.set_remote(file("x", "x", b"").id, file("x", "x", b""))
    canopy.set_remote(file("y", "y", b"").id, file("y", "y", b""))
    unread = Unread(canopy)
    assert not unread.keeps(file("x", "x", b"").id)
    unread.begin([LookAt(RelPath("x"), None)])
    assert unread.keeps(file("x", "x", b"").id)
    assert not unread.keeps(file("y", "y", b"").id)
    assert list(unread.came([RelPath("y")])) == []
    assert list(unread.came([RelPath("x")])) == ["x"]
    assert not unread.keeps(file("x", "x", b"").id)


def test_a_root_that_is_lost_meanwhile_leaves_nobody_waiting() -> None:
    solo = Solo()
    solo.user.write("a", b"ours")
    solo.frozen = True
    solo.start().online()
    answer_next(solo)
    solo.hear(solo.entry(file("ha", "a", b"theirs")))
    solo.feed(ev.RootLost("gone"))
    solo.todo.clear()
    solo.frozen = False
    solo.feed(ev.RootFound())
    solo.work().give(b"theirs")
    solo.accept_all()
    assert solo.status.in_sync, solo.status


def test_who_waits_for_a_path_is_told_once_however_often_it_asks_and_however_many_there_are() -> None:
    solo = Solo().start().online()
    canopy = solo.engine.canopy
    for name, (one, other, third) in {"a": ("1", "2", "3"), "b": ("4", "5", "6")}.items():
        canopy.set_remote(NodeId(one), file(one, name, b"at the hub"))
        canopy.set_local(NodeId(other), file(other, name, b"here"), Stamp(b"s"))
        canopy.set_local(NodeId(third), file(third, name, b"here, too, for a moment"), Stamp(b"s"))
    unread = Unread(canopy)
    unread.begin([LookAt(RelPath(name), None) for name in ("a", "b", "c")])
    for node_id in ("1", "1", "2", "1", "3", "2", "4"):
        assert unread.keeps(NodeId(node_id))
    assert unread.came([RelPath("a"), RelPath("c")]) == ["1", "2", "3"]
    assert not unread.keeps(NodeId("1"))
    assert unread.end() == ["4"]
    assert unread.end() == []
