"""What pure code may ask of the world: fresh ids and the hour.  The shell gives real ones, the simulation seeded
ones."""

from __future__ import annotations

from typing import Protocol

from syncagent.model.ids import NodeId


class IdSource(Protocol):
    """Gives ids that no one else has given (at least 100 random bits)."""

    def new_id(self) -> NodeId: ...


class Clock(Protocol):
    """``monotonic`` (seconds) times waits; ``wall_ns`` is only ever shown, never compared across machines."""

    def monotonic(self) -> float: ...

    def wall_ns(self) -> int: ...
