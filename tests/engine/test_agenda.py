"""Whose turn it is."""

from __future__ import annotations

from syncagent.engine.agenda import Agenda
from syncagent.model.ids import NodeId

A, B, C = NodeId("a"), NodeId("b"), NodeId("c")


def everyone(node_id: NodeId) -> bool:
    return True


def taken(agenda: Agenda) -> list[NodeId]:
    return agenda.take(100, everyone)


def test_nodes_are_taken_in_the_order_in_which_they_came_and_once() -> None:
    agenda = Agenda()
    agenda.add([B, A, B])
    assert agenda
    assert agenda.take(1, everyone) == [B]
    assert taken(agenda) == [A]
    assert not agenda


def test_nodes_that_are_not_fit_are_left_out() -> None:
    agenda = Agenda()
    agenda.add([A, B])
    assert agenda.take(100, lambda node_id: node_id == B) == [B]
    assert not agenda


def test_who_waits_for_a_node_comes_with_it() -> None:
    agenda = Agenda()
    agenda.wait(A, B)
    agenda.wait(C, B)
    assert not agenda
    agenda.add([B])
    assert taken(agenda) == [B, A, C]
    agenda.add([B])
    assert taken(agenda) == [B], "it waits no longer"


def test_who_waits_for_itself_comes_when_something_about_it_changes() -> None:
    agenda = Agenda()
    agenda.wait(A, A)
    agenda.add([A])
    assert taken(agenda) == [A]


def test_what_is_forbidden_comes_when_more_is_allowed() -> None:
    agenda = Agenda()
    agenda.forbid(A)
    assert not agenda.sweep()
    agenda.allow()
    assert taken(agenda) == [A]
    agenda.allow()
    assert not agenda


def test_what_was_not_reached_is_put_back() -> None:
    agenda = Agenda()
    agenda.put_back([A])
    assert taken(agenda) == [A]


def test_a_sweep_brings_all_that_waits_and_only_once_until_something_changes() -> None:
    agenda = Agenda()
    agenda.wait(A, B)
    assert agenda.sweep()
    assert taken(agenda) == [A]
    agenda.wait(A, B)
    assert not agenda.sweep(), "else it would go on for ever"
    agenda.add([C])
    assert taken(agenda) == [C]
    assert agenda.sweep()


def test_when_more_is_allowed_all_that_waits_is_worth_another_try() -> None:
    agenda = Agenda()
    agenda.wait(A, B)
    agenda.sweep()
    taken(agenda)
    agenda.wait(A, B)
    agenda.allow()
    assert agenda.sweep()


def test_there_is_nothing_to_sweep_when_nobody_waits() -> None:
    assert not Agenda().sweep()


def test_what_waits_for_what_is_not_allowed_yet_is_not_swept_with_each_change() -> None:
    agenda = Agenda()
    nodes = [NodeId(str(number)) for number in range(100)]
    for node_id in nodes:
        agenda.wait(node_id, A)
    planned = 0
    for _ in range(150):
        agenda.add([B])
        planned += len(taken(agenda))
        if agenda.sweep(thorough=False):
            planned += len(taken(agenda))
            for node_id in nodes:
                agenda.wait(node_id, A)
    assert planned == 150 + len(nodes), "in proportion to what changed"
    assert agenda.sweep()
