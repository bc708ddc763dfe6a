"""Batches of many tasks, one behind the other: while another thread waits for the disk, the next one is made.

Three are under way.  The names of the first, which is in place, and the content of the second, which is in the stage,
are made durable by one sync; meanwhile the third is made.  Then the first is over, and the second is put in its place,
after another look; its names are waited for together with the content of the third.  What was made while a sync was on
its way is never taken for durable by it; but what that sync says to be lost may be of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from syncagent.localfs.applier import Applier
from syncagent.localfs.begun import Begun, conclude, wait_for
from syncagent.planner.tasks import Outcome, Task

TOGETHER: Final = 256
"""So many tasks are a batch, if more does not hang together.  With twice as many the first of a mass are told later,
and nothing is sooner: to wait for the disk takes less time than to make the next."""


class Meanwhile(Protocol):
    """Another thread, for one piece of work at a time."""

    def begin(self, work: Callable[[], None]) -> None:
        """Have it done."""
        ...

    def is_over(self, *, or_more: bool) -> bool:
        """Wait until it is over; with ``or_more`` only until there may be more to do here, too: then it may not be.

        Raises what it has raised."""
        ...


@dataclass(slots=True)
class Masses:
    """``more`` gives further tasks, so many or fewer, without waiting for any; where the flag says so, no few: what a
    whole batch would be of is better made durable by itself.  ``places`` is called before a batch is put in place,
    and ``ended`` with what came of it."""

    applier: Applier
    meanwhile: Meanwhile
    more: Callable[[int, bool], Sequence[Task]]
    places: Callable[[Sequence[Task]], None]
    ended: Callable[[Begun, list[Outcome]], None]
    _placed: Begun | None = None
    _made: Begun | None = None
    _next: Begun | None = None
    _under_way: deque[Begun] = field(default_factory=deque)

    def run(self, tasks: Sequence[Task]) -> None:
        """Do these, and all that comes while they are done.  Raises RootMissing; then what was done of three batches is
        found by the next scan."""
        try:
            self._made = self._batch()
            self.applier.make(self._made, tasks)
            self._filled(self._made)
            while self._made is not None or self._placed is not None:
                self._settle()
                if self._placed is not None:
                    self.ended(self._placed, self.applier.end(self._placed))
                    self._under_way.popleft().close()
                if self._made is not None:
                    self.places(self._made.tasks)
                    self.applier.place(self._made)
                self._placed, self._made, self._next = self._made, self._next, None
                self._made = self._filled(self._made)
        finally:
            for begun in self._under_way:
                begun.close()

    def _settle(self) -> None:
        wait = wait_for(self._placed, self._made)
        if wait is None:
            return
        self.meanwhile.begin(wait)
        over = False
        try:
            while not over:
                self._next = self._filled(self._next)
                over = self.meanwhile.is_over(or_more=_room_in(self._next) > 0)
        except BaseException:
            with suppress(Exception):  # that it is over is what counts: it has the marks of batches that end here
                self.meanwhile.is_over(or_more=False)
            raise
        conclude(wait, self._placed, self._made, self._next)

    def _filled(self, begun: Begun | None) -> Begun | None:
        """The batch, and in it what else there is to do, as far as it takes any."""
        while (room := _room_in(begun)) > 0 and (tasks := self.more(room, begun is None)):
            if begun is None:
                begun = self._batch()
            self.applier.make(begun, tasks)
        return begun

    def _batch(self) -> Begun:
        begun = self.applier.batch(apart=False)
        self._under_way.append(begun)
        return begun


def _room_in(begun: Begun | None) -> int:
    return TOGETHER - len(begun.tasks) if begun is not None else TOGETHER
