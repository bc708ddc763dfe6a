"""Nodes in whose place another was found, and what becomes of them."""

from __future__ import annotations

from typing import Final

from syncagent.model.ids import NodeId
from syncagent.model.names import name_key
from syncagent.model.nodes import File, Node
from syncagent.model.values import replace
from syncagent.trees.canopy import Canopy

NOWHERE: Final = "\x00"
"""How the name of a displaced node begins: no disk has such names."""

YOUNG: Final = 3
"""A file of at most so many revisions may be the temporary of an editor, that was looked at before it was renamed."""


def is_displaced(node: Node | None) -> bool:
    """Whether another node stands in this one's place, and where it went was not seen."""
    return node is not None and node.at.name.startswith(NOWHERE)


def take_over(canopy: Canopy, gone: NodeId) -> NodeId | None:
    """Let the file ``gone``, which was found nowhere, be the one that was moved over it, when that one is as YOUNG as
    the temporary file of an editor: a slow save, whose temporary was looked at before it was renamed, is an edit of
    the document too (HAZARDS A10).  Gives the other, which is gone in its stead; None when that is not how things are.

    A file that has a history of its own keeps it, and its identity, wherever it is moved.
    """
    agreed = canopy.synced.get(gone)
    if not isinstance(agreed, File) or canopy.remote.get(gone) is None:
        return None
    other = canopy.local.at(agreed.at.parent, name_key(agreed.at.name))
    there = canopy.local.get(other) if other is not None else None
    if other is None or other == gone or not isinstance(there, File) or canopy.rev(other) > YOUNG:
        return None
    was = canopy.synced.get(other)
    if was is None or was.at == there.at:
        return None
    stamp, spelling = canopy.stamp(other), canopy.spelling(other)
    canopy.set_local(other, None)
    canopy.set_local(gone, replace(there, id=gone), stamp)
    canopy.spell(gone, spelling)
    return other
