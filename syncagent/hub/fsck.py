"""Whether a whole folder at the hub is in order (HAZARDS N12).  For tests, and for whoever doubts a disk; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncagent.hub.rows import Row, Slot
from syncagent.model.changes import Entry
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import name_key


def what_is_wrong(rows: Mapping[NodeId, Row], journal: Sequence[Entry], blocks: Mapping[Digest, int]) -> list[str]:
    """What contradicts itself in a folder, of which all ``rows``, the ``journal`` from its beginning, and the sizes of
    all ``blocks`` are given; nothing, if all is well."""
    return [*_journal(rows, journal), *_names(rows), *_tree(rows), *_blocks(rows, blocks)]


def _journal(rows: Mapping[NodeId, Row], journal: Sequence[Entry]) -> list[str]:
    wrong = [f"seq {entry.seq} stands at {place}" for place, entry in enumerate(journal, 1) if entry.seq != place]
    last: dict[NodeId, Entry] = {}
    for entry in journal:
        before = last.get(entry.node_id)
        if entry.rev != (before.rev if before else 0) + 1:
            wrong.append(f"node {entry.node_id} has rev {entry.rev} after {before.rev if before else 0}")
        last[entry.node_id] = entry
    if journal and last.keys() != rows.keys():
        wrong.append("the journal and the rows are not of the same nodes")
    for node, entry in last.items():
        row = rows.get(node)
        if row is not None and (row.rev, row.seq, row.node()) != (entry.rev, entry.seq, entry.node):
            wrong.append(f"node {node} is not what its last entry says")
    return wrong


def _names(rows: Mapping[NodeId, Row]) -> list[str]:
    taken: dict[Slot, NodeId] = {}
    wrong = []
    for row in rows.values():
        if row.living:
            other = taken.setdefault((row.parent, name_key(row.name)), row.id)
            if other != row.id:
                wrong.append(f"node {row.id} has the name of its sibling {other}")
    return wrong


def _tree(rows: Mapping[NodeId, Row]) -> list[str]:
    """Living nodes that are not reached from the root through living folders."""
    beneath: dict[NodeId, list[Row]] = {}
    for row in rows.values():
        if row.living:
            beneath.setdefault(row.parent, []).append(row)
    lost = {row.id for row in rows.values() if row.living}
    folders = [ROOT]
    while folders:
        for row in beneath.pop(folders.pop(), []):
            lost.discard(row.id)
            if row.kind is Kind.DIR:
                folders.append(row.id)
    return [f"node {node} is not beneath living folders" for node in sorted(lost)]


def _blocks(rows: Mapping[NodeId, Row], blocks: Mapping[Digest, int]) -> list[str]:
    return [
        f"node {row.id} needs a block that is not there"
        for row in rows.values()
        if row.living and any(blocks.get(block.digest) != block.size for block in row.recipe)
    ]
