"""In which order effects begin, and what is committed before them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from syncagent.agent.pump import Pump, merged
from syncagent.engine.effects import Commit, Effect, Note
from syncagent.model.acts import Act, Direction, Part
from syncagent.model.ids import ROOT, NodeId, Rev
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement
from syncagent.trees.delta import Delta, Row


def row(node_id: str, rev: int = 1) -> Row:
    node = Dir(NodeId(node_id), Placement(ROOT, Name(node_id)))
    return Row(NodeId(node_id), node, node, node, Rev(rev), None, None)


class Desk:
    """A pump, and a record of what it did."""

    def __init__(self) -> None:
        self.record: list[str] = []
        self.prepared: list[str] = []
        self.at_once = False
        self.pump = Pump(self._begin, self._keep, self._prepare)

    def _begin(self, effect: Effect) -> None:
        assert isinstance(effect, Note)
        self.record.append(effect.text)

    def _prepare(self, effect: Effect) -> None:
        assert isinstance(effect, Note)
        self.prepared.append(effect.text)

    def _keep(self, delta: Delta) -> bool:
        self.record.append("keep " + " ".join(sorted(delta.facts)))
        return self.at_once

    def push(self, *words: str) -> None:
        self.pump.push(
            Commit(Delta(facts={word[1:]: ""})) if word.startswith("!") else Note("info", word) for word in words
        )


def test_what_is_dropped_while_it_waits_does_not_begin() -> None:
    desk = Desk()
    desk.pump.push([Commit(Delta((row("a"),))), Note("info", "said"), Note("info", "shown")])
    desk.pump.drop(lambda effect: isinstance(effect, Note) and effect.text == "said")
    desk.pump.kept()
    assert "said" not in desk.record
    assert desk.record[-1] == "shown"


def test_effects_begin_in_order() -> None:
    desk = Desk()
    desk.push("a", "b")
    desk.push("c")
    assert desk.record == ["a", "b", "c"]


def test_what_waits_for_a_commit_is_prepared_once() -> None:
    desk = Desk()
    desk.push("a", "!x", "b", "!y", "c")
    assert (desk.record, desk.prepared) == (["a", "keep x y"], ["b", "c"])
    desk.push("!z", "d")
    desk.pump.kept()
    assert (desk.record, desk.prepared) == (["a", "keep x y", "b", "c", "keep z"], ["b", "c", "d"])


def test_nothing_begins_while_a_commit_before_it_is_under_way() -> None:
    desk = Desk()
    desk.push("a", "!x", "b")
    desk.push("c")
    assert desk.record == ["a", "keep x"]
    assert not desk.pump.idle
    desk.pump.kept()
    assert desk.record == ["a", "keep x", "b", "c"]
    assert desk.pump.idle


def test_what_stands_after_a_commit_that_is_made_at_once_begins_without_being_prepared() -> None:
    desk = Desk()
    desk.at_once = True
    desk.push("a", "!x", "b", "!y", "c")
    assert (desk.record, desk.prepared) == (["a", "keep x y", "b", "c"], [])
    assert desk.pump.idle


def test_commits_that_wait_become_one_transaction() -> None:
    desk = Desk()
    desk.push("!x", "a", "!y", "b", "!z", "c")
    assert desk.record == ["keep x y z"]
    desk.pump.kept()
    assert desk.record == ["keep x y z", "a", "b", "c"]


def test_a_commit_that_comes_while_another_is_under_way_is_not_lost() -> None:
    desk = Desk()
    desk.push("!x", "a")
    desk.push("!y", "b")
    desk.pump.kept()
    assert desk.record == ["keep x", "a", "keep y"]
    desk.pump.kept()
    assert desk.record == ["keep x", "a", "keep y", "b"]


def test_an_empty_commit_holds_nothing_up() -> None:
    desk = Desk()
    desk.pump.push([Commit(Delta()), Note("info", "a")])
    assert desk.record == ["a"]


def test_an_effect_may_push_further_ones() -> None:
    record: list[str] = []

    def begin(effect: Effect) -> None:
        assert isinstance(effect, Note)
        record.append(effect.text)
        if effect.text == "a":
            pump.push([Note("info", "b")])

    pump = Pump(begin, lambda delta: None, lambda effect: None)
    pump.push([Note("info", "a"), Note("info", "z")])
    assert record == ["a", "z", "b"]


deltas = st.lists(
    st.builds(
        Delta,
        rows=st.lists(st.builds(row, st.sampled_from("abc"), st.integers(1, 9)), max_size=3).map(tuple),
        gone=st.lists(st.sampled_from("abc").map(NodeId), max_size=2).map(tuple),
        facts=st.dictionaries(st.sampled_from("kl"), st.text(max_size=2), max_size=2),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(deltas)
def test_a_merged_delta_does_what_its_parts_do(parts: list[Delta]) -> None:
    def applied(some: list[Delta]) -> tuple[dict[NodeId, Row], dict[str, str]]:
        rows: dict[NodeId, Row] = {}
        facts: dict[str, str] = {}
        for delta in some:
            rows.update((one.id, one) for one in delta.rows)
            for node_id in delta.gone:
                rows.pop(node_id, None)
            facts.update(delta.facts)
        return rows, facts

    assert applied([merged(parts)]) == applied(parts)


def test_of_acts_the_last_word_counts_and_what_is_forgotten_takes_its_parts_along() -> None:
    act = Act(1, Direction.IN, frozenset())
    node = row("a").synced
    assert node is not None
    part = Part(1, node.id, RelPath("a"), node, None)
    first = Delta(acts={1: act, 2: replace(act, id=2)}, parts={(1, node.id): part})
    then = Delta(parts={(1, node.id): None, (2, node.id): replace(part, act=2)})
    assert merged([first, then]) == Delta(acts=first.acts, parts=then.parts)
    assert merged([first, then, Delta(acts={2: None})]) == Delta(acts={1: act, 2: None}, parts={(1, node.id): None})
