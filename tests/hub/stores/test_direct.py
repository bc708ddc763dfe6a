"""Writing past the system's memory."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncagent.hub.stores import direct
from syncagent.hub.stores.direct import BUFFER, DIRECT_FROM, Direct

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
BLOCK = 4096


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    file = os.open(tmp_path / "pack", os.O_RDWR | os.O_CREAT)
    yield file
    os.close(file)


def parts_of(size: int) -> tuple[list[bytes | memoryview], bytes]:
    """Parts of odd lengths, and what they come to."""
    whole = (bytes(range(256)) + b"odd") * (size // 259 + 1)
    whole = whole[:size]
    cuts = [*range(0, size, 100_003), size]
    parts: list[bytes | memoryview] = []
    for start, end in itertools.pairwise(cuts):
        part = whole[start:end]
        parts.append(memoryview(part) if start % 2 else part)
    return parts, whole


def takes_it(file: int) -> bool:
    """Whether the file system of the tests lets anyone write like this."""
    taken = Direct().write(file, parts_of(DIRECT_FROM)[0])
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    return taken > 0


@pytest.mark.parametrize("size", [DIRECT_FROM, DIRECT_FROM + 5, BUFFER, BUFFER + 1, 2 * BUFFER + BLOCK + 7])
def test_whole_blocks_of_a_disk_are_written_and_the_rest_can_follow_as_ever(
    file: int, tmp_path: Path, size: int
) -> None:
    if not takes_it(file):
        pytest.skip("not on this file system")
    parts, whole = parts_of(size)
    done = Direct().write(file, parts)
    assert done == size - size % BLOCK
    os.write(file, whole[done:])
    assert (tmp_path / "pack").read_bytes() == whole


def test_what_is_short_goes_the_other_way(file: int, tmp_path: Path) -> None:
    assert Direct().write(file, [b"x" * (DIRECT_FROM - 1)]) == 0
    assert (tmp_path / "pack").stat().st_size == 0


def writes(monkeypatch: pytest.MonkeyPatch, act: Callable[[int, memoryview], int]) -> None:
    monkeypatch.setattr(direct.os, "write", act)  # type: ignore[attr-defined]


def test_where_a_file_system_refuses_it_nothing_is_written(
    file: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: int, __: memoryview) -> int:
        raise OSError(errno.EINVAL, "no")

    with monkeypatch.context() as patch:
        writes(patch, refuses)
        assert Direct().write(file, parts_of(DIRECT_FROM)[0]) == 0
    assert (tmp_path / "pack").stat().st_size == 0
    os.write(file, b"odd")  # as one may without the flag
    assert (tmp_path / "pack").read_bytes() == b"odd"


def test_what_was_taken_in_part_is_gone_on_with_as_long_as_it_ends_with_a_block(
    file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = bytearray()
    most = BLOCK * 7

    def takes_little(_: int, data: memoryview) -> int:
        came.extend(data[:most])
        return min(len(data), most)

    parts, whole = parts_of(DIRECT_FROM + 9)
    writes(monkeypatch, takes_little)
    assert Direct().write(file, parts) == DIRECT_FROM
    assert bytes(came) == whole[:DIRECT_FROM]
    most += 1
    assert Direct().write(file, parts) == most


@pytest.mark.hazard("F17")
def test_a_disk_that_is_full_is_told_of(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int, __: memoryview) -> int:
        raise OSError(errno.ENOSPC, "no space")

    writes(monkeypatch, full)
    with pytest.raises(OSError, match="no space"):
        Direct().write(file, parts_of(DIRECT_FROM)[0])


def test_buffers_are_used_again_and_let_go_of_at_rest(file: int) -> None:
    way = Direct()
    for _ in range(3):
        way.write(file, parts_of(DIRECT_FROM)[0])
        os.lseek(file, 0, os.SEEK_SET)
    assert len(way._free) <= 1
    way.rest()
    assert not way._free
