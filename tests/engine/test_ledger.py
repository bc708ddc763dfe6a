"""Acts and parts: remembered, told to the database, and forgotten when they are too many."""

from __future__ import annotations

from dataclasses import replace

from syncagent.engine import ledger as ledger_module
from syncagent.engine.ledger import ACTS_KEPT, Ledger
from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement


def act(number: int, decision: Decision = Decision.HELD) -> Act:
    return Act(number, Direction.OUT, frozenset({Loss.DELETED}), decision=decision)


def part(number: int, node: str, *, is_open: bool = True) -> Part:
    return Part(number, NodeId(node), RelPath(node), Dir(NodeId(node), Placement(ROOT, Name(node))), None, open=is_open)


def test_an_open_part_is_found_by_its_node_and_a_closed_one_is_not() -> None:
    ledger = Ledger()
    ledger.put_act(act(1))
    ledger.put(part(1, "a"))
    assert ledger.open_part(NodeId("a")) == (act(1), part(1, "a"))
    ledger.close(part(1, "a"))
    assert ledger.open_part(NodeId("a")) is None
    assert NodeId("a") in ledger.parts[1]


def test_a_node_is_an_open_part_of_one_act_at_most() -> None:
    ledger = Ledger()
    for number in (1, 2):
        ledger.put_act(act(number))
        ledger.put(part(number, "a"))
    assert ledger.open_part(NodeId("a")) == (act(2), part(2, "a"))
    assert not ledger.parts[1][NodeId("a")].open


def test_the_database_is_told_what_has_changed_and_what_is_forgotten() -> None:
    ledger = Ledger()
    ledger.put_act(act(ledger.new_number()))
    ledger.put(part(1, "a"))
    ledger.put(part(1, "b"))
    assert ledger.take_touched() == ({1: act(1)}, {(1, "a"): part(1, "a"), (1, "b"): part(1, "b")})
    assert ledger.take_touched() == ({}, {})
    ledger.forget_part(part(1, "a"))
    assert ledger.take_touched() == ({}, {(1, "a"): None})
    ledger.forget_act(1)
    assert ledger.take_touched() == ({1: None}, {})


def test_a_number_is_never_given_twice() -> None:
    ledger = Ledger()
    ledger.put_act(act(ledger.new_number()))
    facts = ledger.new_facts()
    ledger.forget_act(1)
    again = Ledger()
    again.load([], [], facts)
    assert again.new_number() == 2
    assert ledger.new_facts() == {}


def test_what_was_kept_is_there_again() -> None:
    ledger = Ledger()
    ledger.load([act(4)], [part(4, "a"), part(4, "b", is_open=False), part(9, "of no act")], {})
    assert ledger.open_nodes() == ["a"]
    assert ledger.parts[4].keys() == {"a", "b"}


def test_the_oldest_that_are_decided_and_done_go_first() -> None:
    ledger = Ledger()
    for number in range(1, ACTS_KEPT + 4):
        ledger.put_act(act(number, Decision.HELD if number == 1 else Decision.APPROVED))
    ledger.put(part(2, "still to do"))
    ledger.prune()
    assert min(ledger.acts) == 1
    assert 2 in ledger.acts, "something is still to be done about it"
    assert 3 not in ledger.acts
    assert len(ledger.acts) == ACTS_KEPT + 2


def test_of_very_large_ones_fewer_are_kept(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(ledger_module, "PARTS_KEPT", 2)
    ledger = Ledger()
    for number in (1, 2):
        ledger.put_act(act(number, Decision.APPROVED))
        for node in ("a", "b"):
            ledger.put(replace(part(number, f"{node}{number}"), open=False))
    ledger.prune()
    assert list(ledger.acts) == [2]
