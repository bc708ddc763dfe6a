"""Other programs of this machine come before what takes long: large files read, put together or removed, and masses.

"low" is about the disk alone: such work is done behind that of others, thread by thread, and an edit of a small file
passes it as before.  "lowest" also has the whole process wait for others' turns on the processors.  A thread alone
never does: it would be made to wait while it holds what all the others need to go on (Python's lock), and an edit
would wait for every busy program of the machine.  What a system does not have is not in force, and said.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
Level: TypeAlias = Literal["normal", "low", "lowest"]

NICE: Final = 10

_BEST_EFFORT, _LAST, _IDLE, _CLASS_SHIFT, _THREAD = 2, 7, 3, 13, 1
_CALLS: Final = {
    "x86_64": 251, "i386": 289, "i686": 289, "aarch64": 30, "riscv64": 30, "loongarch64": 30, "armv7l": 314,
    "armv6l": 314, "ppc64le": 273, "ppc64": 273, "s390x": 282,
}  # fmt: skip
"""The number of ``ioprio_set`` on machines of each kind."""


class System(Protocol):
    """What a system can do for it.  Each call may raise OSError."""

    disk: tuple[str, str]
    """What "low" and "lowest" come to for the disk, in words; "" where there is nothing of the kind."""

    def behind(self, *, idle: bool) -> int:
        """From now on what this thread does with a disk waits for others; ``idle``: until no one else has anything.
        Gives how it was before."""

    def as_before(self, before: int) -> None:
        """It does not any more."""

    def whole(self, *, last: bool) -> None:
        """The processors serve all of this process when others have had their turn; or as everyone."""


class Nothing:
    """A system that has nothing of the kind."""

    disk = ("", "")

    def behind(self, *, idle: bool) -> int:
        return 0

    def as_before(self, before: int) -> None:
        pass

    def whole(self, *, last: bool) -> None:
        pass


class Linux:
    """``syscall`` is the system's; ``number`` that of ioprio_set.  Some schedulers of disks (`none`, `kyber`) pass it
    over."""

    disk = ("best-effort 7", "idle")

    def __init__(self, number: int, syscall: Callable[..., int], errno: Callable[[], int]) -> None:
        self._number, self._syscall, self._errno = number, syscall, errno

    def behind(self, *, idle: bool) -> int:
        before = self._syscall(self._number + 1, _THREAD, 0)  # on each machine ioprio_get comes next
        self._set(_IDLE << _CLASS_SHIFT if idle else (_BEST_EFFORT << _CLASS_SHIFT) | _LAST)
        return max(before, 0)

    def as_before(self, before: int) -> None:
        self._set(before)

    def _set(self, what: int) -> None:
        if self._syscall(self._number, _THREAD, 0, what) != 0:
            number = self._errno()
            raise OSError(number, os.strerror(number))

    def whole(self, *, last: bool) -> None:
        if sys.platform != "win32":
            own_session = os.getsid(0) == os.getpid()
            for name in os.listdir("/proc/self/task"):
                with contextlib.suppress(ProcessLookupError):  # a thread that has ended meanwhile
                    os.setpriority(os.PRIO_PROCESS, int(name), NICE if last else 0)
            if own_session:
                # Where each session has a share of its own, a nice value counts within it alone.
                with contextlib.suppress(OSError):
                    Path("/proc/self/autogroup").write_text(str(NICE if last else 0), encoding="ascii")


class MacOs:
    """``policy`` is ``setiopolicy_np``."""

    disk = ("utility", "throttled")

    def __init__(self, policy: Callable[[int, int, int], int]) -> None:
        self._policy = policy

    def behind(self, *, idle: bool) -> int:
        self._set(3 if idle else 4)  # throttle, utility
        return 0

    def as_before(self, before: int) -> None:
        self._set(before)

    def _set(self, what: int) -> None:
        if self._policy(0, 1, what) != 0:  # of the disk; of this thread
            raise OSError(0, "the system refuses it")

    def whole(self, *, last: bool) -> None:
        if sys.platform != "win32":
            os.setpriority(os.PRIO_PROCESS, 0, NICE if last else 0)


class Windows:
    """``thread`` sets the priority of what this thread does with disks (0 very low, 1 low, 2 as everyone), ``process``
    the class of the whole process."""

    disk = ("low", "very low")

    def __init__(self, thread: Callable[[int], int], process: Callable[[int], int]) -> None:
        self._thread, self._process = thread, process

    def behind(self, *, idle: bool) -> int:
        self._checked(self._thread(0 if idle else 1) == 0)
        return 2

    def as_before(self, before: int) -> None:
        self._checked(self._thread(before) == 0)

    def whole(self, *, last: bool) -> None:
        self._checked(self._process(0x4000 if last else 0x20) != 0)  # below normal, normal

    def _checked(self, good: bool) -> None:
        if not good:
            raise OSError(0, "the system refuses it")


def system_here() -> System:
    """That of this machine."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        if sys.platform == "linux":
            import ctypes  # noqa: PLC0415 - not for `status`

            number = _CALLS.get(platform.machine())
            if number is not None:
                return Linux(number, ctypes.CDLL(None, use_errno=True).syscall, ctypes.get_errno)
        elif sys.platform == "darwin":
            import ctypes  # noqa: PLC0415 - as above

            return MacOs(ctypes.CDLL(None).setiopolicy_np)
        elif sys.platform == "win32":
            return _windows()
    return Nothing()


if sys.platform == "win32":

    def _windows() -> System:
        import ctypes  # noqa: PLC0415 - as above

        kernel, native = ctypes.WinDLL("kernel32"), ctypes.WinDLL("ntdll")
        kernel.GetCurrentThread.restype = kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.SetPriorityClass.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        native.NtSetInformationThread.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32]

        def thread(how: int) -> int:
            value = ctypes.c_uint32(how)
            found: int = native.NtSetInformationThread(kernel.GetCurrentThread(), 22, ctypes.byref(value), 4)
            return found  # 22 is ThreadIoPriority

        def process(how: int) -> int:
            found: int = kernel.SetPriorityClass(kernel.GetCurrentProcess(), how)
            return found

        return Windows(thread, process)


class Priority:
    """What is in force in this process."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._level: Level = "normal"
        self._troubles: dict[str, str] = {}
        self._here = threading.local()

    @property
    def level(self) -> Level:
        return self._level

    def go_by(self, level: Level) -> None:
        """From now on it is this.  What the system refuses is told in ``in_force``, and no one waits for it."""
        before, self._level = self._level, level
        if "lowest" in (before, level) and before != level:
            self._try("processors", lambda: self._system.whole(last=level == "lowest"))

    @contextlib.contextmanager
    def behind(self) -> Iterator[None]:
        """What is done within, in this thread, takes long: whatever others want of the disk comes first."""
        level = self._level
        if level == "normal" or getattr(self._here, "behind", False):
            yield
            return
        self._here.behind = True
        before = self._try("disk", lambda: self._system.behind(idle=level == "lowest"))
        try:
            yield
        finally:
            self._here.behind = False
            if before is not None:
                self._try("disk", lambda: self._system.as_before(before))

    def _try(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            found = call()
        except OSError as error:
            self._troubles[what] = error.strerror or str(error)
            return None
        self._troubles.pop(what, None)
        return found

    def in_force(self) -> dict[str, Any]:
        """For those who look."""
        return {"level": self._level, "text": self.in_words(), "refused": dict(self._troubles)}

    def in_words(self) -> str:
        """``low: large files and masses of them wait for others at the disk (best-effort 7)``."""
        if self._level == "normal":
            return "normal: as every program"
        disk = self._system.disk[self._level == "lowest"]
        found = "large files and masses of them wait for others at the disk" + (f" ({disk})" if disk else "")
        if not disk:
            found = "this system has nothing of the kind for disks"
        elif why := self._troubles.get("disk"):
            found = f"for the disk the system refuses it ({why})"
        if self._level == "lowest":
            why = self._troubles.get("processors")
            others = "all of it has the last turn at the processors"
            found += f"; for the processors the system refuses it ({why})" if why else f"; {others}"
        return f"{self._level}: {found}"


HERE: Final = Priority(system_here())
"""That of this process: its threads work for all profiles, and for the hub of `up`."""
