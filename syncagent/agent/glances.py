"""A first look at a small file, in the watcher's own thread, as soon as it is known that someone has written into it.

The engine is told of the hint, and wishes for a look: by then it has been taken.  So no other thread is woken for what
every edit needs, and the file is read while it is at hand.  It is the very look that the engine's wish would come to,
taken a moment earlier, and after the change that was hinted at: whatever happens later is hinted at anew.

It counts for the next wish alone, and only while no task of ours was under way since it began: what our own tasks have
changed the engine leaves out of a look by when that look began.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from syncagent.engine.effects import Look
from syncagent.errors import RootMissing
from syncagent.localfs.scanner import Scanner
from syncagent.model.facts import FileSeen, LookAt
from syncagent.model.names import RelPath, split

MOST: Final = 64 << 10
"""Bytes of a file that is read like that: the next hint waits for it."""

FRESH_SECONDS: Final = 0.1
"""After that it is no longer the moment of the hint: something else has come between."""


class Glances:
    """Of one root.  ``take`` is called in the watcher's thread, ``over`` in those that do tasks, the others in the
    event loop."""

    def __init__(self, scanner: Scanner, now: Callable[[], float] = time.monotonic) -> None:
        self._scanner = scanner
        self._now = now
        self._begun = self._over = 0
        """Tasks."""
        self._lock = threading.Lock()
        self._last: tuple[float, int, FileSeen] | None = None

    def take(self, path: RelPath) -> None:
        """Look at ``path``, which is about to be hinted at, unless that is left to the engine."""
        began, begun = self._now(), self._begun
        if begun != self._over or split(path)[1] in self._scanner.rule_files:
            return
        with suppress(RootMissing, OSError):  # the look that is wished for tells of it
            fact = self._scanner.look([LookAt(path, None, most=MOST)])[-1]
            if isinstance(fact, FileSeen) and fact.content is not None:
                self._last = began, begun, fact

    def begin(self, tasks: int) -> None:
        """So many tasks are about to be done."""
        self._begun += tasks

    def over(self, tasks: int) -> None:
        """So many were done, and that was told: what is hinted at from now on the engine hears after it."""
        with self._lock:
            self._over += tasks

    def answer(self, look: Look) -> FileSeen | None:
        """What ``look`` would show, if that was seen; asked once."""
        last, self._last = self._last, None
        if last is None or len(look.wishes) != 1 or look.folders:
            return None
        (began, begun, fact), wish = last, look.wishes[0]
        if wish.path != fact.path or begun != self._begun or self._now() > began + FRESH_SECONDS:
            return None
        known = wish.known is not None and fact.stamp == wish.known  # of that no content is told
        return None if known else fact
