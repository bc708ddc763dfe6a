"""Wakes the connections of a folder.  In one process: they are called.  Several hubs on one database would be told by
that database, and call ``publish`` when they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from syncagent.hub.rows import FolderId

T = TypeVar("T")


class Bus(Generic[T]):
    """Who listens to which folder, in the order in which they came.  On one thread."""

    def __init__(self) -> None:
        self._listeners: dict[FolderId, dict[T, None]] = {}

    def join(self, folder: FolderId, listener: T) -> None:
        self._listeners.setdefault(folder, {})[listener] = None

    def leave(self, folder: FolderId, listener: T) -> None:
        """It listens no more; nothing, if it did not."""
        listeners = self._listeners.get(folder, {})
        listeners.pop(listener, None)
        if not listeners:
            self._listeners.pop(folder, None)

    def of(self, folder: FolderId) -> Iterator[T]:
        """Who listens now; those that leave meanwhile are passed over."""
        listeners = self._listeners.get(folder, {})
        return (listener for listener in tuple(listeners) if listener in listeners)

    def publish(self, folder: FolderId, call: Callable[[T], object], *, but: T | None = None) -> None:
        """Call ``call`` with each listener of ``folder``, but not with ``but``."""
        for listener in self.of(folder):
            if listener is not but:
                call(listener)
