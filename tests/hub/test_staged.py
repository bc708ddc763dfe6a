"""Small blocks wait for their change; large ones, and too many, do not."""

from __future__ import annotations

import itertools

from syncagent.hub.staged import MOST_BYTES, PART_BYTES, Staged
from syncagent.hub.stores.files import PACK_BYTES
from syncagent.model.ids import Digest

numbers = itertools.count()


def block(size: int) -> tuple[Digest, bytes]:
    return Digest(next(numbers).to_bytes(32, "big")), bytes(size)


def test_small_blocks_wait_for_the_change_that_names_them() -> None:
    staged = Staged()
    blocks = tuple(block(60_000) for _ in range(100))
    staged.add(blocks)
    assert not staged.due
    first, second = blocks[:50], blocks[50:]
    assert staged.take(digest for digest, _ in second)[0] == second
    assert staged.take(digest for digest, _ in blocks)[0] == first
    assert staged.take(digest for digest, _ in blocks)[0] == ()


def test_how_they_travelled_is_known_as_long_as_they_wait() -> None:
    staged = Staged()
    one, other = block(10), block(20)
    staged.add((one, other), {one[0]: memoryview(b"as it came")})
    assert staged.take([other[0]]) == ((other,), {})
    assert staged.take([one[0]]) == ((one,), {one[0]: b"as it came"})


def test_too_many_small_blocks_do_not_wait() -> None:
    staged = Staged()
    staged.add(tuple(block(60_000) for _ in range(MOST_BYTES // 60_000 + 1)))
    assert staged.due


def test_large_blocks_are_kept_once_they_make_up_a_pack_and_the_rest_waits_for_the_next() -> None:
    staged = Staged()
    number = PART_BYTES // 1_000_000
    blocks = tuple(block(1_000_000) for _ in range(number + 1))
    staged.add(blocks[:number])
    assert staged.large
    assert not staged.due
    staged.add(blocks[number:])
    assert staged.due
    assert staged.take_parts(full=True) == [blocks[:number]]
    assert staged.large
    assert not staged.due
    assert staged.take_parts() == [blocks[number:]], "a change speaks of them"
    assert not staged.large


def test_a_part_lies_in_one_pack() -> None:
    assert PART_BYTES <= PACK_BYTES


def test_a_few_small_ones_wait_for_their_change_though_a_part_is_almost_full() -> None:
    staged = Staged()
    small = block(60_000)
    staged.add((*(block(PART_BYTES // 16) for _ in range(16)), small))
    assert not staged.due
    assert staged.take([small[0]])[0] == (small,)


def test_small_blocks_go_with_their_change_though_large_ones_are_among_them() -> None:
    staged = Staged()
    small, large, other = block(10), block(100_000), block(20)
    staged.add((small, large, other))
    assert staged.take_parts() == [(large,)]
    assert staged.take([other[0], large[0], small[0]])[0] == (other, small)
    staged.add((small, large))
    assert staged.take_parts(everything=True) == [(large, small)]
    assert staged.take([small[0]])[0] == ()


def test_too_many_are_all_kept() -> None:
    staged = Staged()
    blocks = tuple(block(60_000) for _ in range(MOST_BYTES // 60_000 + 1))
    staged.add(blocks)
    assert tuple(one for part in staged.take_parts() for one in part) == blocks


def test_they_are_kept_in_parts() -> None:
    staged = Staged()
    blocks = tuple(block(1_000_000) for _ in range(20))
    staged.add(blocks)
    parts = staged.take_parts()
    assert [len(part) for part in parts] == [8, 8, 4]
    assert tuple(one for part in parts for one in part) == blocks
    assert staged.take_parts() == []
