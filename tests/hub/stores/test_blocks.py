"""Blocks beside the database: where they lie, and what becomes of them when their bytes are lost."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent.content.digest import digest_of
from syncagent.errors import StorageTrouble
from syncagent.hub.rows import Folder
from syncagent.hub.stores.blocks import BULK_BYTES
from syncagent.hub.stores.files import BlockFiles, SystemCalls
from syncagent.hub.stores.ports import SMALL
from syncagent.hub.stores.sqlite import SqliteStore

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


@pytest.mark.hazard("E8")
def test_small_blocks_lie_in_the_database_and_large_ones_beside_it(
    store: SqliteStore, folder: Folder, tmp_path: Path
) -> None:
    with store.unit():
        store.blocks.put(folder.id, [(digest_of(LARGE[1:]), LARGE[1:]), (digest_of(LARGE), LARGE)])
    assert [path.name for path in (tmp_path / "blocks").rglob("*") if path.is_file()] == [digest_of(LARGE).hex()]


@pytest.mark.hazard("E8")
def test_many_small_blocks_that_come_together_lie_in_a_pack(store: SqliteStore, folder: Folder, tmp_path: Path) -> None:
    many = [(digest_of(plain), plain) for plain in (bytes([n]) * (BULK_BYTES // 100) for n in range(101))]
    store.blocks.prepare(folder.id, many)
    [pack] = [path for path in (tmp_path / "blocks").rglob("*") if path.is_file()]
    with store.unit():
        store.blocks.put(folder.id, many)
    assert [path for path in (tmp_path / "blocks").rglob("*") if path.is_file()] == [pack]
    assert pack.stat().st_size == sum(len(plain) for _, plain in many)
    assert 0 < store._database.logged * 4096 < BULK_BYTES // 2
    digests = [digest for digest, _ in many]
    assert store.blocks.read(folder.id, digests) == many
    with store.unit():
        store.blocks.put(folder.id, many[:3])
    assert store.blocks.strays(folder.id, int(pack.name[:2], 16)) == []
    pack.unlink()
    assert store.blocks.read(folder.id, digests) == []
    assert set(store.blocks.lost(folder.id, 1000)) == set(digests)


@pytest.mark.hazard("E8")
@pytest.mark.parametrize("damage", ["gone", "flipped", "cut"])
def test_e8_bytes_that_were_lost_are_asked_for_again(
    store: SqliteStore, folder: Folder, tmp_path: Path, damage: str
) -> None:
    digest = digest_of(LARGE)
    with store.unit():
        store.blocks.put(folder.id, [(digest, LARGE)])
    [path] = [path for path in (tmp_path / "blocks").rglob("*") if path.is_file()]
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"m" + LARGE[1:] if damage == "flipped" else LARGE[:-1])
    assert store.blocks.read(folder.id, [digest]) == []
    assert store.blocks.sizes(folder.id, [digest]) == {}
    with store.unit():
        store.blocks.put(folder.id, [(digest, LARGE)])
    assert store.blocks.read(folder.id, [digest]) == [(digest, LARGE)]


def test_a_disk_that_does_not_give_a_block_back_is_trouble_to_a_client_and_a_loss_to_who_checks(
    store: SqliteStore, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = LARGE[1:] + b"o"
    with store.unit():
        store.blocks.put(folder.id, [(digest_of(LARGE), LARGE), (digest_of(other), other)])

    def bad(calls: object, path: str, spans: list[tuple[int, int]]) -> list[bytes]:
        if spans[0][0] == 0:
            raise OSError(errno.EIO, "bad sector")
        return [other]

    monkeypatch.setattr(SystemCalls, "read", bad)
    with pytest.raises(StorageTrouble):
        store.blocks.read(folder.id, [digest_of(LARGE)])
    assert store.blocks.lost(folder.id, 10) == []
    with store.unit():
        checked = store.blocks.check(folder.id, None, 1 << 30)
    assert (checked.number, checked.lost, checked.last) == (2, (digest_of(LARGE),), None)
    assert store.blocks.lost(folder.id, 10) == [digest_of(LARGE)]


@pytest.mark.hazard("E8")
def test_a_pack_of_which_one_block_is_damaged_gives_the_others(
    store: SqliteStore, folder: Folder, tmp_path: Path
) -> None:
    blocks = [(digest_of(plain), plain) for plain in (LARGE, LARGE + b"2", LARGE + b"3")]
    with store.unit():
        store.blocks.put(folder.id, blocks)
    [path] = [path for path in (tmp_path / "blocks").rglob("*") if path.is_file()]
    raw = bytearray(path.read_bytes())
    raw[len(LARGE) + 1] ^= 1
    path.write_bytes(raw)
    with store.unit():
        assert store.blocks.read(folder.id, [digest for digest, _ in blocks]) == [blocks[0], blocks[2]]
    assert store.blocks.lost(folder.id, 10) == [blocks[1][0]]
    with store.unit():
        store.blocks.put(folder.id, [blocks[1]])
    assert store.blocks.read(folder.id, [digest for digest, _ in blocks]) == blocks
    assert sum(len(store.blocks.strays(folder.id, part)) for part in range(256)) == 0


@pytest.mark.hazard("E8")
def test_blocks_of_a_pack_whose_disk_was_away_are_found_again(
    store: SqliteStore, folder: Folder, tmp_path: Path
) -> None:
    blocks = [(digest_of(plain), plain) for plain in (LARGE, LARGE + b"2")]
    digests = [digest for digest, _ in blocks]
    with store.unit():
        store.blocks.put(folder.id, blocks)
    (tmp_path / "blocks" / "1").rename(tmp_path / "away")
    with store.unit():
        assert store.blocks.read(folder.id, digests) == []
        assert store.blocks.find_again(folder.id, digests) == 0
    (tmp_path / "away").rename(tmp_path / "blocks" / "1")
    with store.unit():
        assert store.blocks.find_again(folder.id, digests) == 2
    assert store.blocks.read(folder.id, digests) == blocks


def test_blocks_that_an_older_hub_kept_as_files_of_their_own_are_read(
    store: SqliteStore, folder: Folder, tmp_path: Path
) -> None:
    digest = digest_of(LARGE)
    place = tmp_path / "blocks" / str(folder.id) / digest.hex()[:2]
    place.mkdir(parents=True)
    (place / digest.hex()).write_bytes(LARGE)
    assert store.blocks.strays(folder.id, digest[0]) == [digest.hex()]
    store._database.execute(
        "INSERT INTO block (folder, size, digest) VALUES (?, ?, ?)", (folder.id, len(LARGE), digest)
    )
    assert store.blocks.read(folder.id, [digest]) == [(digest, LARGE)]
    assert store.blocks.strays(folder.id, digest[0]) == []
