"""What the kernel's events mean: numbers of watches and names become paths, and new folders are watched.

A lookout knows paths and watches, no threads and no batches; the watcher drives it.  The system calls are behind
``Kernel``, so that running out of watches can be tried.

Invariant: a folder is hinted (with all beneath it) after its watch stands, and its inner folders are listed after that.
So what was made in a new folder before it was watched is found, at any depth (HAZARDS A3).

Adding watches never keeps events waiting: folders still to be listed stand in a queue, and between a few of them the
events are read.  That also keeps the kernel's queue from running over while a large tree is being walked.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from syncagent.localfs.dirty import Seen
from syncagent.localfs.rulebook import RuleBook, under
from syncagent.localfs.watched import Watch, Watched
from syncagent.model.names import OWN_FOLDER, RelPath, join
from syncagent.rules.layers import RULE_FILE

Event: TypeAlias = tuple[Watch, int, int, bytes]
"""Watch, mask, cookie, name."""

# From the kernel's <linux/inotify.h>; they are part of its promise to programs and never change.
IN_MODIFY: Final = 0x2
IN_ATTRIB: Final = 0x4
IN_CLOSE_WRITE: Final = 0x8
IN_MOVED_FROM: Final = 0x40
IN_MOVED_TO: Final = 0x80
IN_CREATE: Final = 0x100
IN_DELETE: Final = 0x200
IN_DELETE_SELF: Final = 0x400
IN_MOVE_SELF: Final = 0x800
IN_UNMOUNT: Final = 0x2000
IN_Q_OVERFLOW: Final = 0x4000
IN_IGNORED: Final = 0x8000
IN_ONLYDIR: Final = 0x1000000
IN_DONT_FOLLOW: Final = 0x2000000
IN_EXCL_UNLINK: Final = 0x4000000
IN_ISDIR: Final = 0x40000000

MASK: Final = (
    IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR
) | IN_EXCL_UNLINK
"""Nothing that reading causes: our own scans would flood our own queue."""
MASK_INNER: Final = MASK | IN_DONT_FOLLOW
MASK_ROOT: Final = MASK | IN_DELETE_SELF | IN_MOVE_SELF

LISTED_AT_ONCE: Final = 32
"""Folders that are listed between two readings of events."""
ADRIFT_FOR: Final = 1.0
"""Seconds until a folder that vanished, and appeared nowhere, is watched no longer."""


class Blind(Exception):
    """The lookout cannot see any more and is to be closed.  ``reason`` is overflow, root, limit or system; the text is
    for a person."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Kernel(Protocol):
    """inotify: one queue of events and its watches."""

    def add(self, path: str, mask: int) -> Watch:
        """Watch the folder at ``path``.  Raises OSError."""
        ...

    def remove(self, watch: Watch) -> None:
        """Watch it no longer.  No error when it is not watched."""
        ...

    def read(self, timeout: float | None) -> list[Event]:
        """The events that are there; when there are none, wait for some, for ``timeout`` seconds at most."""
        ...

    def wake(self) -> None:
        """End a ``read``.  From any thread."""
        ...

    def close(self) -> None: ...


class Saw(Protocol):
    """Where sightings go: `DirtySet.saw`."""

    def __call__(
        self, now: float, path: RelPath, seen: Seen, *, is_dir: bool = False, origin: RelPath | None = None
    ) -> None: ...


class Lookout:
    """Follows all folders beneath ``root`` but those that rules leave out.  Not safe for use by two threads."""

    def __init__(
        self,
        root: str,
        kernel: Kernel,
        saw: Saw,
        clock: Callable[[], float] = time.monotonic,
        rule_files: tuple[str, ...] = (RULE_FILE,),
    ) -> None:
        self._root = root
        self._rules = RuleBook(under(root), rule_files)
        self._kernel = kernel
        self._saw = saw
        self._clock = clock
        self._device = 0
        self._todo: deque[tuple[Watch, bool]] = deque()
        """Folders to be listed; and whether the watched folders within must be listed too."""
        self._watched: Watched | None = None
        self._origin: tuple[int, RelPath] | None = None
        """The cookie and path of the last half of a move."""
        self.standing = False
        """Whether all folders were watched at some moment.  Before that nothing is told to ``saw``."""
        self.too_deep = 0
        """Folders that could not be watched because the path to them is too long."""

    @property
    def watches(self) -> int:
        return len(self._watched) if self._watched is not None else 0

    def open(self) -> None:
        """Watch the root.  Raises Blind."""
        try:
            self._device = os.stat(self._root).st_dev
            root = self._kernel.add(self._root, MASK_ROOT)
        except OSError as error:
            raise blind_by(error) or Blind("root", f"the folder cannot be watched: {error.strerror}") from None
        self._watched = Watched(root)
        self._todo.append((root, True))

    def wake(self) -> None:
        """End a ``step`` that waits.  From any thread."""
        self._kernel.wake()

    def close(self) -> None:
        self._kernel.close()

    def step(self, timeout: float | None) -> None:
        """Read events once, waiting at most ``timeout`` seconds, and watch some of the folders that wait for it.

        Raises Blind when events were lost, or when the root or the watches are gone.
        """
        watched = self._watched
        if watched is None:
            raise RuntimeError("open() comes first")
        since = watched.adrift_since()
        if self._todo:
            timeout = 0.0
        elif since is not None:
            left = max(since + ADRIFT_FOR - self._clock(), 0.0)
            timeout = left if timeout is None else min(timeout, left)
        events = self._kernel.read(timeout)
        now = self._clock()
        self._rules.begin()
        for watch, mask, cookie, name in events:
            self._on_event(watched, now, watch, mask, cookie, name)
        for _ in range(min(len(self._todo), LISTED_AT_ONCE)):
            self._list(watched, *self._todo.popleft(), now)
        if since is not None:
            for watch in watched.sweep(now - ADRIFT_FOR):
                self._kernel.remove(watch)
        if not self._todo:
            self.standing = True

    def _on_event(self, watched: Watched, now: float, watch: Watch, mask: int, cookie: int, name: bytes) -> None:
        if mask & IN_Q_OVERFLOW:
            raise Blind("overflow", "more changed at once than the system keeps account of; looking at everything")
        if not name:
            self._on_self(watched, now, watch, mask)
            return
        folder = watched.path(watch)
        if folder is None or watched.is_adrift(watch):
            return  # should it come to stand somewhere else in the root, all beneath it is looked at then
        text = os.fsdecode(name)
        path = join(folder, text)
        if not folder and text == OWN_FOLDER:
            return
        if mask & IN_ISDIR:
            self._on_folder(watched, now, watch, text, path, mask, cookie)
            return
        if text in self._rules.names:
            self._todo.append((watch, True))  # what is watched there may be left out now, or not any more
        if self.standing:
            self._on_file(now, path, mask, cookie)

    def _on_self(self, watched: Watched, now: float, watch: Watch, mask: int) -> None:
        """An event about the watched folder itself; what becomes of inner ones, the folder that holds them tells."""
        if watch == watched.root and mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED):
            raise Blind("root", "the folder was moved, deleted or unmounted")
        if mask & IN_IGNORED:
            watched.forget(watch, now)

    def _on_file(self, now: float, path: RelPath, mask: int, cookie: int) -> None:
        if mask & IN_MODIFY:
            self._saw(now, path, Seen.WRITTEN)
        elif mask & IN_CLOSE_WRITE:
            self._saw(now, path, Seen.CLOSED)
        elif mask & IN_CREATE:
            self._saw(now, path, Seen.CREATED if self._is_being_written(path) else Seen.APPEARED)
        elif mask & IN_MOVED_TO:
            self._saw(now, path, Seen.APPEARED, origin=self._origin_of(cookie))
        elif mask & (IN_DELETE | IN_MOVED_FROM):
            self._origin = (cookie, path) if mask & IN_MOVED_FROM else self._origin
            self._saw(now, path, Seen.GONE)
        elif mask & IN_ATTRIB:
            self._saw(now, path, Seen.TOUCHED)

    def _is_being_written(self, path: RelPath) -> bool:
        """Whether a new file is one that somebody opened.  A link, a pipe or a second name is never closed."""
        try:
            status = os.lstat(join(RelPath(self._root), path))
        except OSError:
            return True
        return stat.S_ISREG(status.st_mode) and status.st_nlink == 1

    def _origin_of(self, cookie: int) -> RelPath | None:
        return self._origin[1] if self._origin is not None and self._origin[0] == cookie else None

    # --- folders -------------------------------------------------------------------------------------------------

    def _on_folder(
        self, watched: Watched, now: float, holder: Watch, name: str, path: RelPath, mask: int, cookie: int
    ) -> None:
        if mask & (IN_DELETE | IN_MOVED_FROM):
            self._origin = (cookie, path) if mask & IN_MOVED_FROM else self._origin
            watched.detach(holder, name, now)
            if self.standing:
                self._saw(now, path, Seen.GONE, is_dir=True)
        elif mask & (IN_CREATE | IN_MOVED_TO):
            # Whatever moved may have moved before its inner folders were watched: they are all added again.
            self._watch(watched, now, holder, name, deep=bool(mask & IN_MOVED_TO))
            if self.standing:
                origin = self._origin_of(cookie) if mask & IN_MOVED_TO else None
                self._saw(now, path, Seen.APPEARED, is_dir=True, origin=origin)
        elif mask & IN_ATTRIB:
            if watched.inner(holder, name) is None:  # it may have become readable
                self._watch(watched, now, holder, name, deep=False)
            if self.standing:
                self._saw(now, path, Seen.TOUCHED, is_dir=True)

    def _watch(self, watched: Watched, now: float, holder: Watch, name: str, *, deep: bool) -> None:
        """Watch the folder ``name`` in ``holder``, and have it listed if that is news."""
        folder = watched.path(holder)
        if folder is None:
            return
        path = join(folder, name)
        if self._is_out(path):
            watched.detach(holder, name, now)
            return
        try:
            watch = self._kernel.add(join(RelPath(self._root), path), MASK_INNER)
        except OSError as error:
            blind = blind_by(error)
            if blind is not None:
                raise blind from None
            # Else it vanished, and an event tells or told; or it may not be read, and then neither can a scan.
            self.too_deep += error.errno == errno.ENAMETOOLONG
            return
        news = watched.attach(watch, holder, name, now)
        if news and self.standing:
            self._saw(now, path, Seen.APPEARED, is_dir=True)
        if news or deep:
            self._todo.append((watch, deep))

    def _list(self, watched: Watched, watch: Watch, deep: bool, now: float) -> None:
        path = watched.path(watch)
        if path is None:
            return
        try:
            with os.scandir(join(RelPath(self._root), path) if path else self._root) as entries:
                found = [entry.name for entry in entries if self._is_ours(entry)]
        except OSError:
            return  # vanished, or not readable: as in _watch
        for name in found:
            if path or name != OWN_FOLDER:
                self._watch(watched, now, watch, name, deep=deep)

    def _is_out(self, folder: RelPath) -> bool:
        """Whether rules leave the folder out: watches are few, and what is left out has many folders at times."""
        try:
            word = self._rules.word(folder, True)
        except OSError:
            return False  # then it cannot be read by anyone
        return word is not None and word.ignores

    def _is_ours(self, entry: os.DirEntry[str]) -> bool:
        """Whether it is a folder of the root's own disk: the scanner does not cross over either."""
        try:
            return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == self._device
        except OSError:
            return False


def blind_by(error: OSError) -> Blind | None:
    """What ``error`` means for the whole lookout; None if only one folder is concerned."""
    if error.errno == errno.ENOSPC:
        return Blind("limit", "the system's limit of watched folders is reached (fs.inotify.max_user_watches)")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Blind("limit", "the system's limit of watching programs is reached (fs.inotify.max_user_instances)")
    if error.errno in (errno.ENOMEM, errno.ENOSYS):
        return Blind("system", f"the system cannot watch folders: {error.strerror}")
    return None
