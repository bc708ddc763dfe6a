"""The hub's store in one SQLite file, with larger blocks as files beside it.

One connection on one thread; a unit is one transaction, durable when it ends (``sqlite``).  Blocks up to SMALL bytes
are kept in the database, so that a batch of small files is one durable write with its rows and its journal.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from syncagent.errors import StorageFull, StorageTrouble
from syncagent.hub.rows import (
    Answered,
    Folder,
    FolderId,
    Journalled,
    Judgement,
    Role,
    Row,
    Rows,
    Slot,
    Timed,
    Wanted,
    told_path,
)
from syncagent.hub.runs import Runs
from syncagent.hub.stores.blocks import SqliteBlocks
from syncagent.hub.stores.columns import (
    KINDS,
    OPERATIONS,
    ROW_COLUMNS,
    WIDTH,
    from_columns,
    to_columns,
)
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.ports import Key
from syncagent.hub.stores.schema import APPLICATION, SCHEMA
from syncagent.hub.stores.subtrees import Subtrees
from syncagent.model.changes import Entry, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import NameKey, RelPath, name_key
from syncagent.model.nodes import Content
from syncagent.model.values import replace
from syncagent.sqlite import Database, among, open_database

_ID_BYTES: Final = 16
_MARKS: Final = ", ".join("?" * (WIDTH + 3))
_WRITE_NODE: Final = f"""
INSERT INTO node (folder, {ROW_COLUMNS}, slot, time_ns) VALUES ({_MARKS})
ON CONFLICT (folder, id) DO UPDATE SET rev = excluded.rev, seq = excluded.seq, living = excluded.living,
    author = excluded.author, kind = excluded.kind, parent = excluded.parent, name = excluded.name,
    digest = excluded.digest, size = excluded.size, executable = excluded.executable, mtime_ns = excluded.mtime_ns,
    target = excluded.target, recipe = excluded.recipe, slot = excluded.slot, time_ns = excluded.time_ns
"""  # noqa: S608 - no value is put into the text
_APPEND: Final = f"""
INSERT INTO journal (folder, {ROW_COLUMNS}, operation, change_id, path, old_path, time_ns)
VALUES ({_MARKS}, ?, ?, ?)
"""  # noqa: S608 - the same
_NODE_COLUMNS: Final = ", ".join(f"node.{name}" for name in ROW_COLUMNS.split(", "))
_NODES: Final = f"SELECT {ROW_COLUMNS} FROM node WHERE folder = ? AND id IN carray(?)"  # noqa: S608 - the same
_WITH_ANCESTORS: Final = f"""
WITH RECURSIVE up (id) AS (
    SELECT value FROM carray(?2)
    UNION SELECT node.parent FROM up CROSS JOIN node ON node.folder = ?1 AND node.id = up.id
) SELECT {_NODE_COLUMNS} FROM up CROSS JOIN node ON node.folder = ?1 AND node.id = up.id
"""  # noqa: S608 - the same
_NOTE_STARTS: Final = """
INSERT INTO run_start (folder, run, head) SELECT id, (SELECT max(number) FROM run), head FROM folder
WHERE head != coalesce((SELECT head FROM run_start WHERE folder = folder.id ORDER BY run DESC LIMIT 1), 0)
"""
_LISTING: Final = """
WITH RECURSIVE tree (id, kind, path, digest, size) AS (
    SELECT 'root', 0, '', NULL, NULL
    UNION ALL
    SELECT node.id, node.kind, tree.path || '/' || node.name, node.digest, node.size FROM tree CROSS JOIN node
    ON node.folder = ?1 AND node.living = 1 AND node.slot > tree.id || '/' AND node.slot < tree.id || '0'
    WHERE tree.kind = 0
) SELECT substr(path, 2), digest, size FROM tree WHERE kind = 1
"""


_LIVING: Final = {Operation.CREATE: 1, Operation.DELETE: -1}


class SqliteStore:
    """Everything, in one file.  Opened, used and closed on one thread."""

    def __init__(self, path: str, files: BlockFiles, new_id: Callable[[], str] | None = None) -> None:
        """Open the database at ``path``.  Raises what ``open_database`` raises."""
        self._database = open_database(path, schema=SCHEMA, application=APPLICATION)
        fresh = new_id or _random_id
        self.journal = SqliteJournal(self._database, fresh)
        self.blocks = SqliteBlocks(self._database, files)
        self._files = files
        self.keys = SqliteKeys(self._database)

    @contextmanager
    def unit(self, *, durable: bool = True) -> Iterator[None]:
        try:
            with self._database.transaction(durable=durable):
                yield
        except BaseException:
            self.journal.count_anew()
            raise

    def sound(self, most_bytes: int) -> bool | None:
        found = self._database.first("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return self._database.whole() if found and found[0] <= most_bytes else None

    def rest(self) -> None:
        self._files.rest()
        with suppress(StorageTrouble, StorageFull):
            self._database.shrink()
            if self._database.logged:
                self._database.empty_log()

    def close(self) -> None:
        self._database.close()


def _random_id() -> str:
    return secrets.token_hex(_ID_BYTES)


class SqliteJournal:
    """Folders, rows, journal (port ``Journal``)."""

    def __init__(self, database: Database, new_id: Callable[[], str]) -> None:
        self._db = database
        self._new_id = new_id
        self._subtrees = Subtrees(database)
        self._files: dict[FolderId, int] = {}
        database.execute("INSERT OR IGNORE INTO hub VALUES (1, ?)", (new_id(),))
        [(hub_id,)] = database.execute("SELECT hub_id FROM hub")
        self.hub_id: str = hub_id

    def folders(self) -> list[Folder]:
        return [
            Folder(FolderId(number), name, epoch, Seq(head), Seq(horizon))
            for number, name, epoch, head, horizon in self._db.execute(
                "SELECT id, name, epoch, head, horizon FROM folder ORDER BY id"
            )
        ]

    def make_folder(self, name: str) -> Folder:
        self._db.execute(
            "INSERT INTO folder (name, epoch, head, horizon) VALUES (?, ?, 0, 0) ON CONFLICT (name) DO NOTHING",
            (name, self._new_id()),
        )
        return next(folder for folder in self.folders() if folder.name == name)

    def begin_run(self) -> Runs:
        self._db.execute("INSERT INTO run (id) VALUES (?)", (self._new_id(),))
        self._db.execute(_NOTE_STARTS)
        runs = self._db.execute("SELECT number, id FROM run ORDER BY number")
        place = {number: count for count, (number, _) in enumerate(runs)}
        starts = self._db.execute("SELECT run, folder, head FROM run_start ORDER BY run")
        return Runs([run for _, run in runs], [(place[run], folder, head) for run, folder, head in starts])

    def rows(self, folder: FolderId, wanted: Wanted) -> Rows:
        nodes = self._with_ancestors(folder, wanted.nodes)
        return Rows(
            head=self._head(folder),
            nodes=nodes,
            slots=self._slots(folder, wanted.slots),
            children=self._children(folder, [node for node in wanted.folders if _is_dir(nodes.get(node))]),
            answered=self._answered(folder, wanted.change_ids),
            beneath={top: self._subtrees.lying(folder, top) for top in wanted.subtrees if _is_dir(nodes.get(top))},
        )

    def _head(self, folder: FolderId) -> Seq:
        found = self._db.first("SELECT head FROM folder WHERE id = ?", (folder,))
        return Seq(found[0]) if found else Seq(0)

    def _with_ancestors(self, folder: FolderId, nodes: Collection[NodeId]) -> dict[NodeId, Row]:
        if not nodes:
            return {}
        # Most have the same few folders above them: those are looked for once, and not once for each.
        found = [from_columns(columns) for columns in self._db.execute(_NODES, (folder, among(nodes)))]
        rows = {row.id: row for row in found}
        above = {row.parent for row in found if row.parent not in rows} - {ROOT}
        if above:
            for columns in self._db.execute(_WITH_ANCESTORS, (folder, among(above))):
                rows[columns[0]] = from_columns(columns)
        return rows

    def _slots(self, folder: FolderId, slots: Collection[Slot]) -> dict[Slot, NodeId]:
        if not slots:
            return {}
        found = self._db.execute(
            "SELECT slot, id FROM node WHERE folder = ? AND living = 1 AND slot IN carray(?)",
            (folder, among([f"{parent}/{key}" for parent, key in slots])),
        )
        return {_slot(slot): NodeId(node) for slot, node in found}

    def _children(self, folder: FolderId, parents: Collection[NodeId]) -> dict[NodeId, int]:
        counted = {}
        for parent in parents:
            found = self._db.first(
                "SELECT count(*) FROM node WHERE folder = ? AND living = 1 AND slot > ? AND slot < ?",
                (folder, f"{parent}/", f"{parent}0"),
            )
            counted[parent] = int(found[0]) if found else 0
        return counted

    def _answered(self, folder: FolderId, change_ids: Collection[ChangeId]) -> dict[ChangeId, Answered]:
        if not change_ids:
            return {}
        found = self._db.execute(
            # Left to itself, the planner walks the whole journal of the folder.
            "SELECT change_id, id, seq, rev FROM journal INDEXED BY journal_change"
            " WHERE folder = ? AND change_id IN carray(?)",
            (folder, among(change_ids)),
        )
        return {ChangeId(change): Answered(NodeId(node), Seq(seq), Rev(rev)) for change, node, seq, rev in found}

    def write(self, folder: FolderId, judgement: Judgement, time_ns: int) -> None:
        if judgement.subtree is not None:
            self._bury(folder, judgement, judgement.subtree, time_ns)
            return
        self._subtrees.forget()
        if not judgement.journal:
            return
        # Names may change places within a batch: all are let go before any is taken.  A tombstone lets go of its own.
        rows = sorted(judgement.rows, key=lambda row: row.living) if judgement.yielded else judgement.rows
        moved = [row.id for row in rows if row.living and row.id in judgement.yielded]
        if moved:
            self._db.execute("UPDATE node SET living = 0 WHERE folder = ? AND id IN carray(?)", (folder, among(moved)))
        columns = [to_columns(said.after) for said in judgement.journal]
        # Each row is what it is after the last entry about it.
        last = {row[0]: row for row in columns}
        self._db.many(
            _WRITE_NODE,
            [(folder, *last[row.id], f"{row.parent}/{name_key(row.name)}", time_ns) for row in rows],
        )
        self._db.many(
            _APPEND,
            [
                (folder, *row, OPERATIONS.index(said.entry.operation), said.change_id, said.entry.path,
                 said.entry.old_path, time_ns)
                for row, said in zip(columns, judgement.journal, strict=True)
            ],
        )  # fmt: skip
        self._db.execute("UPDATE folder SET head = ? WHERE id = ?", (judgement.new_head, folder))
        if folder in self._files:
            self._files[folder] += sum(
                _LIVING.get(said.entry.operation, 0) for said in judgement.journal if said.after.kind is Kind.FILE
            )

    def _bury(self, folder: FolderId, judgement: Judgement, said: Journalled, time_ns: int) -> None:
        files = self._subtrees.bury(folder, judgement.head, said, time_ns)
        if folder in self._files:
            self._files[folder] -= files
        entry = replace(said.entry, beneath=0)
        folder_alone = replace(judgement, rows=(said.after,), journal=(replace(said, entry=entry),), subtree=None)
        self.write(folder, folder_alone, time_ns)

    def entries(self, folder: FolderId, since: Seq, limit: int) -> list[Timed]:
        found = self._db.execute(
            f"SELECT {ROW_COLUMNS}, operation, path, old_path, time_ns FROM journal"  # noqa: S608 - the same
            " WHERE folder = ? AND seq > ? ORDER BY seq LIMIT ?",
            (folder, since, limit),
        )
        return [
            Timed(
                _entry(from_columns(columns[:WIDTH]), OPERATIONS[columns[WIDTH]], *columns[WIDTH + 1 : -1]), columns[-1]
            )
            for columns in found
        ]

    def snapshot(self, folder: FolderId, since: Seq, limit: int) -> list[Timed]:
        found = self._db.execute(
            f"SELECT {ROW_COLUMNS}, time_ns FROM node WHERE folder = ? AND seq > ?"  # noqa: S608 - the same
            f" {'' if since else 'AND living = 1'} ORDER BY seq LIMIT ?",
            (folder, since, limit),
        )
        rows = [from_columns(columns[:WIDTH]) for columns in found]
        paths = self._paths(folder, {row.parent for row in rows})
        entries = []
        for row, columns in zip(rows, found, strict=True):
            operation = Operation.CREATE if row.living else Operation.DELETE
            path = told_path(f"{paths[row.parent]}{row.name}", row.name)
            entries.append(Timed(_entry(row, operation, path, ""), columns[-1]))
        return entries

    def _paths(self, folder: FolderId, parents: Collection[NodeId]) -> dict[NodeId, str]:
        """The path of each of ``parents`` with a slash behind it; "" for the root."""
        nodes = self._with_ancestors(folder, parents)
        paths = {ROOT: ""}
        for parent in parents:
            trail = []
            step = parent
            while step not in paths and step in nodes:
                trail.append(step)
                step = nodes[step].parent
            path = paths.get(step, "")
            for node in reversed(trail):
                path = paths[node] = f"{path}{nodes[node].name}/"
            paths.setdefault(parent, path)
        return paths

    def rows_after(self, folder: FolderId, since: Seq, limit: int) -> list[Row]:
        found = self._db.execute(
            f"SELECT {ROW_COLUMNS} FROM node WHERE folder = ? AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - the same
            (folder, since, limit),
        )
        return [from_columns(columns) for columns in found]

    def living_files(self, folder: FolderId) -> int:
        if folder not in self._files:
            found = self._db.first(
                "SELECT count(*) FROM node WHERE folder = ? AND living = 1 AND kind = ?",
                (folder, KINDS.index(Kind.FILE)),
            )
            self._files[folder] = int(found[0]) if found else 0
        return self._files[folder]

    def count_anew(self) -> None:
        """What was counted, or found, in a unit that was undone does not hold."""
        self._files.clear()
        self._subtrees.undone()

    def note_held(self, folder: FolderId, client: ClientId, *, held: bool) -> None:
        sql = "INSERT OR IGNORE INTO held VALUES (?, ?)" if held else "DELETE FROM held WHERE folder = ? AND client = ?"
        self._db.execute(sql, (folder, client))

    def noted_held(self) -> list[tuple[FolderId, ClientId]]:
        found = self._db.execute("SELECT folder, client FROM held ORDER BY folder, client")
        return [(FolderId(folder), ClientId(client)) for folder, client in found]

    def listing(self, folder: FolderId) -> Mapping[RelPath, Content]:
        return {
            RelPath(path): Content(Digest(digest), size) for path, digest, size in self._db.execute(_LISTING, (folder,))
        }


def _is_dir(row: Row | None) -> bool:
    return row is not None and row.kind is Kind.DIR


def _slot(text: str) -> Slot:
    parent, _, key = text.partition("/")
    return NodeId(parent), NameKey(key)


def _entry(row: Row, operation: Operation, path: str, old_path: str) -> Entry:
    return Entry(
        row.seq, row.rev, operation, row.author, row.id, row.node(), row.recipe, RelPath(path), RelPath(old_path)
    )


class SqliteKeys:
    """API keys, as hashes (port ``Keys``)."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Key]:
        return [
            Key(key, salt, digest, Role(role), frozenset(folders.split()), label)
            for key, salt, digest, role, folders, label in self._db.execute("SELECT * FROM api_key ORDER BY id")
        ]

    def put(self, key: Key) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO api_key VALUES (?, ?, ?, ?, ?, ?)",
            (key.id, key.salt, key.hash, key.role.value, " ".join(sorted(key.folders)), key.label),
        )

    def remove(self, key_id: str) -> None:
        self._db.execute("DELETE FROM api_key WHERE id = ?", (key_id,))
