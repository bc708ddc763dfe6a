"""The threads of a simulated agent: each piece of work is a step of the schedule, at a time that chance decides.

Lanes overlap as threads do, as far as that can be told apart: in the middle of one piece of work, between two of its
calls to the disk, a piece of another lane may be done (``intrude``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from typing import Self

from tests.sim.clock import Schedule
from tests.sim.loop import SimLoop

Work = Callable[[], None]


class Killed(BaseException):
    """The process was killed in the middle of something."""


class SimLane:
    """Work in one queue; ``threads`` pieces may overlap."""

    def __init__(self, workers: SimWorkers, name: str, threads: int, longest: float) -> None:
        self._workers = workers
        self._name = f"{workers.name} {name}"
        self._threads = threads
        self._longest = longest
        self._queue: deque[Work] = deque()
        self._due = 0
        self._busy = 0
        self._closed = False

    def do(self, work: Work) -> None:
        if not self._closed:
            self._queue.append(work)
            self._stir()

    @property
    def idle(self) -> bool:
        return not self._queue and not self._busy

    def end(self, *, finish: bool = True) -> None:
        if not finish:
            self._queue.clear()
        while self._queue:
            self._one()
        self._closed = True

    def _stir(self) -> None:
        workers = self._workers
        while self._due < min(len(self._queue), self._threads):
            self._due += 1
            workers.schedule.soon(self._name, self._turn, self._longest, workers.rng)

    def _turn(self) -> None:
        self._due -= 1
        if self.can_run:
            self._one()
        self._stir()

    @property
    def can_run(self) -> bool:
        return bool(self._queue) and self._busy < self._threads and self._workers.loop.alive

    def _one(self) -> None:
        work = self._queue.popleft()
        self._busy += 1
        try:
            work()
        except Killed:
            if self._workers.loop.alive:
                self._workers.killed()
            if self._workers.depth:
                raise  # the piece in whose middle this one was done ends here, too
        except Exception as error:  # noqa: BLE001 - as in a real lane
            self._workers.failed(error)
        finally:
            self._busy -= 1


class SimAside:
    """What is done beside a piece of work: whole, at some moment until that waits for it."""

    def __init__(self, workers: SimWorkers, within: Callable[[], AbstractContextManager[None]]) -> None:
        self._workers = workers
        self._within = within
        self._work: Work | None = None
        self._raised: Exception | None = None

    def begin(self, work: Work) -> None:
        self._work = work

    def ring(self) -> None:
        pass  # in the middle of a piece of work nothing is asked for

    def is_over(self, *, or_more: bool) -> bool:
        if self.can_run:
            self._one()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        return True

    @property
    def can_run(self) -> bool:
        return self._work is not None and self._workers.loop.alive

    def _one(self) -> None:
        work, self._work = self._work, None
        assert work is not None
        try:
            with self._within():
                work()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self._raised = error

    def __enter__(self) -> Self:
        self._workers.asides.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.asides.remove(self)


class SimWorkers:
    def __init__(
        self,
        schedule: Schedule,
        loop: SimLoop,
        name: str,
        rng: Random,
        failed: Callable[[BaseException], None],
        killed: Callable[[], None],
    ) -> None:
        self.schedule = schedule
        self.loop = loop
        self.name = name
        self.rng = rng
        self.failed = failed
        self.killed = killed
        self.ending = False
        self.depth = 0
        self.asides: list[SimAside] = []
        self.look = SimLane(self, "look", 2, 0.02)
        self.read = SimLane(self, "read", 1, 0.02)
        self.change = SimLane(self, "change", 1, 0.02)
        self.stage = SimLane(self, "stage", 1, 0.02)
        self.clear = SimLane(self, "clear", 1, 0.02)
        self.keep = SimLane(self, "keep", 1, 0.004)

    def intrude(self, which: int) -> None:
        """In the middle of one piece of work, do one of another thread."""
        lanes: list[SimLane | SimAside] = [self.look, self.read, self.change, self.stage, self.clear, *self.asides]
        able = [lane for lane in lanes if lane.can_run]
        if able and self.depth < 2:
            self.depth += 1
            try:
                able[which % len(able)]._one()
            finally:
                self.depth -= 1

    def aside(self, within: Callable[[], AbstractContextManager[None]]) -> SimAside:
        return SimAside(self, within)

    def end(self, seconds: float = 10.0) -> bool:
        self.ending = True
        for lane in (self.look, self.read, self.change, self.stage, self.clear):
            lane.end(finish=False)
        self.keep.end()
        return True
