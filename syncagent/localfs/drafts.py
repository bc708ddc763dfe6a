"""Small files that were made in the stage before anyone has said that they are to be.

Each is kept under what it holds, and is taken by a task that writes just that, with the same mtime and permissions, if
nobody has touched it since: then it is as good as one made for the task, and durable already.  All others are removed,
with the next of the same content, when there are too many, when they are dropped, or at the next start, which knows
nothing of them (``slots``).  Called in the thread that does tasks.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NamedTuple

from syncagent.localfs.ports import Disk, Stat
from syncagent.localfs.slots import Slots
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content

MOST: Final = 4
"""So many lie there at a time."""


class Made(NamedTuple):
    """Where it lies, and its stat when it was durable."""

    path: RelPath
    own: Stat


class Drafts:
    """Those of one stage."""

    def __init__(self, disk: Disk, slots: Slots) -> None:
        self._disk = disk
        self._slots = slots
        self._made: dict[Content, Made] = {}

    def keep(self, content: Content, made: Made) -> None:
        """This was made."""
        self.drop((content,))
        self._made[content] = made
        self.drop(tuple(self._made)[:-MOST])

    def take(self, content: Content, mtime_ns: int, mode: int) -> Made | None:
        """A file that is just this, to be put in place: it is the caller's from now on."""
        made = self._made.pop(content, None)
        if made is None:
            return None
        with suppress(OSError):
            own = made.own
            if own.mtime_ns == mtime_ns and own.mode & 0o7777 == mode and self._disk.stat(made.path) == own:
                return made
        self._remove(made)
        return None

    def drop(self, contents: tuple[Content, ...]) -> None:
        """What was made of these is for nobody."""
        for content in contents:
            if (made := self._made.pop(content, None)) is not None:
                self._remove(made)

    def _remove(self, made: Made) -> None:
        with suppress(OSError):  # the next start does
            self._slots.remove(made.path)
