"""What Windows tells of changes: by a library that notes what it is asked, and on Windows by its own."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from syncagent.windows.changes import Act, Change, Changes, FolderGone, Overflow

HANDLE, FIRST_EVENT = 0x1_0000_0040, 0x1_0000_0100


def entry(act: int, name: str, *, last: bool = False) -> bytes:
    raw = name.encode("utf-16-le", "surrogatepass")
    body = struct.pack("<II", act, len(raw)) + raw
    length = -(-(4 + len(body)) // 4) * 4
    return (struct.pack("<I", 0 if last else length) + body).ljust(length, b"\0")


class Function:
    def __init__(self, act: Any) -> None:
        self._act = act
        self.restype: Any = None

    def __call__(self, *args: Any) -> Any:
        result = self._act(*args)
        return ctypes.c_void_p(result).value if self.restype is ctypes.c_void_p else result


class Kernel32:
    """``answers``: for each wait, the bytes that are there by then, the number of an error, or None when time runs
    out."""

    def __init__(self, *answers: bytes | int | None, opened: bool = True, most: int = 1 << 30) -> None:
        self.answers = list(answers)
        self.most = most
        self.rooms: list[int] = []
        self.waits: list[int] = []
        self.closed: list[int] = []
        self.woken = 0
        self._room: Any = None
        self._events = 0
        self.CreateFileW = Function(lambda *args: self._open(*args) if opened else self._fail(2, -1))
        self.CreateEventW = Function(self._event)

    def _fail(self, code: int, result: int = 0) -> int:
        ctypes.set_errno(code)
        return result

    def _open(self, path: Any, access: Any, share: Any, security: Any, how: Any, flags: Any, template: Any) -> int:
        assert (access.value, share.value, how.value, flags.value) == (0x1, 7, 3, 0x42000000)
        return HANDLE

    def _event(self, security: Any, manual: int, state: int, name: Any) -> int:
        assert (manual, state) == (0, 0)
        self._events += 1
        return FIRST_EVENT + self._events

    def ReadDirectoryChangesW(  # noqa: N802
        self, handle: Any, room: Any, size: Any, deep: int, kinds: Any, got: Any, overlapped: Any, routine: Any
    ) -> int:
        assert (handle.value, deep, kinds.value) == (HANDLE, 1, 0x5F)
        assert overlapped._obj.event == FIRST_EVENT + 1
        if size.value > self.most:
            return self._fail(87)
        self.rooms.append(size.value)
        self._room = room
        return 1

    def WaitForMultipleObjects(self, count: Any, handles: Any, every: int, milliseconds: Any) -> int:  # noqa: N802
        assert (count.value, list(handles), every) == (2, [FIRST_EVENT + 1, FIRST_EVENT + 2], 0)
        self.waits.append(milliseconds.value)
        if self.woken:
            self.woken = 0
            return 1
        return 0x102 if not self.answers or self.answers[0] is None else 0

    def GetOverlappedResult(self, handle: Any, overlapped: Any, size: Any, wait: int) -> int:  # noqa: N802
        if wait:
            return 1
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            return self._fail(answer)
        assert answer is not None
        ctypes.memmove(self._room, answer, len(answer))
        size._obj.value = len(answer)
        return 1

    def SetEvent(self, event: Any) -> int:  # noqa: N802
        assert event.value == FIRST_EVENT + 2
        self.woken += 1
        return 1

    def CancelIoEx(self, handle: Any, overlapped: Any) -> int:  # noqa: N802
        return 1

    def CloseHandle(self, handle: Any) -> int:  # noqa: N802
        self.closed.append(handle.value)
        return 1


fake = pytest.mark.skipif(sys.platform == "win32", reason="there the error of a call is kept by Windows")


@fake
def test_changes_come_with_what_was_done_and_the_path() -> None:
    told = entry(1, "a") + entry(3, "d\\e\\ü.txt") + entry(4, "old") + entry(5, "new") + entry(2, "x\ud800", last=True)
    kernel32 = Kernel32(told)
    changes = Changes("C:\\root", kernel32)
    assert changes.read(0.25) == [
        Change(Act.ADDED, "a"), Change(Act.MODIFIED, "d/e/ü.txt"), Change(Act.OLD_NAME, "old"),
        Change(Act.NEW_NAME, "new"), Change(Act.REMOVED, "x\ud800"),
    ]  # fmt: skip
    assert changes.read(None) == []
    assert kernel32.waits == [250, 0xFFFFFFFF]
    assert kernel32.rooms == [1 << 20] * 2, "it is asked again before what came is looked at"
    changes.close()
    assert sorted(kernel32.closed) == [HANDLE, FIRST_EVENT + 1, FIRST_EVENT + 2]


@fake
@pytest.mark.hazard("A1")
@pytest.mark.parametrize("sign", [b"", 1022])
def test_what_there_was_no_room_for_is_known_to_be_missing(sign: bytes | int) -> None:
    kernel32 = Kernel32(sign, entry(1, "after", last=True))
    changes = Changes("C:\\root", kernel32)
    with pytest.raises(Overflow):
        changes.read(None)
    assert changes.read(None) == [Change(Act.ADDED, "after")], "and it goes on"


@fake
def test_over_the_network_the_room_is_smaller() -> None:
    kernel32 = Kernel32(most=64 << 10)
    Changes("\\\\server\\share", kernel32)
    assert kernel32.rooms == [64 << 10]


@fake
def test_who_waits_can_be_woken() -> None:
    kernel32 = Kernel32(None)
    changes = Changes("C:\\root", kernel32)
    changes.wake()
    assert changes.read(None) == []


@fake
@pytest.mark.parametrize(("code", "kind"), [(5, FolderGone), (64, FolderGone), (1117, OSError)])
def test_a_folder_that_went_is_told_from_one_that_cannot_be_read(code: int, kind: type[Exception]) -> None:
    changes = Changes("C:\\root", Kernel32(code))
    with pytest.raises(kind):
        changes.read(None)


@fake
def test_a_folder_that_is_not_there_is_an_error_and_leaves_nothing_open() -> None:
    kernel32 = Kernel32(opened=False)
    with pytest.raises(FileNotFoundError):
        Changes("C:\\root", kernel32)
    assert sorted(kernel32.closed) == [FIRST_EVENT + 1, FIRST_EVENT + 2]


@pytest.mark.skipif(sys.platform != "win32", reason="asks Windows itself")
def test_the_system_itself_tells(tmp_path: Path) -> None:
    changes = Changes(str(tmp_path))
    heard: list[Change] = []

    def wait_for(*wanted: Change) -> None:
        end = time.monotonic() + 30
        while not set(wanted) <= set(heard) and time.monotonic() < end:
            heard.extend(changes.read(0.5))
        assert set(wanted) <= set(heard), heard

    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "ä").write_bytes(b"1")
    wait_for(Change(Act.ADDED, "d"), Change(Act.ADDED, "d/ä"))
    os.rename(tmp_path / "d" / "ä", tmp_path / "d" / "b")
    wait_for(Change(Act.OLD_NAME, "d/ä"), Change(Act.NEW_NAME, "d/b"))
    (tmp_path / "d" / "b").unlink()
    wait_for(Change(Act.REMOVED, "d/b"))
    changes.wake()
    changes.close()
    with pytest.raises(OSError) as caught:
        Changes(str(tmp_path / "none"))
    assert caught.value.errno == errno.ENOENT
