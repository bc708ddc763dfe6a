"""Looks whether all that the hub keeps is in order, a step at a time (`hub fsck`, HAZARDS N12, E8).

Each step takes some milliseconds on the store's thread, so that a hub that runs goes on with its work in between.  What
is found is told; blocks that are lost or damaged are marked so, and clients are asked for them.  Nothing is deleted.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from syncagent.errors import BadConfig, StorageTrouble, SyncAgentError
from syncagent.hub.fsck import Chains, against_journal, lacking, out_of_place
from syncagent.hub.premises import DATABASE, block_files, has_lost_its_database, held, open_store
from syncagent.hub.rows import Folder, Row, Wanted
from syncagent.hub.stores.ports import Store
from syncagent.model.changes import Entry
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, Digest, NodeId, Seq
from syncagent.model.names import name_key
from syncagent.model.values import fixed

PAGE: Final = 500
ROOM: Final = 1024 * 1024
MOST_NODES: Final = 250_000
"""Of so many nodes the revisions are followed at a time: some 50 MB.  The journal of more is gone through again."""

MOST_FINDINGS: Final = 10_000
"""So many findings are told one by one; beyond that they are counted."""

PARTS: Final = 256
ANY_SIZE: Final = 1 << 62
_MOST_DEPTH: Final = 1_000


@fixed
class Finding:
    """``kind``: database, journal, row, place, block or file."""

    folder: str
    kind: str
    what: str


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found."""

    entries: int = 0
    nodes: int = 0
    files: int = 0
    blocks: int = 0
    block_bytes: int = 0
    strays: int = 0
    found_again: int = 0
    database: str = ""
    """"in order", "damaged", or "not looked at" (too long for a hub that runs)."""

    wrong: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(self, folder: str, kind: str, what: str) -> None:
        self.wrong += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(folder, kind, what))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Checkup:
    """One look at everything.  ``step`` is called on the store's thread, in a unit, until it says that it was the last.

    ``most_bytes``: how long a database is looked through as a whole, which is one long step.
    """

    def __init__(self, store: Store, most_bytes: int) -> None:
        self.report = Report()
        self._store = store
        self._steps = self._all(most_bytes)

    def step(self) -> bool:
        """Look at a little more; whether there is more."""
        return next(self._steps, None) is not None

    def broke(self, trouble: SyncAgentError) -> Report:
        """A step has failed: the database does not give back what it holds."""
        self.report.find("", "database", str(trouble))
        self.report.database = "damaged"
        return self.report

    def _all(self, most_bytes: int) -> Iterator[bool]:
        sound = self._store.sound(most_bytes)
        self.report.database = "not looked at" if sound is None else "in order" if sound else "damaged"
        if sound is False:
            self.report.find("", "database", "the database contradicts itself")
        yield True
        for folder in self._store.journal.folders():
            yield from self._blocks(folder)
            nodes = yield from self._rows(folder)
            yield from self._journal(folder, nodes)
            yield from self._strays(folder)

    def _blocks(self, folder: Folder) -> Iterator[bool]:
        lost = self._store.blocks.lost(folder.id, MOST_FINDINGS)
        for start in range(0, len(lost), 8):
            self.report.found_again += self._store.blocks.find_again(folder.id, lost[start : start + 8])
            yield True
        after: Digest | None = None
        while True:
            checked = self._store.blocks.check(folder.id, after, ROOM)
            self.report.blocks += checked.number
            self.report.block_bytes += checked.size
            for digest in checked.lost:
                self.report.find(folder.name, "block", f"block {digest.hex()} is gone or damaged; it is asked for")
            after = checked.last
            yield True
            if after is None:
                return

    def _rows(self, folder: Folder) -> Generator[bool, None, int]:
        """Gives the number of nodes in the end."""
        since, nodes = Seq(0), 0
        while rows := self._store.journal.rows_after(folder.id, since, PAGE):
            since = rows[-1].seq
            nodes += len(rows)
            self._page_of_rows(folder, rows)
            yield True
            if len(rows) < PAGE:
                break  # what has come since is not run after: a hub that works would never be done with
        self.report.nodes += nodes
        return nodes

    def _page_of_rows(self, folder: Folder, rows: list[Row]) -> None:
        journal, report = self._store.journal, self.report

        def entry_at(seq: Seq) -> Entry | None:
            found = journal.entries(folder.id, Seq(seq - 1), 1)
            return found[0].entry if found and found[0].entry.seq == seq else None

        kept = (row for row in rows if row.seq > folder.horizon)
        for what in against_journal(kept, entry_at):
            report.find(folder.name, "row", what)
        living = [row for row in rows if row.living]
        around = journal.rows(folder.id, Wanted(
            nodes=frozenset(row.parent for row in living) - {ROOT},
            slots=frozenset((row.parent, name_key(row.name)) for row in living),
            folders=frozenset(), change_ids=frozenset(), digests=frozenset(),
        ))  # fmt: skip
        for what in out_of_place(living, around.nodes, around.slots):
            report.find(folder.name, "place", what)
        sizes = self._store.blocks.sizes(folder.id, {block.digest for row in living for block in row.recipe})
        for row in living:
            report.files += row.kind is Kind.FILE
            if lacks := lacking(row, sizes):
                self._store.blocks.lose(folder.id, [digest for digest in lacks if digest not in sizes])
                path = _path(row, around.nodes)
                report.find(folder.name, "file", f"{path} lacks blocks: {len(lacks)} of {len(row.recipe)}")

    def _journal(self, folder: Folder, nodes: int) -> Iterator[bool]:
        parts = max(1, math.ceil(nodes / MOST_NODES))
        for part in range(parts):
            chains, since = Chains(folder.horizon, part, parts), folder.horizon
            while timed := self._store.journal.entries(folder.id, since, PAGE):
                since = timed[-1].entry.seq
                self.report.entries += len(timed) if part == 0 else 0
                for what in chains.page(one.entry for one in timed):
                    self.report.find(folder.name, "journal", what)
                yield True
                if len(timed) < PAGE:
                    break
            known = chains.nodes()
            for start in range(0, len(known), PAGE):
                some = known[start : start + PAGE]
                wanted = Wanted(frozenset(some), frozenset(), frozenset(), frozenset(), frozenset())
                for what in chains.end(some, self._store.journal.rows(folder.id, wanted).nodes):
                    self.report.find(folder.name, "row", what)
                yield True

    def _strays(self, folder: Folder) -> Iterator[bool]:
        for part in range(PARTS):
            self.report.strays += len(self._store.blocks.strays(folder.id, part))
            yield True


def _path(row: Row, nodes: Mapping[NodeId, Row]) -> str:
    names, step = [str(row.name)], row.parent
    while step in nodes and len(names) < _MOST_DEPTH:
        names.append(nodes[step].name)
        step = nodes[step].parent
    return "/".join(reversed(names))


def check_stopped(directory: Path) -> Report:
    """Look through all that a hub that does not run keeps in ``directory``.

    Raises AlreadyRunning when one does run, BadConfig when no hub has kept anything there.
    """
    if lost := has_lost_its_database(directory):
        return Report(database="damaged", wrong=1, findings=[Finding("", "database", lost)])
    if not (directory / DATABASE).exists():
        raise BadConfig(f"no hub has kept anything in {directory}")
    with held(directory), closing(block_files(directory)) as files:
        try:
            store = open_store(directory, files)
        except StorageTrouble as trouble:
            return Report(database="damaged", wrong=1, findings=[Finding("", "database", str(trouble))])
        with closing(store):
            return _through(store)


def _through(store: Store) -> Report:
    checkup = Checkup(store, ANY_SIZE)
    try:
        more = True
        while more:
            with store.unit():
                more = checkup.step()
    except StorageTrouble as trouble:
        return checkup.broke(trouble)
    return checkup.report
