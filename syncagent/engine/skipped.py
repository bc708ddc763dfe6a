"""Paths that are not kept the same, or of which nothing could be learnt; they are looked at again now and then."""

from __future__ import annotations

from collections.abc import Container, Iterable

from syncagent.engine.overtaken import is_within
from syncagent.model.names import RelPath
from syncagent.trees.identify import Sightings

RETRY_UNREADABLE = 20.0
"""Seconds until a path that could not be read is tried again (HAZARDS N19: within 60)."""


class Skipped:
    """``why``: the reason of each; ``unreadable`` are those of them that should be kept."""

    def __init__(self) -> None:
        self.why: dict[RelPath, str] = {}
        self.unreadable: dict[RelPath, str] = {}
        self.again_at: float | None = None

    def add(self, seen: Sightings, now: float) -> None:
        """A round has shown these."""
        self.why.update(seen.skipped)
        self.unreadable.update(seen.unreadable)
        if self.why and self.again_at is None:
            self.again_at = now + RETRY_UNREADABLE

    def looked_at(self, paths: Container[RelPath], folders: Iterable[RelPath]) -> None:
        """What is there is listed again if it still is what it was."""
        for path in [one for one in self.why if is_within(one, paths, folders)]:
            del self.why[path]
            self.unreadable.pop(path, None)

    def due(self, now: float) -> list[RelPath]:
        """Those that are to be looked at again by now; of a folder, all that it holds, for that is what was not
        learnt."""
        if self.again_at is None or now < self.again_at:
            return []
        self.again_at = None
        return list(self.why)
