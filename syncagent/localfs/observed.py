"""Eyes by watchdog's observer: for macOS, and for any system that we do not know.

FSEvents may drop events, and says so: look at all beneath this folder.  watchdog gives that flag to nobody, so it is
read here before watchdog gets the event, and is what an overflow is elsewhere: a look at everything.
"""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler, FileSystemMovedEvent
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from syncagent.localfs.dirty import Seen
from syncagent.localfs.lookout import Blind, Saw
from syncagent.model.names import OWN_FOLDER, RelPath

_LOST: Final = 0x1 | 0x2 | 0x4 | 0x8 | 0x40 | 0x80
"""Must scan subfolders; dropped by the user's side, by the kernel's; event ids have begun anew; a disk was mounted, or
taken away."""


def has_lost(flags: Iterable[int]) -> bool:
    """Whether any of these flags of FSEvents says that something happened that there is no event for."""
    return any(flag & _LOST for flag in flags)


if sys.platform == "darwin":
    from watchdog.observers.fsevents import FSEventsEmitter, FSEventsObserver

    def observed(root: str, saw: Saw) -> Observed:
        """What FSEvents sees beneath ``root``."""
        observer = FSEventsObserver()
        eyes = Observed(root, saw, observer)
        observer._emitter_class = telling(FSEventsEmitter, eyes.lose)
        return eyes

else:

    def observed(root: str, saw: Saw) -> Observed:
        """What watchdog sees beneath ``root``."""
        return Observed(root, saw, Observer())


def telling(emitter: Any, lose: Callable[[], None]) -> Any:
    """The same kind of emitter of watchdog, but it calls ``lose`` when the system has dropped something."""

    class Telling(emitter):  # type: ignore[misc]
        def events_callback(self, paths: list[bytes], inodes: list[int], flags: list[int], ids: list[int]) -> None:
            if has_lost(flags):
                lose()
            super().events_callback(paths, inodes, flags, ids)

    return Telling


class _Handler(FileSystemEventHandler):
    def __init__(self, seen: queue.SimpleQueue[FileSystemEvent | None]) -> None:
        self._seen = seen

    def dispatch(self, event: FileSystemEvent) -> None:
        self._seen.put(event)


class Observed:
    """watchdog's observer.  ``lose`` is called, from any thread, when something happened that it has no event for."""

    def __init__(self, root: str, saw: Saw, observer: BaseObserver) -> None:
        self._root = os.path.realpath(root)
        self._saw = saw
        self._seen: queue.SimpleQueue[FileSystemEvent | None] = queue.SimpleQueue()
        self._observer = observer
        self._lost = False
        self.standing = False
        self.too_deep = 0
        self.watches = 0

    def open(self) -> None:
        try:
            self._observer.schedule(_Handler(self._seen), self._root, recursive=True)
            self._observer.start()
        except OSError as error:
            raise Blind("system", f"the system cannot watch the folder: {error.strerror}") from None
        self.standing, self.watches = True, 1

    def lose(self) -> None:
        self._lost = True
        self.wake()

    def step(self, timeout: float | None) -> None:
        try:
            event = self._seen.get(timeout=timeout)
            while event is not None:
                self._on_event(event)
                event = self._seen.get_nowait()
        except queue.Empty:
            pass
        if self._lost:
            raise Blind("overflow", "more happened than the system kept")

    def wake(self) -> None:
        self._seen.put(None)

    def close(self) -> None:
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def _on_event(self, event: FileSystemEvent) -> None:
        now = time.monotonic()
        path = self._relative(event.src_path)
        is_dir = event.is_directory
        if isinstance(event, FileSystemMovedEvent):
            there = self._relative(event.dest_path)
            if path is not None:
                self._saw(now, path, Seen.GONE, is_dir=is_dir)
            if there is not None:
                self._saw(now, there, Seen.APPEARED, is_dir=is_dir, origin=path)
            return
        if path == "" and event.event_type == "deleted":
            raise Blind("root", "the folder was deleted")
        seen = _MEANING.get(event.event_type)
        if path and seen is not None and not (is_dir and seen is Seen.WRITTEN):
            self._saw(now, path, seen, is_dir=is_dir)

    def _relative(self, path: str | bytes) -> RelPath | None:
        inner = os.path.relpath(os.fsdecode(path), self._root).replace(os.sep, "/")
        if inner == ".":
            return RelPath("")
        return None if inner.split("/")[0] in ("..", OWN_FOLDER) else RelPath(inner)


_MEANING: Final = {
    "created": Seen.CREATED,
    "modified": Seen.WRITTEN,
    "closed": Seen.CLOSED,
    "deleted": Seen.GONE,
    "attrib": Seen.TOUCHED,
}
