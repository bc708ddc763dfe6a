"""Which nodes are of no concern."""

from __future__ import annotations

import pytest

from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Placement
from syncagent.planner.ops import DeleteLocal, Op
from syncagent.planner.plan import plan
from syncagent.planner.policy import Policy
from syncagent.planner.scope import Out, Scope
from syncagent.rules.layers import rule_file
from syncagent.trees.canopy import Canopy
from tests.support.dsl import DAY, MACHINE
from tests.support.solo import file, folder


def made(rules: bytes = b"/d/*.o\n") -> tuple[Canopy, Scope]:
    canopy = Canopy()
    for node in (folder("d", "d"), folder("e", "e"), file("x", "x.o", b"1", "d"), file("y", "y", b"1", "e")):
        canopy.agree(node.id, node)
    scope = Scope(canopy)
    scope.learn(ROOT, ".syncignore", rule_file(rules))
    return canopy, scope


def outs(scope: Scope) -> dict[str, Out]:
    found = {one: scope.out(NodeId(one)) for one in ("d", "e", "x", "y")}
    return {one: why for one, why in found.items() if why is not None}


def test_rules_go_by_the_place_here_and_where_there_is_none_by_that_at_the_hub() -> None:
    canopy, scope = made()
    assert outs(scope) == {"x": Out.IGNORED}
    canopy.set_local(NodeId("x"), None)
    assert outs(scope) == {"x": Out.IGNORED}
    canopy.set_remote(NodeId("d"), folder("d", "moved"))
    scope.moved([NodeId("d")])
    assert outs(scope) == {}
    canopy.set_remote(NodeId("d"), None)
    assert scope.out(NodeId("gone")) is None


def test_a_folder_that_is_left_out_leaves_out_all_that_is_in_it() -> None:
    _, scope = made(b"e/\n")
    assert outs(scope) == {"e": Out.IGNORED, "y": Out.IGNORED}
    assert not scope.learn(ROOT, ".syncignore", rule_file(b"e/\n")), "nothing new"
    assert scope.learn(ROOT, ".syncignore", None)
    assert outs(scope) == {} and not scope.has_rules


def test_what_is_excluded_is_so_wherever_others_move_it_and_its_old_name_is_free() -> None:
    canopy, scope = made(b"")
    scope.exclude({RelPath("e"): NodeId("e"), RelPath("later"): None})
    assert outs(scope) == {"e": Out.EXCLUDED, "y": Out.EXCLUDED}
    canopy.agree(NodeId("e"), folder("e", "f"))
    scope.moved([NodeId("e")])
    assert outs(scope) == {"e": Out.EXCLUDED, "y": Out.EXCLUDED}
    assert list(scope.excluded()) == ["f", "later"]
    assert [scope.bars(Placement(ROOT, Name(name))) for name in ("e", "f", "later")] == [False, True, True]


def test_what_is_excluded_goes_from_here_if_the_hub_has_it_and_from_nowhere_else() -> None:
    canopy, scope = made(b"")
    canopy.set_synced(NodeId("y"), None)
    canopy.set_synced(NodeId("e"), None)
    scope.exclude({RelPath("e"): NodeId("e")})
    scope.outs.update(dict.fromkeys([NodeId("y"), NodeId("e")], Out.EXCLUDED))

    def ops() -> list[Op]:
        return list(plan(canopy, Policy(MACHINE, DAY), focus=[NodeId("e"), NodeId("y")], scope=scope).ops)

    assert ops() == [DeleteLocal(file("y", "y", b"1", "e"))]
    canopy.set_local(NodeId("y"), file("y", "y", b"edited", "e"))
    assert ops() == []
    canopy.set_remote(NodeId("y"), None)
    assert ops() == []


@pytest.mark.hazard("C10", "N10")
@pytest.mark.parametrize("here", [True, False])
def test_of_what_is_left_out_nothing_is_ever_planned(here: bool) -> None:
    canopy, scope = made()
    canopy.set_local(NodeId("x"), file("x", "x.o", b"edited", "d") if here else None)
    canopy.set_remote(NodeId("x"), None if here else file("x", "x.o", b"edited there", "d"))
    scope.outs[NodeId("x")] = Out.IGNORED
    made_plan = plan(canopy, Policy(MACHINE, DAY), focus=[NodeId("x")], scope=scope)
    assert (made_plan.ops, made_plan.dormant) == ((), (NodeId("x"),))


def test_what_is_plain_is_known_to_be_no_matter_of_rules_without_more_ado() -> None:
    canopy, scope = made(b"")
    scope.learn(ROOT, ".syncignore", None)
    x, temporary = file("x", "x.o", b"1", "d"), file("t", "save.part", b"1", "d")
    assert not scope.is_plain(x, stands=True), "nothing is known of its folder yet"
    assert scope.out(NodeId("x")) is None
    assert scope.is_plain(x, stands=True)
    canopy.set_local(temporary.id, temporary)
    assert scope.out(temporary.id) is Out.IGNORED and not scope.is_plain(temporary, stands=True)
    scope.learn(NodeId("d"), ".syncignore", rule_file(b"*.o\n"))
    assert scope.out(NodeId("x")) is Out.IGNORED and not scope.is_plain(x, stands=True)
    scope.learn(NodeId("d"), ".syncignore", None)
    scope.exclude({RelPath("d"): NodeId("d")})
    assert scope.out(NodeId("x")) is Out.EXCLUDED and not scope.is_plain(x, stands=True)
