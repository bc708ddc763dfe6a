"""The threads in which disks and databases are waited for, and the way back from them into the event loop.

One hop carries a whole unit of work (a look at hundreds of paths, a batch of tasks, a transaction), never a single
file: a hop costs more than most files do.  What comes back from several threads at once wakes the loop once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, Final, Generic, Self, TypeVar

T = TypeVar("T")
Work = Callable[[], None]

MOST_SCANNERS: Final = 4


class Mailbox(Generic[T]):
    """Things that threads hand to the event loop.  ``deliver`` is called there, with all that has come, in order."""

    __slots__ = ("_deliver", "_home", "_loop", "_things", "_woken")

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[list[T]], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._things: deque[T] = deque()
        self._woken = False
        self._home = threading.get_ident()

    def post(self, thing: T) -> None:
        """Hand over ``thing``; from any thread.  After the loop has closed it goes nowhere."""
        self._things.append(thing)
        # RACE: two threads may both find it not woken: the loop is then woken twice, and finds nothing the second time.
        if not self._woken:
            self._woken = True
            call_in(self._loop, self._empty, awake=threading.get_ident() == self._home)

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

    A piece of work wakes one thread, the one that has rested least.  All threads that wait on one queue of the library
    are woken for each piece, one after the other, and all but the first find nothing.

    Work that raises is a bug: ``failed`` is told, in the thread, and the lane goes on.
    """

    __slots__ = ("_done", "_ending", "_failed", "_given", "_lock", "_resting", "_threads", "_waiting")

    def __init__(self, name: str, threads: int, failed: Callable[[BaseException], None]) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Work | None] = deque()
        self._resting: list[threading.Lock] = []
        """What each thread that has nothing to do waits for."""
        self._failed = failed
        self._ending = False
        self._given = self._done = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def do(self, work: Work) -> None:
        """Have ``work`` done, after all that was asked for before."""
        self._given += 1
        self._put(work)

    @property
    def idle(self) -> bool:
        """Whether nothing is being done or waits.  Asked of a lane of one thread, by the one who gives it work."""
        return self._given == self._done

    @property
    def resting(self) -> int:
        """How many threads have nothing to do."""
        return len(self._resting)

    def end(self, *, finish: bool = True) -> None:
        """Take no more work.  What was asked for is done before, with ``finish``; else only what has begun is."""
        self._ending = not finish
        for _ in self._threads:
            self._put(None)

    def join(self, seconds: float) -> bool:
        """Whether all is over; waits for it that long."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _put(self, work: Work | None) -> None:
        with self._lock:
            self._waiting.append(work)
            woken = self._resting.pop() if self._resting else None
        if woken is not None:
            woken.release()

    def _next(self, bell: threading.Lock) -> Work | None:
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
                self._resting.append(bell)
            bell.acquire()  # RACE: who was about to rest may have taken the work meanwhile: then it is waited on

    def _run(self) -> None:
        bell = threading.Lock()
        bell.acquire()
        while (work := self._next(bell)) is not None:
            if self._ending:
                continue
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - reported where something can be done about it
                self._failed(error)
            self._done += 1


class Aside:
    """A thread beside the one that gives it work, a piece at a time, and does something else meanwhile."""

    __slots__ = ("_bell", "_failed", "_lane", "_raised", "_under_way", "_within")

    def __init__(
        self, failed: Callable[[BaseException], None], within: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """``within`` is entered around each piece."""
        self._failed = failed
        self._within = within
        self._lane: Lane | None = None
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        """True when the piece of work is over."""
        self._under_way = False
        self._raised: BaseException | None = None

    def begin(self, work: Work) -> None:
        """Have it done."""

        def do() -> None:
            try:
                with self._within():
                    work()
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                self._raised = error
            self._bell.put(True)

        self._under_way = True
        if self._lane is None:
            self._lane = Lane("aside", 1, self._failed)
        self._lane.do(do)

    def ring(self) -> None:
        """There is more to do for the one who waits; from any thread."""
        self._bell.put(False)

    def is_over(self, *, or_more: bool) -> bool:
        """Wait until the piece of work is over; with ``or_more`` until it was rung for, too.  Raises what it raised."""
        while self._under_way:
            if self._bell.get():
                self._under_way = False
            elif or_more:
                return False
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lane is not None:
            self._lane.end()


def call_in(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: Any, awake: bool = False) -> None:
    """Have the loop call it; from any thread, and for nothing when the loop is over.  ``awake``: from its own."""
    with contextlib.suppress(RuntimeError):
        (loop.call_soon if awake else loop.call_soon_threadsafe)(call, *args)


async def done_in(lane: Lane, work: Callable[[], T]) -> T:
    """What ``work`` gives, done in a lane's thread; raises what it raises."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def do() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            call_in(loop, _settle, answer, answer.set_exception, error)
        else:
            call_in(loop, _settle, answer, answer.set_result, found)

    lane.do(do)
    return await answer


async def first_of(*works: Coroutine[Any, Any, Any] | asyncio.Future[None]) -> None:
    """Run all until the first is over, then end the others; raises what that one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending = [task for task, work in zip(tasks, works, strict=True) if task is not work]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
    for task in done:
        task.result()


def _settle(answer: asyncio.Future[Any], settle: Callable[[Any], None], outcome: Any) -> None:
    if not answer.done():
        settle(outcome)


class Workers:
    """All threads of one agent: ``look`` reads the disk, ``read`` large files part by part, ``change`` writes to it,
    ``stage`` puts large files together, ``clear`` removes what is done with, ``keep`` has the database.  ``ending``
    tells long work that no one waits for it any more."""

    __slots__ = ("_failed", "change", "clear", "ending", "keep", "look", "read", "stage")

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self.ending = False
        self._failed = failed
        # Two at least: while one reads a large file, the other looks at what is edited.
        self.look = Lane("look", max(2, min(MOST_SCANNERS, processors())), failed)
        self.read = Lane("read", 1, failed)
        self.change = Lane("change", 1, failed)
        self.stage = Lane("stage", 1, failed)
        self.clear = Lane("clear", 1, failed)
        self.keep = Lane("keep", 1, failed)

    def aside(self, within: Callable[[], AbstractContextManager[None]]) -> Aside:
        """A thread beside the one that asks for it, as long as that has need of it."""
        return Aside(self._failed, within)

    def end(self, seconds: float = 10.0) -> bool:
        """Drop what has not begun (but what the database is to keep), and wait for the rest; whether it is over.

        Blocks.  What is dropped is planned again by the next agent on this folder.
        """
        self.ending = True
        for lane in (self.look, self.read, self.change, self.stage, self.clear):
            lane.end(finish=False)
        self.keep.end()
        until = time.monotonic() + seconds
        lanes = (self.keep, self.change, self.stage, self.look, self.read, self.clear)
        over = [lane.join(max(until - time.monotonic(), 0.0)) for lane in lanes]
        return all(over)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
