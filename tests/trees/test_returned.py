"""Who stands again where something was deleted, of which the hub has not heard yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.model.ids import ROOT, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Placement
from syncagent.trees.returned import returned
from syncagent.trees.tree import subtree
from tests.trees.test_identify import Watch

AT = Placement(ROOT, Name("a"))


def by_path(watch: Watch) -> dict[str, NodeId]:
    canopy = watch.canopy
    return {canopy.local_path(one) or "": one for one in list(subtree(canopy.local, ROOT)) if one != ROOT}


def deleted() -> Watch:
    watch = Watch().files("a", "d/", "d/x").at_hub()
    watch.user.delete("a")
    watch.user.delete("d")
    return watch.scan().gone()


@pytest.mark.hazard("A10")
def test_what_is_written_where_a_file_was_deleted_is_that_file_edited() -> None:
    watch = Watch().files("a", "d/", "d/x").at_hub()
    was = by_path(watch)
    assert len(was) == 3
    watch.user.delete("a")
    watch.user.delete("d")
    watch.scan().gone()
    assert by_path(watch) == {}
    watch.user.write("a", b"new")
    watch.user.mkdir("d")
    watch.user.write("d/x", b"d/x")
    watch.scan()
    assert by_path(watch) == was


def test_another_kind_is_another_node() -> None:
    watch = deleted()
    assert returned(watch.canopy, AT, File)
    assert returned(watch.canopy, AT, Dir) is None


def test_one_that_the_hub_has_let_go_of_or_that_was_changed_there_does_not_return() -> None:
    watch = deleted()
    node_id = returned(watch.canopy, AT, File)
    assert node_id is not None
    node = watch.canopy.synced.get(node_id)
    watch.canopy.set_remote(node_id, File(node_id, AT, node.content, True, 7) if isinstance(node, File) else None)
    assert returned(watch.canopy, AT, File) is None
    watch.canopy.set_remote(node_id, None)
    assert returned(watch.canopy, AT, File) is None


def test_one_that_stands_elsewhere_does_not_return() -> None:
    watch = Watch().files("a").at_hub()
    assert returned(watch.canopy, AT, File) is None
    watch.user.move("a", "b")
    watch.scan()
    assert returned(watch.canopy, AT, File) is None


def test_what_the_hub_has_just_so_is_agreed_as_soon_as_it_is_seen() -> None:
    other = Watch().files("d/", "d/x")
    file = other.canopy.local.get(by_path(other)["d/x"])
    assert isinstance(file, File)
    there = Dir(NodeId("hd"), Placement(ROOT, Name("d")))
    watch = Watch()
    watch.canopy.set_remote(there.id, there, Rev(3))
    at = Placement(there.id, Name("x"))
    watch.canopy.set_remote(NodeId("hx"), replace(file, id=NodeId("hx"), at=at), Rev(3))
    watch.files("d/", "d/x")
    assert by_path(watch) == {"d": "hd", "d/x": "hx"}
    assert not list(watch.canopy.diverged())
    assert watch.canopy.rev(NodeId("hx")) == 3
