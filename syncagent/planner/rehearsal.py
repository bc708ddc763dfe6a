"""What would be done, from the first op to the last: plans are made, and taken for carried out, until none has an op.

Pure; the canopy that it is given is another one afterwards, so it is one that nobody works with.  It takes for granted
what holds while nothing else happens: that each op finds what it expects, and that the hub takes what it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, assert_never

from syncagent.model.ids import PARK, NodeId, Rev
from syncagent.model.names import RelPath
from syncagent.model.nodes import Node
from syncagent.model.values import value
from syncagent.planner.along import let_along
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    MakeLocalDir,
    MoveLocal,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    WriteLocal,
    beneath,
    is_passing,
    subject,
)
from syncagent.planner.outcome import settle_local, settle_submitted, settle_tree
from syncagent.planner.plan import plan
from syncagent.planner.policy import Policy
from syncagent.planner.scope import Scope
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import path_of

AT_ONCE: Final = 1 << 30
"""No op waits for another for the sake of a limit: the fewer plans, the less is looked at twice."""

MOST_PLANS: Final = 10_000
"""A chain of names that give way to each other takes a plan for each; more than this many have no end."""


@value
class Deed:
    """One op: what it is about stood at ``was`` before (empty: nowhere) and stands at ``path`` afterwards (empty: it is
    gone).  ``before`` is what the side that is changed had before it."""

    op: Op
    path: RelPath
    was: RelPath
    before: Node | None = None


def rehearse(canopy: Canopy, policy: Policy, scope: Scope, heard: Callable[[], None]) -> Iterator[Deed]:
    """All deeds in an order in which they could be done; ``heard`` is called whenever the trees have changed.  What is
    only passed through (the park, a passing name) is told as the place where it ends."""
    origins: dict[NodeId, RelPath] = {}
    let_along(canopy, list(canopy.diverged()))
    for _ in range(MOST_PLANS):
        focus = [one for one in canopy.diverged() if one not in scope.dormant]
        made = plan(canopy, policy, focus=focus, limit=AT_ONCE, scope=scope)
        for one in made.dormant:
            scope.dormant[one] = None
        if not made.ops:
            return
        for op in made.ops:
            yield from _done(canopy, op, origins)
        heard()


def _done(canopy: Canopy, op: Op, origins: dict[NodeId, RelPath]) -> Iterator[Deed]:
    node_id = subject(op)
    match op:
        case Agree():
            yield Deed(op, _here(canopy, node_id), _here(canopy, node_id), canopy.synced.get(node_id))
            settle_tree(canopy, op)
        case Adopt():
            path = _here(canopy, node_id)
            yield Deed(op, path, path, canopy.local.get(node_id))
            settle_tree(canopy, op)
        case DeleteLocal():
            yield from [_gone(op, canopy.local.get(one), _here(canopy, one)) for one in (*beneath(op), node_id)]
            settle_local(canopy, op, None)
        case SubmitDelete():
            yield from [_gone(op, canopy.remote.get(one), _there(canopy, one)) for one in (*beneath(op), node_id)]
            settle_submitted(canopy, op, _next(canopy, node_id))
        case MoveLocal() | SetAside() | MakeLocalDir() | WriteLocal():
            was, before = _here(canopy, node_id), canopy.local.get(node_id)
            settle_local(canopy, op, None)
            if isinstance(op, MoveLocal) and op.to.parent == PARK:
                origins.setdefault(node_id, was)
                return
            now = op.becomes if isinstance(op, SetAside) else node_id
            yield Deed(op, _here(canopy, now), origins.pop(node_id, was), before)
        case SubmitCreate() | SubmitEdit() | SubmitMove():
            was, before = _there(canopy, node_id), canopy.remote.get(node_id)
            settle_submitted(canopy, op, _next(canopy, node_id))
            if isinstance(op, SubmitMove) and (there := canopy.remote.get(node_id)) is not None and is_passing(there):
                origins.setdefault(node_id, was)
                return
            yield Deed(op, _there(canopy, node_id), origins.pop(node_id, was), before)
        case _:
            assert_never(op)


def _gone(op: Op, before: Node | None, was: RelPath) -> Deed:
    return Deed(op, RelPath(""), was, before)


def _here(canopy: Canopy, node_id: NodeId) -> RelPath:
    return canopy.local_path(node_id) or RelPath("")


def _there(canopy: Canopy, node_id: NodeId) -> RelPath:
    return path_of(canopy.remote, node_id) or RelPath("")


def _next(canopy: Canopy, node_id: NodeId) -> Rev:
    return Rev(canopy.rev(node_id) + 1)
