"""Which conflict copies lie in the folder: a person has them to look at, and to settle.

Looked for in the trees, some thousand nodes at a time, so that nobody waits for it; and only again when a change was of
such a copy.  Lives in the event loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from syncagent.model.names import RelPath, is_conflict_name
from syncagent.model.nodes import Dir
from syncagent.trees.canopy import Canopy

AT_ONCE: Final = 2_000
"""Nodes between two turns for others: a few milliseconds."""


async def conflict_copies(canopy: Canopy) -> list[RelPath]:
    """The paths of all conflict copies that are on this disk, in their order."""
    found: list[RelPath] = []
    nodes = dict.fromkeys([*canopy.synced.ids(), *canopy.local.ids()])
    for number, node_id in enumerate(nodes):
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        node = canopy.local.get(node_id)
        if node is None or isinstance(node, Dir) or "(conflict " not in node.at.name:
            continue
        path = canopy.local_path(node_id) if is_conflict_name(node.at.name) else None
        if path is not None:
            found.append(path)
    return sorted(found)


@dataclass(slots=True)
class Copies:
    """Those that were found last; ``seen`` is the count of changes to copies up to which that holds."""

    paths: list[RelPath] = field(default_factory=list)
    seen: int = -1

    async def look(self, canopy: Canopy, changed: int) -> None:
        """Look again, if anything has changed since."""
        if changed != self.seen:
            self.paths = await conflict_copies(canopy)
            self.seen = changed
