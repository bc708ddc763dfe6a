"""Virtual time: things that happen one after the other, at times of their own, in an order that the seed decides."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from zlib import crc32


class Schedule:
    """What is to happen, and when.  ``trace`` is a running digest of all that has, and of all that was said.

    ``rng`` decides about times.  Each machine has one of its own, so that what is left out of a script at one of them
    leaves the others as they were (see ``shrink``).
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = self.stream("times")
        self.now = 0.0
        self.trace = 0
        self.steps = 0
        self.story: list[str] | None = None
        """What happened, one line each, where someone wants to read it."""
        self._order = 0
        self._due: list[tuple[float, int, str, Callable[[], None]]] = []

    def stream(self, what: str) -> Random:
        """Chance for one purpose, which no other purpose disturbs."""
        return Random(f"{self.seed}/{what}")

    def after(self, delay: float, what: str, action: Callable[[], None]) -> None:
        self.at(self.now + delay, what, action)

    def at(self, time: float, what: str, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (max(time, self.now), self._order, what, action))

    def soon(self, what: str, action: Callable[[], None], most: float = 0.05, rng: Random | None = None) -> None:
        """At some time within ``most`` seconds."""
        self.after((rng or self.rng).random() * most, what, action)

    def step(self) -> bool:
        """Let the next thing happen; False when there is none."""
        if not self._due:
            return False
        self.now, _, what, action = heapq.heappop(self._due)
        self.steps += 1
        self.note(what)
        action()
        return True

    def note(self, what: str, content: bytes = b"") -> None:
        """Something happens now that another run of the same seed must do as well (N18)."""
        self.trace = hash((self.trace, round(self.now * 1e9), crc32(content, crc32(what.encode("utf-8", "replace")))))
        if self.story is not None:
            self.story.append(f"{self.now:9.4f} {what} {bytes(content[:300]).decode('utf-8', 'replace')}")

    def next_at(self) -> float | None:
        return self._due[0][0] if self._due else None
