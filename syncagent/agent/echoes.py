"""What the watcher tells of files that our own tasks have put in place: nothing that is not known.

Of a few files the stamps are kept for a while, and a hint at one of them is met with a look at its stamp.  Of masses
the hints come while the rest of the batch is still being done: they are held back until it is, and then one look at
each says whether it is as it was left.  That is a look that comes after the hint, so whatever else has happened to the
file by then shows in it, and what happens later is hinted at anew.  For each the engine would take a step, wish for a
look, and be told that nothing is new.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from syncagent.errors import RootMissing
from syncagent.localfs.begun import FEW
from syncagent.localfs.ports import Disk
from syncagent.model.facts import FileSeen, LinkSeen, Stamp
from syncagent.model.names import RelPath
from syncagent.planner.ops import WriteLocal
from syncagent.planner.tasks import Done, Outcome, Task, WriteTask

KEPT: Final = 64
"""So many files that were put in place are remembered until the watcher tells of them."""


class Echoes:
    """Of one root.  Called in the watcher's thread (``holds``, ``news``) and in those that do tasks."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._left: dict[RelPath, Stamp] = {}
        """The stamps of what few tasks have put in place last: of each the watcher is about to hear."""
        self._lock = threading.Lock()
        self._placing: dict[RelPath, bool] = {}
        """The paths of a mass that is being put in place, and whether the watcher has told of each."""

    # --- in the watcher's thread --------------------------------------------------------------------------------

    def holds(self, path: RelPath) -> bool:
        """Whether a hint at ``path`` waits until the mass that it is one of is in place: asked before it is gathered
        with others, of each of thousands."""
        if path not in self._placing:
            return False
        with self._lock:
            if path not in self._placing:
                return False
            self._placing[path] = True
        return True

    def news(self, paths: Sequence[RelPath]) -> list[RelPath]:
        """Those of the hints that may be news."""
        few = len(paths) <= FEW  # of more, none is that of an edit that someone waits for
        if self._placing:
            with self._lock:
                held = {path for path in paths if path in self._placing}
                self._placing.update(dict.fromkeys(held, True))
            paths = [path for path in paths if path not in held]
        return [path for path in paths if not (few and self._is_as_left(path))]

    def _is_as_left(self, path: RelPath) -> bool:
        """Whether there is just what a task of ours has put there, and told the stamp of.  Asked once for each."""
        left = self._left.pop(path, None)
        return left is not None and self._is_as(path, left)

    def _is_as(self, path: RelPath, stamp: Stamp) -> bool:
        try:
            return self._disk.stat(path).stamp == stamp
        except (RootMissing, OSError):
            return False

    # --- where tasks are done -----------------------------------------------------------------------------------

    def begin(self, tasks: Iterable[Task]) -> None:
        """These, many, are about to be done: what is hinted at meanwhile waits for ``end``, or ``give_up``."""
        with self._lock:
            self._placing.update({task.path: False for task in tasks if isinstance(task, WriteTask)})

    def end(self, tasks: Iterable[Task], outcomes: Iterable[Outcome]) -> tuple[RelPath, ...]:
        """They were done, which is about to be told; gives what was hinted at, and is not as they have left it.  What
        is hinted at from now on is told to the engine."""
        with self._lock:
            pop = self._placing.pop
            heard = {task.path for task in tasks if isinstance(task, WriteTask) and pop(task.path, False)}
        if heard:
            with suppress(RootMissing), self._disk.batch():
                for outcome in outcomes:
                    fact = outcome.fact if isinstance(outcome, Done) else None
                    if not isinstance(fact, FileSeen | LinkSeen) or fact.path not in heard:
                        continue
                    if self._is_as(fact.path, fact.stamp):
                        heard.discard(fact.path)
        return tuple(sorted(heard))

    def give_up(self) -> None:
        """The root was lost: all of it is looked at when it is back."""
        with self._lock:
            self._placing.clear()

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Before the outcomes of few tasks are told: what is hinted at from then on may be an echo of them."""
        if len(outcomes) > FEW:
            return
        for outcome in outcomes:
            match outcome:
                case Done(op=WriteLocal(), fact=FileSeen(path=path, stamp=stamp)) if stamp:
                    self._left.pop(path, None)
                    self._left[path] = stamp
                    while len(self._left) > KEPT:
                        del self._left[next(iter(self._left))]
