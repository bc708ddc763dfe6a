"""What looks at the disk show of rules."""

from __future__ import annotations

from syncagent.engine.rulesight import RuleSight
from syncagent.engine.scoping import Scoping
from syncagent.model.facts import Ignored, Listed, NothingThere, RulesSeen
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import RelPath
from syncagent.trees.canopy import Canopy
from tests.support.solo import file


def made() -> tuple[Canopy, Scoping]:
    canopy = Canopy()
    for node in (file("x", "x.o", b"1"), file("y", "y", b"1")):
        canopy.agree(node.id, node)
    return canopy, Scoping(canopy)


def sight(canopy: Canopy, scoping: Scoping) -> RuleSight:
    return RuleSight(canopy, scoping, lambda _: None, [RelPath("")])


def test_rules_count_before_the_facts_that_come_with_them_are_believed() -> None:
    canopy, scoping = made()
    one = sight(canopy, scoping)
    one.before([Listed(RelPath(""), frozenset({".syncignore", "y"})), RulesSeen(RelPath(".syncignore"), b"*.o\n")])
    assert canopy.local.get(NodeId("x")) is None, "what is missing and left out by then is not missed"
    assert one.after() == [ROOT]
    assert NodeId("y") in canopy.synced


def test_what_was_seen_to_be_left_out_is_forgotten_and_keeps_its_folder_until_it_is_gone() -> None:
    canopy, scoping = made()
    sight(canopy, scoping).before([Ignored(RelPath("x.o"))])
    assert canopy.local.get(NodeId("x")) is None and NodeId("x") not in canopy.synced
    assert scoping.scope.keeps(ROOT)
    sight(canopy, scoping).before([NothingThere(RelPath("x.o"))])
    assert not scoping.scope.keeps(ROOT)


def test_nobody_misses_what_was_forgotten() -> None:
    canopy, scoping = made()
    canopy.set_local(NodeId("x"), None)
    missing = {NodeId("x"): None, NodeId("y"): None}
    scoping.take_stirred()
    sight(canopy, scoping).after(missing)
    assert missing == {NodeId("y"): None}
    assert scoping.take_stirred() == [NodeId("x")], "what was missed was not planned for"


def test_what_a_first_scan_lists_is_let_go_of_once_it_has_been_believed() -> None:
    canopy, scoping = made()
    folders: dict[RelPath, NodeId] = {}
    one = RuleSight(canopy, scoping, folders.get)
    one.before([Listed(RelPath("new"), frozenset({"a", "b"}))])
    folders[RelPath("new")] = NodeId("n")
    assert one.after() == ["n"]
    assert one._left == [], "else every name would be kept for as long as files are read"
