"""The tables of the hub's SQLite database, one script a version.  A released script is never changed."""

from __future__ import annotations

from typing import Final

APPLICATION: Final = 0x73794875
"""Marks the file as a hub's."""

_FIRST: Final = """
CREATE TABLE hub (one INTEGER PRIMARY KEY CHECK (one = 1), hub_id TEXT NOT NULL);

CREATE TABLE folder (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
    head INTEGER NOT NULL, horizon INTEGER NOT NULL
);

-- The tree of each folder as it is now; what was deleted stays with living = 0.  slot is parent/name_key: an id has no
-- slash, so one index gives both the node in a place and the children of a folder.
CREATE TABLE node (
    folder INTEGER NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, seq INTEGER NOT NULL, living INTEGER NOT NULL,
    author TEXT NOT NULL, kind INTEGER NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, digest BLOB, size INTEGER,
    executable INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, target TEXT NOT NULL, recipe BLOB,
    slot TEXT NOT NULL, time_ns INTEGER NOT NULL,
    PRIMARY KEY (folder, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX node_slot ON node (folder, slot) WHERE living = 1;
CREATE UNIQUE INDEX node_seq ON node (folder, seq);

-- What became of each folder, in order.  The row after the change, and the true path as text, for people.
CREATE TABLE journal (
    folder INTEGER NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, living INTEGER NOT NULL,
    author TEXT NOT NULL, kind INTEGER NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, digest BLOB, size INTEGER,
    executable INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, target TEXT NOT NULL, recipe BLOB,
    operation INTEGER NOT NULL, change_id TEXT NOT NULL, path TEXT NOT NULL, old_path TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (folder, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX journal_change ON journal (folder, change_id);

-- Blocks are known only within a folder.  The bytes of larger ones lie in files: bytes is null there.
CREATE TABLE block (
    number INTEGER PRIMARY KEY, folder INTEGER NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL, bytes BLOB
);
CREATE UNIQUE INDEX block_digest ON block (folder, digest, size);

CREATE TABLE api_key (
    id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, role TEXT NOT NULL, folders TEXT NOT NULL,
    label TEXT NOT NULL
) WITHOUT ROWID;
"""

_RUNS: Final = """
-- Each start of the hub, and the head of each folder then, where it was not the same at the start before.
CREATE TABLE run (number INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE run_start (
    folder INTEGER NOT NULL, run INTEGER NOT NULL, head INTEGER NOT NULL, PRIMARY KEY (folder, run)
) WITHOUT ROWID;
"""

_LOST: Final = """
-- Blocks whose bytes were lost or damaged, until they are there again.
CREATE TABLE lost (folder INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (folder, digest)) WITHOUT ROWID;
"""

_HELD: Final = """
-- Clients whose changes the brake held when it was last said.
CREATE TABLE held (folder INTEGER NOT NULL, client TEXT NOT NULL, PRIMARY KEY (folder, client)) WITHOUT ROWID;
"""

_PACKS: Final = """
-- Larger blocks lie in packs, several in one file: its name, and the bytes before the block in it.  Where pack is null
-- (blocks that were kept before there were packs) the file holds that block alone, and has its digest for a name.
ALTER TABLE block ADD COLUMN pack BLOB;
ALTER TABLE block ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX block_pack ON block (folder, pack) WHERE pack IS NOT NULL;
-- Where a lost block lay, if that is known: its disk may come back.
ALTER TABLE lost ADD COLUMN size INTEGER;
ALTER TABLE lost ADD COLUMN pack BLOB;
ALTER TABLE lost ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
"""

SCHEMA: Final = (_FIRST, _RUNS, _LOST, _HELD, _PACKS)
