"""One SQLite file: opened, migrated, and held by one connection on one thread.

Invariants: no other process and no second connection ever has the file (the lock is exclusive, HAZARDS E14); what a
``transaction`` has done is durable when it ends without an error; a schema changes in one transaction, after a copy of
the old file was put beside it (HAZARDS E11).  The agent's and the hub's databases are both opened here; nothing else
in the project knows which library speaks to SQLite.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

import apsw

from syncagent.errors import AlreadyRunning, BadConfig, StorageFull, StorageTrouble

Value: TypeAlias = None | int | float | str | bytes
Row: TypeAlias = tuple[Any, ...]
MEMORY: Final = ":memory:"

_PRAGMAS: Final = (
    "PRAGMA locking_mode=EXCLUSIVE",  # before WAL: no shared memory file, and a second process is refused
    "PRAGMA journal_mode=WAL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32768",
    "PRAGMA journal_size_limit=67108864",
)


LOG_ROOM: Final = 8 << 20
"""Bytes of the log that are written in advance where transactions are to last: a file that only gets other bytes is
made durable without the journal of its file system.  A small transaction took 0.8 ms in place of 1.1, and no longer
waits for what others have in that journal."""

_ROOM_ON_DISK: Final = 64
"""On a disk that has less than so many times that, nothing is written in advance."""

LOG_PAGES: Final = 4000
"""When the log holds more pages, they are put into the file before the next transaction, which then waits for the disk:
whoever waits for what is in the log has it by then."""


class DatabaseDamaged(StorageTrouble):
    """The file is not a database, or its pages contradict each other: it is put aside and made anew, or restored."""


class _Log:
    """How long the write-ahead log is."""

    __slots__ = ("pages",)

    def __init__(self) -> None:
        self.pages = 0

    def grown(self, _: apsw.Connection, __: str, pages: int) -> int:
        self.pages = pages
        return apsw.SQLITE_OK


class Among:
    """Many values bound to one ``?``: ``WHERE id IN carray(?)``, with ``among(ids)`` as the value."""

    __slots__ = ("binding",)

    def __init__(self, binding: Any) -> None:
        self.binding = binding


def among(values: Collection[str] | Collection[bytes]) -> Among:
    """``values`` as one binding for ``IN carray(?)``.  Not empty: the library has no empty array."""
    return Among(apsw.carray(tuple(values)))


class Database:
    """An open file.  Every method is called on the thread that opened it (where ``shared``: on one thread at a time, to
    which the caller sees), and raises StorageFull, StorageTrouble or DatabaseDamaged when the disk or the file is at
    fault."""

    __slots__ = ("_connection", "_doubted", "_log", "_loose", "_thread")

    def __init__(self, connection: apsw.Connection, *, shared: bool = False) -> None:
        self._connection = connection
        self._loose = self._doubted = False
        """Whether the log holds what was not synced yet; and whether a sync of it has failed."""
        self._thread = None if shared else threading.get_ident()
        # Not a method of this: what is let go of without being closed is closed then, and goes round in no circle.
        self._log = _Log()
        connection.set_wal_hook(self._log.grown)

    @property
    def logged(self) -> int:
        """Pages that the write-ahead log holds, of what was committed since they were put into the file last."""
        return self._log.pages

    def execute(self, sql: str, values: Sequence[Value | Among] = ()) -> list[Row]:
        """Run one statement (or several, without values); the rows it gave."""
        try:
            return self._cursor().execute(sql, _bound(values)).fetchall()
        except apsw.Error as error:
            self._doubted = self._loose
            raise translated(error) from error

    def first(self, sql: str, values: Sequence[Value | Among] = ()) -> Row | None:
        """The first row that a statement gives."""
        try:
            return self._cursor().execute(sql, _bound(values)).fetchone()
        except apsw.Error as error:
            raise translated(error) from error

    def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each of ``rows``."""
        try:
            self._cursor().executemany(sql, rows)
        except apsw.Error as error:
            raise translated(error) from error

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """All that is done within stands together, and is durable at the end; or, at an error, none of it is.  Where it
        is not wanted ``durable``, it is so together with the next that is, or it is as if it had never been."""
        if durable and self._doubted:
            # A sync that failed is not made good by the next one, which may know nothing of it (HAZARDS B9): what the
            # log holds is written once more, into the file.
            self.settle()
        if self.logged > LOG_PAGES:
            self.empty_log()
        if not durable:
            self.execute("PRAGMA synchronous=NORMAL")
        try:
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                # Some errors (no room, I/O) have already rolled back by themselves.
                if not self._connection.getautocommit():
                    self.execute("ROLLBACK")
                raise
            self._loose = not durable
        finally:
            if not durable:
                self.execute("PRAGMA synchronous=FULL")

    def sound(self) -> bool:
        """Whether a quick look over all pages finds them in order."""
        try:
            return self.execute("PRAGMA quick_check(1)") == [("ok",)]
        except DatabaseDamaged:
            return False

    def whole(self) -> bool:
        """Whether a look at all pages and all indexes finds them in order.  It takes long."""
        try:
            return self.execute("PRAGMA integrity_check(1)") == [("ok",)]
        except DatabaseDamaged:
            return False

    def empty_log(self) -> None:
        """Put what the log holds into the file; it is begun anew then.  Waits for the disk; nothing fails by it."""
        with suppress(StorageTrouble, StorageFull):  # it is all in the log, and is tried again
            self.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._log.pages = 0

    def settle(self) -> None:
        """Make durable what was committed so far, where ``durable`` was not wanted of each transaction."""
        self.execute("PRAGMA wal_checkpoint(FULL)")
        self._log.pages = 0
        self._loose = self._doubted = False

    def shrink(self) -> None:
        """Let go of the pages that are kept in memory: after a great deal was read that is not asked for again."""
        self.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Put what the write-ahead log holds into the file, and let go of it."""
        self._own_thread()
        self._connection.close()

    def _cursor(self) -> apsw.Cursor:
        self._own_thread()
        return self._connection.cursor()

    def _own_thread(self) -> None:
        if self._thread is not None and threading.get_ident() != self._thread:
            raise AssertionError("a database is only touched on the thread that opened it")


def open_database(
    path: str, *, schema: Sequence[str], application: int, durable: bool = True, shared: bool = False
) -> Database:
    """Open the database at ``path`` (or MEMORY), made or brought up to ``schema``.

    ``schema`` is one script a version, oldest first; a released one is never changed.  ``application`` marks the file
    as ours.  ``durable``: a transaction is on the disk when it ends; else only the order of transactions is kept when
    the machine loses power (enough for what can be found out again).  ``shared``: several threads use it, one at a
    time.

    Raises AlreadyRunning when another process has it, BadConfig when it belongs to something else or to a newer
    version, DatabaseDamaged, StorageFull, StorageTrouble.
    """
    try:
        connection = apsw.Connection(path)
    except apsw.Error as error:
        raise translated(error) from error
    try:
        for pragma in (*_PRAGMAS, f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}"):
            connection.execute(pragma).fetchall()
        database = Database(connection, shared=shared)
        _migrate(database, path, schema, application)
        if durable and path != MEMORY:
            _lay_out_log(path)
    except (apsw.BusyError, apsw.LockedError) as error:
        connection.close()
        raise AlreadyRunning(f"another process has {os.path.basename(path)} open") from error
    except apsw.Error as error:
        connection.close()
        raise translated(error) from error
    except BaseException:
        connection.close()
        raise
    return database


def _migrate(database: Database, path: str, schema: Sequence[str], application: int) -> None:
    name = os.path.basename(path)
    [(found, version, tables)] = database.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_schema)"
    )
    if found != application and (found or version or tables):
        raise BadConfig(f"{name} is a database, but not one of this kind; move it away")
    if version > len(schema):
        raise BadConfig(f"{name} was written by a newer version of syncagent (format {version}); update this one")
    if version == len(schema):
        return
    if version and path != MEMORY:
        _keep_copy(database, f"{path}.v{version}")
    with database.transaction():
        for script in schema[version:]:
            database.execute(script)
        database.execute(f"PRAGMA application_id={application:d}")
        database.execute(f"PRAGMA user_version={len(schema):d}")


def _lay_out_log(path: str) -> None:
    """Give the log its first bytes, behind what it holds: a reader ends at what is no page of it.  They get to the
    disk by themselves, or with the first transaction.  What is not possible is left out: then the log grows."""
    with suppress(OSError), open(f"{path}-wal", "r+b", buffering=0) as log:
        size = log.seek(0, os.SEEK_END)
        lacking = LOG_ROOM - size
        if lacking <= 0 or shutil.disk_usage(os.path.dirname(path) or ".").free < _ROOM_ON_DISK * LOG_ROOM:
            return
        nothing = memoryview(bytes(1 << 20))
        try:
            while lacking > 0:
                lacking -= log.write(nothing[:lacking]) or 0
        except OSError:
            log.truncate(size)


def _keep_copy(database: Database, target: str) -> None:
    """Copy the file as it is to ``target``, durably, before its schema changes."""
    with suppress(FileNotFoundError):
        os.unlink(target)
    database.execute("VACUUM INTO ?", (target,))
    copy = os.open(target, os.O_RDONLY)
    try:
        os.fsync(copy)
    finally:
        os.close(copy)


def translated(error: apsw.Error) -> StorageTrouble | StorageFull:
    """The library's ``error`` as one of ours."""
    match error:
        case apsw.FullError():
            return StorageFull("no room on the disk that holds the database")
        case apsw.CorruptError() | apsw.NotADBError():
            return DatabaseDamaged(f"the database is damaged ({error})")
        case apsw.IOError() | apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.BusyError() | apsw.LockedError():
            return StorageTrouble(f"the disk that holds the database answered with an error ({error})")
    return StorageTrouble(f"the database refused ({type(error).__name__}: {error})")


def _bound(values: Sequence[Value | Among]) -> tuple[Any, ...]:
    return tuple([value.binding if isinstance(value, Among) else value for value in values])
