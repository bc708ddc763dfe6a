"""One file, one connection, one thread; durable transactions; numbered migrations."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from syncagent import sqlite as module
from syncagent.errors import AlreadyRunning, BadConfig, StorageFull, StorageTrouble
from syncagent.sqlite import LOG_ROOM, MEMORY, Database, DatabaseDamaged, among, open_database

APPLICATION = 0x5A01
FIRST = "CREATE TABLE thing (id TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;"
SECOND = "ALTER TABLE thing ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';"


def opened(path: Path | str, *schema: str) -> Database:
    return open_database(str(path), schema=schema or (FIRST,), application=APPLICATION)


def test_rows_come_back_and_many_are_found_with_one_binding() -> None:
    database = opened(MEMORY)
    database.many("INSERT INTO thing VALUES (?, ?)", [("a", 1), ("b", 2), ("c", 3)])
    found = database.execute("SELECT n FROM thing WHERE id IN carray(?) ORDER BY n", (among(("a", "c")),))
    assert found == [(1,), (3,)]
    assert database.first("SELECT n FROM thing WHERE id = ?", ("z",)) is None
    database.execute("CREATE TABLE bin (d BLOB)")
    database.many("INSERT INTO bin VALUES (?)", [(b"\0x",), (b"y",)])
    assert database.first("SELECT count(*) FROM bin WHERE d IN carray(?)", (among((b"\0x", b"q")),)) == (1,)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path / "x.db")
    with pytest.raises(ZeroDivisionError), database.transaction():
        database.execute("INSERT INTO thing VALUES ('a', 1)")
        raise ZeroDivisionError
    assert database.execute("SELECT * FROM thing") == []
    with database.transaction():
        database.execute("INSERT INTO thing VALUES ('a', 1)")
    database.close()
    assert opened(tmp_path / "x.db").execute("SELECT * FROM thing") == [("a", 1)]


class _Counting(apsw.VFS):
    """The disk, with its syncs of logs counted; or all of them failing."""

    def __init__(self) -> None:
        super().__init__("counting", "unix", makedefault=True)
        self.logs = 0
        self.fails = False

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802 - SQLite's names
        return _CountingFile(self, name, flags)


class _CountingFile(apsw.VFSFile):
    def __init__(self, counts: _Counting, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._counts = counts
        self._is_log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._counts.fails:
            raise apsw.IOError("the disk lost it")
        super().xSync(flags)
        self._counts.logs += self._is_log


@pytest.fixture
def counting() -> Iterator[_Counting]:
    counting = _Counting()
    yield counting
    counting.unregister()


def add(database: Database, name: str, *, durable: bool) -> None:
    with database.transaction(durable=durable):
        database.execute("INSERT INTO thing VALUES (?, 1)", (name,))


def test_what_need_not_last_waits_for_no_disk_and_lasts_with_what_must(tmp_path: Path, counting: _Counting) -> None:
    database = opened(tmp_path / "x.db")
    add(database, "first", durable=True)
    before = counting.logs
    for number in range(3):
        add(database, f"loose {number}", durable=False)
    assert counting.logs == before
    add(database, "last", durable=True)
    assert counting.logs == before + 1
    add(database, "and again", durable=True)
    assert counting.logs == before + 2
    database.close()


@pytest.mark.hazard("B9")
def test_b9_after_a_failed_sync_the_next_one_alone_is_not_believed(tmp_path: Path, counting: _Counting) -> None:
    path = tmp_path / "x.db"
    database = opened(path)
    add(database, "loose", durable=False)
    counting.fails = True
    for _ in range(2):  # nothing lasts before all of it does
        with pytest.raises(StorageTrouble):
            add(database, "refused", durable=True)
    counting.fails = False
    add(database, "last", durable=True)
    copied = tmp_path / "as the disk has it.db"
    shutil.copy(path, copied)
    log = Path(f"{path}-wal").read_bytes()
    database.close()
    # What the log held at the failure may be lost although the sync after it went well: it is in the file as well.
    assert opened(copied).execute("SELECT id FROM thing") == [("loose",)]
    assert b"last" in log


def log_of(path: Path) -> Path:
    return Path(f"{path}-wal")


def test_small_transactions_find_their_room_in_the_log(tmp_path: Path) -> None:
    """A file that does not grow is made durable sooner."""
    path = tmp_path / "x.db"
    database = opened(path)
    size = log_of(path).stat().st_size
    assert size >= LOG_ROOM
    for number in range(100):
        add(database, f"{number}", durable=True)
    assert log_of(path).stat().st_size == size
    database.empty_log()
    add(database, "last", durable=True)
    assert log_of(path).stat().st_size == size
    database.close()
    assert not log_of(path).exists()


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_what_a_log_has_beyond_its_last_page_is_nothing(tmp_path: Path, rows: int) -> None:
    path, copied = tmp_path / "x.db", tmp_path / "as the disk has it.db"
    database = opened(path)
    database.empty_log()
    for number in range(rows):
        add(database, f"{number:02}", durable=True)
    shutil.copy(path, copied)
    shutil.copy(log_of(path), log_of(copied))
    database.close()
    again = opened(copied)
    assert again.execute("SELECT id FROM thing ORDER BY id") == [(f"{number:02}",) for number in range(rows)]
    add(again, "more", durable=True)
    again.close()
    assert len(opened(copied).execute("SELECT id FROM thing")) == rows + 1


def file_of(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """What is opened from now on takes so many bytes."""

    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > most:
                raise OSError(errno.ENOSPC, "no space left on device")
            return super().write(data)

    monkeypatch.setattr(module, "open", lambda path, mode, buffering: Full(path, "r+"), raising=False)


@pytest.mark.parametrize("why", ["little room", "the disk is full", "it need not last"])
def test_where_there_is_no_room_nothing_is_written_in_advance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "little room":
        monkeypatch.setattr(module, "_ROOM_ON_DISK", 1 << 40)
    elif why == "the disk is full":
        file_of(monkeypatch, most=LOG_ROOM // 2)
    path = tmp_path / "x.db"
    database = open_database(str(path), schema=(FIRST,), application=APPLICATION, durable=why != "it need not last")
    assert log_of(path).stat().st_size < LOG_ROOM
    add(database, "a", durable=True)
    assert database.execute("SELECT id FROM thing") == [("a",)]
    database.close()


def test_e11_a_schema_grows_in_one_transaction_and_the_old_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = opened(path)
    database.execute("INSERT INTO thing VALUES ('a', 1)")
    database.close()
    database = opened(path, FIRST, SECOND)
    assert database.execute("SELECT * FROM thing") == [("a", 1, "red")]
    database.close()
    assert opened(f"{path}.v1").execute("SELECT * FROM thing") == [("a", 1)]
    with pytest.raises(BadConfig, match="newer"):
        opened(path)


def test_e11_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    opened(path).close()
    with pytest.raises(Exception, match="nonsense"):
        opened(path, FIRST, SECOND + "nonsense;")
    database = opened(path)
    assert database.execute("SELECT name FROM pragma_table_info('thing')") == [("id",), ("n",)]


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "x.db").close()
    with pytest.raises(BadConfig, match="not one of this kind"):
        open_database(str(tmp_path / "x.db"), schema=(FIRST,), application=7)


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, None], ids=["other bytes", "a torn page"])
def test_e3_damage_is_told_apart_from_trouble(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "x.db"
    database = opened(path)
    database.many("INSERT INTO thing VALUES (?, ?)", ((f"{n:0200d}", n) for n in range(1000)))
    assert database.sound()
    database.close()
    raw = bytearray(path.read_bytes())
    raw[4096 * 3 : 4096 * 4] = b"\xa5" * 4096
    path.write_bytes(damage or raw)
    if damage:
        with pytest.raises(DatabaseDamaged):
            opened(path)
    else:
        assert not opened(path).sound()


@pytest.mark.hazard("E14")
def test_e14_a_second_process_is_refused(tmp_path: Path) -> None:
    database = opened(tmp_path / "x.db")
    with pytest.raises(AlreadyRunning):
        opened(tmp_path / "x.db")
    script = (
        "import sys; from syncagent.sqlite import open_database; from syncagent.errors import AlreadyRunning\n"
        f"try: open_database({str(tmp_path / 'x.db')!r}, schema=({FIRST!r},), application={APPLICATION})\n"
        "except AlreadyRunning: sys.exit(3)"
    )
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.getcwd()}, check=False)
    assert done.returncode == 3
    database.close()


@pytest.mark.hazard("E14")
def test_e14_another_thread_is_refused() -> None:
    database = opened(MEMORY)
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            database.execute("SELECT 1")
        except AssertionError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_b7_no_room_is_storage_full_and_leaves_what_was_there() -> None:
    database = opened(MEMORY)
    database.execute("INSERT INTO thing VALUES ('a', 1)")
    database.execute("PRAGMA max_page_count=10")
    with pytest.raises(StorageFull), database.transaction():
        database.execute("INSERT INTO thing VALUES (?, 1)", ("x" * 100_000,))
    assert database.execute("SELECT * FROM thing") == [("a", 1)]


def test_the_log_is_put_into_the_file_when_it_has_grown_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_PAGES", 30)
    database = opened(tmp_path / "x.db")
    database.empty_log()
    logged = []
    for number in range(20):
        with database.transaction():
            database.execute("INSERT INTO thing VALUES (?, 1)", (f"{number}" * 2000,))
        logged.append(database.logged)
    longer = [number for number, pages in enumerate(logged[:-1]) if pages > 30]
    assert longer, "nobody waits for that before what is in it has been told"
    assert all(logged[number + 1] <= logged[0] for number in longer)
    database.close()
    found = opened(tmp_path / "x.db").execute("SELECT count(*) FROM thing")
    assert found == [(20,)]


def test_one_that_is_shared_may_be_used_on_any_thread() -> None:
    database = open_database(MEMORY, schema=(FIRST,), application=APPLICATION, shared=True)
    found: list[list[tuple[object, ...]]] = []
    thread = threading.Thread(target=lambda: found.append(database.execute("SELECT 1")))
    thread.start()
    thread.join()
    assert found == [[(1,)]]
