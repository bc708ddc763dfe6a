"""What clients and the hub say to each other of nodes: changes that are submitted, verdicts on them, and the entries of
the journal that come of them.

Called by the engine (which submits and hears), by the hub, and by ``protocol.convert``, which turns them into messages
and back.  They say what was claimed, checked for form alone: whether a change is granted, the hub judges.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from syncagent.model.facts import Kind
from syncagent.model.ids import NO_REV, ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.model.splices import Splice
from syncagent.model.values import value

NO_SEQ: Final = Seq(0)
NAMELESS: Final = Name("")
NOWHERE: Final = RelPath("")


class Operation(Enum):
    """``CREATE`` says all of a node, ``UPDATE`` what it holds, ``MOVE`` where it stands, ``DELETE`` that it is gone."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"


class Ruling(Enum):
    """``COMMITTED``: it is in the journal.  ``DUPLICATE``: it was already, under the same change id.
    ``NEEDS_BLOCKS``: it would be granted if the hub had all blocks.  ``REJECTED``: ``error_code`` says
    why; it is never in the journal."""

    COMMITTED = "committed"
    DUPLICATE = "duplicate"
    NEEDS_BLOCKS = "needs_blocks"
    REJECTED = "rejected"


@value
class Change:
    """What a client submits.

    ``parent`` and ``name`` count for a create and a move, the payload (``content`` … ``recipe``) for a create and an
    update; ``path`` is where the client believes the node to be, and is never trusted.  A file has its ``content`` in
    a create and in an update, its ``recipe`` always with it (one block where the wire left the blocks out), or a
    ``splice``, of which the hub makes the recipe, against that of the node at ``base_rev``.

    A delete of a folder may be one of all ``beneath`` it, too: so many nodes lie there, and none of them has changed
    after ``as_of``, by what the client was told.
    """

    change_id: ChangeId
    operation: Operation
    node_id: NodeId
    base_rev: Rev
    kind: Kind
    parent: NodeId = ROOT
    name: Name = NAMELESS
    content: Content | None = None
    executable: bool = False
    mtime_ns: int = 0
    target: str = ""
    recipe: Recipe = ()
    path: RelPath = NOWHERE
    old_path: RelPath = NOWHERE
    splice: Splice = ()
    beneath: int = 0
    as_of: Seq = NO_SEQ


@value
class Entry:
    """An entry of the journal, as an agent hears it: ``node`` is the whole node as it is from then on, None when it was
    deleted.  ``author`` is the client that submitted it.  ``path`` and ``old_path`` are for people's eyes.

    One of ``beneath`` stands for the deletes of a folder and of all beneath it, so many nodes, which have the numbers
    before its own: it is said so to who knows what lies there.  In the journal each has its entry."""

    seq: Seq
    rev: Rev
    operation: Operation
    author: ClientId
    node_id: NodeId
    node: Node | None
    recipe: Recipe = ()
    path: RelPath = NOWHERE
    old_path: RelPath = NOWHERE
    beneath: int = 0

    @property
    def first(self) -> Seq:
        """The first of the numbers that it stands for."""
        return Seq(self.seq - self.beneath)


@value
class Verdict:
    """The hub's answer to one change.  ``seq`` and ``rev`` are those that the change got (committed, duplicate); the
    node's present ``rev`` where it was rejected and the hub knows the node.  So many nodes ``beneath`` a folder were
    deleted along with it, and have the numbers before ``seq``."""

    change_id: ChangeId
    node_id: NodeId
    ruling: Ruling
    seq: Seq = NO_SEQ
    rev: Rev = NO_REV
    error_code: str = ""
    message: str = ""
    missing: tuple[Digest, ...] = ()
    beneath: int = 0


def change_of(
    operation: Operation,
    node: Node,
    *,
    change_id: ChangeId,
    base_rev: Rev,
    recipe: Recipe = (),
    path: RelPath = NOWHERE,
    old_path: RelPath = NOWHERE,
) -> Change:
    """The change that makes the hub's node what ``node`` is, in the aspects of ``operation`` (for a delete: ``node`` as
    it was).  ``recipe`` is that of a file's content, wanted for a create and an update."""
    file = node if isinstance(node, File) else None
    return Change(
        change_id=change_id,
        operation=operation,
        node_id=node.id,
        base_rev=base_rev,
        kind=kind_of(node),
        parent=node.at.parent,
        name=node.at.name,
        content=file.content if file else None,
        executable=file.executable if file else False,
        mtime_ns=file.mtime_ns if file else 0,
        target=node.target if isinstance(node, Link) else "",
        recipe=recipe,
        path=path,
        old_path=old_path,
    )


@value
class Draft:
    """What a file would hold, and its executable bit and time, should a change be granted that is only about to be
    judged."""

    node_id: NodeId
    content: Content
    executable: bool
    mtime_ns: int


def kind_of(node: Node) -> Kind:
    """Which kind of node it is.  A node keeps its kind for life."""
    match node:
        case Dir():
            return Kind.DIR
        case File():
            return Kind.FILE
        case Link():
            return Kind.LINK


def node_of(change: Change) -> Node:
    """The node that ``change`` describes: all of it, as a create does.

    Raises ValueError when a file's content is not said.
    """
    at = Placement(change.parent, change.name)
    match change.kind:
        case Kind.DIR:
            return Dir(change.node_id, at)
        case Kind.LINK:
            return Link(change.node_id, at, change.target)
        case Kind.FILE:
            if change.content is None:
                raise ValueError(f"the change {change.change_id} does not say what the file holds")
            return File(change.node_id, at, change.content, change.executable, change.mtime_ns)
