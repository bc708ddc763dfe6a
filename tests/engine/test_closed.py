"""Folders in which nothing is done before the rules that are on their way count."""

from __future__ import annotations

from syncagent.engine.closed import Closed
from syncagent.model.facts import Stamp
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import RelPath
from syncagent.planner.scope import Scope
from syncagent.trees.canopy import Canopy
from tests.support.solo import file, folder

RULES = NodeId("r")


def made() -> tuple[Canopy, Closed]:
    canopy = Canopy()
    for node in (folder("d", "d"), file("x", "x", b"1", "d"), file("y", "y", b"1")):
        canopy.agree(node.id, node, stamp=Stamp(b"s"))
    return canopy, Closed(canopy, Scope(canopy), (".syncignore",))


def now(closed: Closed) -> set[str]:
    folders = closed.folders_now(lambda _: False)
    return {one for one in ("x", "y", "r") if closed.holds(NodeId(one), folders)}


def test_rules_that_are_on_their_way_close_their_folder_and_not_themselves() -> None:
    canopy, closed = made()
    canopy.set_remote(RULES, file("r", ".syncignore", b"*.o", "d"))
    closed.mind(RULES)
    assert closed.may_be and now(closed) == {"x"}
    assert not closed.folders_now(lambda one: one == RULES), "what is held holds up nobody"


def test_rules_that_we_have_put_there_are_read_before_anything_is_done_under_them() -> None:
    canopy, closed = made()
    node = file("r", ".syncignore", b"*.o", "d")
    canopy.agree(RULES, node)
    closed.mind(RULES)
    assert now(closed) == {"x"}
    assert closed.take_wishes() == ([RelPath("d/.syncignore")], [])
    assert closed.unread_in(NodeId("d")) == [".syncignore"]
    closed.read(NodeId("d"), ".syncignore", b"*.o")
    closed.mind(RULES)
    assert not closed.may_be


def test_what_was_left_out_is_looked_at_before_anything_is_done() -> None:
    _, closed = made()
    closed.walk(ROOT, RelPath(""))
    assert now(closed) == {"x", "y"}
    closed.walked(ROOT)
    assert not closed.may_be


def test_a_folder_that_is_gone_has_nothing_to_be_read_or_walked() -> None:
    canopy, closed = made()
    canopy.agree(RULES, file("r", ".syncignore", b"*.o", "d"))
    closed.mind(RULES)
    closed.walk(NodeId("d"), RelPath("d"))
    assert now(closed) == {"x"}
    for one in (RULES, NodeId("x"), NodeId("d")):
        canopy.set_local(one, None)
    assert now(closed) == set()
    assert not closed.may_be


def test_rules_that_wait_for_what_is_in_their_folder_let_that_go_on() -> None:
    canopy, closed = made()
    canopy.set_remote(RULES, file("r", ".syncignore", b"*.o"))
    closed.mind(RULES)
    assert now(closed) == {"x", "y"}
    assert closed.lift()
    assert not closed.may_be and not closed.lift()


def test_rules_that_were_taken_away_or_renamed_are_read_once_more() -> None:
    canopy, closed = made()
    canopy.agree(RULES, file("r", ".syncignore", b"*.o", "d"))
    closed.mind(RULES)
    closed.read(NodeId("d"), ".syncignore", b"*.o")
    closed.take_wishes()

    canopy.set_local(RULES, file("r", "other", b"*.o", "d"))
    closed.mind(RULES)
    assert closed.take_wishes() == ([RelPath("d/.syncignore")], [])
    closed.read(NodeId("d"), ".syncignore", None)
    assert not closed.may_be


def test_and_so_are_those_that_a_start_has_found() -> None:
    canopy, closed = made()
    canopy.agree(RULES, file("r", ".syncignore", b"*.o", "d"))
    closed.read(NodeId("d"), ".syncignore", b"*.o")

    canopy.agree(RULES, None)
    closed.mind(RULES)
    assert closed.take_wishes() == ([RelPath("d/.syncignore")], [])


def test_of_a_mass_only_rule_files_are_minded_and_what_was_one() -> None:
    canopy, closed = made()
    plain, rules = file("y", "y", b"1"), file("r", ".syncignore", b"*.o", "d")
    assert not closed.may_concern(plain.id, plain)
    assert closed.may_concern(RULES, rules)
    canopy.agree(RULES, rules)
    closed.mind(RULES)
    canopy.agree(RULES, None)
    assert closed.may_concern(RULES, None), "it stood here"
