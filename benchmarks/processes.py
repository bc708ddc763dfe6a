"""The processes of a peer, with all that they start in turn: what they take of processor and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes, of all processes together.  What several of them share counts in ``rss`` for each, in ``pss`` once."""

    rss: int
    pss: int


class Family:
    """All processes of one peer, on both sides."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._roots: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._spent = 0.0
        """What those took that are gone."""

    def launch(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Start one that stays."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self._roots.append((name, process))

    def run(self, command: Sequence[str | Path], good: Sequence[int] = (0,)) -> None:
        """Run one to its end."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._spent += usage.ru_utime + usage.ru_stime
        if process.returncode not in good:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: see {self.log}")

    def fallen(self) -> list[str]:
        """Who ended without being asked to."""
        return [name for name, process in self._roots if process.poll() is not None]

    def cpu_seconds(self) -> float:
        """What all have taken so far, user and system."""
        return self._spent + sum(_cpu_seconds(pid) for pid in self._members())

    def memory(self) -> Memory:
        members = self._members()
        return Memory(sum(_kilobytes(pid, "VmRSS") for pid in members) << 10, sum(map(_pss, members)))

    def peaks(self) -> dict[str, int]:
        """The most memory that each of those we launched ever had, in bytes."""
        return {name: _kilobytes(process.pid, "VmHWM") << 10 for name, process in self._roots}

    def rest(self, patience: float = 3.0) -> None:
        """Wait until they have nothing left to do; there are peers that always have."""
        end = time.monotonic() + patience
        before, quiet = self.cpu_seconds(), 0
        while quiet < 2 and time.monotonic() < end:
            time.sleep(0.25)
            now = self.cpu_seconds()
            quiet = quiet + 1 if now - before < 0.03 else 0
            before = now

    def end(self, patience: float = 20.0) -> None:
        """Ask each to end, the last first, and see to it that it does, with all that it started."""
        for _, process in reversed(self._roots):
            with suppress(ProcessLookupError):
                process.terminate()
        end = time.monotonic() + patience
        for _, process in self._roots:
            while process.returncode is None:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    process.returncode = os.waitstatus_to_exitcode(status)
                    self._spent += usage.ru_utime + usage.ru_stime
                elif time.monotonic() > end:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                else:
                    time.sleep(0.005)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self._roots.clear()

    def _members(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (fields := _stat(int(entry))):
                children.setdefault(int(fields[1]), []).append(int(entry))
        found = [process.pid for _, process in self._roots]
        for pid in found:  # it grows while we walk
            found.extend(children.get(pid, []))
        return found


def _stat(pid: int) -> list[str]:
    """The fields of a process from its state on; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_seconds(pid: int) -> float:
    """User and system, and those of its children that it has waited for."""
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / _TICKS if fields else 0.0


def _kilobytes(pid: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0
