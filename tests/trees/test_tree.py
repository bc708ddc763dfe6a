"""A tree by id and by name, and an overlay that is its difference from another: both as a plain dict would be."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.names import Name, name_key
from syncagent.model.nodes import Dir, File, Node, Placement
from syncagent.trees.tree import (
    PARK_DIR,
    ROOT_DIR,
    Overlay,
    Tree,
    View,
    ancestors,
    find,
    missing_above,
    path_of,
    subtree,
)
from tests.support.dsl import content, tree

IDS = [NodeId(one) for one in "abcde"]
NAMES = [Name(one) for one in "xyz"]
PARENTS = [ROOT, *IDS]

placements = st.builds(Placement, st.sampled_from(PARENTS), st.sampled_from(NAMES))
changes = st.tuples(st.sampled_from(IDS), st.one_of(st.none(), placements), st.sampled_from("12"))
"""An id, where it is to stand (None: nowhere), and what it is to hold."""


def made(node_id: NodeId, at: Placement | None, inside: str) -> Node | None:
    return None if at is None else File(node_id, at, content(inside), False, 0)


def agrees(view: View, nodes: dict[NodeId, Node]) -> None:
    """``view`` answers as ``nodes`` would.  Of several at one name it gives one of them."""
    for node_id in IDS:
        assert view.get(node_id) == nodes.get(node_id)
    for parent in PARENTS:
        inside = {node.id for node in nodes.values() if node.at.parent == parent}
        found = list(view.children(parent))
        assert sorted(found) == sorted(inside)
        for name in NAMES:
            there = {node_id for node_id in inside if nodes[node_id].at.name == name}
            one = view.at(parent, name_key(name))
            assert one in there if there else one is None


@given(st.lists(changes, max_size=30))
def test_a_tree_is_a_dict_that_knows_who_stands_where(some: list[tuple[NodeId, Placement | None, str]]) -> None:
    nodes: dict[NodeId, Node] = {}
    grown = Tree()
    for node_id, at, inside in some:
        node = made(node_id, at, inside)
        if node is None:
            grown.drop(node_id)
            nodes.pop(node_id, None)
        else:
            grown.put(node)
            nodes[node_id] = node
        agrees(grown, nodes)
    assert set(grown.ids()) == nodes.keys()
    assert len(grown) == len(nodes)


@given(st.lists(st.tuples(st.booleans(), changes), max_size=30))
def test_an_overlay_is_a_dict_that_keeps_only_what_differs(
    some: list[tuple[bool, tuple[NodeId, Placement | None, str]]],
) -> None:
    base, over = Tree(), {}
    top: dict[NodeId, Node] = {}
    overlay = Overlay(base)
    for below, (node_id, at, inside) in some:
        node = made(node_id, at, inside)
        if below:
            # Whoever changes the base says anew what stands above it, as the canopy does.
            if node is None:
                base.drop(node_id)
                over.pop(node_id, None)
            else:
                base.put(node)
                over[node_id] = node
            overlay.set(node_id, top.get(node_id))
        else:
            overlay.set(node_id, node)
            top.pop(node_id, None)
            if node is not None:
                top[node_id] = node
        agrees(overlay, top)
        differing = {one for one in IDS if top.get(one) != over.get(one)}
        assert set(overlay.ids()) == differing
        assert {one for one in IDS if one in overlay} == differing
        assert len(overlay) == len(differing)


def test_of_two_at_one_name_the_first_is_found_and_both_are_there() -> None:
    grown = Tree()
    for node_id in "ab":
        grown.put(Dir(NodeId(node_id), Placement(ROOT, Name("n"))))
    assert grown.at(ROOT, name_key(Name("n"))) == "a"
    assert grown.all_at(ROOT, name_key(Name("n"))) == ("a", "b")
    grown.drop(NodeId("a"))
    assert grown.at(ROOT, name_key(Name("n"))) == "b"
    assert grown.all_at(ROOT, name_key(Name("none"))) == ()


def test_the_root_and_the_park_are_in_every_tree() -> None:
    for view in (Tree(), Overlay(Tree())):
        assert view.get(ROOT) == ROOT_DIR
        assert view.get(PARK) == PARK_DIR
        assert list(view.children(ROOT)) == []


# --- ways through a tree ------------------------------------------------------------------------------------------


def grown(text: str) -> Tree:
    return planted(tree(text).values())


def planted(nodes: Iterable[Node]) -> Tree:
    found = Tree()
    for node in nodes:
        found.put(node)
    return found


def test_paths_and_names_lead_to_the_same_node() -> None:
    view = grown("d/ d/e/ d/e/f=1 g=2")
    assert path_of(view, NodeId("d-e-f")) == "d/e/f"
    assert path_of(view, ROOT) == ""
    assert find(view, [Name("d"), Name("e"), Name("f")]) == "d-e-f"
    assert find(view, []) == ROOT
    assert find(view, [Name("d"), Name("none"), Name("f")]) is None
    assert list(ancestors(view, NodeId("d-e-f"))) == ["d-e-f", "d-e", "d"]
    assert list(ancestors(view, ROOT)) == []


def test_a_subtree_gives_folders_before_what_they_hold() -> None:
    found = list(subtree(grown("d/ d/e/ d/e/f=1 d/g=2 h=3"), NodeId("d")))
    assert sorted(found) == ["d", "d-e", "d-e-f", "d-g"]
    assert found.index(NodeId("d")) < found.index(NodeId("d-e")) < found.index(NodeId("d-e-f"))


def test_what_is_missing_or_parked_has_no_path() -> None:
    orphan = Dir(NodeId("o"), Placement(NodeId("gone"), Name("o")))
    parked = Dir(NodeId("p"), Placement(PARK, Name("p")))
    view = planted([orphan, parked])
    assert path_of(view, NodeId("none")) is None
    assert path_of(view, orphan.id) is None
    assert path_of(view, parked.id) is None
    assert list(ancestors(view, orphan.id)) == ["o"]
    assert list(ancestors(view, parked.id)) == ["p"]


def test_b14_a_circle_has_an_end() -> None:
    view = planted(
        [Dir(NodeId("a"), Placement(NodeId("b"), Name("a"))), Dir(NodeId("b"), Placement(NodeId("a"), Name("b")))]
    )
    assert list(ancestors(view, NodeId("a"))) == ["a", "b"]
    assert path_of(view, NodeId("a")) is None


def test_c8_depth_is_no_matter() -> None:
    parent, nodes = ROOT, []
    for number in range(5000):
        nodes.append(Dir(NodeId(f"n{number}"), Placement(parent, Name("d"))))
        parent = nodes[-1].id
    view = planted(nodes)
    path = path_of(view, parent)
    assert path is not None
    assert path.count("/") == 4999
    assert len(list(subtree(view, NodeId("n0")))) == 5000


def test_no_folder_is_missing_above_one_that_is_there() -> None:
    """``c`` was taken out of ``b``, which is gone: what is new in ``c`` needs no ``b``."""
    has, lacks = Tree(), Tree()
    for node in tree("b/ b/c/ b/c/d/ b/c/d/e/").values():
        has.put(node)
    for node in tree("c/@b-c").values():
        lacks.put(node)
    assert list(missing_above(has, lacks, NodeId("b-c-d-e"))) == ["b-c-d-e", "b-c-d"]
    assert list(missing_above(has, lacks, NodeId("b-c"))) == []
    assert list(missing_above(has, Tree(), NodeId("b-c-d"))) == ["b-c-d", "b-c", "b"]
