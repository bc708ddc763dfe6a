"""Mass changes, as acts that a person is asked about: what is held, what was decided, and what it can be put back to.

An act is a burst of deletes or overwrites that belongs together, in one direction.  Its parts are nodes, each with its
state in the tree that all share before the act, and after it.  Decided acts are kept for a while, so that they can be
undone as a whole.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from syncagent.model.ids import NO_REV, NodeId, Rev
from syncagent.model.names import RelPath
from syncagent.model.nodes import Node
from syncagent.model.values import fixed


@fixed
class Limits:
    """Too much is ``most`` files; or ``files`` of them, when that is at least ``share`` of all that there are.  Agent
    and hub ask by the same rule, each about what it knows."""

    files: int = 10
    share: float = 0.5
    most: int = 1_000

    def reached(self, count: int, total: int) -> bool:
        return count >= self.most or (count >= self.files and count >= self.share * total)


DEFAULT_LIMITS: Final = Limits()


class Direction(Enum):
    __hash__ = object.__hash__  # an enumeration's own is written in Python, and much is counted by these

    OUT = "outgoing"
    """From this disk to the hub, and so to all others."""
    IN = "incoming"
    """From the hub to this disk."""


class Loss(Enum):
    """What becomes of the bytes of a file."""

    __hash__ = object.__hash__  # as above

    DELETED = "deleted"
    OVERWRITTEN = "overwritten"


class Decision(Enum):
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPROVAL_UNDONE = "approval undone"
    REJECTION_UNDONE = "rejection undone"


@fixed
class Act:
    """``by`` are the clients that the changes come from, where that is known.  ``since`` is when it was first held, and
    only ever shown.  ``by_hub``: it was the hub that would not take it unasked."""

    id: int
    direction: Direction
    losses: frozenset[Loss]
    by: tuple[str, ...] = ()
    since: str = ""
    by_hub: bool = False
    decision: Decision = Decision.HELD

    @property
    def wants_before(self) -> bool:
        """Whether its parts are to be (or stay) as they were before it."""
        return self.decision in (Decision.REJECTED, Decision.APPROVAL_UNDONE)


@fixed
class Part:
    """One node of an act.  ``rev`` is that of its deletion, once that is known; a deleted node comes back with it.
    ``open`` as long as there is something to be done about it, or nothing is decided."""

    act: int
    node_id: NodeId
    path: RelPath
    before: Node
    after: Node | None
    rev: Rev = NO_REV
    open: bool = True

    @property
    def loss(self) -> Loss:
        return Loss.DELETED if self.after is None else Loss.OVERWRITTEN

    def goal(self, act: Act) -> Node | None:
        """What the node is to be, by what was decided."""
        return self.before if act.wants_before else self.after

    def start(self, act: Act) -> Node | None:
        """What it has to be still, for that to be done."""
        return self.after if act.wants_before else self.before
