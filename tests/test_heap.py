"""What was let go of is kept, and given back later."""

from __future__ import annotations

import ctypes

import pytest

from syncagent import heap

on_glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this system's allocator is another")


@on_glibc
def test_glibc_takes_both_bounds() -> None:
    assert heap.keep_freed()


@on_glibc
def test_what_was_kept_is_given_back() -> None:
    heap.keep_freed()
    rows = [bytes(100_000) for _ in range(300)]
    del rows
    assert heap.give_back()


def test_where_the_allocator_is_another_nothing_is_done() -> None:
    other = object()
    assert not heap.keep_freed(other)
    assert not heap.give_back(other)
