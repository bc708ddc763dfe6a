"""What every connection is held to, and how much of something is still allowed.  Pure: the time is passed in."""

from __future__ import annotations

from syncagent.model.values import fixed
from syncagent.protocol.connection import DEFAULT_LIMITS, Limits


class TokenBucket:
    """Holds at most ``burst`` tokens, and gets ``rate`` new ones a second."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Take ``cost`` tokens, if there are as many; whether there were."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def wait(self, cost: float = 1.0) -> float:
        """How many seconds after the last ``take`` there will be ``cost`` tokens."""
        return max(0.0, (cost - self._tokens) / self._rate)

    @property
    def full(self) -> bool:
        """Whether nothing was taken that has not been made good since, as of the last ``take``."""
        return self._tokens >= self._burst


@fixed
class Rules:
    """What every connection is held to.  Seconds; messages a second; what may be on its way."""

    heartbeat: float = 30.0
    handshake: float = 10.0
    stuck: float = 60.0
    heal: float = 60.0
    messages: float = 500.0
    message_burst: float = 2000.0
    strikes: float = 10.0
    unsent_bytes: int = 4 * 1024 * 1024
    backlog_bytes: int = 32 * 1024 * 1024
    limits: Limits = DEFAULT_LIMITS

    @property
    def silence(self) -> float:
        return 2.5 * self.heartbeat
