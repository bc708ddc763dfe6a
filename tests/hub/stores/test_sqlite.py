"""What only the store in SQLite can get wrong: its plans, and bytes that were lost.  The rest is in ``conformance``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub.rows import Folder
from syncagent.hub.stores import sqlite as store_sqlite
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.ports import SMALL
from syncagent.hub.stores.schema import APPLICATION, SCHEMA
from syncagent.hub.stores.sqlite import SqliteStore
from syncagent.sqlite import MEMORY, among, open_database

LARGE = b"l" * (SMALL + 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    files = BlockFiles(str(tmp_path / "blocks"), digest_of)
    store = SqliteStore(str(tmp_path / "hub.db"), files)
    yield store
    store.close()
    files.close()


@pytest.fixture
def folder(store: SqliteStore) -> Folder:
    with store.unit():
        return store.journal.make_folder("default")


def test_each_query_finds_its_way_by_an_index() -> None:
    database = open_database(MEMORY, schema=SCHEMA, application=APPLICATION)
    for sql in (store_sqlite._WITH_ANCESTORS, store_sqlite._LISTING):
        values = (1, among(["a"]))[: 1 + sql.count("?2")]
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert any(step.startswith("SEARCH node USING") for step in plan), plan
        assert not any("AUTOMATIC" in step or step == "SEARCH node USING PRIMARY KEY (folder=?)" for step in plan), plan
    database.close()


def test_ids_are_random_and_kept(tmp_path: Path) -> None:
    files = BlockFiles(str(tmp_path / "blocks"), digest_of)
    seen = set()
    for name in ("a", "b", "a"):
        store = SqliteStore(os.fspath(tmp_path / name), files)
        seen.add(store.journal.hub_id)
        assert len(store.journal.hub_id) == 32
        store.close()
    files.close()
    assert len(seen) == 2
