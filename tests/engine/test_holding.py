"""What is held, in few words."""

from __future__ import annotations

from syncagent.engine.holding import Holding
from syncagent.engine.ledger import Ledger
from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement

ACT = Act(1, Direction.IN, frozenset({Loss.DELETED}), by=("evil",))


def holding(*nodes: str) -> tuple[Holding, Ledger]:
    ledger = Ledger()
    ledger.put_act(ACT)
    made = Holding(ledger)
    made.begin(ACT, 5.0)
    for node in nodes:
        before = Dir(NodeId(node), Placement(ROOT, Name(node)))
        ledger.put(Part(1, NodeId(node), RelPath(node), before, None))
        made.put(ACT, NodeId(node), Loss.OVERWRITTEN if node == "o" else None if node == "d" else Loss.DELETED)
    return made, ledger


def test_it_counts_files_and_names_a_few() -> None:
    made, _ = holding("d", "a", "o", *(f"n{number}" for number in range(9)))
    [asked] = made.asked()
    assert (asked.id, asked.deleted, asked.overwritten, asked.by) == (1, 10, 1, ("evil",))
    assert asked.paths == ("a", "o", "n0", "n1", "n2")
    assert asked.in_words() == "10 deletes and 1 overwrite, incoming"


def test_what_it_holds_no_longer_is_not_counted() -> None:
    made, _ = holding("a", "b")
    assert made.drop(ACT, NodeId("a"))
    assert not made.drop(ACT, NodeId("a"))
    assert made.asked()[0].deleted == 1
    made.drop(ACT, NodeId("b"))
    assert made.is_empty(ACT)


def test_the_hour_is_asked_for_once() -> None:
    made, ledger = holding("a")
    assert made.wants_hour()
    assert not made.wants_hour()
    made.hour("")
    assert not made.wants_hour(), "there is no clock"
    made.hour("noon")
    assert made.asked()[0].since == ledger.acts[1].since == "noon"
    assert not made.wants_hour()


def test_what_is_decided_is_not_asked_about() -> None:
    made, ledger = holding("a")
    made.end(ACT)
    ledger.put_act(Act(1, Direction.IN, frozenset(), decision=Decision.APPROVED))
    assert made.asked() == ()
