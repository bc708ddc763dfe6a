"""The clocks of Windows: one that goes on while the machine sleeps, and one that does not."""

from __future__ import annotations

import ctypes
from typing import Any

from syncagent.windows.libraries import library


def asleep(kernel32: Any = None) -> float:
    """Seconds that this machine has slept since it was started."""
    kernel32 = kernel32 or library("kernel32")
    kernel32.GetTickCount64.restype = ctypes.c_uint64
    awake = ctypes.c_uint64()
    if not kernel32.QueryUnbiasedInterruptTime(ctypes.byref(awake)):
        return 0.0
    return float(kernel32.GetTickCount64()) / 1e3 - awake.value / 1e7
