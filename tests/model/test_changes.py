"""Changes, entries and verdicts."""

from __future__ import annotations

import pytest

from syncagent.model.changes import Change, Operation, change_of, kind_of, node_of
from syncagent.model.facts import Kind
from syncagent.model.ids import NO_REV, ROOT, ChangeId, Digest, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement

AT = Placement(ROOT, Name("a"))
CONTENT = Content(Digest(bytes(32)), 3)
NODES: list[tuple[Node, Kind]] = [
    (Dir(NodeId("d"), AT), Kind.DIR),
    (File(NodeId("f"), AT, CONTENT, executable=True, mtime_ns=7), Kind.FILE),
    (Link(NodeId("l"), AT, "b"), Kind.LINK),
]


@pytest.mark.parametrize(("node", "kind"), NODES)
def test_a_creation_says_all_of_its_node(node: Node, kind: Kind) -> None:
    change = change_of(Operation.CREATE, node, change_id=ChangeId("c"), base_rev=NO_REV, path=RelPath("a"))
    assert (change.kind, change.parent, change.name, change.path) == (kind, ROOT, "a", "a")
    assert node_of(change) == node
    assert kind_of(node) is kind


def test_a_change_carries_the_recipe_it_is_given() -> None:
    recipe = (Block(Digest(bytes(32)), 3),)
    change = change_of(Operation.UPDATE, NODES[1][0], change_id=ChangeId("c"), base_rev=NO_REV, recipe=recipe)
    assert (change.content, change.recipe) == (CONTENT, recipe)


def test_a_file_without_content_is_no_node() -> None:
    with pytest.raises(ValueError, match="does not say what the file holds"):
        node_of(Change(ChangeId("c"), Operation.CREATE, NodeId("f"), NO_REV, Kind.FILE))
