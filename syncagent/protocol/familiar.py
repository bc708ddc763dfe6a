"""What both sides of one connection know of recipes: those of large files that were said on it last.

The hub says a recipe as a splice only against one that it knows the client to have.  Both keep the same book: of what
is told and what is judged, in the order in which it is said.  The hub's is the shorter one (``HUB_BLOCKS``), so that
what it still has in its book the client still has in its own.
"""

from __future__ import annotations

from typing import Final

from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.model.nodes import Recipe
from syncagent.model.splices import LEAST

CLIENT_BLOCKS: Final = 65_536
HUB_BLOCKS: Final = 49_152
"""Blocks of all recipes that are remembered together."""


class Familiar:
    """Recipes by the node and the revision that they are of.  ``most`` blocks together; the oldest go first."""

    __slots__ = ("_blocks", "_most", "_recipes")

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks = 0
        self._recipes: dict[NodeId, tuple[Rev, Recipe]] = {}

    def tell(self, node_id: NodeId, rev: Rev, recipe: Recipe) -> None:
        """The node has this recipe at ``rev``; none at all, or one that is not worth a splice, is forgotten."""
        known = self._recipes.pop(node_id, None)
        if known is not None:
            self._blocks -= len(known[1])
        if len(recipe) < LEAST:
            return
        self._recipes[node_id] = rev, recipe
        self._blocks += len(recipe)
        while self._blocks > self._most:
            self._blocks -= len(self._recipes.pop(next(iter(self._recipes)))[1])

    def move(self, node_id: NodeId, before: Rev, rev: Rev) -> None:
        """The node has at ``rev`` the recipe that it had at ``before``."""
        self.tell(node_id, rev, self.at(node_id, before) or ())

    def at(self, node_id: NodeId, rev: Rev) -> Recipe | None:
        """The recipe of the node at ``rev``, if it is remembered."""
        known = self._recipes.get(node_id)
        return known[1] if known is not None and known[0] == rev else None

    def digests(self) -> set[Digest]:
        """The blocks of all of them."""
        return {block.digest for _, recipe in self._recipes.values() for block in recipe}
