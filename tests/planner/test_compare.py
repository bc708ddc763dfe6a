"""What each side did to a node, and how placement and content merge: the table, decision by decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Node, Placement
from syncagent.planner.compare import (
    ContentMerge,
    Fate,
    Three,
    comes_first,
    content,
    fate,
    interchangeable,
    is_to_go,
    placement,
    same_inside,
    three,
)
from syncagent.planner.ops import passing_name
from syncagent.trees.canopy import Canopy
from tests.support.dsl import show, tree

A = NodeId("a")


def canopy(base: str, here: str, there: str) -> Canopy:
    found = Canopy()
    for node_id, node in tree(base).items():
        found.set_synced(node_id, node)
    for node_id in {**tree(base), **tree(here), **tree(there)}:
        found.set_local(node_id, tree(here).get(node_id))
        found.set_remote(node_id, tree(there).get(node_id))
    return found


def of_a(base: str, here: str, there: str) -> Three:
    return three(canopy(base, here, there), A)


@pytest.mark.parametrize(
    ("base", "here", "there", "expected"),
    [
        ("", "a=1", "", Fate.CREATED_HERE),
        ("", "", "a=1", Fate.CREATED_THERE),
        ("a=1", "", "a=1", Fate.DELETED_HERE),
        ("a=1", "a=1", "", Fate.DELETED_THERE),
        ("a=1", "", "", Fate.SETTLED),
        ("a=1", "a=2", "", Fate.CREATED_HERE),
        ("a=1", "b=1@a", "", Fate.CREATED_HERE),
        ("a=1", "a=1!", "", Fate.CREATED_HERE),
        ("a=1", "", "a=2", Fate.CREATED_THERE),
        ("a=1", "", "b=1@a", Fate.CREATED_THERE),
        ("a=1", "a=1", "a=1", Fate.MERGE),
        ("a=1", "a=2", "a=3", Fate.MERGE),
        ("", "a=1", "a=1", Fate.MERGE),
    ],
)
def test_d4_d10_an_edit_or_a_move_beats_a_delete(base: str, here: str, there: str, expected: Fate) -> None:
    assert fate(of_a(base, here, there)) is expected


@pytest.mark.parametrize(
    ("base", "here", "there", "expected"),
    [
        ("a=1", "b=1@a", "a=1", "b"),
        ("a=1", "a=1", "b=1@a", "b"),
        ("a=1", "b=1@a", "c=1@a", "c"),
        ("", "b=1@a", "c=1@a", "c"),
        ("", "b=1@a", "", "b"),
        ("", "", "c=1@a", "c"),
        ("a=1", "", "b=2@a", "b"),
        ("a=1", "b=2@a", "", "b"),
        ("a=1", "", "a=1", None),
        ("a=1", "a=1", "", None),
        ("a=1", "", "", None),
    ],
)
def test_a_move_wins_and_of_two_the_hubs(base: str, here: str, there: str, expected: str | None) -> None:
    found = canopy(base, here, there)
    at = placement(found, A, three(found, A))
    assert at == (None if expected is None else Placement(ROOT, Name(expected)))


def test_b14_a_local_move_that_would_make_a_circle_is_undone() -> None:
    found = canopy("x/ y/ z/", "y/ z/ y/x/@x", "x/ x/z/@z x/z/y/@y")
    x = NodeId("x")
    assert placement(found, x, three(found, x)) == Placement(ROOT, Name("x"))


def test_b14_a_local_move_into_a_folder_that_moves_elsewhere_stands() -> None:
    found = canopy("x/ y/ z/", "y/ z/ y/x/@x", "x/ z/ z/y/@y")
    x = NodeId("x")
    assert placement(found, x, three(found, x)) == Placement(NodeId("y"), Name("x"))


def test_a_parked_node_counts_as_standing_where_it_was_agreed_to_stand() -> None:
    found = canopy("a=1", "a=1", "b=1@a")
    node = found.local.get(A)
    assert isinstance(node, File)
    found.set_local(A, File(A, Placement(PARK, Name("a")), node.content, False, 0))
    t = three(found, A)
    assert t.parked
    assert t.local is not None
    assert t.local.at == Placement(ROOT, Name("a"))
    assert placement(found, A, t) == Placement(ROOT, Name("b"))


@pytest.mark.parametrize(
    ("base", "here", "there", "verdict", "inside"),
    [
        ("a=1", "a=1", "a=2", ContentMerge.TAKE_REMOTE, "2"),
        ("a=1", "a=2", "a=1", ContentMerge.GIVE_LOCAL, "2"),
        ("a=1", "a=2", "a=2", ContentMerge.SAME, None),
        ("a=1", "a=2", "a=3", ContentMerge.CONFLICT, "3"),
        ("", "a=2", "a=3", ContentMerge.CONFLICT, "3"),
        ("a=1", "a=1!", "a=1", ContentMerge.GIVE_LOCAL, "1!"),
        ("a=1", "a=1", "a=1!", ContentMerge.TAKE_REMOTE, "1!"),
        ("a=1", "a=2", "a=1!", ContentMerge.TAKE_REMOTE, "2!"),
        ("a=1", "a=1!", "a=2", ContentMerge.TAKE_REMOTE, "2!"),
        ("a=1", "a=2!", "a=2", ContentMerge.GIVE_LOCAL, "2!"),
        ("", "a=1", "a=1!", ContentMerge.TAKE_REMOTE, "1!"),
    ],
)
def test_only_bytes_conflict_and_all_else_merges_on_its_own(
    base: str, here: str, there: str, verdict: ContentMerge, inside: str | None
) -> None:
    found, node = content(of_a(base, here, there))
    assert found is verdict
    assert inside == (None if node is None else show({"a": node}).removeprefix("a="))


def test_of_two_times_that_were_both_changed_the_hubs_counts() -> None:
    def at_time(mtime_ns: int) -> File:
        node = tree("a=1")[A]
        assert isinstance(node, File)
        return File(A, node.at, node.content, False, mtime_ns)

    assert content(Three(at_time(1), at_time(2), at_time(3), False)) == (ContentMerge.TAKE_REMOTE, at_time(3))
    assert content(Three(at_time(1), at_time(2), at_time(1), False)) == (ContentMerge.GIVE_LOCAL, at_time(2))


@pytest.mark.parametrize(
    ("base", "here", "there", "verdict"),
    [
        ("a->1", "a->2", "a->2", ContentMerge.SAME),
        ("a->1", "a->2", "a->1", ContentMerge.GIVE_LOCAL),
        ("a->1", "a->1", "a->2", ContentMerge.TAKE_REMOTE),
        ("a->1", "a->2", "a->3", ContentMerge.CONFLICT),
        ("", "a->2", "a->3", ContentMerge.CONFLICT),
        ("a/", "a/", "a/", ContentMerge.SAME),
    ],
)
def test_link_texts_merge_as_bytes_do(base: str, here: str, there: str, verdict: ContentMerge) -> None:
    assert content(of_a(base, here, there))[0] is verdict


def node(text: str) -> Node:
    [found] = tree(text).values()
    return found


@pytest.mark.parametrize(
    ("one", "other", "same", "either"),
    [
        ("a/", "b/", True, True),
        ("a=1", "b=1", True, True),
        ("a=1", "b=1!", False, True),
        ("a=1", "b=2", False, False),
        ("a->x", "b->x", True, True),
        ("a->x", "b->y", False, False),
        ("a/", "b=1", False, False),
        ("a=x", "b->x", False, False),
    ],
)
def test_d2_what_could_pass_for_the_other_needs_no_copy(one: str, other: str, same: bool, either: bool) -> None:
    assert same_inside(node(one), node(other)) is same
    assert interchangeable(node(one), node(other)) is either
    assert interchangeable(node(other), node(one)) is either


def test_a_passing_name_at_the_hub_is_nobodys_wish_where_it_was_moved_here() -> None:
    moved, still = canopy("a=1", "b=1@a", "a=1"), canopy("a=1", "a=1", "a=1")
    passing = Placement(ROOT, passing_name(tree("b=1@a")[A]))
    for one in (moved, still):
        one.set_remote(A, replace(tree("a=1")[A], at=passing))

    assert placement(moved, A, three(moved, A)) == Placement(ROOT, Name("b"))
    assert placement(still, A, three(still, A)) == passing


def test_a_folder_that_is_missing_ends_the_search_for_a_circle() -> None:
    found = canopy("x/ y/", "y/ y/x/@x", "x/ y/")
    found.set_local(NodeId("y"), None)
    found.set_remote(NodeId("y"), None)
    x = NodeId("x")
    assert placement(found, x, three(found, x)) == Placement(NodeId("y"), Name("x"))
    assert isinstance(found.local.get(x), Dir)


def test_what_is_new_in_a_new_folder_waits_for_that_folder_alone() -> None:
    made = canopy("", "", "a/ a/b/ a/b/c/")
    assert not is_to_go(three(made, NodeId("a-b-c")))
    assert comes_first(made, made.remote, made.local, NodeId("a-b-c")) == "a-b-c"
    assert comes_first(made, made.remote, made.local, ROOT) is None


def test_a_folder_that_is_to_go_comes_once_it_can_stand_somewhere() -> None:
    old = canopy("a/ a/b/ a/b/c/", "a/ a/b/ a/b/c/", "")
    assert is_to_go(three(old, NodeId("a-b-c")))
    assert comes_first(old, old.local, old.remote, NodeId("a-b-c")) == "a"
    old.set_local(NodeId("a"), Dir(NodeId("a"), Placement(ROOT, Name("moved"))))
    old.set_local(NodeId("a-b"), Dir(NodeId("a-b"), Placement(NodeId("a"), Name("moved"))))
    assert comes_first(old, old.local, old.remote, NodeId("a-b-c")) == "a-b"
