"""Which nodes to plan for next: those about which something has changed, and those whose turn has come.

A node that waits for another is planned again when something about that other changes; so the work that one change
makes is in proportion to what depends on it, not to all that is diverged.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from syncagent.model.ids import NodeId

MANY_DUE = 2_000
"""While so many nodes wait to be planned, and something is under way, no more files are read for a first time: their
bytes would have to be kept, and what someone else is doing would come behind them all."""


class Agenda:
    """Nodes to be planned, in the order in which they were added, and nodes that wait."""

    def __init__(self) -> None:
        # Taken from its front, all the time: in a plain dict that would walk over the gap that it leaves there.
        self._due: OrderedDict[NodeId, None] = OrderedDict()
        self._waiting: dict[NodeId, dict[NodeId, None]] = {}
        self._added = 0
        """How many were added since the last sweep."""
        self._forbidden: dict[NodeId, None] = {}
        self._swept = False

    def __bool__(self) -> bool:
        return bool(self._due)

    @property
    def is_long(self) -> bool:
        """Whether more is due than need be."""
        return len(self._due) > MANY_DUE

    def add(self, node_ids: Iterable[NodeId]) -> None:
        """Something about these nodes has changed: they, and those that wait for them, are to be planned."""
        due, waiting, added = self._due, self._waiting, 0
        for node_id in node_ids:
            added += 1
            due[node_id] = None
            for one in waiting.pop(node_id, ()) if waiting else ():
                due[one] = None
        if added:
            self._swept = False
            self._added += added

    def take(self, most: int, fit: Callable[[NodeId], bool]) -> list[NodeId]:
        """The next nodes, of those that are ``fit`` to be planned.  The others are left out: they come back by
        themselves when the op that keeps them busy is over, or their time has come."""
        taken: list[NodeId] = []
        while self._due and len(taken) < most:
            node_id, _ = self._due.popitem(last=False)
            if fit(node_id):
                taken.append(node_id)
        return taken

    def wait(self, node_id: NodeId, on: NodeId) -> None:
        """Plan the node again when something about ``on`` changes."""
        self._waiting.setdefault(on, {})[node_id] = None

    def waiting_for(self, node_id: NodeId) -> list[NodeId]:
        """The nodes that are planned again when something about this one changes."""
        return list(self._waiting.get(node_id, ()))

    def forbid(self, node_id: NodeId) -> None:
        """Plan the node again when policy allows more than now."""
        self._forbidden[node_id] = None

    def put_back(self, node_ids: Iterable[NodeId]) -> None:
        """These were not reached."""
        for node_id in node_ids:
            self._due[node_id] = None

    def allow(self) -> None:
        """Policy allows more than before, also to those that are waited for."""
        self._swept = False
        self._due.update(self._forbidden)
        self._forbidden.clear()

    def sweep(self, *, thorough: bool = True) -> bool:
        """Nothing is under way any more: have all that waits planned once more.  A chain of waits always ends in
        something that is under way or held, so this finds nothing, unless a wake-up was missed.

        Not ``thorough`` while a chain may end in what is not allowed now, or is yet to be read: then tens of thousands
        may wait for long, and what each change costs must not depend on them.  So it is done only once as many were
        added as wait."""
        if self._swept or not self._waiting:
            return False
        if not thorough and self._added < sum(map(len, self._waiting.values())):
            return False
        self._swept, self._added = True, 0
        for nodes in self._waiting.values():
            self._due.update(nodes)
        self._waiting.clear()
        return True
