"""Facts that our own tasks may have overtaken.

A fact may be older than what we did to the disk since it was gathered.  What a round of looking shows of paths that our
own tasks touched while it was under way counts for nothing, and those paths are looked at again; what was seen in a
folder that we moved, both where it was and where it is to be.

And a hint may be older than what we did: of a path in a folder that we have moved since, it means the path in the
folder as it stands now.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from syncagent.model.facts import Fact, Listed
from syncagent.model.names import RelPath, split

REMEMBERED: Final = 256
"""So many of our last moves may be younger than a hint."""


@dataclass(slots=True)
class Fresh:
    """The facts that count, and what is to be looked at again."""

    facts: list[Fact] = field(default_factory=list)
    paths: list[RelPath] = field(default_factory=list)
    folders: list[RelPath] = field(default_factory=list)


class Touched:
    """The paths that our tasks touch now, and those that they touched since the round began."""

    def __init__(self) -> None:
        self._running: dict[RelPath, int] = {}
        self._since: dict[RelPath, RelPath] = {}
        """And where each is moved to, or the same path."""
        self._moved: dict[RelPath, RelPath] = {}

    def round_begins(self) -> None:
        """What was over before this cannot be older than the facts to come."""
        self._since = {path: to for path, to in self._since.items() if path in self._running}

    def task_begins(self, paths: Sequence[RelPath]) -> None:
        """A task is about to change these: one path, or the one from which it moves and the one to which."""
        for path in paths:
            self._running[path] = self._running.get(path, 0) + 1
            self._since[path] = paths[-1]

    def task_ends(self, paths: Sequence[RelPath]) -> None:
        if len(paths) > 1:
            self._moved.pop(paths[0], None)
            self._moved[paths[0]] = paths[-1]
            if len(self._moved) > REMEMBERED:
                del self._moved[next(iter(self._moved))]
        for path in paths:
            left = self._running.pop(path, 0) - 1
            if left > 0:
                self._running[path] = left

    def is_running(self, path: RelPath) -> bool:
        """Whether a task of ours is about to change ``path``."""
        return path in self._running

    def forget(self) -> None:
        """No task will be answered any more."""
        self._running.clear()
        self._since.clear()

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
        names: dict[RelPath, set[str]] = {}
        for path in self._since:
            folder, name = split(path)
            names.setdefault(folder, set()).add(name)
        for fact in facts:
            if again := self._again(fact.path):
                sifted.paths.extend(again)
                if isinstance(fact, Listed):
                    sifted.folders.extend(again)
            elif isinstance(fact, Listed) and fact.path in names:
                # For a name that we gave or took, the listing proves nothing either way: let it count as present.
                sifted.facts.append(Listed(fact.path, fact.names | names[fact.path]))
            else:
                sifted.facts.append(fact)
        return sifted

    def _again(self, path: RelPath) -> list[RelPath]:
        """Where that which was seen at ``path`` may be now, if it or a folder above it was touched."""
        above = path
        while above:
            if above in self._since:
                return list(dict.fromkeys([path, RelPath(self._since[above] + path[len(above) :])]))
            above, _ = split(above)
        return []


def is_within(path: RelPath, paths: Container[RelPath], folders: Iterable[RelPath]) -> bool:
    """Whether ``path`` is one of these, or lies in one of these folders."""
    return path in paths or any(not folder or path.startswith(folder + "/") for folder in folders)
