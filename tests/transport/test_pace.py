"""A limit on bytes a second, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.transport.pace import AHEAD, CREDIT, LEAST, Pace, bytes_a_second


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("2MB", 2_000_000), ("500K", 500_000), ("500k", 500_000), ("1.5 MiB/s", 1_572_864), ("1GiB", 1 << 30),
        ("10000", 10_000), (65_536, 65_536), ("0", 0), (0, 0), ("off", 0), ("None", 0), (" 20 kb ", 20_000),
        ("1000G", 10**12),
    ],
)  # fmt: skip
def test_a_limit_is_said_in_bytes_a_second(said: object, rate: int) -> None:
    assert bytes_a_second(said) == rate


@pytest.mark.parametrize("said", ["", "fast", "-1", "2TB", "1,5M", "9.9K", "1", True, "5 M B", "1001G", "9" * 400])
def test_what_is_no_limit_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"^must be"):
        bytes_a_second(said)


def test_without_a_limit_nothing_waits() -> None:
    pace = Pace()
    for _ in range(3):
        assert pace.wait(5.0, 1 << 30) == 0
        pace.passed(5.0, 1 << 30)


def seconds(pace: Pace, sizes: list[int], *, urgent: bool = False, now: float = 0.0) -> list[float]:
    """When each passes, of those that are there at once."""
    times = []
    for size in sizes:
        while (wait := pace.wait(now, size, urgent=urgent)) > 0:
            now += wait + 1e-9
        pace.passed(now, size)
        times.append(now)
    return times


@given(
    st.integers(LEAST, 10**8),
    st.lists(st.integers(1, 1 << 20), min_size=1, max_size=60),
    st.floats(0, 10**6),
)
def test_on_average_no_more_passes_than_is_allowed(rate: int, sizes: list[int], rest: float) -> None:
    pace = Pace(rate)
    pace.wait(0.0, 1)
    last = seconds(pace, sizes, now=rest)[-1] - rest
    saved = max(AHEAD * rate, sizes[0])
    assert last >= (sum(sizes) - saved) / rate - 1e-6
    assert last <= sum(sizes) / rate + 1e-6 * len(sizes), "and nothing waits longer than it must"


@given(st.integers(LEAST, 10**8), st.lists(st.integers(1, 1 << 20), min_size=1, max_size=60))
def test_what_is_urgent_is_counted_too(rate: int, sizes: list[int]) -> None:
    last = seconds(Pace(rate), sizes, urgent=True)[-1]
    assert last >= (sum(sizes[:-1]) - (AHEAD + CREDIT) * rate) / rate - 1e-6


def test_an_edit_does_not_wait_for_a_large_file() -> None:
    pace = Pace(500_000)
    seconds(pace, [262_144] * 10)
    assert pace.wait(4.8, 262_144) > 0.2
    assert pace.wait(4.8, 2_000, urgent=True) == 0
    pace.passed(4.8, 2_000)
    assert pace.wait(4.8, 262_144) > 0.2


def test_a_change_counts_from_now_on() -> None:
    pace = Pace(10_000)
    pace.passed(0.0, 10_000_000)
    assert pace.wait(1.0, 1, urgent=True) > 900
    pace.change(20_000)
    assert pace.wait(1.0, 1, urgent=True) == 0
    assert pace.wait(1.0, 20_000) <= 1
    pace.change(0)
    assert pace.wait(1.0, 1 << 40) == 0
