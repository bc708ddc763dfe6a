"""Hears on Windows that an address has come or gone: a thread waits for it, and costs nothing meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterator
from ctypes import wintypes
from typing import Any, Final

from syncagent.model.values import fixed
from syncagent.windows.libraries import library

_PENDING: Final = 997
_FOR_EVER: Final = 0xFFFFFFFF
_CHANGED: Final = 0


class Overlapped(ctypes.Structure):
    """OVERLAPPED, with the event that is set."""

    _fields_ = [
        ("internal", ctypes.c_void_p),
        ("internal_high", ctypes.c_void_p),
        ("offset", wintypes.DWORD),
        ("offset_high", wintypes.DWORD),
        ("event", wintypes.HANDLE),
    ]


@fixed
class Addresses:
    """``iphlpapi`` and ``kernel32`` are the system's libraries."""

    iphlpapi: Any
    kernel32: Any

    def event(self) -> wintypes.HANDLE:
        """One that is set once, and taken by who waits for it."""
        self.kernel32.CreateEventW.restype = wintypes.HANDLE
        return wintypes.HANDLE(self.kernel32.CreateEventW(None, False, False, None))

    def wait(self, stop: wintypes.HANDLE, changed: Callable[[], None]) -> None:
        """Call ``changed`` for each change, until ``stop`` is set.  Blocks."""
        waited = Overlapped(event=self.event())
        try:
            while True:
                handle = wintypes.HANDLE()
                if self.iphlpapi.NotifyAddrChange(ctypes.byref(handle), ctypes.byref(waited)) != _PENDING:
                    return
                both = (wintypes.HANDLE * 2)(waited.event, stop)
                if self.kernel32.WaitForMultipleObjects(2, both, False, _FOR_EVER) != _CHANGED:
                    self.iphlpapi.CancelIPChangeNotify(ctypes.byref(waited))
                    return
                changed()
        finally:
            self.kernel32.CloseHandle(wintypes.HANDLE(waited.event))

    def end(self, stop: wintypes.HANDLE) -> None:
        self.kernel32.SetEvent(stop)


@contextlib.contextmanager
def watching(heard: Callable[[], None], addresses: Addresses | None = None) -> Iterator[None]:
    """``heard`` is called in the running loop, while the block runs."""
    addresses = addresses or Addresses(library("iphlpapi"), library("kernel32"))
    loop = asyncio.get_running_loop()
    stop = addresses.event()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            loop.call_soon_threadsafe(heard)

    thread = threading.Thread(target=addresses.wait, args=(stop, tell), name="addresses", daemon=True)
    thread.start()
    try:
        yield
    finally:
        addresses.end(stop)
        thread.join()
        addresses.kernel32.CloseHandle(stop)
