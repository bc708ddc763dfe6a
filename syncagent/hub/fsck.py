"""Whether what the hub keeps of a folder is in order (HAZARDS N12), page by page; pure.

Each function looks at one page, so that a journal of any length is gone through in little memory; ``Chains`` alone
remembers something of each node, and can be made to look at a part of them at a time.  ``checkup`` reads the pages;
``what_is_wrong`` is for a folder that is in memory as a whole, as it is in tests.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from syncagent.hub.rows import Row, Slot
from syncagent.model.changes import Entry
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, Digest, NodeId, Rev, Seq
from syncagent.model.names import name_key

_DEEPEST: Final = 5_000


class Chains:
    """Whether the journal has no gap, and the revisions of each node follow each other.

    Of nodes it looks at those of part ``part`` of ``parts``; ``since`` is the number before the first that is there.
    """

    def __init__(self, since: Seq = Seq(0), part: int = 0, parts: int = 1) -> None:  # noqa: B008 - a number
        self._since = self._last = since
        self._part, self._parts = part, parts
        self._nodes: dict[NodeId, tuple[Rev, Seq]] = {}

    def page(self, entries: Iterable[Entry]) -> Iterator[str]:
        """What is wrong with the entries that follow those of the page before."""
        for entry in entries:
            if entry.seq != self._last + 1 and self._part == 0:
                yield f"seq {entry.seq} stands at {self._last + 1}"
            self._last = entry.seq
            if self._parts == 1 or zlib.crc32(entry.node_id.encode()) % self._parts == self._part:
                yield from self._follow(entry)

    def _follow(self, entry: Entry) -> Iterator[str]:
        before = self._nodes.get(entry.node_id)
        # What a node was before the journal begins, no one can say.
        if entry.rev != (before[0] if before else 0) + 1 and (before or not self._since):
            yield f"node {entry.node_id} has rev {entry.rev} after {before[0] if before else 0}"
        self._nodes[entry.node_id] = (entry.rev, entry.seq)

    def nodes(self) -> list[NodeId]:
        """The nodes that the journal speaks of."""
        return list(self._nodes)

    def end(self, nodes: Iterable[NodeId], rows: Mapping[NodeId, Row]) -> Iterator[str]:
        """Whether these of the nodes have rows, and none that is behind the journal."""
        for node in nodes:
            row = rows.get(node)
            if row is None:
                yield f"the journal and the rows are not of the same nodes: node {node} has no row"
            elif (row.rev, row.seq) < self._nodes[node]:
                yield f"node {node} is not what its last entry says"


def against_journal(rows: Iterable[Row], entry_at: Callable[[Seq], Entry | None]) -> Iterator[str]:
    """Whether each of ``rows`` is what the entry of its number says."""
    for row in rows:
        entry = entry_at(row.seq)
        if entry is None or entry.node_id != row.id:
            yield f"the journal and the rows are not of the same nodes: node {row.id} has no entry {row.seq}"
        elif (row.rev, row.node()) != (entry.rev, entry.node):
            yield f"node {row.id} is not what its last entry says"


def out_of_place(rows: Iterable[Row], nodes: Mapping[NodeId, Row], slots: Mapping[Slot, NodeId]) -> Iterator[str]:
    """Whether each living one of ``rows`` has a place of its own in a living folder that hangs from the root.

    ``nodes`` has the ancestors of all of them, ``slots`` who holds their places.
    """
    for row in rows:
        if not row.living:
            continue
        holder = slots.get((row.parent, name_key(row.name)))
        if holder != row.id:
            yield f"node {row.id} has the name of its sibling {holder}"
        if not _hangs_from_root(row, nodes):
            yield f"node {row.id} is not beneath living folders"


def _hangs_from_root(row: Row, nodes: Mapping[NodeId, Row]) -> bool:
    step, depth = row.parent, 0
    while step != ROOT:
        folder = nodes.get(step)
        if folder is None or not folder.living or folder.kind is not Kind.DIR or depth > _DEEPEST:
            return False
        step, depth = folder.parent, depth + 1
    return True


def lacking(row: Row, blocks: Mapping[Digest, int]) -> list[Digest]:
    """The blocks that ``row``, if it lives, needs and that are not there with their sizes."""
    if not row.living:
        return []
    return [block.digest for block in row.recipe if blocks.get(block.digest) != block.size]


def what_is_wrong(rows: Mapping[NodeId, Row], journal: Sequence[Entry], blocks: Mapping[Digest, int]) -> list[str]:
    """What contradicts itself in a folder, of which all ``rows``, the ``journal`` from its beginning, and the sizes of
    all ``blocks`` are given; nothing, if all is well.  An empty ``journal`` is not compared."""
    wrong: list[str] = []
    if journal:
        chains = Chains()
        at = {entry.seq: entry for entry in journal}
        wrong += chains.page(journal)
        wrong += chains.end(chains.nodes(), rows)
        wrong += against_journal(rows.values(), at.get)
    wrong += out_of_place(rows.values(), rows, _slots(rows.values()))
    wrong += [f"node {row.id} needs a block that is not there" for row in rows.values() if lacking(row, blocks)]
    return wrong


def _slots(rows: Collection[Row]) -> dict[Slot, NodeId]:
    taken: dict[Slot, NodeId] = {}
    for row in rows:
        if row.living:
            taken.setdefault((row.parent, name_key(row.name)), row.id)
    return taken
