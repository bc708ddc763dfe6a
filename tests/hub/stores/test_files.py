"""Packs of blocks: whole and durable under their names, or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from syncagent.content.digest import digest_of
from syncagent.errors import StorageFull, StorageTrouble
from syncagent.hub.rows import FolderId
from syncagent.hub.stores import files as store_files
from syncagent.hub.stores.files import BlockFiles, Spot, SystemCalls, told
from syncagent.model.ids import Digest

ONE = FolderId(1)
PLAIN = b"p" * 100_000
DIGEST = digest_of(PLAIN)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[BlockFiles]:
    files = BlockFiles(str(tmp_path / "blocks"), digest_of)
    yield files
    files.close()


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def read(files: BlockFiles, folder: FolderId, spot: Spot, size: int) -> bytes | None:
    found = files.read(folder, spot.pack, [(spot.at, size)])
    return found[0] if found is not None else None


def test_blocks_that_come_together_lie_in_one_file(files: BlockFiles, tmp_path: Path) -> None:
    blocks = [(digest_of(bytes([n]) * 10), bytes([n]) * 10) for n in range(100)]
    spots = files.write(ONE, blocks)
    assert kept(tmp_path) == [digest_of(b"".join(digest for digest, _ in blocks)).hex()]
    assert [read(files, ONE, spots[digest], 10) for digest, _ in blocks] == [plain for _, plain in blocks]
    assert read(files, FolderId(2), spots[blocks[0][0]], 10) is None
    assert files.read(ONE, DIGEST, [(0, 10)]) is None


def test_a_block_that_comes_alone_lies_under_its_digest(files: BlockFiles, tmp_path: Path) -> None:
    assert files.write(ONE, [(DIGEST, PLAIN)]) == {DIGEST: Spot(DIGEST, 0)}
    assert kept(tmp_path) == [DIGEST.hex()]


def test_many_blocks_are_several_packs(files: BlockFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_files, "PACK_BYTES", 250)
    blocks = [(digest_of(bytes([n]) * 100), bytes([n]) * 100) for n in range(7)]
    spots = files.write(ONE, blocks)
    assert sorted((tmp_path / "blocks" / "1").glob("*/*"), key=lambda path: path.name) != []
    assert [path.stat().st_size for path in sorted((tmp_path / "blocks" / "1").glob("*/*"))].count(200) == 3
    assert [read(files, ONE, spots[digest], 100) for digest, _ in blocks] == [plain for _, plain in blocks]


def test_a_pack_costs_one_sync_however_many_blocks_are_in_it(tmp_path: Path) -> None:
    calls = Noting()
    files = BlockFiles(str(tmp_path / "blocks"), digest_of, calls)
    files.write(ONE, [(digest_of(bytes([n])), bytes([n])) for n in range(200)])
    calls.synced, calls.files_synced = [], 0
    files.write(ONE, [(digest_of(bytes([n, n])), bytes([n, n])) for n in range(200)])
    assert calls.files_synced == 1
    assert len(calls.synced) <= 2, "the pack's folder, and the one above it where that is new"
    files.close()


def test_b5_what_was_half_written_is_removed_at_the_next_start(tmp_path: Path) -> None:
    BlockFiles(str(tmp_path / "blocks"), digest_of).close()
    (tmp_path / "blocks" / "unfinished" / "3").write_bytes(b"half")
    BlockFiles(str(tmp_path / "blocks"), digest_of).close()
    assert kept(tmp_path) == []


@pytest.mark.hazard("N9")
def test_n9_a_file_and_its_folder_are_synced_before_it_counts(
    files: BlockFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    def noted_replace(source: str, target: str) -> None:
        done.append(f"-> {target}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    files.write(ONE, [(DIGEST, PLAIN)])
    name = DIGEST.hex()
    moved = next(at for at, what in enumerate(done) if what.startswith("->"))
    assert done[moved - 1].endswith("unfinished/0")
    assert done[moved].endswith(f"/1/{name[:2]}/{name}")
    after = done[moved + 1 :]
    assert any(what.endswith(f"/1/{name[:2]}") for what in after)
    assert any(what.endswith("/1") for what in after), "the new folder in the one above it"
    done.clear()
    other = DIGEST[:1] + bytes(31)
    files.write(ONE, [(Digest(other), PLAIN)])
    assert [what.endswith(f"/1/{name[:2]}") for what in done] == [False, False, True], "which stands by now"


class Noting(SystemCalls):
    """Notes which folders are synced; the sync of some fails."""

    def __init__(self) -> None:
        self.synced: list[str] = []
        self.files_synced = 0
        self.failing = ""

    def sync(self, file: int) -> None:
        super().sync(file)
        self.files_synced += 1

    def sync_folder(self, path: str) -> None:
        if self.failing and path.endswith(self.failing):
            raise OSError(errno.EIO, "no")
        super().sync_folder(path)
        self.synced.append(path)


@pytest.mark.hazard("B9", "N9")
def test_a_folder_whose_name_may_not_be_durable_is_made_so_before_what_it_holds_counts(tmp_path: Path) -> None:
    calls = Noting()
    files = BlockFiles(str(tmp_path / "blocks"), digest_of, calls)
    calls.failing = "/1"
    with pytest.raises(StorageTrouble):
        files.write(ONE, [(DIGEST, PLAIN)])
    calls.failing, calls.synced = "", []
    files.write(ONE, [(DIGEST, PLAIN)])
    assert str(tmp_path / "blocks" / "1") in calls.synced, "the folder was there, but its name never was made durable"
    files.close()


@pytest.mark.hazard("F16", "N9")
def test_a_folder_that_a_killed_hub_has_just_made_is_made_durable_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "blocks" / "1" / DIGEST.hex()[:2]).mkdir(parents=True)
    calls = Noting()
    files = BlockFiles(str(tmp_path / "blocks"), digest_of, calls)
    files.write(ONE, [(DIGEST, PLAIN)])
    assert {str(tmp_path / "blocks" / "1"), str(tmp_path / "blocks")} <= set(calls.synced)
    files.close()


class Short(SystemCalls):
    """A disk that takes no more than a few bytes of a call."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.calls = 0

    def write(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        self.calls += 1
        return os.write(file, b"".join(parts)[: self.most])


def test_a_short_pack_is_written_in_one_call_and_what_was_not_taken_in_another(tmp_path: Path) -> None:
    blocks = [(digest_of(plain), plain) for plain in (PLAIN[1:], PLAIN, PLAIN[:1000])]
    for most in (1 << 30, len(PLAIN) + 7):
        calls = Short(most)
        files = BlockFiles(str(tmp_path / str(most)), digest_of, calls)
        spots = files.write(ONE, blocks)
        assert [read(files, ONE, spots[digest], len(plain)) for digest, plain in blocks] == [
            plain for _, plain in blocks
        ]
        assert calls.calls == -(-(2 * len(PLAIN) + 999) // most)
        files.close()


@pytest.mark.parametrize("directly", [True, False])
def test_a_large_pack_holds_its_blocks_whichever_way_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directly: bool
) -> None:
    if not directly:
        monkeypatch.setattr(SystemCalls, "write_directly", lambda *_: 0)
    files = BlockFiles(str(tmp_path / "blocks"), digest_of)
    blocks = [(digest_of(plain), plain) for plain in (bytes([n]) * (100_000 + n) for n in range(47))]
    spots = files.write(ONE, blocks)
    assert len({spot.pack for spot in spots.values()}) == 1
    assert all(read(files, ONE, spots[digest], len(plain)) == plain for digest, plain in blocks)
    files.rest()
    files.close()


@pytest.mark.hazard("F17")
def test_f17_an_error_leaves_no_file(files: BlockFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch, pytest.raises(StorageFull):
        patch.setattr(os, "fsync", full)
        files.write(ONE, [(DIGEST, PLAIN)])
    assert kept(tmp_path) == []
    spots = files.write(ONE, [(DIGEST, PLAIN)])
    assert read(files, ONE, spots[DIGEST], len(PLAIN)) == PLAIN


def test_what_was_just_prepared_is_not_written_twice(files: BlockFiles, tmp_path: Path) -> None:
    files.prepare(ONE, [(DIGEST, PLAIN)])
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    before = path.stat().st_ino
    spots = files.ensure(ONE, [(DIGEST, PLAIN)])
    assert path.stat().st_ino == before
    path.write_bytes(b"damaged")
    assert files.ensure(ONE, [(DIGEST, PLAIN)]) == spots
    assert read(files, ONE, spots[DIGEST], len(PLAIN)) == PLAIN


def test_what_was_prepared_and_is_not_wanted_is_forgotten(files: BlockFiles, tmp_path: Path) -> None:
    files.prepare(ONE, [(DIGEST, PLAIN)])
    files.let_go(ONE, [DIGEST])
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    path.unlink()
    spots = files.ensure(ONE, [(DIGEST, PLAIN)])
    assert read(files, ONE, spots[DIGEST], len(PLAIN)) == PLAIN


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageTrouble)]
)
def test_trouble_is_told_without_a_path(number: int, error: type[Exception]) -> None:
    trouble = told(OSError(number, "x", "/secret/path"))
    assert type(trouble) is error
    assert "secret" not in str(trouble)
