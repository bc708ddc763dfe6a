"""The last stretches of a folder's journal, kept in memory while several listen: what was just written goes out to all
of them without being read again, and is encoded once.  Also to one that is some seconds behind, while a burst goes on;
but not for longer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from syncagent.hub.stretch import Stretch
from syncagent.model.ids import Seq

BYTES: Final = 64 * 1024 * 1024
"""Twice the bytes of a burst of which a client's disk is a few seconds behind the hub's.  What is kept no more is read
from the database again, which costs more than all else that is done to tell it."""

KEPT_SECONDS: Final = 5.0
"""So long after the last one they are kept."""

_AT_ONCE: Final = 2


class Recent:
    """Stretches that follow each other without a gap.  Bounded by their size."""

    def __init__(self, most: int = BYTES) -> None:
        self._most = most
        self._size = 0
        self._stretches: deque[Stretch] = deque()

    def add(self, stretches: Iterable[Stretch]) -> None:
        """Keep ``stretches``, the newest; what does not follow what is kept, starts anew."""
        for stretch in stretches:
            if self._stretches and self._stretches[-1].last + 1 != stretch.first:
                self.clear()
            self._stretches.append(stretch)
            self._size += stretch.size
            while self._size > self._most and self._stretches:
                self._size -= self._stretches.popleft().size

    def clear(self) -> None:
        self._stretches.clear()
        self._size = 0

    def after(self, since: Seq, until: Seq, *, folded: bool = True) -> tuple[Stretch, ...]:
        """Some of what comes after ``since``, not beyond ``until``; nothing when that is not all kept here.

        Who was told from the store stands anywhere, perhaps within a stretch: it is told the rest of that first.  One
        that is ``folded`` has no rest, and is not for everyone: what it stands for is read from the store then."""
        found: list[Stretch] = []
        if self._stretches and self._stretches[0].first <= since + 1:
            for stretch in self._stretches:
                if stretch.last > since and stretch.last <= until and len(found) < _AT_ONCE:
                    if stretch.folded and (not folded or stretch.first <= since):
                        break
                    found.append(stretch if stretch.first > since else stretch.rest(since))
        return tuple(found)
