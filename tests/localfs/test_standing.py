"""Whether what stands at a path is what is expected there."""

from __future__ import annotations

import pytest

from syncagent.content.digest import content_of
from syncagent.errors import Stale
from syncagent.localfs.ports import Rename
from syncagent.localfs.standing import confirm, hash_file, holds, is_expected, still
from syncagent.model.facts import UNSURE
from syncagent.model.names import RelPath
from tests.support.disks import big, memory_bench

A = RelPath("a")


def test_a_stamp_settles_it() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    node, stamp = bench.node("a")
    assert confirm(disk, A, stamp, node) == disk.stat(A)
    disk.user.write("a", b"1")
    with pytest.raises(Stale):
        confirm(disk, A, stamp, node)
    disk.user.delete("a")
    with pytest.raises(Stale):
        confirm(disk, A, stamp, node)


def test_without_one_the_content_does() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    node, _ = bench.node("a")
    disk.user.write("a", b"1")
    assert confirm(disk, A, UNSURE, node)
    disk.user.write("a", b"2")
    with pytest.raises(Stale):
        confirm(disk, A, UNSURE, node)


@pytest.mark.hazard("A9")
def test_another_kind_is_never_expected_a9() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    disk.user.mkdir("d")
    disk.user.symlink("a", "l")
    known = {path: bench.node(path) for path in ("a", "d", "l")}
    for path in known:
        for other, (node, _) in known.items():
            seen = disk.stat(RelPath(path))
            assert is_expected(disk, RelPath(path), seen, UNSURE, node) == (path == other)


def test_a_link_without_a_stamp_is_known_by_its_text() -> None:
    disk, bench = memory_bench()
    disk.user.symlink("x", "l")
    node, _ = bench.node("l")
    disk.user.delete("l")
    disk.user.symlink("y", "l")
    with pytest.raises(Stale):
        confirm(disk, RelPath("l"), UNSURE, node)


def test_after_a_rename_all_but_the_ctime_counts() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    node, stamp = bench.node("a")
    before = disk.stat(A)
    disk.rename(A, RelPath("b"), Rename.NEW)
    assert still(disk, RelPath("b"), before, stamp, node) == disk.stat(RelPath("b"))
    disk.user.write("b", b"2")
    assert still(disk, RelPath("b"), before, stamp, node) is None
    assert not holds(disk, RelPath("b"), before, content_of(b"1"))


def test_a_folder_is_the_same_whatever_is_in_it() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    node, stamp = bench.node("d")
    before = disk.stat(RelPath("d"))
    disk.user.write("d/x", b"1")
    assert still(disk, RelPath("d"), before, stamp, node)
    disk.user.delete("d")
    disk.user.mkdir("d")
    assert still(disk, RelPath("d"), before, stamp, node) is None


def test_a_file_is_hashed_in_pieces() -> None:
    disk, _ = memory_bench()
    data = big(2_500_000)
    disk.user.write("a", data)
    pieces: list[tuple[int, int]] = []
    with disk.open(A) as file:
        assert hash_file(file, lambda offset, piece: pieces.append((offset, len(piece)))) == content_of(data)
    assert pieces == [(0, 1 << 20), (1 << 20, 1 << 20), (2 << 20, 2_500_000 - (2 << 20))]
