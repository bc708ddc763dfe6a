"""The hub's directory: what lies in it, and that one process has it at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from syncagent.content.digest import digest_of
from syncagent.errors import AlreadyRunning, StorageTrouble
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.sqlite import SqliteStore
from syncagent.sqlite import DatabaseDamaged

DATABASE: Final = "hub.db"
_BLOCKS: Final = "blocks"
_LOCK: Final = "hub.lock"
_WAY_OUT: Final = (
    "Put the directory back from a backup; or move the database away, and the hub begins as a new one: what the "
    "machines have is sent to it again, once each was started with --new-hub"
)


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """``directory``, made where it is not there, is this process's alone.

    Raises AlreadyRunning when another hub has it, StorageTrouble when it cannot be used.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(directory / _LOCK, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        raise AlreadyRunning("another hub has this data directory") from None
    except OSError as trouble:
        raise _unusable(trouble) from trouble
    try:
        yield
    finally:
        lock.release()


def block_files(directory: Path) -> BlockFiles:
    """The larger blocks.  Raises StorageFull, StorageTrouble."""
    return BlockFiles(str(directory / _BLOCKS), digest_of)


def has_lost_its_database(directory: Path) -> str:
    """What to do about blocks that lie there without the database that told what they are of; "" when all is well."""
    database = directory / DATABASE
    if database.exists() and database.stat().st_size:
        return ""
    lost = any(one.is_file() for one in (directory / _BLOCKS).rglob("*"))
    return f"{database} is missing or empty, and there are blocks that it told of. {_WAY_OUT}" if lost else ""


def open_store(directory: Path, files: BlockFiles) -> SqliteStore:
    """The store, made where there is none; on the thread that will use it.  Raises what ``open_database`` raises."""
    try:
        # Whoever made the directory, and however: what is in the database is for its owner's eyes alone.
        os.close(os.open(directory / DATABASE, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as trouble:
        raise _unusable(trouble) from trouble
    try:
        return SqliteStore(str(directory / DATABASE), files)
    except DatabaseDamaged as damage:
        raise DatabaseDamaged(f"{directory / DATABASE}: {damage}. {_WAY_OUT}") from damage


def _unusable(trouble: OSError) -> StorageTrouble:
    return StorageTrouble(f"the hub's directory cannot be used: {trouble.strerror}")
