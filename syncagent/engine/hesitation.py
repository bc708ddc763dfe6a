"""A moment's wait before deletes go through, while it looks as if many more were to come.

`rm -rf` is seen in rounds.  As soon as what is missing would make it too much, or it has become a good number and goes
on growing, the deletes wait, and all of them are held together: so little or nothing is gone elsewhere before anyone
was asked.  What is no mass is on its way a moment later.

Of a mass that comes from elsewhere each folder can be a message of its own, one a few milliseconds after another: more
than one delete waits for the next.

And a folder that is about to be gone goes as a whole, by one change, if what is in it has not been sent file by file
before that: a good number of deletes waits while more is missing, and for another moment unless it makes up one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from syncagent.engine.perils import Perils
from syncagent.model.acts import Direction, Limits, Loss
from syncagent.model.ids import NodeId
from syncagent.model.nodes import Dir
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import subtree

SETTLED: Final = 1.0
"""Seconds without one more delete after which there are no more to come."""

MANY: Final = 16
"""So many deletes wait for what may come with them."""

GATHERED: Final = 0.3
"""Seconds without one more after which they go, although they are not one folder: longer than hints in a burst are
apart, and messages."""

LONGEST: Final = 5.0
"""A stream of deletes without end goes through in pieces."""


class Hesitation:
    """``missing`` gives the nodes of which it is not known yet whether they are gone, with all that is in them."""

    def __init__(self, canopy: Canopy, perils: Perils, missing: Callable[[], Iterable[NodeId]]) -> None:
        self._canopy = canopy
        self._perils = perils
        self._missing = missing
        self._since: dict[Direction, float] = {}

    @property
    def waits(self) -> bool:
        """Whether it holds any."""
        return bool(self._since)

    def holds(self, node_id: NodeId) -> bool:
        return any(self._perils.is_free(node_id, (direction, Loss.DELETED)) for direction in self._since)

    def puts_off(self, node_id: NodeId) -> bool:
        """Whether it is a folder whose turn comes with the files that wait.  It is not held: what is new in it has it
        come back.  But planned for in each of many rounds, all that has gone with it would be gone through each time.
        """
        return any(self._perils.is_free(node_id, (direction, None)) for direction in self._since)

    def wake_at(self, now: float) -> float | None:
        ends = [time for direction in self._since for time in self._ends(direction) if time > now]
        return min(ends, default=None)

    def consider(self, direction: Direction, limits: Limits | None, now: float) -> list[NodeId]:
        """Begin to wait, or wait on; or gives the nodes that have waited long enough.  ``limits`` None: nobody is
        asked."""
        sort = (direction, Loss.DELETED)
        if self._perils.waiting(sort) and self._is_wise(direction, limits, now):
            since = self._since.setdefault(direction, now)
            if now < since + LONGEST:
                return []
        if self._since.pop(direction, None) is None:
            return []
        return [*self._perils.free(sort), *self._perils.free((direction, None))]

    def _is_wise(self, direction: Direction, limits: Limits | None, now: float) -> bool:
        if direction is Direction.OUT and self._gathers(now):
            return True
        sort = (direction, Loss.DELETED)
        if limits is None:
            return False
        count = self._perils.count(sort)
        if count >= limits.files and now < self._perils.grown(sort) + SETTLED:
            return True
        if direction is Direction.IN and count > 1 and now < self._perils.grown(sort) + GATHERED:
            return True
        missing = self._count_missing(limits.most) if direction is Direction.OUT else 0
        return missing > 0 and limits.reached(count + missing, self._perils.files())

    def _gathers(self, now: float) -> bool:
        """Whether what waits may be a part of a folder that goes."""
        sort = (Direction.OUT, Loss.DELETED)
        if self._perils.waiting(sort) < MANY:
            return False
        if any(True for _ in self._missing()):
            return True
        return now < self._perils.grown(sort) + GATHERED and not self._is_one_folder()

    def _is_one_folder(self) -> bool:
        """Whether all that waits lies beneath one folder that waits, too.  Folders are few, and are asked first."""
        tops = 0
        for sort in ((Direction.OUT, None), (Direction.OUT, Loss.DELETED)):
            for node_id in self._perils.some(sort):
                node = self._canopy.remote.get(node_id)
                tops += node is None or not self._canopy.is_deleted_here(node.at.parent)
                if tops > 1:
                    return False
        return True

    def _count_missing(self, most: int) -> int:
        """How many files may be gone, too; ``most`` at most."""
        files: set[NodeId] = set()
        for top in self._missing():
            for node_id in subtree(self._canopy.local, top):
                if len(files) >= most:
                    return most
                if not isinstance(self._canopy.local.get(node_id), Dir):
                    files.add(node_id)
        return len(files)

    def _ends(self, direction: Direction) -> tuple[float, ...]:
        grown = self._perils.grown((direction, Loss.DELETED))
        return grown + GATHERED, grown + SETTLED, self._since[direction] + LONGEST
