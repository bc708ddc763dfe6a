"""The threads in which disks and databases are waited for, and the way back from them into the event loop.

One hop carries a whole unit of work (a look at hundreds of paths, a batch of tasks, a transaction), never a single
file: a hop costs more than most files do.  What comes back from several threads at once wakes the loop once.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
Work = Callable[[], None]

MOST_SCANNERS: Final = 4


class Mailbox(Generic[T]):
    """Things that threads hand to the event loop.  ``deliver`` is called there, with all that has come, in order."""

    __slots__ = ("_deliver", "_loop", "_things", "_woken")

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[list[T]], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._things: deque[T] = deque()
        self._woken = False

    def post(self, thing: T) -> None:
        """Hand over ``thing``; from any thread.  After the loop has closed it goes nowhere."""
        self._things.append(thing)
        # RACE: two threads may both find it not woken: the loop is then woken twice, and finds nothing the second time.
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._empty)
            except RuntimeError:
                self._things.clear()

    def _empty(self) -> None:
        # In this order: what is posted from now on wakes the loop again.
        self._woken = False
        come: list[T] = []
        while self._things:
            come.append(self._things.popleft())
        if come:
            self._deliver(come)


class Lane:
    """Some threads that take work from one queue, in order.  With one thread, one piece is over before the next begins.

    Work that raises ends the program's trust in itself: ``failed`` is told, in the thread.
    """

    __slots__ = ("_failed", "_queue", "_threads")

    def __init__(self, name: str, threads: int, failed: Callable[[BaseException], None]) -> None:
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._failed = failed
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def do(self, work: Work) -> None:
        """Have ``work`` done, after all that was asked for before."""
        self._queue.put(work)

    def end(self) -> None:
        """Take no more work; come back when what was asked for is done."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - reported where something can be done about it
                self._failed(error)


class Workers:
    """All threads of one agent: ``look`` reads the disk, ``change`` writes to it, ``keep`` has the database."""

    __slots__ = ("change", "keep", "look")

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self.look = Lane("look", min(MOST_SCANNERS, processors()), failed)
        self.change = Lane("change", 1, failed)
        self.keep = Lane("keep", 1, failed)

    def end(self) -> None:
        """Come back when all work that was asked for is done.  Blocks: called when the loop has nothing else to do."""
        for lane in (self.look, self.change, self.keep):
            lane.end()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
