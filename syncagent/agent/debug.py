"""What a person who looks for a fault is shown of the trees, and of the plan.  Changes nothing; in the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from syncagent.agent.plain import plain
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath, check_path
from syncagent.model.nodes import Dir, File, Link, Node
from syncagent.planner.ops import subject
from syncagent.planner.plan import Plan
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import ROOT_DIR, find, path_of


def trees(canopy: Canopy, path: str = "") -> Iterator[dict[str, Any]]:
    """What each of the three trees says of the nodes at ``path``; without one, of all on which they are not at one."""
    for node_id in list(_at(canopy, path)) if path else list(canopy.diverged()):
        row = canopy.row(node_id)
        yield {
            "id": node_id,
            "path": _path(canopy, node_id),
            "rev": row.rev,
            "diverged": canopy.is_diverged(node_id),
            "synced": in_words(row.synced, path_of(canopy.synced, node_id)),
            "local": in_words(row.local, canopy.local_path(node_id)),
            "remote": in_words(row.remote, path_of(canopy.remote, node_id)),
            "row": plain(row),
        }


def told(canopy: Canopy, plan: Plan) -> Iterator[dict[str, Any]]:
    """The ops of ``plan``, and who waits for whom."""
    for op in plan.ops:
        node_id = subject(op)
        yield {"op": type(op).__name__, "id": node_id, "path": _path(canopy, node_id), "detail": plain(op)}
    for wait in plan.waits:
        on = "policy allows it" if wait.on == wait.node else _path(canopy, wait.on)
        yield {"op": "wait", "id": wait.node, "path": _path(canopy, wait.node), "on": on}


def in_words(node: Node | None, path: RelPath | None) -> str:
    """One line: ``docs/a.txt: file of 12 bytes, 3f9ac2b1``."""
    match node:
        case None:
            return "nothing"
        case File(content=content, executable=executable):
            bit = ", executable" if executable else ""
            what = f"file of {content.size} bytes, {content.digest.hex()[:8]}{bit}"
        case Link(target=target):
            what = f"link to {target}"
        case Dir():
            what = "folder"
        case _:
            assert_never(node)
    return f"{path if path is not None else '(nowhere)'}: {what}"


def _at(canopy: Canopy, path: str) -> Iterator[NodeId]:
    names = check_path(path)
    found = {find(view, names): None for view in (canopy.synced, canopy.local, canopy.remote)}
    yield from (one for one in found if one is not None and one != ROOT_DIR.id)


def _path(canopy: Canopy, node_id: NodeId) -> str:
    places = (canopy.local_path(node_id), path_of(canopy.remote, node_id), path_of(canopy.synced, node_id))
    return next((place for place in places if place), f"({node_id})")
