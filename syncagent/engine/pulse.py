"""When to send a heartbeat, and when to take the hub for gone.  Times are passed in, in seconds.

A heartbeat goes out every interval, whatever else is said (HAZARDS F23: a proxy drops what is silent).  The hub answers
it; a heartbeat that is no answer is the hub's question, and is answered.  Nothing at all heard for two and a half
intervals means that the connection is dead (F1: within 90 s).
"""

from __future__ import annotations

from typing import Final

from syncagent.errors import LinkLost

INTERVAL: Final = 30.0
DEAD_AFTER: Final = 2.5
"""Intervals."""

PROBE_SECONDS: Final = 5.0


class Pulse:
    """The heartbeats of one connection, which was opened at ``now``."""

    def __init__(self, now: float) -> None:
        self.interval = INTERVAL
        """Seconds between two heartbeats."""
        self._heard = now
        self._sent = now
        self._unanswered = False
        self._asked = False
        self._probe_until: float | None = None
        self._wake = now

    def agree(self, interval: float) -> None:
        """The hub wants a heartbeat every ``interval`` seconds (0: it does not say)."""
        if interval > 0:
            self.interval = min(max(interval, 1.0), 10 * INTERVAL)

    def heard(self, now: float) -> None:
        """Something came from the hub."""
        self._heard, self._probe_until = now, None

    def heartbeat(self, now: float) -> None:
        """A heartbeat came from the hub: an answer to ours, or a question."""
        if self._unanswered:
            self._unanswered = False
        elif now >= self._sent + self.interval / 4:
            # A hub that answers answers would be answered for ever: so soon after one of ours it is no question.
            self._asked = True

    def probe(self, now: float) -> None:
        """There is reason to doubt the connection: whatever was heard before, something must be heard soon."""
        self._asked, self._probe_until = True, now + PROBE_SECONDS

    @property
    def next(self) -> float:
        """When ``due`` wants to be asked again: at a time, or at once."""
        if self._asked:
            return float("-inf")
        return min(self._sent + self.interval, self._dead_at)

    def due(self, now: float) -> bool:
        """Whether a heartbeat is to be sent now; it is taken for sent.

        Raises LinkLost when the connection is dead.
        """
        if now > self._wake + self.interval / 2:
            # We were asleep or had no time; what the hub has said meanwhile is not read yet.  It gets another interval.
            self._heard = max(self._heard, now - (DEAD_AFTER - 1) * self.interval)
        if now >= self._dead_at:
            raise LinkLost(f"the hub has been silent for {now - self._heard:.0f} s")
        beat = self._asked or now >= self._sent + self.interval
        if beat:
            self._unanswered = not self._asked or self._probe_until is not None
            self._sent, self._asked = now, False
        self._wake = max(now, self.next)
        return beat

    @property
    def _dead_at(self) -> float:
        dead_at = self._heard + DEAD_AFTER * self.interval
        return dead_at if self._probe_until is None else min(dead_at, self._probe_until)
