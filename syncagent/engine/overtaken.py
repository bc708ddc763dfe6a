"""Facts that our own tasks may have overtaken.

A fact may be older than what we did to the disk since it was gathered.  What a round of looking shows of paths that our
own tasks touched while it was under way counts for nothing, and those paths are looked at again; what was seen in a
folder that we moved, both where it was and where it is to be.

A look at what a task is about to change, or at what lies beneath that, would count for nothing, too: it is put off
until the task is over.  Looked at right away it would be looked at again and again until then.

And a hint may be older than what we did: of a path in a folder that we have moved since, it means the path in the
folder as it stands now.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from syncagent.model.facts import Fact, Listed
from syncagent.model.names import RelPath, split
from syncagent.model.values import replace

REMEMBERED: Final = 256
"""So many of our last moves may be younger than a hint."""


@dataclass(slots=True)
class Fresh:
    """The facts that count, and what is to be looked at again."""

    facts: list[Fact] = field(default_factory=list)
    paths: list[RelPath] = field(default_factory=list)
    folders: list[RelPath] = field(default_factory=list)


class Wanted(NamedTuple):
    """What is to be looked at: paths one by one, and folders with all beneath them."""

    paths: dict[RelPath, None]
    folders: dict[RelPath, None]


class Touched:
    """The paths that our tasks touch now, and those that they touched since the round began."""

    def __init__(self) -> None:
        self._running: dict[RelPath, int] = {}
        self._over: dict[RelPath, None] = {}
        """Those of the round's that no task touches any more."""
        self._since: dict[RelPath, RelPath] = {}
        """And where each is moved to, or the same path."""
        self._moved: dict[RelPath, RelPath] = {}
        self._put_off: dict[RelPath, Wanted] = {}
        """By the path that a task is about to change."""

    def round_begins(self) -> None:
        """What was over before this cannot be older than the facts to come."""
        for path in self._over:
            del self._since[path]
        self._over.clear()

    def task_begins(self, paths: Sequence[RelPath]) -> None:
        """A task is about to change these: one path, or the one from which it moves and the one to which."""
        for path in paths:
            self._running[path] = self._running.get(path, 0) + 1
            self._since[path] = paths[-1]
            self._over.pop(path, None)

    def task_ends(self, paths: Sequence[RelPath]) -> Wanted | None:
        """Gives what was put off until now, if anything was."""
        if len(paths) > 1:
            self._moved.pop(paths[0], None)
            self._moved[paths[0]] = paths[-1]
            if len(self._moved) > REMEMBERED:
                del self._moved[next(iter(self._moved))]
        wanted: Wanted | None = None
        for path in paths:
            left = self._running.pop(path, 0) - 1
            if left > 0:
                self._running[path] = left
                continue
            if path in self._since:
                self._over[path] = None
            put_off = self._put_off.pop(path, None)
            if put_off is not None:
                wanted = wanted or Wanted({}, {})
                wanted.paths.update(put_off.paths)
                wanted.folders.update(put_off.folders)
        return wanted

    @property
    def puts_off(self) -> bool:
        """Whether a look at something waits for the end of a task."""
        return bool(self._put_off)

    def put_off(self, paths: Iterable[RelPath], folders: Iterable[RelPath]) -> Wanted:
        """Put off what tasks are about to change; gives what can be looked at now."""
        if not self._running:
            return Wanted(dict.fromkeys(paths), dict.fromkeys(folders))
        now = Wanted({}, {})
        for wanted, put_off, kind in ((paths, now.paths, 0), (folders, now.folders, 1)):
            for path in wanted:
                task = self._running_above(path)
                if task is None:
                    put_off[path] = None
                else:
                    self._put_off.setdefault(task, Wanted({}, {}))[kind][path] = None
        return now

    def _running_above(self, path: RelPath) -> RelPath | None:
        """The path at or above this one that a task of ours is about to change."""
        above: str = path
        while above and above not in self._running:
            above = above.rpartition("/")[0]
        return RelPath(above) if above else None

    def forget(self) -> None:
        """No task will be answered any more."""
        self._running.clear()
        self._over.clear()
        self._since.clear()
        self._put_off.clear()

    def gone_along(self, paths: Iterable[RelPath]) -> list[RelPath]:
        """Where what these hints mean may be now: in folders that we have moved, perhaps since."""
        found: list[RelPath] = []
        for path in paths if self._moved else ():
            here: RelPath | None = path
            for _ in range(4):  # into the park and out of it, and once more
                here = self._moved_along(here) if here is not None else None
                if here is not None:
                    found.append(here)
        return found

    def follow(self, *wanted: dict[RelPath, None]) -> None:
        """Have what is wanted looked at there, too."""
        for paths in wanted:
            paths.update(dict.fromkeys(self.gone_along(paths)))

    def _moved_along(self, path: RelPath) -> RelPath | None:
        above = path
        while above:
            if above in self._moved:
                return RelPath(self._moved[above] + path[len(above) :])
            above, _ = split(above)
        return None

    def sift(self, facts: Sequence[Fact]) -> Fresh:
        """The facts that our tasks have not overtaken."""
        if not self._since:
            return Fresh(list(facts))
        sifted = Fresh()
        since, above = self._since, _Above(self._since)
        names: dict[str, set[str]] | None = None
        for fact in facts:
            path = fact.path
            touched = path if path in since else above[path.rpartition("/")[0]]
            if touched:
                again = dict.fromkeys((path, RelPath(since[touched] + path[len(touched) :])))
                sifted.paths.extend(again)
                if isinstance(fact, Listed):
                    sifted.folders.extend(again)
            elif isinstance(fact, Listed):
                if names is None:
                    names = _by_folder(since)
                # For a name that we gave or took, the listing proves nothing either way: let it count as present.
                ours = names.get(path)
                sifted.facts.append(fact if ours is None else replace(fact, names=fact.names | ours))
            else:
                sifted.facts.append(fact)
        return sifted


class _Above(dict[str, RelPath]):
    """By folder: itself, or the nearest above it, that was touched; "" where there is none.  Facts come folder by
    folder, so that the way up is gone once for each."""

    def __init__(self, since: Container[RelPath]) -> None:
        self._since = since

    def __missing__(self, folder: str) -> RelPath:
        found, passed = folder, []
        while found and found not in self._since:
            passed.append(found)
            found = found.rpartition("/")[0]
            if found in self:
                found = self[found]
                break
        self.update(dict.fromkeys([folder, *passed], RelPath(found)))
        return RelPath(found)


def _by_folder(paths: Iterable[RelPath]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        names.setdefault(folder, set()).add(name)
    return names


def is_within(path: RelPath, paths: Container[RelPath], folders: Iterable[RelPath]) -> bool:
    """Whether ``path`` is one of these, or lies in one of these folders."""
    return path in paths or any(not folder or path.startswith(folder + "/") for folder in folders)
