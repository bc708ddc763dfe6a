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
    SELECT 0, ?2, ?3, '', 0, 0, '', 0
    UNION ALL
    SELECT beneath.depth + 1, node.id, beneath.path || '/' || node.name, node.name, node.rev, node.seq, node.author,
        node.kind
    FROM beneath CROSS JOIN node
    ON node.folder = ?1 AND node.living = 1 AND node.slot > beneath.id || '/' AND node.slot < beneath.id || '0'
    WHERE beneath.kind = 0
)
"""
_LYING: Final = f"{_BENEATH} SELECT id, rev, seq, author, kind = 1 FROM beneath WHERE depth > 0"  # noqa: S608 - no value is put into the text
_GATHER: Final = (
    "INSERT INTO temp.going (id, path)"  # noqa: S608 - the same
    f" {_BENEATH} SELECT id, CASE WHEN length(CAST(path AS BLOB)) > {MAX_PATH_BYTES} THEN name ELSE path END"
    " FROM beneath WHERE depth > 0 ORDER BY depth DESC, id"
)
_BURY: Final = """
UPDATE node SET living = 0, rev = node.rev + 1, seq = ?2 + going.number, author = ?3, time_ns = ?4
FROM temp.going AS going WHERE node.folder = ?1 AND node.id = going.id
"""
_APPEND_ALL: Final = f"""
INSERT INTO journal (folder, {ROW_COLUMNS}, operation, change_id, path, old_path, time_ns)
SELECT ?1, {", ".join(f"node.{name}" for name in ROW_COLUMNS.split(", "))}, ?2, ?3 || '/' || going.number, going.path,
    '', ?4
FROM temp.going AS going CROSS JOIN node ON node.folder = ?1 AND node.id = going.id ORDER BY going.number
"""  # noqa: S608 - the same

_TABLE: Final = "CREATE TEMP TABLE IF NOT EXISTS going (number INTEGER PRIMARY KEY, id TEXT, path TEXT)"
_FILES: Final = """
SELECT count(*) FROM temp.going AS going CROSS JOIN node ON node.folder = ? AND node.id = going.id WHERE node.kind = ?
"""


def lying(database: Database, folder: FolderId, top: NodeId) -> list[Lying]:
    """All that lives beneath ``top``."""
    return list(map(Lying._make, database.execute(_LYING, (folder, top, ""))))


def bury(database: Database, folder: FolderId, head: Seq, said: Journalled, time_ns: int) -> int:
    """Make tombstones of all beneath the folder of ``said``, each with its entry, numbered from after ``head`` on.  How
    many files they were."""
    database.execute(_TABLE)
    database.execute("DELETE FROM temp.going")
    database.execute(_GATHER, (folder, said.after.id, said.entry.path))
    [(files,)] = database.execute(_FILES, (folder, KINDS.index(Kind.FILE)))
    database.execute(_BURY, (folder, head, said.after.author, time_ns))
    deleted = OPERATIONS.index(Operation.DELETE)
    database.execute(_APPEND_ALL, (folder, deleted, said.change_id, time_ns))
    database.execute("DELETE FROM temp.going")
    return int(files)
