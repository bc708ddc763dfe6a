"""When to tell what: a status at once when it means something else, else not too often; and the next time to wake."""

from __future__ import annotations

from syncagent.engine.effects import Effect, Publish, WakeAt
from syncagent.engine.status import Status

PUBLISH_EVERY = 0.2
"""Seconds between two tellings that differ in their counts alone."""


class Teller:
    """Remembers what was told last."""

    def __init__(self) -> None:
        self.status = Status()
        self._told_at = -PUBLISH_EVERY
        self._wake_at: float | None = None

    def woken(self) -> None:
        """The time that was asked for has come."""
        self._wake_at = None

    def rests(self, now: float) -> bool:
        """Whether all was at one, and nothing is due by time alone."""
        return self.status.settled and (self._wake_at is None or self._wake_at > now)

    def tell(self, status: Status, wake_at: float | None, now: float) -> list[Effect]:
        """Tell ``status`` if it is due; ask to be woken at ``wake_at``, or when it will be due."""
        effects: list[Effect] = []
        if status != self.status:
            if _gist(status) != _gist(self.status) or now >= self._told_at + PUBLISH_EVERY:
                self.status, self._told_at = status, now
                effects.append(Publish(status))
            else:
                due = self._told_at + PUBLISH_EVERY
                wake_at = due if wake_at is None else min(wake_at, due)
        if wake_at is None and self._wake_at is not None:
            self._wake_at = None
            effects.append(WakeAt(None))  # to be woken for nothing costs as much as an event
        elif wake_at is not None and (self._wake_at is None or wake_at < self._wake_at):
            self._wake_at = wake_at
            effects.append(WakeAt(wake_at))
        return effects


def _gist(status: Status) -> tuple[object, ...]:
    return status.state, status.reason, status.in_sync, status.proven
