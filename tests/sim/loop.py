"""The event loop of one simulated process, in virtual time.

A turn runs all that is ready, at one instant; what comes from outside (a frame, a timer, the end of work in a thread)
begins one.  A process that is killed has no further turn: what it was in the middle of is unwound where nobody sees it.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any

from tests.sim.clock import Schedule

MOST = 100_000
"""Callbacks in one turn."""


class Spinning(AssertionError):
    """A process has so much to do at one instant that it will never wait."""


class Handle:
    __slots__ = ("args", "callback", "cancelled_", "context")

    def __init__(
        self, callback: Callable[..., Any], args: tuple[Any, ...], context: contextvars.Context | None
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.cancelled_ = False

    def cancel(self) -> None:
        self.cancelled_ = True

    def cancelled(self) -> bool:
        return self.cancelled_

    def run(self) -> None:
        if self.context is not None:
            self.context.run(self.callback, *self.args)
        else:
            self.callback(*self.args)


class SimLoop(asyncio.AbstractEventLoop):
    """``name`` is the process, for the trace; ``latency`` gives the seconds from a thread's word to the turn that hears
    it."""

    def __init__(self, schedule: Schedule, name: str, latency: Callable[[], float] = lambda: 0.0) -> None:
        self.schedule = schedule
        self.name = name
        self.alive = True
        self.failures: list[BaseException] = []
        self._latency = latency
        self._ready: deque[Handle] = deque()
        self._turning = False
        self._turn_due = False
        self._tasks: list[asyncio.Task[Any]] = []

    # --- turns ------------------------------------------------------------------------------------------------

    def _wake(self, delay: float) -> None:
        if not self._turning and not self._turn_due and self.alive:
            self._turn_due = True
            self.schedule.after(delay, f"{self.name} turn", self._turn)

    def _turn(self) -> None:
        self._turn_due = False
        if self.alive:
            self._run_ready()

    def _run_ready(self) -> None:
        self._turning = True
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            ready, done = self._ready, 0
            while ready:
                handle = ready.popleft()
                done += 1
                if done > MOST:
                    raise Spinning(f"{self.name} never waits: {handle.callback} {handle.args}")
                if not handle.cancelled_:
                    handle.run()
        finally:
            asyncio._set_running_loop(before)
            self._turning = False

    def run_now(self, callback: Callable[..., Any], *args: Any) -> None:
        """Call it in a turn of its own, at once: something has come from outside."""
        if self.alive:
            self._ready.append(Handle(callback, args, None))
            if not self._turning:
                self._run_ready()

    def die(self) -> None:
        """The process is gone.  Its coroutines are unwound, since Python wants that; nothing of it is seen."""
        if not self.alive:
            return
        self.alive = False
        self._ready.clear()
        tasks, self._tasks = self._tasks, []
        for _ in range(20):
            waiting = [task for task in tasks if not task.done()]
            if not waiting:
                break
            for task in waiting:
                task.cancel()
            self._run_ready()
        for task in tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            if task.done() and not task.cancelled():
                task.exception()  # seen

    # --- what asyncio wants -------------------------------------------------------------------------------------

    def time(self) -> float:
        return self.schedule.now

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None) -> Handle:  # type: ignore[override]
        handle = Handle(callback, args, context)
        self._ready.append(handle)
        self._wake(0.0)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> Handle:  # type: ignore[override]
        handle = Handle(callback, args, context)
        if self.alive:
            self._ready.append(handle)
            self._wake(self._latency())
        return handle

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        return self.call_at(self.schedule.now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        handle = Handle(callback, args, context)
        if self.alive:
            self.schedule.at(when, f"{self.name} timer", lambda: self._ring(handle))
        return handle

    def _ring(self, handle: Handle) -> None:
        if self.alive and not handle.cancelled_:
            self._ready.append(handle)
            self._run_ready()

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Any = None) -> Any:
        task = asyncio.Task(coro, loop=self, name=name or "", context=context)
        if len(self._tasks) > 64:
            self._tasks = [one for one in self._tasks if not one.done()]
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        future = self.create_future()
        future.set_result(func(*args))
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if self.alive:
            self.failures.append(error if isinstance(error, BaseException) else RuntimeError(str(context)))

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return self._turning

    def is_closed(self) -> bool:
        return not self.alive
