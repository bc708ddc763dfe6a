"""How bytes are given to a file."""

from __future__ import annotations

import pytest

from syncagent.portions import PORTION, Part, pour


class Taker:
    """Takes no more than ``most`` bytes of a portion."""

    def __init__(self, most: int = 1 << 30) -> None:
        self.most = most
        self.came = bytearray()
        self.sizes: list[int] = []
        self.parts: list[int] = []

    def __call__(self, portion: list[Part]) -> int:
        data = b"".join(portion)
        self.sizes.append(len(data))
        self.parts.append(len(portion))
        self.came += data[: self.most]
        return min(len(data), self.most)


PARTS = [b"first", memoryview(b"second"), b"", b"third"]


@pytest.mark.parametrize("most", [100, 7, 5, 1])
def test_all_is_given_in_order_however_little_is_taken_at_once(most: int) -> None:
    taker = Taker(most)
    pour(PARTS, taker)
    assert bytes(taker.came) == b"firstsecondthird"
    assert len(taker.sizes) == -(-16 // most)


def test_what_is_short_is_given_at_once() -> None:
    taker = Taker()
    pour([b"x" * 1000] * 100, taker)
    assert taker.sizes == [100_000]


def test_no_portion_is_so_long_that_the_system_has_to_make_way_for_it() -> None:
    data = bytes(range(256)) * (9 * PORTION // 512)
    for parts in ([data], [data[: PORTION - 1], memoryview(data)[PORTION - 1 :]]):
        taker = Taker()
        pour(parts, taker)
        assert bytes(taker.came) == data
        assert max(taker.sizes) == PORTION
        assert len(taker.sizes) == 5


def test_no_portion_has_more_parts_than_the_system_takes() -> None:
    parts = [bytes([number % 251]) * (number % 3) for number in range(3_000)]
    taker = Taker()
    pour(parts, taker)
    assert bytes(taker.came) == b"".join(parts)
    assert max(taker.parts) <= 1_000


def test_nothing_is_given_where_there_is_nothing() -> None:
    taker = Taker()
    pour([], taker)
    assert taker.sizes == []
