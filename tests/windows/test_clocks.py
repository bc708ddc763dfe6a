"""How long a machine has slept, by two clocks of Windows."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from syncagent.windows.clocks import asleep


class Ticks:
    restype: Any = None

    def __call__(self) -> int:
        return 36_000_000


class Kernel32:
    def __init__(self, awake: float, *, works: bool = True) -> None:
        self.awake, self.works = awake, works
        self.GetTickCount64 = Ticks()

    def QueryUnbiasedInterruptTime(self, time: Any) -> int:  # noqa: N802 - the system's name
        ctypes.cast(time, ctypes.POINTER(ctypes.c_uint64))[0] = int(self.awake * 1e7)
        return int(self.works)


def test_what_one_clock_has_more_than_the_other_is_sleep() -> None:
    assert asleep(Kernel32(7_200.0)) == pytest.approx(8 * 3600)
    assert asleep(Kernel32(7_200.0, works=False)) == 0.0
