"""Blocks as files: whole and durable under their names, or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent.content.digest import digest_of
from syncagent.errors import StorageFull, StorageTrouble
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.files import BlockFiles, SystemCalls, told

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


def test_blocks_lie_under_their_digests(files: BlockFiles, tmp_path: Path) -> None:
    blocks = [(digest_of(bytes([n])), bytes([n])) for n in range(100)]
    files.write(ONE, blocks)
    assert kept(tmp_path) == sorted(digest.hex() for digest, _ in blocks)
    assert [files.read(ONE, digest) for digest, _ in blocks] == [plain for _, plain in blocks]
    assert files.read(FolderId(2), blocks[0][0]) is None
    assert files.read(ONE, DIGEST) is None


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
    assert done[moved + 1].endswith(f"/1/{name[:2]}")
    assert any(what.endswith("/1") for what in done[: moved - 1]), "the new folder in the one above it"


class Noting(SystemCalls):
    """Notes which folders are synced; the sync of some fails."""

    def __init__(self) -> None:
        self.synced: list[str] = []
        self.failing = ""

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


@pytest.mark.hazard("F17")
def test_f17_an_error_leaves_no_file(files: BlockFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch, pytest.raises(StorageFull):
        patch.setattr(os, "fsync", full)
        files.write(ONE, [(DIGEST, PLAIN)])
    assert kept(tmp_path) == []
    files.write(ONE, [(DIGEST, PLAIN)])
    assert files.read(ONE, DIGEST) == PLAIN


def test_what_was_just_written_is_not_written_twice(files: BlockFiles, tmp_path: Path) -> None:
    files.write(ONE, [(DIGEST, PLAIN)])
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    before = path.stat().st_ino
    files.ensure(ONE, [(DIGEST, PLAIN)])
    assert path.stat().st_ino == before
    path.write_bytes(b"damaged")
    files.ensure(ONE, [(DIGEST, PLAIN)])
    assert files.read(ONE, DIGEST) == PLAIN


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageTrouble)]
)
def test_trouble_is_told_without_a_path(number: int, error: type[Exception]) -> None:
    trouble = told(OSError(number, "x", "/secret/path"))
    assert type(trouble) is error
    assert "secret" not in str(trouble)
