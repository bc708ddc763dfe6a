"""The acts that a person is or was asked about, with their parts, and what the database has to be told of them.

What is decided and done is kept for a while, so that it can be undone: the last ACTS_KEPT, as far as they have no more
than PARTS_KEPT parts together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from syncagent.model.acts import Act, Decision, Part
from syncagent.model.ids import NodeId
from syncagent.model.values import replace

ACTS_KEPT: Final = 20
PARTS_KEPT: Final = 200_000
COUNTER: Final = "acts"
"""The fact that remembers how many acts there were: a number never means another act."""


class Ledger:
    """Acts by number.  ``of`` gives the act in which a node is an open part; a node is one in one act at most."""

    def __init__(self) -> None:
        self.acts: dict[int, Act] = {}
        self.parts: dict[int, dict[NodeId, Part]] = {}
        self._of: dict[NodeId, int] = {}
        self._number = 0
        self._told_number = 0
        self._touched_acts: dict[int, None] = {}
        self._touched_parts: dict[tuple[int, NodeId], None] = {}

    def load(self, acts: Iterable[Act], parts: Iterable[Part], facts: Mapping[str, str]) -> None:
        self.acts = {act.id: act for act in acts}
        self.parts = {number: {} for number in self.acts}
        for part in parts:
            if part.act in self.acts:
                self.parts[part.act][part.node_id] = part
                if part.open:
                    self._of[part.node_id] = part.act
        self._number = self._told_number = max([int(facts.get(COUNTER, "0")), *self.acts])

    def new_number(self) -> int:
        self._number += 1
        return self._number

    def put_act(self, act: Act) -> None:
        self.acts[act.id] = act
        self.parts.setdefault(act.id, {})
        self._touched_acts[act.id] = None

    def put(self, part: Part) -> None:
        """Remember ``part``; if it is open, its node is no open part of another act any more."""
        if self.parts[part.act].get(part.node_id) == part:
            return
        before = self._of.get(part.node_id)
        if part.open:
            if before is not None and before != part.act:
                self.close(self.parts[before][part.node_id])
            self._of[part.node_id] = part.act
        elif before == part.act:
            del self._of[part.node_id]
        self.parts[part.act][part.node_id] = part
        self._touched_parts[part.act, part.node_id] = None

    def close(self, part: Part) -> None:
        """There is nothing to be done about it any more."""
        self.put(replace(part, open=False))

    def forget_part(self, part: Part) -> None:
        """It turned out to be no part of its act."""
        del self.parts[part.act][part.node_id]
        if self._of.get(part.node_id) == part.act:
            del self._of[part.node_id]
        self._touched_parts[part.act, part.node_id] = None

    def forget_act(self, number: int) -> None:
        for part in list(self.parts[number].values()):
            self.forget_part(part)
        del self.acts[number], self.parts[number]
        self._touched_acts[number] = None

    def open_part(self, node_id: NodeId) -> tuple[Act, Part] | None:
        """The act that has something to say about the node, and its part in it."""
        number = self._of.get(node_id)
        return None if number is None else (self.acts[number], self.parts[number][node_id])

    @property
    def is_open(self) -> bool:
        """Whether any act has anything left to say."""
        return bool(self._of)

    def __contains__(self, node_id: object) -> bool:
        """Whether the node is an open part of an act."""
        return node_id in self._of

    def open_nodes(self) -> list[NodeId]:
        """All nodes that are an open part of an act."""
        return list(self._of)

    def held(self) -> Iterator[Act]:
        """The acts about which nothing has been decided yet."""
        return (act for act in self.acts.values() if act.decision is Decision.HELD)

    def prune(self) -> None:
        """Forget the oldest of those that were decided, where they are too many."""
        active = set(self._of.values())
        decided = [one for one, act in self.acts.items() if act.decision is not Decision.HELD and one not in active]
        weight = 0
        for place, number in enumerate(sorted(decided, reverse=True)):
            weight += len(self.parts[number])
            if place >= ACTS_KEPT or (place and weight > PARTS_KEPT):
                self.forget_act(number)

    def new_facts(self) -> dict[str, str]:
        if self._number == self._told_number:
            return {}
        self._told_number = self._number
        return {COUNTER: str(self._number)}

    def take_touched(self) -> tuple[dict[int, Act | None], dict[tuple[int, NodeId], Part | None]]:
        """What has changed since the last call, as a delta has it."""
        acts = {number: self.acts.get(number) for number in self._touched_acts}
        parts = {
            (number, node_id): self.parts.get(number, {}).get(node_id)
            for number, node_id in self._touched_parts
            if acts.get(number, True) is not None
        }
        self._touched_acts, self._touched_parts = {}, {}
        return acts, parts
