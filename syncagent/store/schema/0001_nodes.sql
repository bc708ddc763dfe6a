-- What an agent has seen: one row a node, single facts, and the recipes of files of several blocks.
-- Each row carries a check sum of all its other columns, so that a flipped bit is damage and never a belief.
-- store/rows.py says how nodes are packed.

CREATE TABLE IF NOT EXISTS node (
    number   INTEGER PRIMARY KEY,   -- the order of arrival: what is new is written next to what is new
    id       TEXT NOT NULL UNIQUE,
    rev      INTEGER NOT NULL,      -- the hub's revision, also of what was deleted there; 0: the hub never had it
    stamp    BLOB,                  -- what lstat said when it was last looked at; empty: not to be trusted
    spelling BLOB,                  -- the name on this disk, where that is not the NFC name
    synced   BLOB NOT NULL,         -- the node as both sides agreed on it; empty: they never did
    local    BLOB,                  -- as it stands on this disk; empty: not there; NULL: as agreed
    remote   BLOB,                  -- as the hub has it; likewise
    crc      INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS fact (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    crc   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS recipe (
    digest BLOB PRIMARY KEY,
    blocks BLOB NOT NULL,           -- digest and size (4 bytes, big endian) of each
    crc    INTEGER NOT NULL
);
