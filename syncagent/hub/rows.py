"""The words of the hub: folders, and the rows of a folder's tree, which the judge reads and writes.

A row is a node as the hub last knew it; one that was deleted stays as a tombstone, with its revision.  Called by the
judge and by every store; pure values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import NamedTuple, NewType, TypeAlias

from syncagent.model.changes import Entry, Operation, Verdict
from syncagent.model.facts import Kind
from syncagent.model.ids import ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import MAX_PATH_BYTES, Name, NameKey, RelPath
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.model.values import replace, value

Slot: TypeAlias = tuple[NodeId, NameKey]
"""The one place in a folder that a name takes."""


FolderId = NewType("FolderId", int)


@value
class Folder:
    """A folder that the hub keeps.  ``epoch`` is one life of its journal; what is not after ``horizon`` is no longer in
    the journal, only in the rows."""

    id: FolderId
    name: str
    epoch: str
    head: Seq
    horizon: Seq


class Role(Enum):
    WRITER = "writer"
    READER = "reader"


@value
class Timed:
    """An entry, and when the hub took it in (nanoseconds since 1970; only ever shown)."""

    entry: Entry
    time_ns: int


@value
class Row:
    """``seq`` and ``author`` are those of the last change; ``content`` and ``recipe`` a file's, ``target`` a link's."""

    id: NodeId
    rev: Rev
    seq: Seq
    living: bool
    author: ClientId
    kind: Kind
    parent: NodeId
    name: Name
    content: Content | None = None
    executable: bool = False
    mtime_ns: int = 0
    target: str = ""
    recipe: Recipe = ()

    def node(self) -> Node | None:
        """The node that this row is; None for a tombstone."""
        if not self.living:
            return None
        at = Placement(self.parent, self.name)
        if self.kind is Kind.DIR:
            return Dir(self.id, at)
        if self.content is None:
            return Link(self.id, at, self.target)
        return File(self.id, at, self.content, self.executable, self.mtime_ns)


def told_path(path: str, name: Name) -> RelPath:
    """``path`` as it is told to clients: its last name alone where it is longer than a path may be (beneath a folder
    that was moved far down).  It is for people; where a node is, its parent and its name say."""
    too_long = len(path) > MAX_PATH_BYTES // 4 and len(path.encode()) > MAX_PATH_BYTES
    return RelPath(name if too_long else path)


@value
class Answered:
    """What a change came to that was submitted before."""

    node_id: NodeId
    seq: Seq
    rev: Rev


class Lying(NamedTuple):
    """A living node beneath a folder that is to go with all that is in it."""

    id: NodeId
    rev: Rev
    seq: Seq
    author: ClientId
    is_file: bool


@value
class Wanted:
    """Which rows a batch touches.  ``nodes`` are wanted with all their ancestors; of ``folders`` it is wanted how many
    living children they have, of ``subtrees`` all that lies beneath."""

    nodes: frozenset[NodeId]
    slots: frozenset[Slot]
    folders: frozenset[NodeId]
    change_ids: frozenset[ChangeId]
    digests: frozenset[Digest]
    subtrees: frozenset[NodeId] = frozenset()


@value
class Rows:
    """What the store has of that.  ``slots`` names the living node in each slot that is taken, ``blocks`` the size of
    each block that the folder has.  The root has no row; what is not in ``children`` has none."""

    head: Seq
    nodes: Mapping[NodeId, Row] = field(default_factory=dict)
    slots: Mapping[Slot, NodeId] = field(default_factory=dict)
    children: Mapping[NodeId, int] = field(default_factory=dict)
    answered: Mapping[ChangeId, Answered] = field(default_factory=dict)
    beneath: Mapping[NodeId, Sequence[Lying]] = field(default_factory=dict)
    blocks: Mapping[Digest, int] = field(default_factory=dict)


@value
class Journalled:
    """An entry of the journal, the key under which its change was submitted, and the row after it."""

    entry: Entry
    change_id: ChangeId
    after: Row


@value
class Judgement:
    """``verdicts`` in the order of the batch; ``rows`` to be written, each node's last; ``journal`` to be appended, its
    numbers following ``head`` without a gap.  ``yielded`` are the nodes that gave up a slot on the way.

    ``subtree``, alone in its judgement, is the delete of a folder and of all beneath it: each node becomes a tombstone
    and has its entry, the deepest first, the folder the last (``expanded`` says the same by single
    rows)."""

    head: Seq
    verdicts: tuple[Verdict, ...]
    rows: tuple[Row, ...] = ()
    journal: tuple[Journalled, ...] = ()
    yielded: frozenset[NodeId] = frozenset()
    subtree: Journalled | None = None

    @property
    def new_head(self) -> Seq:
        if self.subtree is not None:
            return self.subtree.entry.seq
        return self.journal[-1].entry.seq if self.journal else self.head

    @property
    def told(self) -> tuple[Entry, ...]:
        """The entries as they are told live."""
        return (self.subtree.entry,) if self.subtree is not None else tuple([said.entry for said in self.journal])


def part_id(change_id: ChangeId, number: int) -> ChangeId:
    """Under what the ``number``th node that went along with the folder of ``change_id`` stands in the journal.  No
    client's change has such an id."""
    return ChangeId(f"{change_id}/{number}")


def expanded(judgement: Judgement, beneath: Sequence[tuple[Row, RelPath]]) -> Judgement:
    """``judgement``, of a subtree, said by a row and an entry for each node.  ``beneath``: what lies there, with its
    path, what is in a folder before the folder."""
    said = judgement.subtree
    assert said is not None
    journal: list[Journalled] = []
    for number, (row, path) in enumerate(beneath, 1):
        after = replace(
            row, rev=Rev(row.rev + 1), seq=Seq(judgement.head + number), living=False, author=said.after.author
        )
        entry = Entry(
            after.seq,
            after.rev,
            Operation.DELETE,
            after.author,
            after.id,
            None,
            after.recipe,
            told_path(path, row.name),
        )
        journal.append(Journalled(entry, part_id(said.change_id, number), after))
    journal.append(replace(said, entry=replace(said.entry, beneath=0)))
    rows = tuple([one.after for one in journal])
    return Judgement(judgement.head, judgement.verdicts, rows, tuple(journal), frozenset(row.id for row in rows))
