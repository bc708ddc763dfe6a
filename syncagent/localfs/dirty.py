"""What the watcher saw, gathered until it is worth a look.

Pure: whoever calls passes the time in (seconds of any clock that never goes back).  The rules:

* what is whole (closed, moved in, removed, touched) is handed on after a millisecond, in which what belongs together
  (a copy's new times, the halves of a rename) comes to be one batch;
* a file that was there, was written into and is closed, with nothing else in the moment before, is handed on at once;
* a file that is still being written waits until it has been quiet for a while, or for `Pace.longest` at most
  (HAZARDS A5);
* a file that goes away is held back for a moment when it was not made just now: editors move the old text aside and
  write the new one under its name, and a look in between would see a delete (HAZARDS A10).  The file that it was moved
  to waits with it, so that the two halves of a rename are never looked at apart;
* a folder that goes stands for all that went from it just before;
* in a burst the pauses between batches grow, and many hints in one place become one hint for the folder that holds
  them (a folder hint means: look at it and at all beneath it).

Invariant: nothing that went in is lost.  After each `saw`, a later batch names the path, a folder above it, or
everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from math import inf
from typing import Final

from syncagent.model.names import RelPath, split
from syncagent.model.values import fixed


class Seen(Enum):
    """What was seen of a path."""

    CREATED = "created"
    """A file was made by opening it: it is being written."""
    WRITTEN = "written"
    """Bytes were written; whether more are to come, nobody knows."""
    CLOSED = "closed"
    """Who wrote it closed it."""
    APPEARED = "appeared"
    """It is there, and whole: moved in, a link, a folder."""
    GONE = "gone"
    """Deleted, or moved away."""
    TOUCHED = "touched"
    """Its mode, its times or the like were set."""


@fixed
class Hints:
    """Where to look.  ``paths`` one by one, ``folders`` with all beneath them, or ``everything``."""

    paths: tuple[RelPath, ...]
    folders: tuple[RelPath, ...]
    everything: bool
    reason: str


@fixed
class Pace:
    """Times in seconds."""

    window: float = 0.001
    quiet: float = 0.2
    longest: float = 5.0
    hold: float = 0.06
    """How long a file that went away is held back."""
    pause_most: float = 0.25
    """The longest pause between two batches of a burst."""
    in_folder: int = 128
    in_all: int = 512


QUIET_BEFORE: Final = 0.01
"""Seconds since the last batch: an edit after them stands alone."""
FRESH_FOR: Final = 10.0
FRESH_MOST: Final = 1024
STEADY: Final = 1000.0
"""Hints in a second that are handed on without a pause.  A person's edits, and a program's one by one, are fewer."""
AHEAD: Final = 64
"""So many hints more than that make a burst: each of its batches waits twice as long as the one before."""
PAUSE_LEAST: Final = 0.004


@dataclass(slots=True)
class _Entry:
    first: float
    """When the first hint came that no batch has named yet: no wait is longer than `Pace.longest` from here."""
    due: float
    writing: bool
    gone: bool
    origin: RelPath | None = None
    edited: bool = False
    """Whether all that was seen of it is that someone wrote into it."""


class DirtySet:
    """The paths to look at, and when.  Not safe for use by two threads."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._files: dict[RelPath, dict[RelPath, _Entry]] = {}
        """By the folder that holds them."""
        self._count = 0
        self._folders: dict[RelPath, float] = {}
        self._everything: str | None = None
        self._burst = False
        self._fresh: dict[RelPath, float] = {}
        """Files that were made a short while ago, oldest first."""
        self._not_before = 0.0
        self._soonest = 0.0
        """Nothing that waits is due before this."""
        self._pause = 0.0
        self._ahead = 0.0
        self._given_at = 0.0
        self._now = 0.0

    def saw(
        self, now: float, path: RelPath, seen: Seen, *, is_dir: bool = False, origin: RelPath | None = None
    ) -> None:
        """Note one hint.  ``origin`` is where a path that APPEARED was before, if it was beneath the root."""
        self._now = now
        if is_dir and seen in (Seen.APPEARED, Seen.CREATED):
            self._drop(path)
            self._look_beneath(path, self._together(origin, now + self._pace.window))
            return
        entry = self._find(path)
        if seen is Seen.TOUCHED and entry is not None:
            return
        writing = seen in (Seen.CREATED, Seen.WRITTEN)
        if not writing and self._is_covered(path):
            self._drop(path)
            return
        if seen is Seen.CREATED and (entry is None or not entry.gone):
            self._note_fresh(path, now)
        edited = seen is Seen.WRITTEN if entry is None else entry.edited and seen in (Seen.WRITTEN, Seen.CLOSED)
        if entry is None:
            entry = self._enter(path, now)
        entry.writing, entry.gone, entry.origin, entry.edited = writing, seen is Seen.GONE, origin, edited
        if writing:
            due = now + self._pace.quiet
        elif seen is Seen.GONE and is_dir:
            due = min(self._gone_with(path), self._together(origin, now + self._pace.window))
        elif seen is Seen.GONE and not self._was_fresh(path, now):
            due = now + self._pace.hold
        elif seen is Seen.CLOSED and edited and now - self._given_at >= QUIET_BEFORE:
            due = now
        else:
            due = self._together(origin, now + self._pace.window)
        entry.due = min(due, entry.first + self._pace.longest)
        self._soonest = min(self._soonest, entry.due)
        self._fold(path)

    @property
    def crowded(self) -> bool:
        """Whether so much waits that what comes next is hardly the edit of a person who waits for it."""
        return self._count > AHEAD

    def everything(self, now: float, reason: str) -> None:
        """All must be looked at, at once.  Files being written are looked at once more when they are done."""
        self._keep_writing_only()
        self._folders.clear()
        self._everything, self._burst = reason, False
        self._not_before = now

    def next_due(self) -> float | None:
        """When ``take`` is to be called; None when nothing waits.

        By then it may turn out that nothing is due yet: then this gives a later time.
        """
        if self._everything is not None:
            return self._not_before
        if not self._files and not self._folders:
            return None
        # In a burst this is asked for each few events, and hundreds may wait: all are gone through when one may be due.
        if self._now >= self._not_before and self._now >= self._soonest:
            self._soonest = min(chain(map(self._due, self._entries()), self._folders.values()))
        return max(self._soonest, self._not_before)

    def take(self, now: float) -> Hints | None:
        """The batch that is due; None when none is."""
        self._now = now
        due = self.next_due()
        if due is None or due > now:
            return None
        if self._everything is not None:
            hints = Hints((), (), everything=True, reason=self._everything)
            self._set_pace(now, 1)
            self._everything = None
            return hints
        if self._burst:
            # Many hints in one place: the burst is looked at as a whole, so that no rename in it is torn.
            paths = [path for path, entry in self._items() if not entry.writing or entry.due <= now]
            folders = list(self._folders)
        else:
            paths = [path for path, entry in self._items() if self._due(entry) <= now]
            folders = [path for path, when in self._folders.items() if when <= now]
        chosen = frozenset(folders)
        hints = Hints(
            tuple(sorted(path for path in paths if path not in chosen and not _is_beneath(path, chosen))),
            tuple(sorted(path for path in folders if not _is_beneath(path, chosen))),
            everything=False,
            reason="seen",
        )
        for path in paths:
            self._drop(path)
        for path in folders:
            del self._folders[path]
        self._set_pace(now, len(paths) + len(folders))
        return hints

    def _set_pace(self, now: float, count: int) -> None:
        """Called after ``count`` hints were given."""
        drained = (now - self._given_at) * STEADY
        self._ahead = min(max(self._ahead - drained, 0.0) + count, 2.0 * AHEAD)
        self._given_at = now
        large = self._burst or self._ahead > AHEAD
        self._pause = min(max(self._pause * 2, PAUSE_LEAST), self._pace.pause_most) if large else 0.0
        self._burst = False
        self._not_before = now + self._pause

    def _entries(self) -> Iterator[_Entry]:
        for held in self._files.values():
            yield from held.values()

    def _items(self) -> Iterator[tuple[RelPath, _Entry]]:
        for held in self._files.values():
            yield from held.items()

    def _find(self, path: RelPath) -> _Entry | None:
        return self._files.get(split(path)[0], {}).get(path)

    def _enter(self, path: RelPath, now: float) -> _Entry:
        entry = _Entry(now, now, writing=False, gone=False)
        self._files.setdefault(split(path)[0], {})[path] = entry
        self._count += 1
        return entry

    def _drop(self, path: RelPath) -> None:
        parent, _ = split(path)
        held = self._files.get(parent)
        if held is not None and held.pop(path, None) is not None:
            self._count -= 1
            if not held:
                del self._files[parent]

    def _gone_with(self, folder: RelPath) -> float:
        """The folder went: that tells what is to be told of all that went from it.  Gives when that was due.

        `rm -rf` takes each file before its folder, so of ten thousand files in a hundred folders a hundred are left.
        """
        held = self._files.get(folder, {})
        gone = [path for path, entry in held.items() if entry.gone]
        due = min((held[path].due for path in gone), default=inf)
        for path in gone:
            self._drop(path)
        return due

    def _keep_writing_only(self) -> None:
        for path in [path for path, entry in self._items() if not entry.writing]:
            self._drop(path)

    # --- renames -----------------------------------------------------------------------------------------------

    def _due(self, entry: _Entry) -> float:
        """A path that was moved here waits for what now happens where it came from, but not for ever."""
        if entry.origin is None:
            return entry.due
        source = self._find(entry.origin)
        if source is None or source.due <= entry.due:
            return entry.due
        return max(entry.due, min(source.due, entry.first + self._pace.longest))

    def _together(self, origin: RelPath | None, due: float) -> float:
        """When both halves of a rename are due: neither before the other."""
        if origin is None:
            return due
        source = self._find(origin)
        if source is None:
            return max((due, *(self._folders[above] for above in _up(origin) if above in self._folders)))
        source.due = max(source.due, due)
        return source.due

    def _note_fresh(self, path: RelPath, now: float) -> None:
        self._fresh.pop(path, None)
        self._fresh[path] = now
        if len(self._fresh) > FRESH_MOST:
            del self._fresh[next(iter(self._fresh))]

    def _was_fresh(self, path: RelPath, now: float) -> bool:
        born = self._fresh.pop(path, None)
        return born is not None and now - born <= FRESH_FOR

    # --- many hints become few -----------------------------------------------------------------------------------

    def _is_covered(self, path: RelPath) -> bool:
        """Whether a waiting hint covers the path."""
        if self._everything is not None:
            return True
        return bool(self._folders) and (path in self._folders or _is_beneath(path, self._folders))

    def _look_beneath(self, folder: RelPath, due: float) -> None:
        if self._everything is not None:
            return
        if not folder:
            self._give_up_on_parts(due)
            return
        self._folders.setdefault(folder, due)
        self._soonest = min(self._soonest, due)
        if self._count + len(self._folders) > self._pace.in_all:
            self._fold_all()

    def _fold(self, path: RelPath) -> None:
        """Called after ``path`` was noted: its folder may hold too many by now, or all folders together may."""
        parent, _ = split(path)
        held = self._files[parent]
        if len(held) > self._pace.in_folder:
            whole = {inner: entry for inner, entry in held.items() if not entry.writing}
            if len(whole) > self._pace.in_folder:
                due = max(entry.due for entry in whole.values())
                for inner in whole:
                    self._drop(inner)
                self._burst = True
                self._look_beneath(parent, due)
        if self._count + len(self._folders) > self._pace.in_all:
            self._fold_all()

    def _fold_all(self) -> None:
        """Cut the paths at the greatest depth at which few enough folders are left; the root is depth 0."""
        whole = {path: entry.due for path, entry in self._items() if not entry.writing}
        if len(whole) + len(self._folders) <= self._pace.in_all // 2:
            whole = {path: entry.due for path, entry in self._items()}
        due = max((*whole.values(), *self._folders.values()))
        places = {path: path.count("/") + 1 for path in (*whole, *self._folders)}
        for depth in range(max(places.values()) - 1, 0, -1):
            cut = {path if deep <= depth else _head(path, depth) for path, deep in places.items()}
            if len(cut) <= self._pace.in_folder:
                break
        else:
            self._give_up_on_parts(due)
            return
        self._burst = True
        for path, deep in places.items():
            if deep > depth:
                self._folders.pop(path, None)
                self._folders[_head(path, depth)] = due
                self._drop(path)

    def _give_up_on_parts(self, due: float) -> None:
        self._keep_writing_only()
        if self._count > self._pace.in_all // 2:
            self._files.clear()
            self._count = 0
        self._folders.clear()
        self._everything, self._burst = "many", True
        self._not_before = max(due, self._not_before)


def _up(path: RelPath) -> Iterator[RelPath]:
    """The path, and the folders above it, without the root."""
    yield path
    while "/" in path:
        path, _ = split(path)
        yield path


def _is_beneath(path: RelPath, folders: Iterable[RelPath]) -> bool:
    return any(above in folders for above in _up(path) if above != path)


def _head(path: RelPath, depth: int) -> RelPath:
    return RelPath("/".join(path.split("/", depth)[:depth]))
