"""The deletes and overwrites that wait to be planned, and those of the last minute: what the brake counts.

All figures are kept up to date by what changes, so that to ask for them costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from syncagent.model.acts import Direction, Loss
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Dir
from syncagent.model.values import value
from syncagent.planner.brake import Peril
from syncagent.trees.canopy import Canopy

WINDOW: Final = 60.0
"""Seconds in which deletes and overwrites count as one act: `rm -rf` is seen in several rounds."""

Sort: TypeAlias = tuple[Direction, Loss | None]
"""A loss in one direction; None for folders, which count for nothing."""

SORTS: Final[tuple[Sort, ...]] = tuple((way, loss) for way in Direction for loss in (*Loss, None))


@value
class Past:
    """A peril that was let through, at some time."""

    at: float
    peril: Peril
    path: RelPath


def sort_of(peril: Peril) -> Sort:
    if type(peril.before) is Dir:
        return peril.direction, None
    return peril.direction, Loss.DELETED if peril.after is None else Loss.OVERWRITTEN


class Perils:
    """``free`` are the nodes in peril of which no act speaks, and which were not let through in the last minute."""

    def __init__(self, canopy: Canopy) -> None:
        self._canopy = canopy
        self._known: dict[NodeId, Peril] = {}
        self._free: dict[Sort, dict[NodeId, None]] = {sort: {} for sort in SORTS}
        self._past: dict[Sort, OrderedDict[NodeId, Past]] = {sort: OrderedDict() for sort in SORTS}
        self._grown: dict[Sort, float] = dict.fromkeys(SORTS, 0.0)
        self._now = 0.0

    @property
    def any(self) -> bool:
        """Whether any node is known to be in peril."""
        return bool(self._known)

    def get(self, node_id: NodeId) -> Peril | None:
        return self._known.get(node_id)

    def learn(self, node_id: NodeId, peril: Peril | None, *, is_part: bool) -> None:
        """What the node would lose by now; ``is_part`` when an act speaks of it."""
        before = self._known.get(node_id)
        if before is not None:
            self._free[sort_of(before)].pop(node_id, None)
        if peril is None:
            self._known.pop(node_id, None)
            return
        self._known[node_id] = peril
        sort = sort_of(peril)
        if not is_part and node_id not in self._past[sort]:
            self._free[sort][node_id] = None
            if before is None:
                self._grown[sort] = self._now

    def let_all_through(self, node_ids: Iterable[NodeId], now: float, path: Callable[[NodeId], RelPath] | None) -> None:
        """They are being done.  ``path`` None: nobody is asked, so that what went a moment ago need not be known."""
        for node_id in node_ids:
            if node_id not in self._known:
                continue
            if path is not None:
                self.let_through(node_id, now, path(node_id))
            else:
                self._free[sort_of(self._known[node_id])].pop(node_id, None)

    def let_through(self, node_id: NodeId, now: float, path: RelPath) -> None:
        """It is being done.  Counted once, however often it happens to the node, with what stood there at first."""
        peril = self._known[node_id]
        sort = sort_of(peril)
        self._free[sort].pop(node_id, None)
        before = self._past[sort].pop(node_id, None)
        if before is not None:
            peril = Peril(peril.direction, before.peril.before, peril.after)
        self._past[sort][node_id] = Past(now, peril, path)

    def expire(self, now: float) -> None:
        """It is ``now``: what was let through more than a minute ago is another matter."""
        self._now = now
        for sort, past in self._past.items():
            while past and next(iter(past.values())).at + WINDOW < now:
                node_id, _ = past.popitem(last=False)
                if (peril := self._known.get(node_id)) is not None and sort_of(peril) == sort:
                    self._free[sort][node_id] = None  # still not done

    def is_free(self, node_id: NodeId, sort: Sort) -> bool:
        return node_id in self._free[sort]

    def free(self, sort: Sort) -> list[NodeId]:
        return list(self._free[sort])

    def some(self, sort: Sort) -> Iterable[NodeId]:
        """The same, to look at some of them only."""
        return self._free[sort]

    def grown(self, sort: Sort) -> float:
        """When one more came to wait."""
        return self._grown[sort]

    def nothing_waits(self) -> bool:
        """Whether no node is free, of any sort: asked at each step, and nearly always so."""
        return not any(self._free.values())

    def waiting(self, sort: Sort) -> int:
        return len(self._free[sort])

    def count(self, sort: Sort) -> int:
        """How many wait, and were let through in the last minute."""
        return len(self._free[sort]) + len(self._past[sort])

    def files(self) -> int:
        """How many files there were before the last minute: what was deleted since counts among them."""
        gone = (one for way in Direction for one in self._past[way, Loss.DELETED] if one not in self._canopy.synced)
        return self._canopy.synced.count_files() + sum(1 for _ in gone)

    def take_free(self, sort: Sort) -> list[NodeId]:
        taken = list(self._free[sort])
        self._free[sort].clear()
        return taken

    def take_past(self, sort: Sort) -> list[tuple[NodeId, Past]]:
        taken = list(self._past[sort].items())
        self._past[sort].clear()
        return taken
