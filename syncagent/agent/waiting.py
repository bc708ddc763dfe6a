"""Tasks that wait until others are done, as they came; of some the new files have been made meanwhile.

They are announced and put by the event loop, and prepared and taken in the lane that does them.
"""

from __future__ import annotations

from collections import deque

from syncagent.localfs.begun import FEW, Begun
from syncagent.localfs.outcomes import staged_content
from syncagent.planner.tasks import Task

Tasks = tuple[Task, ...]


class Waiting:
    """Of one root."""

    __slots__ = ("_begun", "_tasks")

    def __init__(self) -> None:
        self._tasks: deque[Tasks] = deque()
        self._begun: dict[int, tuple[Tasks, Begun | None]] = {}
        """What is prepared, or is about to be, by the identity of its tasks, which live as long."""

    def put(self, tasks: Tasks) -> None:
        self._tasks.append(tasks)

    # --- what is prepared ---------------------------------------------------------------------------------------

    def announce(self, tasks: Tasks) -> None:
        """These will be put, and may be prepared until then."""
        self._begun[id(tasks)] = tasks, None

    def is_announced(self, tasks: Tasks) -> bool:
        """Whether they were announced, and not taken yet."""
        return id(tasks) in self._begun

    def prepared(self, tasks: Tasks, begun: Begun) -> None:
        self._begun[id(tasks)] = tasks, begun

    @property
    def are_few(self) -> bool:
        """Whether no more wait than are made durable one by one."""
        return len(self._tasks) <= FEW and sum(map(len, tuple(self._tasks))) <= FEW

    # --- where they are done ------------------------------------------------------------------------------------

    def take_prepared(self) -> tuple[Tasks, Begun] | None:
        """Those that come first, if they are prepared."""
        begun = self._first()
        return (self._take(), begun) if begun is not None else None

    def take_unprepared(self, most: int) -> Tasks:
        """Those that come first, if they are not: ``most`` of them, where they can be taken apart."""
        if not self._tasks or self._first() is not None:
            return ()
        tasks = self._take()
        if len(tasks) <= most or any(map(staged_content, tasks)):  # of which the last to want a content moves its file
            return tasks
        self._tasks.appendleft(tasks[most:])
        return tasks[:most]

    def take(self, most: int) -> list[Task]:
        """What is a batch, and nothing behind what is prepared."""
        tasks: list[Task] = []
        while len(tasks) < most and (some := self.take_unprepared(most - len(tasks))):
            tasks.extend(some)
        return tasks

    def _first(self) -> Begun | None:
        if not self._tasks:
            return None
        _, begun = self._begun.get(id(self._tasks[0]), (None, None))
        return begun

    def _take(self) -> Tasks:
        tasks = self._tasks.popleft()
        self._begun.pop(id(tasks), None)
        return tasks
