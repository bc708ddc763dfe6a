"""Watches the folder, and says where to look.

The watcher gives hints, never facts.  It calls ``on_hints`` from its own thread, and the first thing that it says, when
all watches stand, is *everything*: so whatever was changed before that moment is found by the scan that follows, and
whatever is changed after it gives an event.  When it cannot know what happened (the kernel's queue ran over, the root
is gone, the watches are used up), it says *everything* again, and ``state`` tells why.  Where it cannot watch at all it
says *everything* every so often, and tries again now and then.

Of watchdog, on Linux, only the binding to inotify is used (``inotify``), and what lies above it is done in ``lookout``:
watchdog's observer holds all events back for half a second after a file was moved out, goes round for minutes after an
overflow in a large tree, and keeps silent about folders that it could not watch (HAZARDS A1, A2).  On macOS its
observer is used (``observed``), on Windows nothing of it (``told``): it keeps silent about what there was no room for.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from syncagent.localfs.dirty import DirtySet, Hints, Pace, Seen
from syncagent.localfs.lookout import Blind, Lookout, Saw, blind_by
from syncagent.model.names import RelPath
from syncagent.model.values import fixed, replace
from syncagent.rules.layers import RULE_FILE

if sys.platform == "linux":
    from syncagent.localfs.inotify import Inotify
elif sys.platform == "win32":
    from syncagent.localfs.told import Told
else:
    from syncagent.localfs.observed import observed

_log: Final = logging.getLogger(__name__)


CROWD: Final = 0.002
"""Seconds for which events gather before they are read when they come in crowds: to be woken for each costs more than
all that is done about it.  The system keeps many thousands of them."""

MASS: Final = 0.01
"""The same while it is a mass of our own that makes them."""


@fixed
class WatchState:
    """How well the watcher sees.  ``live``: each change is seen as it happens.  ``degraded``: why not, or why not all,
    for a person; empty when all is well."""

    live: bool = False
    degraded: str = ""
    overflows: int = 0
    watches: int = 0
    gathering_since: float | None = None
    """Since when (``time.monotonic``) something is known to have changed that has not been handed on: a file that is
    still being written, the pause in a burst.  None when there is nothing of the kind."""


@fixed
class Rhythm:
    """Seconds between two looks at everything where watching is not possible, between two attempts to watch again, and
    between two looks at whether the root is still the same folder."""

    poll: float = 60.0
    again: float = 300.0
    root: float = 10.0
    pause_most: float = 2.0
    """The longest rest after an overflow, when one follows the other."""


class Eyes(Protocol):
    """What sees: the lookout on Linux, what the system tells on Windows, watchdog's observer on macOS."""

    standing: bool
    too_deep: int

    @property
    def watches(self) -> int: ...
    def open(self) -> None: ...
    def step(self, timeout: float | None) -> None: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...


def _nobody(_: RelPath) -> bool:
    return False


class Watcher:
    """Watches the folder ``root`` from ``start`` to ``stop``, and calls ``on_hints`` from a thread of its own.

    ``on_hints`` must return at once.  Nothing that goes wrong is raised: ``state`` tells it.  ``is_own`` is asked, in
    that thread, of files that have appeared: of masses of our own nothing is gathered where who makes them looks at
    each that was told of.
    """

    def __init__(
        self,
        root: Path,
        on_hints: Callable[[Hints], None],
        *,
        is_own: Callable[[RelPath], bool] = _nobody,
        pace: Pace | None = None,
        rhythm: Rhythm | None = None,
        open_eyes: Callable[[str, Saw], Eyes] | None = None,
    ) -> None:
        self._root = str(root)
        self._on_hints = on_hints
        self._is_own = is_own
        self._own_came = False
        self._dirty = DirtySet(pace)
        self._rhythm = rhythm or Rhythm()
        self._open_eyes = open_eyes or default_eyes
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._state = WatchState(degraded="starting")
        self._eyes: Eyes | None = None
        self._opened_at = 0.0
        self._stood = False
        self._pause = 0.0
        self._gathering_since: float | None = None

    def start(self) -> None:
        """Returns at once.  The first hint, *everything*, comes when all watches stand, or when they cannot."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended; no hint comes after that.  Not to be called from ``on_hints``."""
        with self._lock:
            self._stopping.set()
            if self._eyes is not None:
                self._eyes.wake()
        if self._thread.ident is not None:
            self._thread.join()

    def state(self) -> WatchState:
        """From any thread."""
        eyes = self._eyes
        watches = eyes.watches if eyes is not None else 0
        return replace(self._state, watches=watches, gathering_since=self._gathering_since)

    def _run(self) -> None:
        reason = "start"
        while not self._stopping.is_set():
            try:
                self._watch(reason)
            except Blind as blind:
                reason = self._rest(blind, reason)
            except Exception:  # noqa: BLE001 - a deaf watcher must not look like a live one
                _log.exception("the watcher failed")
                reason = self._rest(Blind("failure", "the watcher failed; the log tells why"), reason)

    def _watch(self, reason: str) -> None:
        """Watch until ``stop``.  Raises Blind."""
        self._opened_at = time.monotonic()
        identity = _identity(self._root)
        eyes = self._open_eyes(self._root, self._saw)
        try:
            with self._lock:
                if self._stopping.is_set():
                    return
                self._eyes = eyes
            eyes.open()
            while not eyes.standing and not self._stopping.is_set():
                eyes.step(0.0)
            _check_root(self._root, identity)
            self._stood = True
            self._set_state(live=True, degraded="")
            self._dirty.everything(time.monotonic(), reason)
            self._follow(eyes, identity)
        finally:
            with self._lock:
                self._eyes = None
            eyes.close()

    def _saw(
        self, now: float, path: RelPath, seen: Seen, *, is_dir: bool = False, origin: RelPath | None = None
    ) -> None:
        # What has come from elsewhere in the root someone has moved, and that is told together with where it left.
        if seen is Seen.APPEARED and origin is None and not is_dir and self._is_own(path):
            self._own_came = True
        else:
            self._dirty.saw(now, path, seen, is_dir=is_dir, origin=origin)

    def _follow(self, eyes: Eyes, identity: tuple[int, int]) -> None:
        check_at = time.monotonic() + self._rhythm.root
        poll_at = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            if now >= check_at:
                _check_root(self._root, identity)
                check_at = now + self._rhythm.root
            if eyes.too_deep and now >= poll_at:
                # A path can be longer than the system takes; what lies there is only seen by looking at everything.
                self._dirty.everything(now, "polling")
                self._set_state(live=True, degraded=f"folders that lie too deep to be watched: {eyes.too_deep}")
                poll_at = now + self._rhythm.poll
            hints = self._dirty.take(now)
            if hints is not None:
                self._tell(hints)
            due = self._dirty.next_due()
            # After what is due was told: at no moment is a change neither here nor with who was told.
            self._gathering_since = None if due is None else self._gathering_since or now
            until = min(check_at, due) if due is not None else check_at
            if self._dirty.crowded or self._own_came:
                time.sleep(MASS if self._own_came else CROWD)
                self._own_came = False
            eyes.step(max(until - time.monotonic(), 0.0))

    def _rest(self, blind: Blind, reason: str) -> str:
        """What to do until watching is tried again; and what is to be said when it succeeds."""
        known = self._state.degraded == str(blind)
        overflows = self._state.overflows + (blind.reason == "overflow")
        self._set_state(live=False, degraded=str(blind), overflows=overflows)
        if blind.reason == "overflow":
            soon = time.monotonic() - self._opened_at < 5 * self._rhythm.pause_most
            self._pause = min(self._pause * 2, self._rhythm.pause_most) if soon and self._pause else 0.05
            self._stopping.wait(self._pause)
            return "overflow" if self._stood else reason
        if not known:
            _log.warning("not watching: %s", blind)
            self._say_everything(blind.reason)
        if blind.reason == "root":
            while not self._stopping.wait(min(self._rhythm.root, 1.0)) and not os.path.isdir(self._root):
                pass
            return "root"
        again_at = time.monotonic() + self._rhythm.again
        while not self._stopping.wait(self._rhythm.poll):
            self._say_everything("polling")
            if time.monotonic() >= again_at:
                break
        return blind.reason

    def _say_everything(self, reason: str) -> None:
        self._dirty.everything(time.monotonic(), reason)
        self._tell(Hints((), (), everything=True, reason=reason))

    def _tell(self, hints: Hints) -> None:
        try:
            self._on_hints(hints)
        except Exception:  # noqa: BLE001 - nor may it die of what others do with a hint
            _log.exception("what was seen could not be handed on")

    def _set_state(self, *, live: bool, degraded: str, overflows: int | None = None) -> None:
        count = self._state.overflows if overflows is None else overflows
        self._state = WatchState(live, degraded, count)


def _identity(root: str) -> tuple[int, int]:
    try:
        status = os.stat(root)
    except OSError as error:
        raise Blind("root", f"the folder is not there: {error.strerror}") from None
    return status.st_dev, status.st_ino


def _check_root(root: str, identity: tuple[int, int]) -> None:
    """A mount over the root leaves our watches on what lies below, and no event tells."""
    if _identity(root) != identity:
        raise Blind("root", "another folder lies where the folder was")


if sys.platform == "linux":

    def default_eyes(root: str, saw: Saw, rule_files: tuple[str, ...] = (RULE_FILE,)) -> Eyes:
        """The best that this system has.  Raises Blind when it has none left."""
        try:
            return Lookout(root, Inotify(), saw, rule_files=rule_files)
        except OSError as error:
            raise (blind_by(error) or Blind("system", f"the system cannot watch folders: {error.strerror}")) from None

elif sys.platform == "win32":

    def default_eyes(root: str, saw: Saw, rule_files: tuple[str, ...] = (RULE_FILE,)) -> Eyes:  # noqa: ARG001
        """What the system tells of all beneath the folder; of what is left out, too."""
        return Told(root, saw)

else:

    def default_eyes(root: str, saw: Saw, rule_files: tuple[str, ...] = (RULE_FILE,)) -> Eyes:  # noqa: ARG001
        """The best that this system has; it watches what is left out, too."""
        return observed(root, saw)
