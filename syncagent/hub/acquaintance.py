"""Which recipes a client knows by what was said to it on this connection, so that a splice can be said against them.

Called by ``member``, in the order in which things are said; pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncagent.hub.rows import Timed
from syncagent.hub.stretch import Stretch
from syncagent.model.changes import Operation
from syncagent.model.ids import Rev
from syncagent.protocol.familiar import HUB_BLOCKS, Familiar


class Acquaintance:
    """What one client knows.  ``splices``: whether they were agreed on at all."""

    def __init__(self, *, splices: bool) -> None:
        self._splices = splices
        self._familiar = Familiar(HUB_BLOCKS)

    def judged(self, entries: Iterable[Timed]) -> None:
        """The client hears that these changes of its own were granted: it knows their recipes as well as we do, but of
        a move what it knew before."""
        if self._splices:
            for timed in entries:
                entry = timed.entry
                if entry.operation is Operation.MOVE:
                    self._familiar.move(entry.node_id, Rev(entry.rev - 1), entry.rev)
                else:
                    self._familiar.tell(entry.node_id, entry.rev, entry.recipe)

    def told(self, entries: Iterable[Timed]) -> None:
        """The client is told these, with their recipes."""
        if self._splices:
            for timed in entries:
                self._familiar.tell(timed.entry.node_id, timed.entry.rev, timed.entry.recipe)

    def knows(self, stretch: Stretch) -> bool:
        """Whether ``stretch`` has splices, and all of them can be said to this client."""
        known = stretch.spliced
        return self._splices and bool(known) and all(self._familiar.at(node, Rev(rev - 1)) for node, rev in known)
