"""What tells a simulated agent of changes: the real gathering of hints, over a kernel that loses, delays or repeats
them, or has too many of them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from syncagent.localfs.dirty import DirtySet, Hints, Seen
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.watcher import WatchState
from syncagent.model.names import RelPath
from tests.sim.clock import Schedule
from tests.sim.loop import SimLoop
from tests.sim.threads import Killed

STAND = 0.02
"""Seconds until all watches stand, at most."""


class SimWatcher:
    """``mood`` says of each word of the kernel what becomes of it: how many seconds it is late, once for each time that
    it comes; nothing when it is lost."""

    def __init__(
        self,
        schedule: Schedule,
        loop: SimLoop,
        name: str,
        rng: Random,
        disk: MemoryDisk,
        on_hints: Callable[[Hints], None],
        is_own: Callable[[RelPath], bool],
    ) -> None:
        self._schedule = schedule
        self._loop = loop
        self._name = name
        self._rng = rng
        self._disk = disk
        self._on_hints = on_hints
        self._is_own = is_own
        self._dirty = DirtySet()
        self._standing = False
        self._stopped = False
        self._next: float | None = None
        self.mood: Callable[[], list[float]] = lambda: [0.0]
        self.killed: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._schedule.soon(f"{self._name} watches", self._stand, STAND, self._rng)

    def stop(self) -> None:
        self._stopped = True

    def state(self) -> WatchState:
        return WatchState(live=self._standing, degraded="" if self._standing else "starting")

    def _stand(self) -> None:
        if self._alive:
            self._standing = True
            self._on_hints(Hints((), (), everything=True, reason="start"))

    @property
    def _alive(self) -> bool:
        return self._loop.alive and not self._stopped

    def saw(self, path: str, origin: str | None = None) -> None:
        """Something happened at ``path``, which may have come from ``origin``."""
        if self._standing and self._alive:
            for late in self.mood():
                delay = late + self._rng.random() * 0.002
                self._schedule.after(delay, f"{self._name} event", lambda: self._saw(path, origin))

    def overflow(self) -> None:
        """Too much happened at once: what waited is lost, and it is known that something is."""
        if self._standing and self._alive:
            self._dirty = DirtySet()
            self._dirty.everything(self._schedule.now, "overflow")
            self._arrange()

    def _saw(self, path: str, origin: str | None) -> None:
        if not self._alive:
            return
        now = self._schedule.now
        try:
            inode = self._disk.find(RelPath(path))
        except OSError:
            self._dirty.saw(now, RelPath(path), Seen.GONE)
        else:
            came = RelPath(origin) if origin is not None else None
            seen = Seen.CLOSED if not inode.is_dir and origin is None else Seen.APPEARED
            if seen is Seen.CLOSED and self._is_own(RelPath(path)):
                return
            self._dirty.saw(now, RelPath(path), seen, is_dir=inode.is_dir, origin=came)
        self._arrange()

    def _arrange(self) -> None:
        due = self._dirty.next_due()
        if due is not None and (self._next is None or due < self._next):
            self._next = due
            self._schedule.at(due, f"{self._name} hints", self._give)

    def _give(self) -> None:
        if not self._alive or (self._next is not None and self._next > self._schedule.now):
            return
        self._next = None
        hints = self._dirty.take(self._schedule.now)
        if hints is not None:
            try:
                self._on_hints(hints)
            except Killed:
                self.killed()  # in the middle of a look of the thread that hears of changes
                return
        self._arrange()
