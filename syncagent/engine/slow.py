"""Large files are read beside the rounds of looking, one at a time: no edit of another file waits until that is done.

While such a file is read it is as if nothing had been heard of it, but that it counts as being looked at.  What the
reading has shown is taken in by a round like any other, if the file is then as it was when it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from syncagent.engine.effects import Look, ReadOn, ReadOutline, Recall
from syncagent.engine.outlining import Outlining
from syncagent.engine.passing import Passing
from syncagent.model.facts import UNSURE, Fact, FileSeen, Listed, LookAt, NothingThere, Stamp, unpack
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath

LARGE = 8 << 20
"""Bytes.  Less than this is read in some milliseconds."""


class SlowReads:
    """What is to be read, what is being read, and what was read and has not been taken in."""

    def __init__(self, passing: Passing | None = None, outlining: Outlining | None = None) -> None:
        """``passing`` sends what is read of a file that is new here, ``outlining`` tells how one begins that was
        there."""
        self._passing = passing
        self._outlining = outlining
        self.forget()

    def forget(self) -> None:
        """Nothing that was wanted will come."""
        self._waiting: dict[RelPath, None] = {}
        self._reading: tuple[int, RelPath] | None = None
        self._read: dict[RelPath, FileSeen] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting or self._reading or self._read)

    def has_read(self, path: RelPath) -> bool:
        """Whether the file was read, and that has not been taken in."""
        return path in self._read

    def stamp_of(self, path: RelPath) -> Stamp | None:
        """With which stamp the file was read; None when it was not, or nobody can tell by it."""
        read = self._read.get(path)
        return read.stamp if read is not None and read.stamp != UNSURE else None

    def resolved(self, facts: Iterable[Fact]) -> list[Fact]:
        """The facts of a round, with what was read in the place of those that are about the same state of a file."""
        return [self._resolved(fact) for fact in facts] if self._read else list(facts)

    def _resolved(self, fact: Fact) -> Fact:
        read = self._read.pop(fact.path, None)
        if read is None or not isinstance(fact, FileSeen) or fact.content is not None or fact.stamp == UNSURE:
            return fact
        return read if read.stamp == fact.stamp else fact

    def put_off(self, facts: Sequence[Fact], known_at: Callable[[RelPath], Stamp | None]) -> list[Fact]:
        """The facts that count now: those on large files which have changed come later, with their content.

        ``known_at`` gives the stamp of what is known at a path.  Where something that is known is not there, or a
        folder was walked, all facts count: it may be a large file that has come from there.
        """
        if any(
            isinstance(one, Listed) or (isinstance(one, NothingThere) and known_at(one.path) is not None)
            for one in facts
        ):
            return list(facts)
        now: list[Fact] = []
        for fact in facts:
            if (
                isinstance(fact, FileSeen)
                and fact.content is None
                and _is_large(fact.stamp)
                and fact.stamp != known_at(fact.path)
            ):
                self._waiting[fact.path] = None
            else:
                now.append(fact)
        return now

    def begin(
        self, number: int, known_at: Callable[[RelPath], NodeId | None]
    ) -> Look | ReadOn | ReadOutline | Recall | None:
        """The next to be read, if none is; ``number`` is that of the look.  One that is new here (``known_at`` gives
        the node that Local has at a path) is sent while it is read, if it can be; of others the hub knows the most."""
        if self._reading is not None or not self._waiting or (self._outlining is not None and self._outlining.waits):
            return None
        path = next(iter(self._waiting))
        node_id = known_at(path)
        reading = self._outlining.begin(number, path, node_id) if self._outlining is not None else None
        if isinstance(reading, Recall):
            return reading
        del self._waiting[path]
        self._reading = number, path
        if reading is not None:
            return reading
        if self._passing is not None and self._passing.may_send and node_id is None:
            return self._passing.begin(number, path)
        return Look(number, (LookAt(path, None),))

    def seen(self, number: int, facts: Sequence[Fact]) -> RelPath | None:
        """The answer to a look; the path that is to be looked at in a round, if it was one of these."""
        if self._reading is None or self._reading[0] != number:
            return None
        _, path = self._reading
        self._reading = None
        if self._passing is not None:
            self._passing.seen(number, facts)
        if self._outlining is not None:
            self._outlining.seen(number)
        self._read.pop(path, None)
        for fact in facts:
            if isinstance(fact, FileSeen) and fact.content is not None:
                self._read[path] = fact
        return path


def _is_large(stamp: Stamp) -> bool:
    figures = unpack(stamp)
    return figures is not None and figures.size > LARGE
