"""Which conflict copies lie in the folder: a person has them to look at, and to settle.

Looked for in the trees, some thousand nodes at a time, so that nobody waits for it; and only again when something was
told of such a copy, or one is not there any more.  What was told then may not have been taken in yet: they are looked
for once more when all is at rest.  Lives in the event loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from syncagent.model.names import Name, RelPath, is_conflict_name
from syncagent.model.nodes import Dir
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import find

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
    at_rest: bool = False
    """Whether nothing was under way then."""

    async def look(self, canopy: Canopy, changed: int, *, at_rest: bool) -> None:
        """Look again, if anything has changed since.  ``at_rest``: nothing is under way now."""
        if changed == self.seen and (self.at_rest or not at_rest) and all(_is_there(canopy, one) for one in self.paths):
            return
        self.at_rest = at_rest
        self.paths = await conflict_copies(canopy)
        self.seen = changed


def _is_there(canopy: Canopy, path: RelPath) -> bool:
    return find(canopy.local, [Name(name) for name in path.split("/")]) is not None
