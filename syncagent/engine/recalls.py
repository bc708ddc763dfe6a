"""Recipes that are looked up in the database: of what the hub has told before, and of the local files that blocks are
taken from.  Called by ``downloads``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from syncagent.engine.effects import Effect, Recall
from syncagent.model.ids import Digest, NodeId
from syncagent.model.nodes import Recipe


class Recalls:
    """``wake(node_ids)`` is called when what a node waits for was looked up."""

    def __init__(self, wake: Callable[[Iterable[NodeId]], None]) -> None:
        self._wake = wake
        self._unknown: dict[Digest, dict[NodeId, None]] = {}
        self._asked: dict[Digest, dict[NodeId, None]] = {}
        self._found: dict[Digest, Recipe] = {}

    @property
    def busy(self) -> bool:
        """Whether any is to be looked up, or is being."""
        return bool(self._unknown or self._asked)

    def wants(self, node_id: NodeId, *digests: Digest | None) -> bool:
        """Whether the recipes of these contents have to be looked up first; then the node is woken when they are."""
        wanted = [digest for digest in digests if digest is not None and digest not in self._found]
        for digest in wanted:
            waits = self._asked.get(digest) or self._unknown.setdefault(digest, {})
            waits[node_id] = None
        return bool(wanted)

    def recipe_of(self, digest: Digest) -> Recipe:
        """The recipe that was looked up; empty when none was kept."""
        return self._found.get(digest, ())

    def take(self) -> list[Effect]:
        """What is to be asked now."""
        if not self._unknown:
            return []
        asked = Recall(tuple(self._unknown))
        self._asked.update(self._unknown)
        self._unknown.clear()
        return [asked]

    def came(self, recipes: Mapping[Digest, Recipe]) -> None:
        """They were looked up."""
        for digest, recipe in recipes.items():
            waiting = self._asked.pop(digest, {})
            self._found[digest] = recipe
            self._wake(waiting)

    def let_go(self) -> None:
        """None is needed any more."""
        self._found.clear()
