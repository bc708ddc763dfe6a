"""What rules leave out: never a delete, neither here nor anywhere, and met again as at a first link."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.scoping import Scoping
from syncagent.model.changes import Operation
from syncagent.model.facts import RulesSeen
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Placement
from syncagent.trees.canopy import Canopy
from tests.support.solo import DAY, ME, Solo, file, folder


def rule(solo: Solo, text: bytes, path: str = ".syncignore") -> None:
    solo.user.write(path, text)
    solo.hinted(path).pass_time(1.0)


def done(solo: Solo) -> list[tuple[str, str]]:
    """What the hub was told, and took."""
    told: list[tuple[str, str]] = []
    for _ in range(20):
        solo.pass_time(1.0)
        taken = solo.accept()
        told.extend((change.operation.value, change.path) for change in taken)
        if not taken:
            return told
    raise AssertionError("it sends without end")


@pytest.mark.hazard("C10", "N10")
def test_what_is_left_out_from_now_on_stays_everywhere() -> None:
    solo = Solo().synced(**{"a.o": b"1", "b": b"2"})
    rule(solo, b"*.o\n")
    assert done(solo) == [("create", ".syncignore")]
    assert solo.status.in_sync and solo.status.ignored == 1 and solo.status.pending == 0
    solo.user.write("a.o", b"changed")
    solo.user.write("new.o", b"new")
    solo.hinted("a.o", "new.o")
    assert done(solo) == []
    solo.user.delete("a.o")
    solo.hinted("a.o")
    solo.feed(ev.Hinted(everything=True))
    assert done(solo) == [], "what goes while it is left out is no delete"
    assert solo.status.in_sync
    assert solo.engine.canopy.remote.get(NodeId("n1")) is not None


@pytest.mark.hazard("C10", "N10")
@pytest.mark.parametrize("change", ["none", "edited", "deleted"])
@pytest.mark.parametrize("restart", [False, True])
def test_when_the_rule_goes_what_both_have_meets_as_at_a_first_link(change: str, restart: bool) -> None:
    solo = Solo().synced(**{"a.o": b"1"})
    rule(solo, b"*.o\n")
    done(solo)
    if change == "edited":
        solo.user.write("a.o", b"other")
    elif change == "deleted":
        solo.user.delete("a.o")
    solo.hinted("a.o")
    if restart:
        solo.offline()
        solo.start().online()
    done(solo)
    solo.user.write(".syncignore", b"")
    solo.hinted(".syncignore")
    for _ in range(5):
        solo.give(b"1", b"other")
        told = done(solo)
    del told
    there = {
        path: what for path, what in solo.tree().items() if path != ".syncignore" and not path.startswith(".syncagent")
    }
    copies = [path for path in there if "conflict" in path]
    assert there["a.o"] == b"1"
    assert [there[path] for path in copies] == ([b"other"] if change == "edited" else [])
    assert solo.status.in_sync and solo.status.ignored == 0
    assert all(solo.engine.canopy.remote.get(one) is not None for one in [NodeId("n1")])


@pytest.mark.hazard("C10")
@pytest.mark.parametrize("first", ["rule", "files"])
def test_a_rule_and_a_delete_in_one_moment_are_no_delete(first: str) -> None:
    solo = Solo()
    solo.user.mkdir("build")
    solo.user.write("build/x", b"1")
    solo.user.write("build/y", b"2")
    solo.synced(z=b"3")
    solo.user.write(".syncignore", b"build/\n")
    solo.user.delete("build")
    paths = [".syncignore", "build", "build/x", "build/y"]
    solo.hinted(*(paths if first == "rule" else reversed(paths)))
    assert done(solo) == [("create", ".syncignore")]
    assert solo.status.in_sync


@pytest.mark.hazard("C10")
def test_the_same_while_the_agent_did_not_run() -> None:
    solo = Solo()
    solo.user.mkdir("build")
    solo.user.write("build/x", b"1")
    solo.synced(z=b"3")
    solo.user.write(".syncignore", b"build/\n")
    solo.user.delete("build")
    solo.offline()
    solo.start().online()
    assert done(solo) == [("create", ".syncignore")]
    assert solo.status.in_sync


@pytest.mark.hazard("C10")
def test_what_others_do_to_what_is_left_out_here_changes_nothing_here() -> None:
    solo = Solo().synced(**{"a.o": b"1", "b.o": b"2"})
    one, other = solo.id_of("a.o"), solo.id_of("b.o")
    rule(solo, b"*.o\n")
    done(solo)
    solo.hear(solo.entry(file(one, "a.o", b"edited"), Operation.UPDATE), solo.entry(other, Operation.DELETE))
    solo.hear(solo.entry(file("t1", "c.o", b"new")))
    solo.give(b"edited", b"new")
    assert done(solo) == []
    assert solo.tree() == {".syncignore": b"*.o\n", "a.o": b"1", "b.o": b"2"}
    assert solo.status.in_sync


@pytest.mark.hazard("C10")
def test_rules_that_come_with_files_are_in_force_before_these_are_touched() -> None:
    solo = Solo().synced(**{"a.o": b"1", "keep": b"2"})
    was = solo.id_of("a.o")
    solo.hear(
        solo.entry(was, Operation.DELETE),
        solo.entry(file("t1", "new.o", b"new")),
        solo.entry(file("t2", ".syncignore", b"*.o\n")),
        solo.entry(file("t3", "other", b"other")),
    )
    solo.give(b"new", b"*.o\n", b"other")
    for _ in range(3):
        solo.pass_time(1.0).give(b"new", b"*.o\n", b"other")
    assert solo.tree() == {"a.o": b"1", "keep": b"2", ".syncignore": b"*.o\n", "other": b"other"}
    assert done(solo) == []
    assert solo.status.in_sync


@pytest.mark.hazard("C10")
def test_the_same_at_a_first_link() -> None:
    solo = Solo()
    solo.user.write("mine.o", b"mine")
    solo.start().welcome()
    entries = [
        solo.entry(file("t1", "mine.o", b"theirs")), solo.entry(folder("d", "d")),
        solo.entry(file("t2", "x.o", b"x", "d")), solo.entry(file("t3", ".syncignore", b"*.o\n")),
    ]  # fmt: skip
    solo.catch_up(*entries, snapshot=True)
    for _ in range(3):
        solo.give(b"theirs", b"x", b"*.o\n").pass_time(1.0)
    assert solo.tree() == {"mine.o": b"mine", ".syncignore": b"*.o\n", "d": None}
    assert [one for one in done(solo) if one[1] != "mine.o"] == []


@pytest.mark.hazard("B3", "C10")
def test_a_folder_that_others_delete_stays_with_what_is_left_out_in_it_and_is_not_sent_again() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.mkdir("d/e")
    solo.user.write("d/e/x.o", b"1")
    solo.user.write("d/y", b"2")
    solo.user.write(".syncignore", b"*.o\n")
    solo.start().online()
    solo.accept_all()
    d, e, y = solo.id_of("d"), solo.id_of("d/e"), solo.id_of("d/y")
    solo.hear(*(solo.entry(one, Operation.DELETE) for one in (y, e, d)))
    assert done(solo) == []
    assert solo.tree() == {"d": None, "d/e": None, "d/e/x.o": b"1", ".syncignore": b"*.o\n"}
    assert solo.status.in_sync, solo.status
    solo.offline()
    solo.start().online()
    assert done(solo) == [] and solo.status.in_sync, solo.status
    solo.user.delete("d/e/x.o")
    solo.hinted("d/e/x.o")
    assert done(solo) == []
    assert solo.tree() == {".syncignore": b"*.o\n"}, "nothing keeps it any more"
    assert solo.status.in_sync


@pytest.mark.hazard("B3", "C10")
def test_two_folders_in_one_that_others_delete_stay_with_what_is_left_out_in_them_and_nothing_waits() -> None:
    solo = Solo()
    for path in ("d", "d/e", "d/f"):
        solo.user.mkdir(path)
    solo.user.write("d/e/x.o", b"1")
    solo.user.write("d/f/x.o", b"2")
    solo.user.write(".syncignore", b"*.o\n")
    solo.start().online()
    solo.accept_all()
    for path in ("d/e", "d/f", "d"):
        solo.hear(solo.entry(solo.id_of(path), Operation.DELETE))
        assert done(solo) == []
    assert solo.status.pending == 0 and solo.status.in_sync, solo.status


@pytest.mark.hazard("B3", "C10")
def test_a_folder_that_is_deleted_here_stays_at_the_hub_with_what_is_left_out_in_it() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/x.o", b"1")
    solo.user.write("d/y", b"2")
    solo.synced(z=b"")
    there = solo.id_of("d/x.o")
    rule(solo, b"*.o\n")
    done(solo)
    solo.user.delete("d")
    solo.hinted("d", "d/y", "d/x.o")
    assert done(solo) == [("delete", "d/y")]
    assert solo.status.in_sync, solo.status
    rule(solo, b"")
    for _ in range(3):
        solo.give(b"1").pass_time(1.0)
    assert solo.tree()["d/x.o"] == b"1", "it comes back with its folder"
    assert solo.id_of("d/x.o") == there


@pytest.mark.hazard("C10")
def test_a_folder_that_is_renamed_takes_along_what_is_left_out_in_it() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/x.o", b"1")
    solo.user.write("d/.syncignore", b"*.o\n")
    solo.start().online()
    solo.accept_all()
    solo.hear(solo.entry(folder(solo.id_of("d"), "e"), Operation.MOVE))
    assert done(solo) == []
    assert solo.tree() == {"e": None, "e/x.o": b"1", "e/.syncignore": b"*.o\n"}
    solo.user.write("e/y.o", b"")
    solo.hinted("e/y.o")
    assert done(solo) == [] and solo.status.in_sync, "its rules went along"


@pytest.mark.hazard("C10")
def test_a_folder_that_is_moved_to_where_rules_leave_it_out_is_gone_there_and_stays_here() -> None:
    solo = Solo()
    solo.user.mkdir("out")
    solo.user.mkdir("d")
    solo.user.write("d/x", b"1")
    solo.user.write(".syncignore", b"/out/\n")
    solo.start().online()
    solo.accept_all()
    solo.user.move("d", "out/d")
    solo.hinted("d", "out/d")
    assert done(solo) == [("delete", "d/x"), ("delete", "d")]
    assert solo.tree()["out/d/x"] == b"1"


@pytest.mark.hazard("C10")
def test_what_others_move_to_where_rules_leave_it_out_goes_there_here_too() -> None:
    solo = Solo().synced(**{"a.txt": b"1", ".syncignore": b"*.bak\n"})
    node = file(solo.id_of("a.txt"), "a.bak", b"1")
    solo.hear(solo.entry(node, Operation.MOVE))
    assert done(solo) == []
    assert solo.tree() == {"a.bak": b"1", ".syncignore": b"*.bak\n"}
    assert solo.status.in_sync


@pytest.mark.hazard("C10", "N10")
def test_what_others_move_into_a_folder_that_is_left_out_here_stays_here_as_its_own() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/x", b"1")
    solo.synced(**{".syncignore": b"/out/\n"})
    d = solo.id_of("d")
    solo.hear(solo.entry(folder("t1", "out")), solo.entry(folder(d, "d", "t1"), Operation.MOVE))
    assert done(solo) == [("create", "d"), ("create", "d/x")]
    assert solo.tree() == {".syncignore": b"/out/\n", "d": None, "d/x": b"1"}
    assert solo.id_of("d") != d and solo.status.in_sync


@pytest.mark.hazard("C10")
def test_a_rule_file_is_not_left_out_by_its_own_rules_so_they_can_be_taken_back() -> None:
    solo = Solo().synced(a=b"1")
    rule(solo, b"*\n")
    assert done(solo) == [("create", ".syncignore")]
    rule(solo, b"")
    assert done(solo) == [("update", ".syncignore")]
    assert solo.status.in_sync and solo.status.ignored == 0


@pytest.mark.hazard("C10")
def test_rule_files_that_change_places_with_others_hold_up_nobody() -> None:
    solo = Solo().synced(**{".syncignore": b"*.o\n", "b": b"2"})
    rules, other = solo.id_of(".syncignore"), solo.id_of("b")
    solo.hear(
        solo.entry(file(rules, "passing", b"*.o\n"), Operation.MOVE),
        solo.entry(file(other, ".syncignore", b"2"), Operation.MOVE),
        solo.entry(file(rules, "b", b"*.o\n"), Operation.MOVE),
    )
    assert done(solo) == []
    assert solo.tree() == {".syncignore": b"2", "b": b"*.o\n"}
    assert solo.status.in_sync


@pytest.mark.hazard("C10", "N10")
def test_an_answer_that_comes_when_its_node_is_left_out_agrees_on_nothing() -> None:
    solo = Solo().synced(b=b"")
    solo.user.write("a.o", b"1")
    solo.hinted("a.o")
    sent = solo.submitted()
    assert [change.path for change in sent] == ["a.o"]
    rule(solo, b"*.o\n")
    rules = solo.submitted()
    solo.user.delete("a.o")
    rule(solo, b"")  # before the hub has answered
    solo.accept(sent)
    solo.accept(rules)
    for _ in range(3):
        solo.give(b"1").pass_time(1.0)
        assert ("delete", "a.o") not in done(solo)
    assert solo.tree()["a.o"] == b"1", "it was no delete: it comes back"


@pytest.mark.hazard("C10", "N10")
@pytest.mark.parametrize("rules", [b"d/\n", b"a*\n"])
def test_a_folder_that_goes_as_a_whole_while_it_is_left_out_is_gone_at_the_hub_with_all_beneath_it(
    rules: bytes,
) -> None:
    solo = Solo()
    solo.user.mkdir("d")
    names = [f"d/a{number}" for number in range(20)]
    for name in names:
        solo.user.write(name, name.encode())
    solo.start().online(subtrees=True)
    solo.accept_all()
    folder_and_all = [solo.id_of(name) for name in ("d", *names)]
    solo.user.delete("d")
    solo.hinted("d").pass_time(1.0)
    sent = solo.submitted()
    assert [(change.path, change.beneath) for change in sent] == [("d", 20)]
    rule(solo, rules)
    told = solo.submitted()
    solo.accept(sent)
    solo.accept(told)
    assert done(solo) == []
    assert not [one for one in folder_and_all if solo.engine.canopy.remote.get(one) is not None]
    assert solo.status.pending == 0 and solo.status.in_sync, solo.status


@pytest.mark.hazard("C10")
def test_a_folder_that_is_deleted_here_while_its_rules_are_coming_is_closed_no_more() -> None:
    solo = Solo()
    solo.user.mkdir("d")
    solo.user.write("d/a", b"1")
    solo.start().online()
    solo.accept_all()
    rules = file("r", ".syncignore", b"*.o", parent=solo.id_of("d"))
    solo.hear(solo.entry(rules)).give(b"*.o")
    solo.user.delete("d")
    solo.hinted("d", "d/.syncignore", "d/a")
    assert {path for _, path in done(solo)} == {"d", "d/a", "d/.syncignore"}
    assert solo.status.in_sync, solo.status


@pytest.mark.hazard("C10", "N10")
def test_an_answer_that_was_lost_and_is_met_in_the_journal_agrees_on_nothing_either() -> None:
    solo = Solo().synced(b=b"")
    solo.user.write("a.o", b"1")
    solo.hinted("a.o")
    [change] = solo.submitted()
    solo.offline()
    rule(solo, b"*.o\n")
    solo.user.delete("a.o")
    rule(solo, b"")
    solo.online(solo.own(change))
    for _ in range(3):
        solo.give(b"1").pass_time(1.0)
        assert ("delete", "a.o") not in done(solo)
    assert solo.tree()["a.o"] == b"1"


def test_a_line_that_matches_nothing_is_named_and_the_others_count() -> None:
    solo = Solo().synced(b=b"")
    solo.user.write("a.o", b"1")
    rule(solo, b"[oops\n*.o\n")
    solo.hinted("a.o")
    done(solo)
    assert solo.status.broken_rules == (
        (RelPath(".syncignore"), "line 1: '[oops' matches nothing: a bracket is not closed"),
    )
    assert solo.status.ignored == 1 and solo.status.in_sync


@pytest.mark.hazard("C10")
def test_built_in_names_that_the_hub_has_from_before_stay_there_and_are_not_brought() -> None:
    solo = Solo().synced(b=b"")
    solo.hear(solo.entry(file("t1", "~$report.docx", b"owner")), solo.entry(folder("t2", ".Trash-1000")))
    solo.hear(solo.entry(file("t3", "x", b"x", "t2")))
    solo.give(b"owner", b"x")
    assert done(solo) == []
    assert solo.tree() == {"b": b""}
    assert solo.status.in_sync
    rule(solo, b"!~$*\n")
    for _ in range(3):
        solo.give(b"owner").pass_time(1.0)
    assert solo.tree()["~$report.docx"] == b"owner"


@pytest.mark.hazard("C10")
def test_rules_in_force_are_the_same_after_the_root_was_away() -> None:
    solo = Solo().synced(**{"a.o": b"1", ".syncignore": b""})
    rule(solo, b"*.o\n")
    done(solo)
    solo.feed(ev.RootLost("gone"))
    solo.feed(ev.RootFound())
    solo.user.delete("a.o")
    solo.hinted("a.o")
    assert done(solo) == [] and solo.status.in_sync


def test_an_engine_without_rules_asks_for_nothing_more_than_before() -> None:
    solo = Solo().synced(b=b"")
    assert not solo.engine.scoping.wants_listings
    assert not solo.engine.scoping.closed.may_be
    assert solo.drain(ef.AskBlocks) == []
    assert ME and replace(RulesSeen(RelPath("x"), None)) == RulesSeen(RelPath("x"), None)


@pytest.mark.hazard("B15", "C10")
def test_a_conflict_copy_takes_no_name_under_which_something_stands_that_is_left_out() -> None:
    solo = Solo().synced(a=b"1")
    taken = f"a (conflict {DAY} Laptop)"
    solo.user.write(taken, b"left out")
    rule(solo, b"*conflict*\n")
    done(solo)
    solo.offline()
    solo.user.write("a", b"mine")
    solo.hinted("a")
    solo.online(solo.entry(file(solo.id_of("a"), "a", b"theirs"), Operation.UPDATE))
    for _ in range(3):
        solo.give(b"theirs").pass_time(1.0)
        done(solo)
    tree = solo.tree()
    assert (tree["a"], tree[taken], tree[f"{taken} 2"]) == (b"theirs", b"left out", b"mine")
    assert solo.status.in_sync


@pytest.mark.hazard("C10")
def test_the_rules_of_a_folder_go_with_it() -> None:
    """It may come back under its own id, without them."""
    solo = Solo().synced()
    solo.user.mkdir("d")
    solo.user.write("d/.syncignore", b"x\n")
    solo.hinted("d").accept_all()
    node_id = solo.id_of("d")
    solo.user.delete("d")
    solo.hinted("d").pass_time(1).accept_all()
    assert solo.status.in_sync
    solo.hear(solo.entry(folder(node_id, "d")), solo.entry(file("x", "x", b"1", parent=node_id))).give(b"1")
    assert solo.tree() == {"d": None, "d/x": b"1"}
    assert solo.status.in_sync


def test_what_was_seen_to_be_left_out_by_rules_that_were_replaced_before_they_were_told_of_is_looked_at_again() -> None:
    """Found by the simulation: by what is known nothing has changed when the next rules are told of."""
    canopy = Canopy()
    scoping = Scoping(canopy)
    scoping.learn(ROOT, RulesSeen(RelPath(".syncignore"), b"k\n"), walked=True)
    rules = file("r", ".syncignore", b"c\n")
    canopy.set_local(rules.id, rules)
    scoping.news([rules.id])  # it was put there, and is to be read
    scoping.closed.take_wishes()
    scoping.left_out(Placement(ROOT, Name("c")), RelPath("c"))
    scoping.left_out(Placement(ROOT, Name("k")), RelPath("k"))
    assert scoping.closed.take_wishes() == ([], []), "not before it is known which rules there are"
    scoping.learn(ROOT, RulesSeen(RelPath(".syncignore"), b"# nothing\n"), walked=True)
    assert scoping.closed.take_wishes() == (["c"], ["c"])
    scoping.learn(ROOT, RulesSeen(RelPath(".syncignore"), b"# nothing\n"), walked=True)
    assert scoping.closed.take_wishes() == ([], []), "once"


@pytest.mark.hazard("C10", "N15")
@pytest.mark.parametrize("name", ["", "rules"])
def test_rules_that_others_took_away_or_renamed_count_no_more_though_no_watcher_tells(name: str) -> None:
    solo = Solo().synced(**{"a.o": b"1"})
    solo.hear(solo.entry(file("r", ".syncignore", b"*.o\n"))).give(b"*.o\n").pass_time(1)
    solo.user.write("new.o", b"2")
    solo.hinted("new.o")
    assert done(solo) == []
    assert solo.status.in_sync, "it is left out"

    solo.hear(solo.entry(file("r", name, b"*.o\n") if name else "r"))
    assert done(solo) == [("create", "new.o")]
    assert solo.status.in_sync
