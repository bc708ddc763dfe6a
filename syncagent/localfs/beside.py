"""Work that goes on beside whoever gives it: in its order, in one thread, and never far behind.  Called by ``staging``
for what is done with each piece of a large file that is copied: its sums, and its way to the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """Until it is left, which waits for what was begun.  No more than ``most`` pieces of work wait.  Without a
    ``thread`` all is done at once: for what is small, a thread costs more than it spares."""

    def __init__(self, most: int, *, thread: bool) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(1, "beside") if thread else None
        self._waiting: deque[Future[T]] = deque()

    def do(self, work: Callable[[], T]) -> list[T]:
        """Have it done; what came of earlier ones, each told once.  Raises what one of those raised."""
        if self._pool is None:
            return [work()]
        self._waiting.append(self._pool.submit(work))
        return self._done(self._most)

    def finish(self) -> list[T]:
        """Wait for all of it: what came of those that were not told yet.  Raises what one of them raised."""
        return self._done(0)

    def _done(self, left: int) -> list[T]:
        found = []
        while len(self._waiting) > left:
            found.append(self._waiting.popleft().result())
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
