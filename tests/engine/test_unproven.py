"""The power takes the last commits to the database too: what the hub had of a file says that it is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.model.changes import Change, Entry, Operation
from syncagent.model.ids import Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import File
from tests.support.solo import ME, Solo, file

pytestmark = pytest.mark.hazard("B6")

HALF = b"wri"


@contextmanager
def forgotten(solo: Solo) -> Iterator[None]:
    """What is committed in here is lost."""
    kept = dict(solo.rows), dict(solo.facts), dict(solo.recipes)
    yield
    solo.rows, solo.facts, solo.recipes = kept


def stopped(solo: Solo, booted_ns: int | None = None) -> Solo:
    booted_ns = solo.disk.now_ns() + 1 if booted_ns is None else booted_ns
    return solo.offline().start(stop=ev.Stop(0, False, booted_ns))


def written(solo: Solo, path: str, data: bytes) -> Change:
    """The user writes it, and it is sent."""
    solo.user.write(path, data)
    solo.hinted(path)
    [change] = solo.submitted()
    return change


def sent_and_forgotten(solo: Solo, path: str, data: bytes) -> Entry:
    with forgotten(solo):
        return solo.own(written(solo, path, data))


def own(solo: Solo) -> dict[str, bytes | str | None]:
    return {path.rpartition("-")[2]: left for path, left in solo.user.tree(own=True).items() if "/damaged/" in path}


def test_a_new_file_of_which_the_memory_was_lost_is_known_by_what_the_hub_has_at_its_name() -> None:
    solo = Solo().start().online()
    entry = sent_and_forgotten(solo, "a", b"written")
    solo.user.spoil("a", HALF)
    stopped(solo).online(entry).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}
    assert own(solo) == {"a": HALF}
    assert solo.status.in_sync


def test_an_edit_of_which_the_memory_was_lost_is_known_by_what_the_hub_has_of_the_file() -> None:
    solo = Solo().synced(a=b"before")
    entry = sent_and_forgotten(solo, "a", b"written")
    solo.user.spoil("a", HALF)
    stopped(solo).online(entry).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}
    assert own(solo) == {"a": HALF}
    assert solo.status.in_sync


def test_others_have_edited_it_since() -> None:
    solo = Solo().synced(a=b"before")
    entry = sent_and_forgotten(solo, "a", b"written")
    theirs = solo.entry(file(entry.node_id, "a", b"edited elsewhere"), Operation.UPDATE)
    solo.user.spoil("a", HALF)
    stopped(solo).online(entry, theirs).give(b"edited elsewhere").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"edited elsewhere"}
    assert own(solo) == {"a": HALF}


def test_others_have_moved_it_since() -> None:
    solo = Solo().start().online()
    entry = sent_and_forgotten(solo, "a", b"written")
    assert isinstance(entry.node, File)
    moved = replace(entry.node, at=replace(entry.node.at, name=Name("b")))
    theirs = solo.entry(moved, Operation.MOVE)
    solo.user.spoil("a", HALF)
    stopped(solo).online(entry, theirs).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"b": b"written"}


def test_its_user_had_moved_it() -> None:
    solo = Solo().start().online()
    entry = sent_and_forgotten(solo, "a", b"written")
    solo.user.move("a", "b")
    solo.user.spoil("b", HALF)
    stopped(solo).online(entry)
    assert [(change.operation, change.name) for change in solo.accept()] == [(Operation.MOVE, "b")]
    solo.give(b"written").pass_time(1)
    assert solo.tree() == {"b": b"written"}
    assert own(solo) == {"b": HALF}


def test_what_it_may_have_been_is_looked_for_only_when_it_is_known_who_is_missing() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.move("a", "b")
    solo.user.spoil("b", HALF)
    stopped(solo).online()
    assert solo.submitted() == []
    solo.pass_time(1)
    assert [(change.operation, change.name) for change in solo.accept()] == [(Operation.MOVE, "b")]
    solo.give(b"written").pass_time(1)
    assert solo.tree() == {"b": b"written"}
    assert own(solo) == {"b": HALF}


def test_others_have_deleted_it_since() -> None:
    solo = Solo().start().online()
    entry = sent_and_forgotten(solo, "a", b"written")
    gone = solo.entry(entry.node_id, Operation.DELETE)
    solo.user.spoil("a", HALF)
    stopped(solo).online(entry, gone).pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {}


def test_the_answer_alone_was_lost() -> None:
    solo = Solo().start().online()
    entry = solo.own(written(solo, "a", b"written"))
    solo.user.spoil("a", HALF)
    stopped(solo).pass_time(1)
    assert [path for path, _ in solo.status.held] == ["a"], "as far as it is known, it is only here"
    solo.online(entry).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}
    assert solo.status.in_sync


def test_the_answer_was_lost_and_the_hub_tells_only_what_others_have_made_of_it() -> None:
    solo = Solo().start().online()
    entry = solo.own(written(solo, "a", b"written"))
    theirs = solo.entry(file(entry.node_id, "a", b"edited elsewhere"), Operation.UPDATE)
    solo.user.spoil("a", HALF)
    stopped(solo).online(theirs).give(b"edited elsewhere").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"edited elsewhere"}
    assert own(solo) == {"a": HALF}
    assert solo.status.in_sync


def test_nothing_of_it_is_sent_before_all_was_heard() -> None:
    solo = Solo().start().online()
    first = solo.entry(file("other", "b", b"2"))
    entry = sent_and_forgotten(solo, "a", b"written")
    solo.user.spoil("a", HALF)
    stopped(solo).welcome()
    solo.catch_up(first, more=True).pass_time(1)
    assert solo.submitted() == []
    solo.catch_up(entry).give(b"written", b"2").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written", "b": b"2"}


def test_what_waits_is_not_forgotten_by_the_next_start() -> None:
    solo = Solo().start().online()
    entry = sent_and_forgotten(solo, "a", b"written")
    solo.user.spoil("a", HALF)
    stopped(solo).pass_time(1)
    solo.start().online(entry).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}


def test_what_the_hub_never_heard_of_is_new_and_an_edit_is_an_edit() -> None:
    solo = Solo().synced(a=b"before")
    solo.user.write("a", b"edited")
    solo.user.write("b", b"new")
    stopped(solo).pass_time(1).online().pass_time(1)
    assert sorted(change.name for change in solo.accept()) == ["a", "b"]
    assert own(solo) == {}


@pytest.mark.hazard("A7")
def test_what_was_touched_after_the_machine_started_is_an_edit() -> None:
    solo = Solo().synced(a=b"before")
    entry = sent_and_forgotten(solo, "a", b"written")
    then, booted_ns = solo.disk.stat(RelPath("a")).mtime_ns, solo.disk.now_ns() + 1
    solo.user.write("a", b"by hand", mtime_ns=then)
    stopped(solo, booted_ns).online(entry).pass_time(1)
    assert [change.content for change in solo.submitted()] == [file("a", "a", b"by hand").content]
    assert own(solo) == {}


def test_but_not_what_only_we_have_touched() -> None:
    """It was put back from the stage, at the start."""
    solo = Solo().synced(a=b"before")
    entry = sent_and_forgotten(solo, "a", b"written")
    then, booted_ns = solo.disk.stat(RelPath("a")).mtime_ns, solo.disk.now_ns() + 1
    solo.user.write("a", HALF, mtime_ns=then)
    solo.offline()
    rows, stop = tuple(solo.rows.values()), ev.Stop(0, False, booted_ns)
    solo.start()
    solo.feed(ev.Started(rows, dict(solo.facts), dict(solo.recipes), stop=stop, put_back=(RelPath("a"),)))
    solo.online(entry).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}


def test_a_mtime_of_whole_seconds_under_another_name_says_nothing() -> None:
    solo = Solo().start().online()
    with forgotten(solo):
        solo.user.write("a", b"unpacked", mtime_ns=1_600_000_000_000_000_000)
        solo.hinted("a")
        [change] = solo.submitted()
        entry = solo.own(change)
    assert entry.author == ME
    solo.user.delete("a")
    solo.user.write("b", b"another", mtime_ns=1_600_000_000_000_000_000)
    stopped(solo).pass_time(1).online(entry).pass_time(1)
    assert [(change.operation, change.name) for change in solo.submitted()] == [(Operation.CREATE, "b")]


def test_the_hub_is_asked_what_became_of_all_where_the_whole_memory_was_lost() -> None:
    """Others have edited the file since: what is, says nothing of what it was."""
    solo = Solo().start().online()
    entry = sent_and_forgotten(solo, "a", b"written")
    theirs = solo.entry(file(entry.node_id, "a", b"edited elsewhere"), Operation.UPDATE)
    solo.user.spoil("a", HALF)
    solo.drain(ef.AskChanges)
    stopped(solo).welcome()
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(0), plain=True)]
    solo.catch_up(entry, theirs).give(b"edited elsewhere").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"edited elsewhere"}
    assert own(solo) == {"a": HALF}


def test_without_such_a_stop_or_with_a_memory_it_is_asked_for_what_came_since() -> None:
    solo = Solo().start().welcome()
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(0), snapshot=True)]
    solo.catch_up(solo.entry(file("x", "a", b"1"))).give(b"1")
    stopped(solo).welcome()
    assert solo.drain(ef.AskChanges) == [ef.AskChanges(Seq(1))]


@pytest.mark.hazard("B6", "E16")
@pytest.mark.parametrize("anew", [False, True], ids=["in the same life", "in the next"])
def test_what_was_damaged_and_is_excluded_before_it_is_healed_is_healed_when_it_is_included(anew: bool) -> None:
    """Nothing is agreed of it meanwhile, and so it would be an edit."""
    solo = Solo().synced(a=b"written")
    solo.user.spoil("a", HALF)
    stopped(solo).online()
    solo.feed(ev.Exclusion(1, RelPath("a"), True)).pass_time(1)
    if anew:
        solo.offline().start().online().pass_time(1)
    assert solo.tree() == {"a": HALF}
    solo.feed(ev.Exclusion(2, RelPath("a"), False)).give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}
    assert own(solo) == {"a": HALF}
    assert solo.status.in_sync


@pytest.mark.hazard("B6", "C10")
def test_what_is_looked_at_first_when_rules_do_not_leave_it_out_any_more_is_proven_then() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.write(".syncignore", b"a\n")
    solo.hinted(".syncignore").accept_all().pass_time(1)
    solo.user.spoil("a", HALF)
    solo.offline().start(stop=ev.Stop(0, False, None)).online().pass_time(1)
    assert solo.status.in_sync
    solo.user.write(".syncignore", b"# nothing\n")
    solo.hinted(".syncignore").accept_all().give(b"written").pass_time(1)
    assert solo.tree()["a"] == b"written"
    assert own(solo) == {"a": HALF}
    assert solo.status.in_sync
