"""A folder with all that lies beneath it, in SQLite: looked through, and made tombstones of, by a few statements.

For ten thousand nodes that is a tenth of what it would take to have each of them as a row here.  Called by ``sqlite``.
"""

from __future__ import annotations

from typing import Final

from syncagent.hub.rows import FolderId, Journalled, Lying
from syncagent.hub.stores.columns import KINDS, OPERATIONS, ROW_COLUMNS
from syncagent.model.changes import Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import NodeId, Seq
from syncagent.model.names import MAX_PATH_BYTES
from syncagent.sqlite import Database

# What is in a folder has its number before the folder: the deepest first.
_BENEATH: Final = """
WITH RECURSIVE beneath (depth, id, path, name, rev, seq, author, kind) AS (
    SELECT 0, ?2, '', '', 0, 0, '', 0
    UNION ALL
    SELECT beneath.depth + 1, node.id, beneath.path || '/' || node.name, node.name, node.rev, node.seq, node.author,
        node.kind
    FROM beneath CROSS JOIN node
    ON node.folder = ?1 AND node.living = 1 AND node.slot > beneath.id || '/' AND node.slot < beneath.id || '0'
    WHERE beneath.kind = 0
)
"""
_GATHER: Final = (
    "INSERT INTO temp.going (id, path, name, rev, seq, author, kind)"  # noqa: S608 - no value is put into the text
    f" {_BENEATH} SELECT id, path, name, rev, seq, author, kind FROM beneath WHERE depth > 0 ORDER BY depth DESC, id"
)
_LYING: Final = f"SELECT id, rev, seq, author, kind = {KINDS.index(Kind.FILE)} FROM temp.going"  # noqa: S608 - the same
_BURY: Final = """
UPDATE node SET living = 0, rev = node.rev + 1, seq = ?2 + going.number, author = ?3, time_ns = ?4
FROM temp.going AS going WHERE node.folder = ?1 AND node.id = going.id
"""
_APPEND_ALL: Final = f"""
INSERT INTO journal (folder, {ROW_COLUMNS}, operation, change_id, path, old_path, time_ns)
SELECT ?1, {", ".join(f"node.{name}" for name in ROW_COLUMNS.split(", "))}, ?2, ?3 || '/' || going.number,
    CASE WHEN length(CAST(?5 || going.path AS BLOB)) > {MAX_PATH_BYTES} THEN going.name ELSE ?5 || going.path END,
    '', ?4
FROM temp.going AS going CROSS JOIN node ON node.folder = ?1 AND node.id = going.id ORDER BY going.number
"""  # noqa: S608 - the same

_TABLE: Final = """
CREATE TEMP TABLE IF NOT EXISTS going (
    number INTEGER PRIMARY KEY, id TEXT, path TEXT, name TEXT, rev INTEGER, seq INTEGER, author TEXT, kind INTEGER
)
"""
_FILES: Final = f"SELECT count(*) FROM temp.going WHERE kind = {KINDS.index(Kind.FILE)}"  # noqa: S608 - the same


class Subtrees:
    """``lying`` comes right before ``bury``, in the same unit, with nothing else written in between: what it has found
    is not looked for again."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._found: tuple[FolderId, NodeId] | None = None

    def lying(self, folder: FolderId, top: NodeId) -> list[Lying]:
        """All that lives beneath ``top``."""
        self._gather(folder, top)
        return list(map(Lying._make, self._db.execute(_LYING)))

    def bury(self, folder: FolderId, head: Seq, said: Journalled, time_ns: int) -> int:
        """Make tombstones of all beneath the folder of ``said``, each with its entry, numbered from after ``head`` on.
        How many files they were."""
        if self._found != (folder, said.after.id):
            self._gather(folder, said.after.id)
        [(files,)] = self._db.execute(_FILES)
        self._db.execute(_BURY, (folder, head, said.after.author, time_ns))
        deleted = OPERATIONS.index(Operation.DELETE)
        self._db.execute(_APPEND_ALL, (folder, deleted, said.change_id, time_ns, said.entry.path))
        self.forget()
        return int(files)

    def forget(self) -> None:
        """What was found may not be so any more."""
        if self._found is not None:
            self._found = None
            self._db.execute("DELETE FROM temp.going")

    def undone(self) -> None:
        """The unit was undone, and with it what was found."""
        self._found = None

    def _gather(self, folder: FolderId, top: NodeId) -> None:
        self._db.execute(_TABLE)
        self._db.execute("DELETE FROM temp.going")
        self._db.execute(_GATHER, (folder, top))
        self._found = folder, top
