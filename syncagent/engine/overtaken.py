"""Facts that our own tasks may have overtaken.

A fact may be older than what we did to the disk since it was gathered.  What a round of looking shows of paths that our
own tasks touched while it was under way counts for nothing, and those paths are looked at again; what was seen in a
folder that we moved, both where it was and where it is to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from syncagent.model.facts import Fact, Listed
from syncagent.model.names import RelPath, split


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

    def round_begins(self) -> None:
        """What was over before this cannot be older than the facts to come."""
        self._since = {path: to for path, to in self._since.items() if path in self._running}

    def task_begins(self, paths: Sequence[RelPath]) -> None:
        """A task is about to change these: one path, or the one from which it moves and the one to which."""
        for path in paths:
            self._running[path] = self._running.get(path, 0) + 1
            self._since[path] = paths[-1]

    def task_ends(self, paths: Iterable[RelPath]) -> None:
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
