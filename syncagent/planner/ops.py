"""The closed set of things that can be done to bring the trees together.

Every op says what it expects to find.  Whoever runs it looks at the last moment, and answers Done, Stale or Failed
(``outcome``); a stale op is not tried again: the path is looked at again and planned anew.

The ops of one plan may run in any order, or at once.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeAlias

from syncagent.model.ids import NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Link, Node, Placement
from syncagent.model.values import value

# --- on this machine's disk -------------------------------------------------------------------------------------


@value
class MakeLocalDir:
    """Make a folder where nothing is."""

    node: Dir


@value
class WriteLocal:
    """Put a file or a link in place: where nothing is (``expect`` None), or over the one that is expected there."""

    node: File | Link
    expect: File | Link | None


@value
class MoveLocal:
    """Move or rename ``expect`` (with all that is beneath it) to ``to``, where nothing is.  ``to`` may be a place in
    the
    park, ``Placement(PARK, id)``: out of the way of others that change places with it."""

    expect: Node
    to: Placement


@value
class DeleteLocal:
    """Delete ``expect``; a folder only when it is empty, or holds just those that are ``beneath`` (a folder before what
    it holds), each as it is known: then all go together, or none."""

    expect: Node
    beneath: tuple[NodeId, ...] = ()


@value
class SetAside:
    """Rename ``expect`` to the conflict name ``to``, in place.  ``becomes`` is its identity from then on: its own where
    the node merely yields its name, a new one where it becomes a copy beside the node that stays."""

    expect: Node
    to: Placement
    becomes: NodeId


# --- at the hub -------------------------------------------------------------------------------------------------


@value
class SubmitCreate:
    """Tell the hub of a node that it does not have.  ``base`` is the revision at which it was deleted there, when it
    comes back under its old id; 0 for one that is new."""

    node: Node
    base: Rev


@value
class SubmitEdit:
    """Tell the hub of new content (or executable bit, mtime, link text) of ``node``; where it stands is not touched."""

    node: File | Link
    base: Rev


@value
class SubmitMove:
    """Tell the hub that the node stands elsewhere.  ``to`` is where it stands here, or a passing name on the way there
    when nodes change places in a circle."""

    node: Node
    to: Placement
    base: Rev


def passing_name(node: Node) -> Name:
    """What a node is called at the hub on its way to where it stands here, when nodes change places in a circle."""
    return Name(node.at.name.encode()[:200].decode("utf-8", "ignore") + _passing_mark(node))


def is_passing(node: Node) -> bool:
    """Whether a node has its passing name, which no person gives."""
    return node.at.name.endswith(_passing_mark(node))


def _passing_mark(node: Node) -> str:
    return f" ({node.id[:12]})"


@value
class SubmitDelete:
    """Tell the hub that the node is gone.  A folder must be empty at the hub by then, or hold just those that are
    ``beneath``, unchanged: then all go together, or none."""

    node: Node
    base: Rev
    beneath: tuple[NodeId, ...] = ()


# --- in the trees alone -----------------------------------------------------------------------------------------


@value
class Agree:
    """Both sides say the same of this node: Synced takes it over, nothing moves."""

    id: NodeId


@value
class Adopt:
    """What stands here as ``local`` is what the hub knows as ``remote``: it takes the hub's identity."""

    local: NodeId
    remote: NodeId


LocalOp: TypeAlias = MakeLocalDir | WriteLocal | MoveLocal | DeleteLocal | SetAside
SubmitOp: TypeAlias = SubmitCreate | SubmitEdit | SubmitMove | SubmitDelete
TreeOp: TypeAlias = Agree | Adopt
Op: TypeAlias = LocalOp | SubmitOp | TreeOp


_SUBJECT: Final[dict[type[Any], Callable[[Op], NodeId]]] = {
    **dict.fromkeys((MakeLocalDir, WriteLocal), attrgetter("node.id")),
    **dict.fromkeys((MoveLocal, DeleteLocal, SetAside), attrgetter("expect.id")),
    **dict.fromkeys((SubmitCreate, SubmitEdit, SubmitMove, SubmitDelete), attrgetter("node.id")),
    Agree: attrgetter("id"),
    Adopt: attrgetter("local"),
}
"""A table, since this is asked many times of each op: a ``match`` would take ten times as long."""


def beneath(op: Op) -> tuple[NodeId, ...]:
    """The other nodes that an op is about."""
    kind = type(op)
    return op.beneath if kind is DeleteLocal or kind is SubmitDelete else ()  # type: ignore[union-attr]  # asked often


def fills(op: LocalOp) -> Placement | None:
    """The place on this disk that something comes to stand at by the op; None where nothing does."""
    match op:
        case MakeLocalDir(node=node) | WriteLocal(node=node, expect=None):
            return node.at
        case MoveLocal(to=to) | SetAside(to=to):
            return to
        case _:
            return None


def subject(op: Op) -> NodeId:
    """The node that an op is about: it stays busy until the op's outcome is known."""
    return _SUBJECT[type(op)](op)
