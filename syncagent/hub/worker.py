"""The one thread that the store belongs to, with group commit.

A whole unit of work is one hop to this thread.  What has come meanwhile is done together: one transaction, one wait for
the disk, for as many submissions as there are.  Answers go back to the event loop together and in order, and only when
what they speak of is durable.  A unit that fails is tried again task by task, so that each fails for itself alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

from syncagent.errors import StorageTrouble, SyncAgentError
from syncagent.hub.brake import Brake
from syncagent.hub.refusing import Refuses, never
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.ports import SMALL, Store
from syncagent.hub.tasks import Answer, Failed, Keep, Task
from syncagent.hub.work import NO_BRAKE, must_last, perform, writes
from syncagent.model.values import fixed
from syncagent.protocol.faults import CODES, code_of

T = TypeVar("T")
_LOG: Final = logging.getLogger("syncagent.hub")
REST_SECONDS: Final = 3.0
"""After so long without anything to do, what the store only keeps to be quick is let go of."""

_TOGETHER: Final = 64
_FEW: Final = 2
"""So many submissions or questions are done by themselves once, though blocks of large files wait."""
_BULK_BYTES: Final = 1024 * 1024


@fixed
class Job:
    """A task of a connection, and what to call with its answer."""

    folder: FolderId
    task: Task
    done: Callable[[Answer], None]
    asker: object = None


@fixed
class _Call:
    """Something of the hub's own to be done in a unit of its own."""

    run: Callable[[Store], Any]
    result: asyncio.Future[Any]


Deliver: TypeAlias = Callable[[list[tuple[Job, Answer]]], None]


class Worker:
    """Made and used on the event loop's thread.  ``deliver`` is called there with what is done."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        wall_ns: Callable[[], int],
        deliver: Deliver,
        brake: Brake = NO_BRAKE,
        mono: Callable[[], float] = time.monotonic,
        refuses: Refuses = never,
    ) -> None:
        self._open_store = open_store
        self._wall_ns = wall_ns
        self._mono = mono
        self._brake = brake
        self._refuses = refuses
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._came = threading.Condition()
        self._queue: deque[Job | _Call] = deque()
        self._bulk: deque[Job] = deque()
        self._passed_by = False
        """Whether the last turn left the bulk for the next one."""
        self._thread = threading.Thread(target=self._run, name="hub-store", daemon=True)
        self._opened: asyncio.Future[Store] = self._loop.create_future()
        self._stopped = False

    async def start(self) -> Store:
        """Open the store on its thread.  Raises what opening it raises.  Only ``blocks.prepare`` of what comes back may
        be called from elsewhere."""
        self._thread.start()
        return await self._opened

    def submit(self, job: Job) -> None:
        """Do ``job``, after those that were submitted before; blocks that are to be kept, when there is time."""
        if self._stopped:
            job.done(Failed("shutting_down", CODES["shutting_down"].text))
            return
        with self._came:
            # Blocks of large files make way: a session sees to it that nothing overtakes what it needs.
            (self._bulk if isinstance(job.task, Keep) else self._queue).append(job)
            self._came.notify()

    async def call(self, run: Callable[[Store], T]) -> T:
        """Do ``run`` in a unit of its own, after what was submitted before; what it gives."""
        if self._stopped:
            raise StorageTrouble(CODES["shutting_down"].text)
        call = _Call(run, self._loop.create_future())
        with self._came:
            self._queue.append(call)
            self._came.notify()
        return await call.result  # type: ignore[no-any-return]

    async def stop(self) -> None:
        """Finish what was submitted, and close the store."""
        if not self._stopped:
            with self._came:
                self._stopped = True
                self._came.notify()
            await asyncio.to_thread(self._thread.join)

    # --- on the store's thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            store = self._open_store()
        except BaseException as trouble:  # noqa: BLE001 - it is raised where it was asked for
            self._back(self._opened.set_exception, trouble)
            return
        self._back(self._opened.set_result, store)
        try:
            while (taken := self._take(store.rest)) is not None:
                jobs, call = taken
                if jobs:
                    self._back(self._deliver, self._together(store, jobs))
                if call is not None:
                    self._one_call(store, call)
        finally:
            store.close()

    def _take(self, rest: Callable[[], None] = lambda: None) -> tuple[list[Job], _Call | None] | None:
        """What is to be done next: all that has come, and a part of the bulk; None at the end."""
        if not self._comes(REST_SECONDS):
            rest()  # once; whatever comes next begins anew
            self._comes(None)
        with self._came:
            if not self._queue and not self._bulk:
                return None
            jobs: list[Job] = []
            call: _Call | None = None
            while self._queue and call is None and len(jobs) < _TOGETHER:
                item = self._queue.popleft()
                if isinstance(item, Job):
                    jobs.append(item)
                else:
                    call = item
            # What someone waits for is not held up by blocks of a large file, which have the next turn.
            alone = 0 < len(jobs) <= _FEW and not self._passed_by
            self._passed_by = alone and bool(self._bulk)
            size = 0
            while self._bulk and size < _BULK_BYTES and not alone:
                jobs.append(self._bulk.popleft())
                size += _size(jobs[-1].task)
            return jobs, call

    def _comes(self, patience: float | None) -> bool:
        """Whether something is to be done, or it is the end; waits so many seconds for it."""
        with self._came:
            return bool(self._came.wait_for(lambda: self._queue or self._bulk or self._stopped, patience))

    def _together(self, store: Store, jobs: list[Job]) -> list[tuple[Job, Answer]]:
        try:
            return [(job, answer) for job, answer in zip(jobs, self._unit(store, jobs), strict=True)]
        except Exception as trouble:  # noqa: BLE001 - whatever it is must not take the others with it
            if len(jobs) == 1:
                return [(jobs[0], _failed(trouble))]
        return [done for job in jobs for done in self._together(store, [job])]

    def _unit(self, store: Store, jobs: list[Job]) -> list[Answer]:
        now, mono = self._wall_ns(), self._mono()
        if not any(writes(job.task) for job in jobs):
            return [perform(store, job.folder, job.task, now) for job in jobs]
        self._brake.begin()
        try:
            # Without a wait for the disk as long as there are only blocks: an edit would wait behind each.
            with store.unit(durable=any(must_last(job.task) for job in jobs)):
                return [perform(store, job.folder, job.task, now, self._brake, mono, self._refuses) for job in jobs]
        except BaseException:
            self._brake.undo()
            raise

    def _one_call(self, store: Store, call: _Call) -> None:
        try:
            with store.unit():
                result = call.run(store)
        except Exception as trouble:  # noqa: BLE001 - it is raised where it was asked for
            self._back(_settle, call.result, None, trouble)
        else:
            self._back(_settle, call.result, result, None)

    def _back(self, call: Callable[..., object], *values: object) -> None:
        """Call it on the event loop's thread; not at all when that has ended."""
        try:
            self._loop.call_soon_threadsafe(call, *values)
        except RuntimeError:
            _LOG.debug("the event loop ended before the store's thread")


def _size(task: Task) -> int:
    """How many bytes of ``task`` go through the store's own file."""
    return sum(len(plain) for _, plain in task.blocks if len(plain) <= SMALL) if isinstance(task, Keep) else 0


def _settle(future: asyncio.Future[Any], result: object, trouble: Exception | None) -> None:
    if future.cancelled():
        return
    if trouble is None:
        future.set_result(result)
    else:
        future.set_exception(trouble)


def _failed(trouble: Exception) -> Failed:
    """What a client is told; what is not ours to tell goes to the log alone."""
    if isinstance(trouble, SyncAgentError):
        _LOG.warning("the store: %s", trouble)
        code = code_of(trouble)
        return Failed(code, CODES[code].text)
    _LOG.error("a unit of work failed", exc_info=trouble)
    return Failed("internal_error", CODES["internal_error"].text)
