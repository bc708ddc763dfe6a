"""A store in memory, for simulated worlds and for tests.

It keeps its word as a disk does: ``crash`` loses what no unit has finished, and nothing else.  ``before_commit`` is
called at the end of each unit, and may raise, as a full disk would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from syncagent.content.digest import digest_of
from syncagent.hub.rows import (
    Answered,
    Folder,
    FolderId,
    Judgement,
    Lying,
    Row,
    Rows,
    Slot,
    Timed,
    Wanted,
    expanded,
    told_path,
)
from syncagent.hub.runs import Runs
from syncagent.hub.stores.ports import Checked, Key, first
from syncagent.model.changes import Entry, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Seq
from syncagent.model.names import RelPath, join, name_key
from syncagent.model.nodes import Content
from syncagent.model.values import replace


@dataclass(slots=True)
class _Kept:
    """What there is of one folder."""

    folder: Folder
    nodes: dict[NodeId, Row] = field(default_factory=dict)
    times: dict[NodeId, int] = field(default_factory=dict)
    slots: dict[Slot, NodeId] = field(default_factory=dict)
    children: Counter[NodeId] = field(default_factory=Counter)
    answered: dict[ChangeId, Answered] = field(default_factory=dict)
    journal: list[Timed] = field(default_factory=list)
    blocks: dict[Digest, bytes] = field(default_factory=dict)
    lost: dict[Digest, None] = field(default_factory=dict)

    def copy(self) -> _Kept:
        return _Kept(
            self.folder,
            dict(self.nodes),
            dict(self.times),
            dict(self.slots),
            Counter(self.children),
            dict(self.answered),
            list(self.journal),
            dict(self.blocks),
            dict(self.lost),
        )


class MemoryStore:
    """Everything, in dictionaries (port ``Store``).  ``new_id`` gives the ids of hub and epochs."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._undo: list[Callable[[], object]] | None = None
        self._loose: list[Callable[[], object]] = []
        """How to take back what is not durable before the next unit is."""
        self.before_commit: Callable[[], None] = _nothing
        self.journal = MemoryJournal(self, new_id)
        self.blocks = MemoryBlocks(self)
        self.keys = MemoryKeys(self)

    @contextmanager
    def unit(self, *, durable: bool = True) -> Iterator[None]:
        if self._undo is not None:
            raise AssertionError("a unit within a unit")
        self._undo = []
        try:
            yield
            self.before_commit()
        except BaseException:
            self._take_back(self._undo)
            raise
        self._loose = [] if durable else [*self._loose, *self._undo]
        self._undo = None

    def crash(self) -> None:
        """Lose what is not durable: the unit that is under way, and those that were to be with the next one."""
        self._take_back([*self._loose, *(self._undo or [])])
        self._loose = []

    def _take_back(self, done: Sequence[Callable[[], object]]) -> None:
        for undo in reversed(done):
            undo()
        self._undo = None

    def will(self, undo: Callable[[], object]) -> None:
        """How to take back what is about to be done."""
        if self._undo is None:
            raise AssertionError("written outside of a unit")
        self._undo.append(undo)

    def sound(self, most_bytes: int) -> bool | None:
        return True

    def rest(self) -> None:
        pass

    def close(self) -> None:
        pass

    def backup(self) -> MemoryStore:
        """All that is durable, as it is now, in a store of its own."""
        copied = MemoryStore(self._new_id)
        copied.journal.hub_id = self.journal.hub_id
        copied.journal._runs = list(self.journal._runs)
        copied.journal._held = dict(self.journal._held)
        copied.journal.kept = {folder: kept.copy() for folder, kept in self.journal.kept.items()}
        with copied.unit():
            for key in self.keys.all():
                copied.keys.put(key)
        return copied

    def begin_epochs(self) -> None:
        """Each journal begins another life, as that of a backup does that is told that it was restored."""
        for kept in self.journal.kept.values():
            kept.folder = replace(kept.folder, epoch=self._new_id())


def _nothing() -> None:
    pass


class MemoryJournal:
    """Folders, rows, journal (port ``Journal``)."""

    def __init__(self, store: MemoryStore, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id
        self.hub_id = new_id()
        self.kept: dict[FolderId, _Kept] = {}
        self._runs: list[tuple[str, dict[FolderId, Seq]]] = []
        self._held: dict[tuple[FolderId, ClientId], None] = {}

    def folders(self) -> list[Folder]:
        return [kept.folder for kept in self.kept.values()]

    def make_folder(self, name: str) -> Folder:
        for folder in self.folders():
            if folder.name == name:
                return folder
        folder = Folder(FolderId(len(self.kept) + 1), name, self._new_id(), Seq(0), Seq(0))
        self._store.will(lambda: self.kept.pop(folder.id))
        self.kept[folder.id] = _Kept(folder)
        return folder

    def begin_run(self) -> Runs:
        self._store.will(self._runs.pop)
        self._runs.append((self._new_id(), {folder.id: folder.head for folder in self.folders()}))
        starts = [
            (number, folder, head)
            for number, (_, heads) in enumerate(self._runs)
            for folder, head in heads.items()
            if number == 0 or self._runs[number - 1][1].get(folder) != head
        ]
        return Runs([run for run, _ in self._runs], starts)

    def rows(self, folder: FolderId, wanted: Wanted) -> Rows:
        kept = self.kept[folder]
        nodes: dict[NodeId, Row] = {}
        for node in wanted.nodes:
            row = kept.nodes.get(node)
            while row is not None and row.id not in nodes:
                nodes[row.id] = row
                row = kept.nodes.get(row.parent)
        return Rows(
            head=kept.folder.head,
            nodes=nodes,
            slots={slot: kept.slots[slot] for slot in wanted.slots if slot in kept.slots},
            children={node: kept.children[node] for node in wanted.folders if kept.children[node]},
            answered={change: kept.answered[change] for change in wanted.change_ids if change in kept.answered},
            beneath={
                top: [
                    Lying(row.id, row.rev, row.seq, row.author, row.kind is Kind.FILE)
                    for row, _ in self._beneath(kept, top, RelPath(""))
                ]
                for top in wanted.subtrees
                if top in kept.nodes and kept.nodes[top].kind is Kind.DIR
            },
        )

    def _beneath(self, kept: _Kept, top: NodeId, path: RelPath) -> list[tuple[Row, RelPath]]:
        """All that lives beneath ``top``, which stands at ``path``: the deepest first, and of those by their ids."""
        by_folder: dict[NodeId, list[Row]] = {}
        for row in kept.nodes.values():
            if row.living:
                by_folder.setdefault(row.parent, []).append(row)
        levels: list[list[tuple[Row, RelPath]]] = []
        level = [(top, path)]
        while level:
            found = [
                (row, RelPath(f"{above}/{row.name}")) for folder, above in level for row in by_folder.get(folder, [])
            ]
            levels.append(sorted(found, key=lambda one: one[0].id))
            level = [(row.id, path) for row, path in found if row.kind is Kind.DIR]
        return [one for level in reversed(levels) for one in level]

    def write(self, folder: FolderId, judgement: Judgement, time_ns: int) -> None:
        kept = self.kept[folder]
        if judgement.subtree is not None:
            top = judgement.subtree.entry
            judgement = expanded(judgement, self._beneath(kept, top.node_id, top.path))
        self._store.will(self._restored(kept, judgement))
        self._place(kept, judgement.rows)
        for row in judgement.rows:
            kept.times[row.id] = time_ns
        for said in judgement.journal:
            kept.journal.append(Timed(said.entry, time_ns))
            kept.answered[said.change_id] = Answered(said.entry.node_id, said.entry.seq, said.entry.rev)
        kept.folder = replace(kept.folder, head=judgement.new_head)

    def _restored(self, kept: _Kept, judgement: Judgement) -> Callable[[], None]:
        before = [kept.nodes.get(row.id) for row in judgement.rows]
        times = [kept.times.get(row.id, 0) for row in judgement.rows]
        folder = kept.folder

        def undo() -> None:
            self._remove(kept, [row.id for row in judgement.rows])
            self._place(kept, [row for row in before if row is not None])
            kept.times.update((row.id, time) for row, time in zip(judgement.rows, times, strict=True))
            del kept.journal[len(kept.journal) - len(judgement.journal) :]
            for said in judgement.journal:
                del kept.answered[said.change_id]
            kept.folder = folder

        return undo

    def _place(self, kept: _Kept, rows: Sequence[Row]) -> None:
        self._remove(kept, [row.id for row in rows])
        for row in rows:
            kept.nodes[row.id] = row
            if row.living:
                slot = (row.parent, name_key(row.name))
                if slot in kept.slots:
                    raise AssertionError("two nodes in one place")
                kept.slots[slot] = row.id
                kept.children[row.parent] += 1

    def _remove(self, kept: _Kept, nodes: Sequence[NodeId]) -> None:
        for node in nodes:
            row = kept.nodes.pop(node, None)
            if row is not None and row.living:
                del kept.slots[row.parent, name_key(row.name)]
                kept.children[row.parent] -= 1

    def entries(self, folder: FolderId, since: Seq, limit: int) -> list[Timed]:
        return self.kept[folder].journal[since : since + limit]

    def snapshot(self, folder: FolderId, since: Seq, limit: int) -> list[Timed]:
        kept = self.kept[folder]
        rows = sorted((row for row in kept.nodes.values() if row.seq > since), key=lambda row: row.seq)
        return [self._as_entry(kept, row) for row in rows if row.living or since][:limit]

    def _as_entry(self, kept: _Kept, row: Row) -> Timed:
        operation = Operation.CREATE if row.living else Operation.DELETE
        path = told_path(self._path(kept, row), row.name)
        return Timed(
            Entry(row.seq, row.rev, operation, row.author, row.id, row.node(), row.recipe, path), kept.times[row.id]
        )

    def _path(self, kept: _Kept, row: Row) -> RelPath:
        names: list[str] = [row.name]
        while row.parent != ROOT:
            row = kept.nodes[row.parent]
            names.append(row.name)
        return RelPath("/".join(reversed(names)))

    def rows_after(self, folder: FolderId, since: Seq, limit: int) -> list[Row]:
        rows = sorted(self.kept[folder].nodes.values(), key=lambda row: row.seq)
        return [row for row in rows if row.seq > since][:limit]

    def living_files(self, folder: FolderId) -> int:
        return sum(row.living and row.kind is Kind.FILE for row in self.kept[folder].nodes.values())

    def note_held(self, folder: FolderId, client: ClientId, *, held: bool) -> None:
        before = dict(self._held)
        self._store.will(lambda: setattr(self, "_held", before))
        if held:
            self._held[folder, client] = None
        else:
            self._held.pop((folder, client), None)

    def noted_held(self) -> list[tuple[FolderId, ClientId]]:
        return sorted(self._held)

    def listing(self, folder: FolderId) -> Mapping[RelPath, Content]:
        kept = self.kept[folder]
        beneath: dict[NodeId, list[Row]] = {}
        for row in kept.nodes.values():
            if row.living:
                beneath.setdefault(row.parent, []).append(row)
        found: dict[RelPath, Content] = {}
        folders = [(ROOT, RelPath(""))]
        while folders:
            parent, path = folders.pop()
            for row in beneath.get(parent, []):
                if row.kind is Kind.DIR:
                    folders.append((row.id, join(path, row.name)))
                elif row.content is not None:
                    found[join(path, row.name)] = row.content
        return found


class MemoryBlocks:
    """Blocks in a dictionary of each folder (port ``Blocks``)."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def _of(self, folder: FolderId) -> dict[Digest, bytes]:
        return self._store.journal.kept[folder].blocks

    def prepare(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        pass

    def sizes(self, folder: FolderId, digests: Collection[Digest]) -> dict[Digest, int]:
        there = self._of(folder)
        return {digest: len(there[digest]) for digest in digests if digest in there}

    def put(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        there = self._of(folder)
        fresh = {digest: plain for digest, plain in blocks if digest not in there}
        lost = self._store.journal.kept[folder].lost
        found = [digest for digest in fresh if digest in lost]
        self._store.will(lambda: [there.pop(digest) for digest in fresh] and lost.update(dict.fromkeys(found)))
        there.update(fresh)
        for digest in found:
            del lost[digest]

    def read(self, folder: FolderId, digests: Sequence[Digest]) -> list[tuple[Digest, bytes]]:
        there = self._of(folder)
        for digest in [one for one in digests if one in there and digest_of(there[one]) != one]:
            del there[digest]
            self._store.journal.kept[folder].lost[digest] = None
        return [(digest, there[digest]) for digest in digests if digest in there]

    def check(self, folder: FolderId, after: Digest | None, room: int) -> Checked:
        found = sorted(digest for digest in self._of(folder) if after is None or digest > after)
        chosen = list(first(((digest, len(self._of(folder)[digest])) for digest in found), room))
        there = {digest for digest, _ in self.read(folder, [digest for digest, _ in chosen])}
        lost = tuple(digest for digest, _ in chosen if digest not in there)
        last = chosen[-1][0] if len(chosen) < len(found) else None
        return Checked(len(chosen), sum(size for _, size in chosen), lost, last)

    def lose(self, folder: FolderId, digests: Collection[Digest]) -> None:
        self._store.journal.kept[folder].lost.update(dict.fromkeys(digests))

    def lost(self, folder: FolderId, limit: int) -> list[Digest]:
        return sorted(self._store.journal.kept[folder].lost)[:limit]

    def find_again(self, folder: FolderId, digests: Sequence[Digest]) -> int:
        return 0

    def strays(self, folder: FolderId, part: int) -> list[str]:
        return []


class MemoryKeys:
    """Keys in a dictionary (port ``Keys``)."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._kept: dict[str, Key] = {}

    def all(self) -> list[Key]:
        return [self._kept[key] for key in sorted(self._kept)]

    def put(self, key: Key) -> None:
        self._keep_for_undo()
        self._kept[key.id] = key

    def remove(self, key_id: str) -> None:
        self._keep_for_undo()
        self._kept.pop(key_id, None)

    def _keep_for_undo(self) -> None:
        before = dict(self._kept)

        def undo() -> None:
            self._kept = before

        self._store.will(undo)
