"""How fast bytes may pass: a limit that a person has set, kept on average.  Pure: the time is passed in.

What someone waits for (an edit, a heartbeat) may pass before its bytes are there, on credit of a second; all else saves
up first, so that in between there is room for what is urgent.
"""

from __future__ import annotations

import re
from typing import Final

AHEAD: Final = 0.25
"""Seconds of the limit that are saved up while nothing passes."""
CREDIT: Final = 1.0
LEAST: Final = 10_000
"""Bytes a second.  With less, one frame could take longer than a silence that is taken for a broken connection."""

MOST: Final = 1_000_000_000_000
"""More is no limit to any network, but a slip of the finger."""

_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_FORM: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]i?)?b?(?:/s)?", re.IGNORECASE)


def bytes_a_second(said: object) -> int:
    """What a person has said of a limit: ``2MB``, ``500K``, ``1.5 MiB/s``, a number of bytes; 0 is none, as are ``off``
    and ``none``.  Raises ValueError, with the reason."""
    text = str(said).strip().lower()
    if text in ("off", "none"):
        return 0
    found = _FORM.fullmatch(text)
    if found is None or isinstance(said, bool):
        raise ValueError("must be bytes a second such as 500K or 2MB, or off")
    wanted = float(found[1]) * _UNITS[(found[2] or "").lower()]
    if wanted > MOST:
        raise ValueError(f"must be at most {MOST // 1_000_000_000}G a second, or off")
    rate = round(wanted)
    if 0 < rate < LEAST:
        raise ValueError(f"must be at least {LEAST // 1000}K a second, or off")
    return rate


class Pace:
    """One direction.  ``rate`` is in bytes a second; 0: there is no limit."""

    __slots__ = ("_at", "_left", "_wanted", "rate")

    def __init__(self, rate: int = 0) -> None:
        self.rate = rate
        self._left = 0.0
        self._wanted = 0
        self._at = float("-inf")

    def change(self, rate: int) -> None:
        """From now on it is this; what passed before is forgotten."""
        self.rate, self._left = rate, 0.0

    def wait(self, now: float, size: int, *, urgent: bool = False) -> float:
        """How many seconds until ``size`` bytes may pass; 0.0: now."""
        if not self.rate:
            return 0.0
        if not urgent:
            self._wanted = size
        self._save(now)
        wanted = -CREDIT * self.rate if urgent else size
        return max(0.0, (wanted - self._left) / self.rate)

    def passed(self, now: float, size: int) -> None:
        """They have passed; or will, without asking again."""
        if self.rate:
            self._save(now)
            self._left -= size

    def _save(self, now: float) -> None:
        # No more than what is waited for, or a short while's: after an hour of rest there is no hour's worth to come.
        most = max(AHEAD * self.rate, self._wanted)
        if now > self._at:
            gained = (now - self._at) * self.rate if self._at > float("-inf") else most
            self._left = min(self._left + gained, max(most, self._left))
            self._at = now
