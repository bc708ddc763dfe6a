"""Fresh ids, from the system's source of randomness."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

from syncagent.model.ids import NodeId

SHARED_SECONDS: Final = 1.0
SHARED_IDS: Final = 1 << 20
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"


class RandomIds:
    """Ids of 100 random bits and a number (an IdSource).

    Those that are made together share their random bits, and follow each other: they stand side by side in every index
    of every database that holds them.  Of 400 files that are deleted together a hub writes 30 pages of its tree, and
    would write 300 if their ids were scattered over it.  Not for longer than a second, so that a machine which is
    copied while it runs goes its own way.
    """

    __slots__ = ("_drawn", "_mono", "_number", "_shared")

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        self._mono = mono
        self._shared = ""
        self._number = 0
        self._drawn = mono()

    def new_id(self) -> NodeId:
        now = self._mono()
        if not self._shared or self._number >= SHARED_IDS or not 0 <= now - self._drawn < SHARED_SECONDS:
            self._shared = "".join([_DIGITS[byte & 31] for byte in secrets.token_bytes(20)])
            self._number, self._drawn = 0, now
        self._number += 1
        return NodeId(f"{self._shared}{self._number - 1:05x}")
