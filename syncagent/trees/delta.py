"""What a step changed in the trees, as rows that a database can keep.

One delta is one transaction.  A row says everything that is known of one node, so that writing it twice, or writing a
later one over an earlier one, is always right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from syncagent.model.acts import Act, Part
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.model.nodes import Node, Recipe
from syncagent.model.values import value


@value
class Row:
    """All that is known of a node.  ``local`` and ``remote`` are whole nodes here, not differences."""

    id: NodeId
    synced: Node | None
    local: Node | None
    remote: Node | None
    rev: Rev
    stamp: Stamp | None
    spelling: str | None
    """The name as it is spelled on this disk, where that is not the NFC name."""


@value
class Delta:
    """``gone`` are nodes of which nothing is known any more.  ``facts`` are single values: the cursor, the epoch …"""

    rows: tuple[Row, ...] = ()
    gone: tuple[NodeId, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    recipes: Mapping[Digest, Recipe] = field(default_factory=dict)
    """Recipes (of files of several blocks) to be kept; a recipe is never wrong, and is forgotten by the store when no
    row names its digest."""
    acts: Mapping[int, Act | None] = field(default_factory=dict)
    parts: Mapping[tuple[int, NodeId], Part | None] = field(default_factory=dict)
    """Mass changes and what is part of them; None: forgotten.  The parts of an act go with it."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.gone or self.facts or self.recipes or self.acts or self.parts)
