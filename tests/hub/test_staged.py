"""Small blocks wait for their change; large ones, and too many, do not."""

from __future__ import annotations

import itertools

from syncagent.hub.staged import MOST_BYTES, TOGETHER_BYTES, Staged
from syncagent.model.ids import Digest

numbers = itertools.count()


def block(size: int) -> tuple[Digest, bytes]:
    return Digest(next(numbers).to_bytes(32, "big")), bytes(size)


def test_small_blocks_wait() -> None:
    staged = Staged()
    blocks = tuple(block(60_000) for _ in range(100))
    staged.add(blocks)
    assert not staged.due(idle=True)
    assert staged.take() == blocks
    assert staged.take() == ()


def test_too_many_small_blocks_do_not_wait() -> None:
    staged = Staged()
    staged.add(tuple(block(60_000) for _ in range(MOST_BYTES // 60_000 + 1)))
    assert staged.due(idle=False)


def test_large_blocks_are_kept_at_once_or_several_together() -> None:
    staged = Staged()
    staged.add((block(100_000),))
    assert staged.large
    assert staged.due(idle=True)
    assert not staged.due(idle=False)
    staged.add((block(TOGETHER_BYTES),))
    assert staged.due(idle=False)
    staged.take()
    assert not staged.large


def test_they_are_kept_in_parts() -> None:
    staged = Staged()
    blocks = tuple(block(1_000_000) for _ in range(12))
    staged.add(blocks)
    parts = staged.take_parts()
    assert [len(part) for part in parts] == [9, 3]
    assert tuple(one for part in parts for one in part) == blocks
    assert staged.take_parts() == []
