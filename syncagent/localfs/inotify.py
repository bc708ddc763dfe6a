"""inotify, by watchdog's binding: how Linux tells of changes in folders.  What its events mean is in ``lookout``."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
from typing import TYPE_CHECKING, Final, cast

from syncagent.localfs.lookout import Event
from syncagent.localfs.watched import Watch

if sys.platform == "linux":
    from watchdog.observers.inotify_c import inotify_add_watch, inotify_init, inotify_rm_watch

    if TYPE_CHECKING:
        from watchdog.observers.inotify_c import Mask, WatchDescriptor

    def _checked(number: int) -> int:
        if number == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return number

    class Inotify:
        """One queue of events and its watches: the kernel behind a lookout.  Raises OSError when there is none left."""

        _HEAD: Final = struct.Struct("iIII")
        _AT_ONCE: Final = 256 * 1024

        def __init__(self) -> None:
            self._queue = _checked(inotify_init())
            os.set_inheritable(self._queue, False)
            self._waker = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._poll = select.poll()
            self._poll.register(self._queue, select.POLLIN)
            self._poll.register(self._waker, select.POLLIN)

        def add(self, path: str, mask: int) -> Watch:
            return Watch(_checked(inotify_add_watch(self._queue, os.fsencode(path), cast("Mask", mask))))

        def remove(self, watch: Watch) -> None:
            inotify_rm_watch(self._queue, cast("WatchDescriptor", watch))

        def read(self, timeout: float | None) -> list[Event]:
            ready = self._poll.poll(None if timeout is None else timeout * 1000)
            if not any(number == self._queue for number, _ in ready):
                return []
            data = os.read(self._queue, self._AT_ONCE)
            events: list[Event] = []
            at = 0
            while at < len(data):
                watch, mask, cookie, length = self._HEAD.unpack_from(data, at)
                at += self._HEAD.size
                events.append((Watch(watch), mask, cookie, data[at : at + length].rstrip(b"\0")))
                at += length
            return events

        def fileno(self) -> int:
            """What can be read when there are events."""
            return self._queue

        def wake(self) -> None:
            os.eventfd_write(self._waker, 1)

        def close(self) -> None:
            os.close(self._queue)
            os.close(self._waker)
