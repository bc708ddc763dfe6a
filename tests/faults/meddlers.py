"""What is done with the calls: counted, died at, made to fail."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.calls import Call, as_database_error

T = TypeVar("T")


class Counter:
    """Counts the calls that change something, and keeps what they were."""

    def __init__(self, record: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if record else -1
        self.count = 0

    def around(self, call: Call, act: Callable[[], T], half: Callable[[], Any] | None = None) -> T:
        if call.mutating:
            with self._lock:
                self.count += 1
                if self._record >= 0:
                    os.write(self._record, f"{call}\n".encode())
        return act()


class Killer:
    """The process dies at the n-th call that changes something: before it, after it, or (a write) half way through.

    It dies as by the kernel's hand: nothing is cleaned up, no buffer of ours is written out.
    """

    def __init__(self, number: int, when: str, record: Path) -> None:
        self._number = number
        self._when = when
        self._lock = threading.Lock()
        self._count = 0
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def around(self, call: Call, act: Callable[[], T], half: Callable[[], Any] | None = None) -> T:
        if not call.mutating:
            return act()
        with self._lock:
            self._count += 1
            fatal = self._count == self._number
            if fatal and self._when == "before":
                self._die(call)
        if not fatal:
            return act()
        if self._when == "within" and half is not None:
            half()
        else:
            act()
        self._die(call)
        raise AssertionError("it is dead")

    def _die(self, call: Call) -> None:
        os.write(self._record, f"{self._when} {call}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(slots=True)
class Failing:
    """Calls of one port and name fail with an errno, from the n-th on, so many times; or until it is healed."""

    port: str
    name: str
    number: int
    first: int = 1
    times: int = 1
    only: str = ""
    """Where given: calls on paths with this in them."""
    failed: int = 0
    healed: bool = False
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def around(self, call: Call, act: Callable[[], T], half: Callable[[], Any] | None = None) -> T:
        if call.port == self.port and call.name == self.name and (self.only in call.path or self.only in call.to):
            with self._lock:
                self._count += 1
                fails = not self.healed and self._count >= self.first and self.failed < self.times
                self.failed += fails
            if fails:
                if self.port == "db":
                    raise as_database_error(self.number)
                raise OSError(self.number, os.strerror(self.number), call.path)
        return act()
