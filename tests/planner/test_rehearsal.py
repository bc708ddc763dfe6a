"""A rehearsal comes to where the real thing comes, and leaves nothing to do."""

from __future__ import annotations

from syncagent.model.ids import ROOT, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, Placement
from syncagent.planner.compare import same_inside
from syncagent.planner.ops import Agree
from syncagent.planner.policy import Policy
from syncagent.planner.rehearsal import rehearse
from syncagent.planner.scope import Scope
from syncagent.trees.canopy import Canopy
from syncagent.trees.picture import nodes_by_path
from tests.planner.test_plan import World


def nothing() -> None:
    pass


def test_it_ends_as_the_ops_end_in_whatever_order_they_are_run() -> None:
    for seed in range(600):
        foreseen, done = World(seed, seed % 7, seed // 7 % 7), World(seed, seed % 7, seed // 7 % 7)
        deeds = list(rehearse(foreseen.canopy, foreseen.policy, Scope(foreseen.canopy), nothing))
        done.settle()
        assert not list(foreseen.canopy.diverged()), seed
        here, there = dict(nodes_by_path(foreseen.canopy.local)), done.disk.nodes
        # Names that go in circles may be opened at another node, and copies be numbered otherwise; contents stay.
        assert len(here) == len(there), seed
        if not done.set_asides:
            assert here.keys() == there.keys(), seed
            assert all(same_inside(here[path], there[path]) for path in here), seed
        assert all(deed.path or deed.was or isinstance(deed.op, Agree) for deed in deeds), seed


def test_what_is_only_passed_through_is_told_as_where_it_ends() -> None:
    canopy = Canopy()
    for name, to in (("a", "b"), ("b", "a")):
        node = Dir(NodeId(name), Placement(ROOT, Name(name)))
        canopy.set_local(node.id, node)
        canopy.set_synced(node.id, node)
        canopy.set_remote(node.id, Dir(node.id, Placement(ROOT, Name(to))), Rev(2))
    deeds = list(rehearse(canopy, Policy(), Scope(canopy), nothing))
    assert {(deed.was, deed.path) for deed in deeds} >= {("a", "b"), ("b", "a")}
    assert not any(".syncagent" in deed.path for deed in deeds)
