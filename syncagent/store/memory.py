"""The agent's memory in this process, for the simulation: it can lose power.

It keeps what ``agent_db`` promises and nothing more: commits are whole and in order, and a crash takes back some of the
last ones.  Everything is decided by the ``Random`` that is passed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from syncagent.model.acts import Act, Part
from syncagent.model.ids import Digest, NodeId
from syncagent.model.nodes import Recipe
from syncagent.store.acts import contents_of_part
from syncagent.store.ports import INCARNATION, Loaded
from syncagent.store.rows import at_one, contents_of
from syncagent.trees.delta import Delta, Row

UNSURE_MOST: Final = 100
"""So many commits may be lost at once; those before are on the disk by then."""


@dataclass(slots=True)
class _State:
    rows: dict[NodeId, Row] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    recipes: dict[Digest, Recipe] = field(default_factory=dict)
    acts: dict[int, Act] = field(default_factory=dict)
    parts: dict[tuple[int, NodeId], Part] = field(default_factory=dict)

    def put(self, delta: Delta) -> None:
        for row in delta.rows:
            self.rows[row.id] = row
        for node_id in delta.gone:
            self.rows.pop(node_id, None)
        self.facts.update(delta.facts)
        self.recipes.update(delta.recipes)
        for number, act in delta.acts.items():
            if act is not None:
                self.acts[number] = act
            elif self.acts.pop(number, None) is not None:
                self.parts = {key: part for key, part in self.parts.items() if part.act != number}
        for key, part in delta.parts.items():
            if part is None:
                self.parts.pop(key, None)
            else:
                self.parts[key] = part


class MemoryStore:
    """An AgentStore that lives as long as the world does."""

    __slots__ = ("_durable", "_random", "_rebuilt", "_unsure")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._durable = _State(facts=_new_facts(random))
        self._unsure: deque[Delta] = deque()
        self._rebuilt = ""

    def load(self) -> Loaded:
        self.sync()
        state = self._durable
        rows = tuple(state.rows.values())
        named = {digest for row in rows for digest in contents_of(row)}
        named |= {digest for part in state.parts.values() for digest in contents_of_part(part)}
        state.recipes = {digest: recipe for digest, recipe in state.recipes.items() if digest in named}
        loaded = Loaded(rows, dict(state.facts), _wanted(rows, state.recipes), self._rebuilt, *_acts(state))
        self._rebuilt = ""
        return loaded

    def commit(self, delta: Delta) -> None:
        self._unsure.append(delta)
        if len(self._unsure) > UNSURE_MOST:
            self._durable.put(self._unsure.popleft())

    def recipe(self, digest: Digest) -> Recipe | None:
        for delta in reversed(self._unsure):
            if digest in delta.recipes:
                return delta.recipes[digest]
        return self._durable.recipes.get(digest)

    def is_quick(self) -> bool:
        return True

    def settle(self) -> None:
        self.sync()

    def rest(self) -> None:
        pass

    def put_aside(self) -> None:
        self.damage("")

    def close(self) -> None:
        self.sync()

    def sync(self) -> None:
        """All that was committed is on the disk."""
        while self._unsure:
            self._durable.put(self._unsure.popleft())

    def crash(self) -> int:
        """Lose the machine's power: of the commits since the last ``sync`` the first few survive, as many as chance
        will have it.  The number of those that are lost."""
        for _ in range(self._random.randint(0, len(self._unsure))):
            self._durable.put(self._unsure.popleft())
        lost = len(self._unsure)
        self._unsure.clear()
        return lost

    def backup(self) -> MemoryStore:
        """All that was committed, as it is now, in a store of its own: as when the file is copied."""
        copied = MemoryStore(self._random)
        copied.restore(self)
        return copied

    def restore(self, other: MemoryStore) -> None:
        """Be what ``other`` is: as when its file is put in the place of this one's."""
        other.sync()
        self._unsure.clear()
        was = other._durable
        self._durable = _State(dict(was.rows), dict(was.facts), dict(was.recipes))

    def damage(self, reason: str) -> None:
        """Lose everything, as a database does that was found damaged and put aside."""
        self._unsure.clear()
        self._durable = _State(facts=_new_facts(self._random))
        self._rebuilt = reason


def _new_facts(random: Random) -> dict[str, str]:
    return {INCARNATION: f"{random.getrandbits(104):026x}"}


def _acts(state: _State) -> tuple[tuple[Act, ...], tuple[Part, ...]]:
    return tuple(state.acts.values()), tuple(state.parts.values())


def _wanted(rows: tuple[Row, ...], recipes: Mapping[Digest, Recipe]) -> dict[Digest, Recipe]:
    """The recipes of the nodes on which the trees differ."""
    wanted = {digest for row in rows if not at_one(row) for digest in contents_of(row)}
    return {digest: recipes[digest] for digest in sorted(wanted) if digest in recipes}
