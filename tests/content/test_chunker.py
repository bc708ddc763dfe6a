"""Cuts: the same for ever, and the same however the bytes come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyfastcdc.py import FastCDC as Oracle

from syncagent.content.chunker import (
    AVERAGE_BLOCK,
    COARSE,
    FINE,
    FINE_UP_TO,
    MAX_BLOCK,
    MIDDLE,
    MIDDLE_UP_TO,
    MIN_BLOCK,
    Chunker,
    Cut,
    cut_for,
    is_compiled,
)
from tests.support.disks import big

GOLDEN = {
    1: [39065, 68821, 79136, 217736, 68523, 51007],
    2: [85613, 75794, 39129, 104565, 126003, 86247, 6937],
}
"""Sizes of the blocks of ``big(512 KiB, seed)``.  A release of the library that cuts otherwise must not be used."""


def cut(data: bytes, pieces: int) -> Iterator[bytes]:
    chunker = Chunker()
    for start in range(0, len(data), pieces):
        yield from map(bytes, chunker.feed(data[start : start + pieces]))
    yield from map(bytes, chunker.finish())


def test_the_compiled_cutter_is_in_use() -> None:
    assert is_compiled()


@pytest.mark.parametrize("seed", GOLDEN)
def test_golden_vectors(seed: int) -> None:
    assert [len(block) for block in cut(big(512 * 1024, seed), 1 << 20)] == GOLDEN[seed]


@pytest.mark.parametrize(
    ("one", "size", "golden"),
    [
        (MIDDLE, 1 << 20, [202301, 173157, 192103, 165071, 234993, 80951]),
        (COARSE, 4 << 20, [1048512, 688914, 523994, 385195, 476927, 535721, 459307, 75734]),
    ],
)
def test_golden_vectors_of_large_files(one: Cut, size: int, golden: list[int]) -> None:
    chunker = Chunker(one)
    assert [len(block) for block in [*chunker.feed(big(size, 1)), *chunker.finish()]] == golden


def test_the_cuts_are_those_of_the_published_algorithm() -> None:
    data = big(600_000, 3)
    oracle = Oracle(AVERAGE_BLOCK, min_size=MIN_BLOCK, max_size=MAX_BLOCK)
    assert [len(block) for block in cut(data, 1 << 20)] == [chunk.length for chunk in oracle.cut_buf(data)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_200_000), st.integers(1000, 1 << 20), st.integers(1, 5))
def test_cuts_do_not_depend_on_how_the_bytes_come(size: int, pieces: int, seed: int) -> None:
    data = big(size, seed)
    blocks = list(cut(data, pieces))
    assert b"".join(blocks) == data
    assert blocks == list(cut(data, max(size, 1)))
    assert all(MIN_BLOCK <= len(block) <= MAX_BLOCK for block in blocks[:-1])


@pytest.mark.parametrize(("one", "size", "mean"), [(MIDDLE, 9_000_000, 128 << 10), (COARSE, 30_000_000, 512 << 10)])
def test_the_blocks_of_large_files_are_larger(one: Cut, size: int, mean: int) -> None:
    chunker = Chunker(one)
    sizes = [len(block) for block in chunker.feed(big(size, 4))] + [len(block) for block in chunker.finish()]
    assert sum(sizes) == size
    assert all(one.least <= size <= one.most for size in sizes[:-1])
    assert mean < sum(sizes) / len(sizes) < 1.5 * mean


def test_how_a_file_is_cut_goes_by_its_size() -> None:
    assert [cut_for(size) for size in (0, FINE_UP_TO, FINE_UP_TO + 1, MIDDLE_UP_TO, MIDDLE_UP_TO + 1)] == [
        FINE, FINE, MIDDLE, MIDDLE, COARSE,
    ]  # fmt: skip


def test_monotonous_bytes_are_cut_at_the_most() -> None:
    assert [len(block) for block in cut(bytes(1_000_001), 70_001)] == [MAX_BLOCK] * 3 + [1_000_001 - 3 * MAX_BLOCK]


def test_an_insertion_changes_the_blocks_around_it_only() -> None:
    data = big(2_000_000)
    changed = data[:900_000] + b"inserted" + data[900_000:]
    before, after = set(cut(data, 1 << 20)), set(cut(changed, 1 << 20))
    assert len(after - before) <= 3
