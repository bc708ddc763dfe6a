-- Mass changes that a person is asked about, or has decided, and the nodes that are part of them.
-- store/acts.py says how they are packed.  Each row carries a check sum of all its other columns.

CREATE TABLE act (
    id   INTEGER PRIMARY KEY,
    told TEXT NOT NULL,             -- JSON
    crc  INTEGER NOT NULL
);

CREATE TABLE part (
    act    INTEGER NOT NULL,
    node   TEXT NOT NULL,
    path   BLOB NOT NULL,           -- where it stood, for people
    before BLOB NOT NULL,           -- the node as it was before the act
    after  BLOB NOT NULL,           -- and after it; empty: deleted
    rev    INTEGER NOT NULL,        -- the revision of its deletion, where that is known
    open   INTEGER NOT NULL,        -- 1: nothing is decided, or something is still to be done about it
    crc    INTEGER NOT NULL,
    PRIMARY KEY (act, node)
) WITHOUT ROWID;
