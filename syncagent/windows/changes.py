"""What Windows tells of changes beneath a folder, and that it had to tell of more than there was room for.

``ReadDirectoryChangesW`` keeps what happens between two calls in a buffer of the size of the first call's.  When that
runs over, everything in it is lost, and the next call comes back with no bytes at all: the one sign there is.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterator
from ctypes import c_uint32, c_void_p
from enum import IntEnum
from typing import Any, Final, NamedTuple

from syncagent.windows.libraries import as_error, last_error, library

LOCAL_ROOM: Final = 1 << 20
SHARE_ROOM: Final = 64 << 10
"""Bytes of the buffer; over the network there are no more than these."""

_LIST_DIRECTORY: Final = 0x1
_SHARE_ALL: Final = 7
_OPEN_EXISTING: Final = 3
_FOR_BACKUP: Final = 0x02000000
_OVERLAPPED: Final = 0x40000000
_NAMES_SIZES_TIMES: Final = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x40
"""Names of files and of folders, attributes, sizes, writes, and creations; not when it was read."""

_INVALID: Final = c_void_p(-1).value
_INFINITE: Final = 0xFFFFFFFF
_PARAMETER: Final = 87
_ABORTED: Final = 995
_PENDING: Final = 996
_OVERFLOWED: Final = 1022
"""ERROR_NOTIFY_ENUM_DIR: more happened than it can tell."""

_GONE: Final = frozenset({2, 3, 5, 64, 1006, 1167})
"""What comes when the folder itself was deleted, or its disk taken away."""


class Overflow(Exception):
    """More happened than there was room for: nobody knows what."""


class FolderGone(Exception):
    """The folder is not there any more."""


class Act(IntEnum):
    ADDED = 1
    REMOVED = 2
    MODIFIED = 3
    OLD_NAME = 4
    NEW_NAME = 5


class Change(NamedTuple):
    act: Act
    path: str
    """From the folder on, with ``/`` between names."""


class _Overlapped(ctypes.Structure):
    _fields_ = [
        ("internal", c_void_p),
        ("internal_high", c_void_p),
        ("offset", c_uint32),
        ("offset_high", c_uint32),
        ("event", c_void_p),
    ]


class Changes:
    """Those beneath ``path`` from now on.  ``read`` and ``close`` are for one thread; ``wake`` is for any.

    Raises OSError.
    """

    def __init__(self, path: str, kernel32: Any = None) -> None:
        self._kernel32 = kernel32 or library("kernel32")
        for name in ("CreateFileW", "CreateEventW"):
            getattr(self._kernel32, name).restype = c_void_p
        self._ready = self._event()
        self._waker = self._event()
        self._overlapped = _Overlapped()
        self._overlapped.event = self._ready
        handle = self._kernel32.CreateFileW(
            ctypes.c_wchar_p(path), c_uint32(_LIST_DIRECTORY), c_uint32(_SHARE_ALL), None, c_uint32(_OPEN_EXISTING),
            c_uint32(_FOR_BACKUP | _OVERLAPPED), None,
        )  # fmt: skip
        if handle in (None, _INVALID):
            error = as_error(last_error(), path)
            self._close_events()
            raise error
        self._handle = handle
        try:
            self._begin_with(LOCAL_ROOM)
        except OSError as error:
            if error.errno != errno.EINVAL:
                self.close()
                raise
            self._begin_with(SHARE_ROOM)

    def read(self, timeout: float | None) -> list[Change]:
        """What has changed; waits ``timeout`` seconds for it (None: for ever), or until ``wake``.

        Raises Overflow, FolderGone, OSError.  After Overflow it goes on.
        """
        both = (c_void_p * 2)(self._ready, self._waker)
        milliseconds = _INFINITE if timeout is None else max(int(timeout * 1000), 0)
        which = self._kernel32.WaitForMultipleObjects(c_uint32(2), both, 0, c_uint32(milliseconds))
        if which != 0:
            return []
        size = c_uint32()
        overlapped = ctypes.byref(self._overlapped)
        if not self._kernel32.GetOverlappedResult(c_void_p(self._handle), overlapped, ctypes.byref(size), 0):
            code = last_error()
            if code in (_ABORTED, _PENDING):
                return []
            if code in _GONE:
                raise FolderGone
            if code != _OVERFLOWED:
                raise as_error(code)
            size.value = 0
        raw = self._room.raw[: size.value]
        self._begin()
        if not raw:
            raise Overflow
        return list(_changes(raw))

    def wake(self) -> None:
        self._kernel32.SetEvent(c_void_p(self._waker))

    def close(self) -> None:
        overlapped = ctypes.byref(self._overlapped)
        if self._kernel32.CancelIoEx(c_void_p(self._handle), overlapped):
            # The system writes into our room until it says that it does not.
            self._kernel32.GetOverlappedResult(c_void_p(self._handle), overlapped, ctypes.byref(c_uint32()), 1)
        self._kernel32.CloseHandle(c_void_p(self._handle))
        self._close_events()

    def _close_events(self) -> None:
        for event in (self._ready, self._waker):
            self._kernel32.CloseHandle(c_void_p(event))

    def _event(self) -> int:
        event = self._kernel32.CreateEventW(None, 0, 0, None)  # goes out by itself once somebody was woken by it
        if not event:
            raise as_error(last_error())
        return int(event)

    def _begin_with(self, room: int) -> None:
        self._room = ctypes.create_string_buffer(room)
        self._begin()

    def _begin(self) -> None:
        if not self._kernel32.ReadDirectoryChangesW(
            c_void_p(self._handle), self._room, c_uint32(len(self._room)), 1, c_uint32(_NAMES_SIZES_TIMES), None,
            ctypes.byref(self._overlapped), None,
        ):  # fmt: skip
            code = last_error()
            if code in _GONE:
                raise FolderGone
            raise as_error(code)


def _changes(raw: bytes) -> Iterator[Change]:
    """FILE_NOTIFY_INFORMATION, one after the other."""
    at = 0
    while True:
        after, act, length = struct.unpack_from("<III", raw, at)
        name = raw[at + 12 : at + 12 + length].decode("utf-16-le", "surrogatepass")
        if act in _ACTS:
            yield Change(Act(act), name.replace("\\", "/"))
        if not after:
            return
        at += after


_ACTS: Final = frozenset(Act)
