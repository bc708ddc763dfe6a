"""How a start knows that the machine has stopped in between, and what may not have got to the disk by then.

A file that a program has written lies in memory for a while: for 30 seconds, as Linux has it unless told otherwise, and
for ten minutes where it saves power.  So what was written less than WINDOW before the machine stopped may be damaged,
whatever its stamp says (HAZARDS B6).  A process that is killed loses nothing of the kind: the boot is the same.

A note in the data directory says which boot of the machine it was, and from which moment on what is written may be at
risk.  It is renewed now and then, and durable each time.  By the clock that stamps files the moment is the earliest of
the last WINDOW: a clock that is put forward hides nothing.  One that is put back, beyond all of that, is noted before
anything that is stamped by it is remembered, and so before it is sent.  On another machine, to which all was copied,
clock and stamps are others: there all may be damaged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from syncagent.agent.tally import this_machine
from syncagent.engine.events import Stop
from syncagent.engine.status import State, Status
from syncagent.errors import SyncAgentError
from syncagent.model.values import fixed
from syncagent.private import write_private

WINDOW: Final = 900.0
BEAT: Final = 60.0
"""Seconds between two notes."""

NOTE: Final = "alive.json"

_PROVEN: Final = frozenset({State.SYNCING, State.WAITING, State.IDLE})
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_log: Final = logging.getLogger(__name__)


@fixed
class Clocks:
    """``mono``: seconds that only go forward.  ``wall_ns``: the clock that stamps files."""

    mono: Callable[[], float]
    wall_ns: Callable[[], int]


class Vigil:
    """``boot`` is another one after each start of the machine; "" where the system does not tell, and then each start
    counts as one.  ``booted_ns`` is when that was, by the clock that stamps files.  ``read`` gives the note ("" when
    there is none), ``write`` makes it durable.  ``machine`` is a name of this one; "" where that is not known."""

    def __init__(
        self,
        boot: str,
        booted_ns: int,
        read: Callable[[], str],
        write: Callable[[str], None],
        clocks: Clocks,
        machine: str = "",
    ) -> None:
        self._boot = boot
        self._booted_ns = booted_ns
        self._read = read
        self._write = write
        self._clocks = clocks
        self._machine = machine
        self._moments: deque[tuple[float, int]] = deque()
        self._since_ns: int | None = None
        """What is noted, once a start has read the note before."""
        self._unread: Stop | None = None
        """What may be damaged and was not looked at yet."""

    def begin(self) -> Stop | None:
        """What the last note says; a new one is begun."""
        note = self._last()
        if note is None:
            # Someone may have written until just now what this first life will see, and send.
            self._moments.append((self._clocks.mono(), self._clocks.wall_ns() - round(WINDOW * 1e9)))
        else:
            boot, since_ns, cleanly, self._unread = note
            # What was at risk then is so still: what comes of the look has to be durable before it may be forgotten.
            self._moments.append((self._clocks.mono(), since_ns))
            if not boot or boot != self._boot:
                # A clock that has lost its time at the start tells nothing of what came before or after.
                booted_ns = self._booted_ns if self._booted_ns > since_ns > 0 else None
                stop = Stop(since_ns, cleanly, booted_ns)
                self._unread = stop if self._unread is None else _either(self._unread, stop)
        self.beat()
        return self._unread

    def hear(self, status: Status) -> None:
        """How the agent stands: once it has looked at all, and heard all that the hub has, it has looked at what was at
        risk.  Not before that: what it has to ask the hub about is remembered in the database, which may be lost."""
        if status.state in _PROVEN:
            self._unread = None

    def beat(self) -> None:
        """Note that all is well.  Blocks."""
        self._note(stopped=False)

    def mind(self, do: Callable[[Callable[[], None]], None]) -> None:
        """Have a beat done, if the clock was put back to before all that is noted."""
        if self._since_ns is not None and self._clocks.wall_ns() < self._since_ns:
            do(self.beat)

    def end(self) -> None:
        """The agent stops, as it was told to.  A life that never began (its database was damaged, its folder was not
        there) has not read the note, and leaves it to the next one."""
        if self._since_ns is not None:
            self._note(stopped=True)

    async def keep(self, do: Callable[[Callable[[], None]], None]) -> None:
        """Beat for ever; ``do`` has that done in a thread."""
        while True:
            await asyncio.sleep(BEAT)
            do(self.beat)

    def _last(self) -> tuple[str, int, bool, Stop | None] | None:
        try:
            note = json.loads(self._read())
            unread = note["unread"]
            before = None
            if unread:
                booted_ns = unread["booted_ns"]
                before = Stop(
                    int(unread["since_ns"]), bool(unread["cleanly"]), None if booted_ns is None else int(booted_ns)
                )
            elsewhere = self._machine and note.get("machine", "") not in ("", self._machine)
            return str(note["boot"]), 0 if elsewhere else int(note["since_ns"]), bool(note["stopped"]), before
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _note(self, *, stopped: bool) -> None:
        now = self._clocks.mono()
        # By the clock as it is now: what has been written since it was put back has been since the last note.
        since_last = now - self._moments[-1][0] if self._moments else 0.0
        self._moments.append((now, self._clocks.wall_ns() - round(since_last * 1e9)))
        while self._moments[0][0] < now - WINDOW:
            self._moments.popleft()
        self._since_ns = since_ns = min(wall_ns for _, wall_ns in self._moments)
        unread = None if self._unread is None else asdict(self._unread)
        note = {
            "machine": self._machine, "boot": self._boot, "since_ns": since_ns, "stopped": stopped, "unread": unread,
        }  # fmt: skip
        try:
            self._write(json.dumps(note) + "\n")
        except (OSError, SyncAgentError) as trouble:
            _log.warning("it could not be noted that all is well: %s", trouble)


def _either(one: Stop, other: Stop) -> Stop:
    booted_ns = None if one.booted_ns is None or other.booted_ns is None else max(one.booted_ns, other.booted_ns)
    return Stop(min(one.since_ns, other.since_ns), one.cleanly and other.cleanly, booted_ns)


def vigil_in(data_dir: Path) -> Vigil:
    """The vigil of the agent of this data directory."""
    note = data_dir / NOTE

    def read() -> str:
        return note.read_text(encoding="ascii", errors="replace")

    def write(text: str) -> None:
        write_private(note, text)

    return Vigil(_boot(), _booted_ns(), read, write, Clocks(time.monotonic, time.time_ns), this_machine())


def _booted_ns() -> int:
    if sys.platform == "win32":
        return time.time_ns() - time.monotonic_ns()  # counts from the start of the system there
    else:  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return time.time_ns() - time.clock_gettime_ns(clock)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
