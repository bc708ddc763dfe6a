"""Changes of addresses on Windows, with libraries that answer as its own are documented to."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

from syncagent.windows.addresses import Addresses, watching


class Function:
    """A function of a library: it has a type of result that can be set."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self.restype: Any = None

    def __call__(self, *args: Any) -> Any:
        return self._act(*args)


class System:
    """Both libraries: events are numbers, and who waits for two of them gets the first that is set."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.events: list[int] = []
        self.closed: list[int] = []
        self.cancelled = 0
        self.asked = 0
        self._set: queue.Queue[int] = queue.Queue()
        self.CreateEventW = Function(self._create)

    def _create(self, *_: Any) -> int:
        self.events.append(len(self.events) + 1)
        return self.events[-1]

    def NotifyAddrChange(self, handle: Any, overlapped: Any) -> int:  # noqa: N802 - the system's name
        self.asked += 1
        return 5 if self.refuses else 997

    def WaitForMultipleObjects(self, count: int, handles: Any, every: bool, seconds: int) -> int:  # noqa: N802
        assert (count, every, seconds) == (2, False, 0xFFFFFFFF)
        return list(handles).index(self._set.get())

    def SetEvent(self, event: Any) -> None:  # noqa: N802 - the system's name
        self._set.put(event.value)

    def CancelIPChangeNotify(self, overlapped: Any) -> None:  # noqa: N802 - the system's name
        self.cancelled += 1

    def CloseHandle(self, event: Any) -> None:  # noqa: N802 - the system's name
        self.closed.append(event.value)

    def change(self) -> None:
        """An address has come or gone."""
        self._set.put(2)


async def test_each_change_is_told_in_the_loop_and_all_is_given_back() -> None:
    system, told = System(), asyncio.Queue[str]()
    with watching(lambda: told.put_nowait(threading.current_thread().name), Addresses(system, system)):
        for _ in range(2):
            system.change()
            assert await asyncio.wait_for(told.get(), 20) == threading.main_thread().name
    assert (system.cancelled, sorted(system.closed)) == (1, system.events)
    assert told.empty()


async def test_a_system_that_does_not_tell_is_not_asked_again() -> None:
    system = System(refuses=True)
    with watching(lambda: None, Addresses(system, system)):
        pass
    assert (system.asked, sorted(system.closed)) == (1, system.events)
