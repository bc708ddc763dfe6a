"""Virtual time: things that happen one after the other, at times of their own, in an order that the seed decides."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random


class Schedule:
    """What is to happen, and when.  ``trace`` is a running digest of all that has."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.now = 0.0
        self.trace = 0
        self.steps = 0
        self._order = 0
        self._due: list[tuple[float, int, str, Callable[[], None]]] = []

    def after(self, delay: float, what: str, action: Callable[[], None]) -> None:
        self.at(self.now + delay, what, action)

    def at(self, time: float, what: str, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (max(time, self.now), self._order, what, action))

    def soon(self, what: str, action: Callable[[], None], most: float = 0.05) -> None:
        """At some time within ``most`` seconds."""
        self.after(self.rng.random() * most, what, action)

    def step(self) -> bool:
        """Let the next thing happen; False when there is none."""
        if not self._due:
            return False
        self.now, _, what, action = heapq.heappop(self._due)
        self.steps += 1
        self.trace = hash((self.trace, round(self.now, 9), _plain(what)))
        action()
        return True

    def next_at(self) -> float | None:
        return self._due[0][0] if self._due else None


def _plain(what: str) -> int:
    """A hash of text that does not depend on the process."""
    value = 5381
    for byte in what.encode("utf-8", "surrogateescape"):
        value = (value * 33 + byte) & 0xFFFFFFFFFFFF
    return value
