"""The agent's memory in an SQLite file.

Invariants: a delta is one transaction; what is loaded is what was committed, or it is known to be damaged, put aside
and begun anew (HAZARDS E3): then everything is looked at again, on the disk and at the hub, and nothing is deleted.

Transactions are ordered, but the last of them may be lost with the machine's power (``synchronous=NORMAL``).  That is
enough, because what is kept are observations.  Bytes are durable on the disk before a commit speaks of them, so that an
older state of this database is an older view of a world that is all there: the next scan and the hub's journal, from
the older cursor on, bring Local and Remote up to date, and where both sides say the same, Synced takes it over and
nothing moves.  What is lost is at most the identity of a file that was both seen and submitted in the last moments: it
is met again at the hub under its name, and adopted.  An fsync for each commit would buy nothing but waiting.

Called by the agent's shell, on one thread.  It decides nothing, and never repairs a damaged file in place.
"""

from __future__ import annotations

import gc
import glob
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from typing import Final

from syncagent.errors import StorageFull, StorageTrouble
from syncagent.model.ids import Digest
from syncagent.model.nodes import Recipe
from syncagent.sqlite import LOG_PAGES, Database, DatabaseDamaged, Value, open_database
from syncagent.store.acts import pack_act, pack_part, unpack_act, unpack_part
from syncagent.store.ports import INCARNATION, Loaded
from syncagent.store.rows import (
    COLUMNS,
    DIGEST_AT,
    FILE,
    Unpacker,
    at_one,
    contents_of,
    fact_sum,
    pack_recipe,
    pack_row,
    unpack_recipe,
)
from syncagent.trees.delta import Delta, Row
from syncagent.trees.kept import KeptRows

APPLICATION: Final = 0x53594E41
"""``SYNA``: the mark of the file's first page."""

KEPT_DAMAGED: Final = 3
"""How many damaged files are kept to be looked into; older ones are removed."""

SWEEP_AT_LEAST: Final = 4 << 20
"""So many bytes of recipes are added before those that no row names any more are looked for."""

FEW: Final = 2_000
"""So many rows are simply given; more are pressed as they come."""

ALMOST_FULL: Final = LOG_PAGES // 2
"""Pages in the log: what is committed beyond that may wait for the disk."""

AT_ONCE: Final = 1_000
"""Rows that are read at once."""

_PUT_ROW: Final = (
    f"INSERT INTO node ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  constants
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{column}=excluded.{column}' for column in COLUMNS[1:])}"
)
_GET_ROWS: Final = f"SELECT {', '.join(COLUMNS)}, number FROM node WHERE number > ? ORDER BY number LIMIT {AT_ONCE}"  # noqa: S608
_CONTENTS: Final = " UNION ALL ".join(
    f"SELECT substr({side}, {DIGEST_AT[0]}, {DIGEST_AT[1]}) FROM {table} WHERE substr({side}, 1, 1) = x'{FILE:02x}'"  # noqa: S608  constants
    for table, sides in (("node", ("synced", "local", "remote")), ("part", ("before", "after")))
    for side in sides
)
_SWEEP: Final = f"DELETE FROM recipe WHERE digest NOT IN ({_CONTENTS})"  # noqa: S608  constants


class AgentDb:
    """An AgentStore in a file.  Made by ``open_agent_db``."""

    __slots__ = ("_added", "_database", "_path", "_rebuilt")

    def __init__(self, path: str, database: Database, rebuilt: str) -> None:
        self._path = path
        self._database = database
        self._rebuilt = rebuilt
        self._added = 0

    def load(self) -> Loaded:
        try:
            return self._read()
        except DatabaseDamaged as damage:
            self._database.close()
            _put_aside(self._path)
            self._database = _opened(self._path)
            self._rebuilt = str(damage)
            return self._read()

    def commit(self, delta: Delta) -> None:
        with self._database.transaction():
            if delta.rows:
                self._database.many(_PUT_ROW, map(pack_row, delta.rows))
            if delta.gone:
                self._database.many("DELETE FROM node WHERE id = ?", ((node_id,) for node_id in delta.gone))
            for key, value in delta.facts.items():
                self._database.execute(
                    "INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", (key, value, fact_sum(key, value))
                )
            if delta.acts or delta.parts:
                self._keep_acts(delta)
            if delta.recipes:
                self._keep_recipes([pack_recipe(digest, recipe) for digest, recipe in delta.recipes.items()])

    def _keep_acts(self, delta: Delta) -> None:
        gone = [(number,) for number, act in delta.acts.items() if act is None]
        self._database.many("DELETE FROM act WHERE id = ?", gone)
        self._database.many("DELETE FROM part WHERE act = ?", gone)
        acts = [pack_act(act) for act in delta.acts.values() if act is not None]
        self._database.many("INSERT OR REPLACE INTO act VALUES (?, ?, ?)", acts)
        forgotten = [key for key, part in delta.parts.items() if part is None]
        self._database.many("DELETE FROM part WHERE act = ? AND node = ?", forgotten)
        parts = [pack_part(part) for part in delta.parts.values() if part is not None]
        self._database.many("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?)", parts)

    def recipe(self, digest: Digest) -> Recipe | None:
        found = self._database.first("SELECT digest, blocks, crc FROM recipe WHERE digest = ?", (digest,))
        return unpack_recipe(*found) if found else None

    def is_quick(self) -> bool:
        # The first transaction in a new log waits until its head is durable, one that fills it until it is emptied.
        return 0 < self._database.logged < ALMOST_FULL

    def settle(self) -> None:
        self._database.settle()

    def rest(self) -> None:
        with suppress(StorageTrouble, StorageFull):
            self._database.shrink()
            if self._database.logged >= ALMOST_FULL:
                self._database.empty_log()

    def put_aside(self) -> None:
        self._database.close()
        _put_aside(self._path)

    def close(self) -> None:
        self._database.close()

    def _read(self) -> Loaded:
        """All that is there.

        Raises DatabaseDamaged when a page, an index or a row is not in order.
        """
        trouble = self._database.execute("PRAGMA integrity_check(1)")
        if trouble != [("ok",)]:
            raise DatabaseDamaged(f"the database is damaged ({trouble[0][0]})")
        facts: dict[str, str] = {}
        for key, value, crc in self._database.execute("SELECT key, value, crc FROM fact"):
            if fact_sum(key, value) != crc:
                raise DatabaseDamaged(f"the fact {key!r} is not as it was written")
            facts[key] = value
        with _no_collector():
            rows = self._rows()
        acts = tuple(unpack_act(*one) for one in self._database.execute("SELECT id, told, crc FROM act ORDER BY id"))
        unpacker = Unpacker()
        parts = tuple(unpack_part(one, unpacker) for one in self._database.execute("SELECT * FROM part"))
        self._sweep()
        recipes = self._recipes_of(rows)
        self._database.shrink()
        return Loaded(rows, facts, recipes, self._rebuilt, acts, parts)

    def _rows(self) -> tuple[Row, ...] | KeptRows:
        """All rows.  Many are pressed as they come, a few at a time: no holes are left between what is kept."""
        [(count,)] = self._database.execute("SELECT count(*) FROM node")
        kept, few, unpacker, last = KeptRows(count), list[Row](), Unpacker(), -1 << 63
        while found := self._database.execute(_GET_ROWS, (last,)):
            for row in found:
                if count <= FEW:
                    few.append(unpacker.row(row[:-1]))
                elif not unpacker.press(columns := row[:-1], kept):
                    kept.add(unpacker.row(columns))
            last = found[-1][-1]
        return tuple(few) if count <= FEW else kept

    def _recipes_of(self, rows: Sequence[Row]) -> dict[Digest, Recipe]:
        if not self._database.first("SELECT 1 FROM recipe LIMIT 1"):
            return {}
        # What is pressed is at one.
        rows = rows.loose if isinstance(rows, KeptRows) else rows
        wanted = {digest for row in rows if not at_one(row) for digest in contents_of(row)}
        found = ((digest, self.recipe(digest)) for digest in sorted(wanted))
        return {digest: recipe for digest, recipe in found if recipe is not None}

    def _keep_recipes(self, packed: list[tuple[Value, ...]]) -> None:
        self._database.many("INSERT OR REPLACE INTO recipe VALUES (?, ?, ?)", packed)
        self._added += sum(len(blocks) for _, blocks, _ in packed if isinstance(blocks, bytes))
        if self._added > SWEEP_AT_LEAST:
            self._sweep()

    def _sweep(self) -> None:
        """Forget the recipes of contents that no row names."""
        if self._database.first("SELECT 1 FROM recipe LIMIT 1"):
            self._database.execute(_SWEEP)
        self._added = 0


def open_agent_db(path: str) -> AgentDb:
    """Open the agent's database at ``path``, made if it is not there; a damaged one is put aside first.

    Raises AlreadyRunning when another process has it, BadConfig when it belongs to something else or to a newer version
    of the program, StorageFull, StorageTrouble.
    """
    try:
        emptied = os.path.getsize(path) == 0
    except OSError:
        emptied = False  # it is not there; if it cannot be read, opening it says why
    try:
        return AgentDb(path, _opened(path), "the database was empty" if emptied else "")
    except DatabaseDamaged as damage:
        _put_aside(path)
        return AgentDb(path, _opened(path), str(damage))


def _opened(path: str) -> Database:
    folder = resources.files("syncagent.store") / "schema"
    scripts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    schema = [script.read_text(encoding="utf-8") for script in scripts]
    database = open_database(path, schema=schema, application=APPLICATION, durable=False, shared=True)
    try:
        value = secrets.token_hex(13)
        incarnation = (INCARNATION, value, fact_sum(INCARNATION, value))
        database.execute("INSERT OR IGNORE INTO fact VALUES (?, ?, ?)", incarnation)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def _no_collector() -> Iterator[None]:
    """Nothing made within is garbage; to look for some, again and again, would take as long as the making."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _put_aside(path: str) -> None:
    """Rename the closed database, with the log that belongs to it, to ``…damaged-<n>``."""
    numbers = sorted(
        int(tail) for one in glob.glob(f"{glob.escape(path)}.damaged-*") if (tail := one.rpartition("-")[2]).isdigit()
    )
    number = numbers[-1] + 1 if numbers else 1
    for suffix in ("-wal", "-shm", "-journal", ""):
        # The log first: beside a new file of the same name it would be taken for that one's.
        if os.path.exists(path + suffix):
            os.replace(path + suffix, f"{path}.damaged-{number}{suffix}")
    for old in numbers[: 1 - KEPT_DAMAGED]:
        for suffix in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(one := f"{path}.damaged-{old}{suffix}"):
                os.unlink(one)
