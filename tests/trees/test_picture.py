"""Pictures of trees, and what differs between three."""

from __future__ import annotations

import pytest

from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement
from syncagent.trees.picture import FOLDER, Difference, Sight, differences, picture_of
from syncagent.trees.tree import Tree

ONE, TWO = Content(Digest(b"1" * 32), 1), Content(Digest(b"2" * 32), 2)
FILE, OTHER, RUNS = Sight(Kind.FILE, ONE), Sight(Kind.FILE, TWO), Sight(Kind.FILE, ONE, executable=True)
LINK = Sight(Kind.LINK, target="x")
A = RelPath("a")


def at(name: str, parent: str = ROOT) -> Placement:
    return Placement(NodeId(parent), Name(name))


def tree(*nodes: Node) -> Tree:
    made = Tree()
    for node in nodes:
        made.put(node)
    return made


def test_a_picture_has_what_stands_at_each_path() -> None:
    file, link = File(NodeId("f"), at("run", "d"), ONE, True, 7), Link(NodeId("l"), at("l"), "x")
    picture = picture_of(tree(Dir(NodeId("d"), at("docs")), file, link))
    assert picture == {"docs": FOLDER, "docs/run": RUNS, "l": LINK}


def test_what_cannot_be_reached_from_the_root_is_not_seen_and_a_circle_does_not_hang_it() -> None:
    lost = File(NodeId("f"), at("lost", "nowhere"), ONE, False, 0)
    circle = (Dir(NodeId("x"), at("x", "y")), Dir(NodeId("y"), at("y", "x")))
    assert picture_of(tree(lost, *circle)) == {}


def test_two_nodes_at_different_paths_of_one_id_are_two_pictures() -> None:
    before, after = tree(File(NodeId("f"), at("a"), ONE, False, 0)), tree(File(NodeId("f"), at("b"), ONE, False, 0))
    found = list(differences(picture_of(before), picture_of(after), picture_of(after)))
    assert [(one.path, one.agree) for one in found] == [("a", "synced+hub"), ("b", "synced+hub")]


@pytest.mark.parametrize(
    ("disk", "synced", "hub", "agree", "text"),
    [
        (None, FILE, FILE, "synced+hub", "the disk has nothing there, unlike the hub and what was agreed"),
        (FILE, None, None, "synced+hub", "the disk has a file there, unlike the hub and what was agreed"),
        (OTHER, FILE, FILE, "synced+hub", "the disk has other content, unlike the hub and what was agreed"),
        (RUNS, FILE, FILE, "synced+hub", "the disk has it executable, unlike the hub and what was agreed"),
        (FILE, FILE, RUNS, "disk+synced", "the hub has it executable, unlike the disk and what was agreed"),
        (RUNS, RUNS, FILE, "disk+synced", "the hub has it not executable, unlike the disk and what was agreed"),
        (
            FILE,
            FILE,
            FOLDER,
            "disk+synced",
            "the hub has a folder where a file is, unlike the disk and what was agreed",
        ),
        (
            LINK,
            LINK,
            Sight(Kind.LINK, target="y"),
            "disk+synced",
            "the hub has a link that points elsewhere, unlike the",
        ),
        (FILE, OTHER, FILE, "disk+hub", "disk and hub are the same; what was agreed has other content"),
        (FILE, None, FILE, "disk+hub", "disk and hub are the same; what was agreed has nothing there"),
        (FILE, OTHER, None, "none", "all three differ: the disk has a file there, unlike the hub"),
    ],
)
def test_which_sides_agree_and_what_the_other_has(
    disk: Sight | None, synced: Sight | None, hub: Sight | None, agree: str, text: str
) -> None:
    one = Difference(A, disk, synced, hub)
    assert one.agree == agree
    assert one.text.startswith(text)


def test_what_is_the_same_is_not_told() -> None:
    same = {A: FILE, RelPath("d"): FOLDER}
    assert list(differences(same, dict(same), dict(same))) == []
