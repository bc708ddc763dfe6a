"""Runs of a hub: how it knows that its journal has gone back, when only its own data could tell.

Each start of a hub begins a run: a random id and, of each folder, the head at that moment.  A client keeps, with its
cursor, the run in which it got there, and says both when it connects.  A hub that was restored from a backup lacks the
runs since, and those that it knows ended earlier than they did: so it sees that a client knows numbers that mean other
things by now, however far the journal has grown again (HAZARDS E7).

Runs are never forgotten: a claim from one would look like one from a run that was lost.  One takes some forty bytes,
and a head is noted only where it has changed.  Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from syncagent.hub.rows import FolderId
from syncagent.model.ids import Seq


class Runs:
    """All runs, the current one last.

    ``runs`` are their ids, oldest first; ``starts`` are (run, folder, head), runs counted from 0 and in order: at the
    start of that run the folder's journal went up to ``head``, which it did not at the start before.
    """

    def __init__(self, runs: Iterable[str], starts: Iterable[tuple[int, FolderId, Seq]]) -> None:
        self._numbers = {run: number for number, run in enumerate(runs)}
        self._starts: dict[FolderId, list[tuple[int, Seq]]] = {}
        for number, folder, head in starts:
            self._starts.setdefault(folder, []).append((number, head))

    @property
    def current(self) -> str:
        return next(reversed(self._numbers))

    def reached(self, folder: FolderId, run: str, cursor: Seq, head: Seq) -> bool:
        """Whether the journal of ``folder``, which goes up to ``head`` now, went up to ``cursor`` in ``run``."""
        number = self._numbers.get(run)
        if number is None:
            return False
        if number == len(self._numbers) - 1:
            return cursor <= head
        starts = self._starts.get(folder, [])
        later = bisect_left(starts, (number + 2, Seq(0)))  # the last that was noted up to the start of the next run
        return cursor <= (starts[later - 1][1] if later else 0)
