"""What this machine has excluded, which is never told to anyone.

What is excluded is so by id, where one is known, and stays so wherever others move it; else by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from syncagent.engine.effects import Answered, Effect, KeepExclusions
from syncagent.engine.events import Exclusion
from syncagent.engine.scoping import Scoping
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import File
from syncagent.rules.excluded import changed, objection
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import find, subtree


class Exclusions:
    """Reads and changes what ``scoping`` goes by."""

    def __init__(self, canopy: Canopy, scoping: Scoping) -> None:
        self._canopy = canopy
        self._scoping = scoping
        self._told: tuple[tuple[RelPath, NodeId], ...] = ()
        self._answers: list[Answered] = []

    def load(self, excluded: Iterable[tuple[RelPath, NodeId]]) -> None:
        self._told = tuple(excluded)
        if self._told:
            self._scoping.exclude({path: one or self._find(path) for path, one in self._told})

    def take_effects(self) -> list[Effect]:
        """What is to be kept, if it is not what it was; and then the answers to who wanted it so."""
        excluded = self._scoping.scope.excluded()
        said = tuple(sorted((path, one or NodeId("")) for path, one in excluded.items()))
        answers, self._answers = self._answers, []
        if said == self._told:
            return [*answers]
        self._told = said
        return [KeepExclusions(said), *answers]

    def decide(self, event: Exclusion, *, started: bool) -> None:
        """Exclude or include what a person says; answered with how many nodes it is about, or why that cannot be.  It
        is remembered in this very step, whatever else is possible now."""
        if not started:
            self._answers.append(Answered(event.number, problem="the agent has not begun yet: try again in a moment"))
            return
        excluded = self._scoping.scope.excluded()
        problem = objection(excluded, event.path, exclude=event.exclude)
        concerned = 0
        if not problem:
            node_id = self._find(event.path) if event.exclude else excluded[event.path]
            self._scoping.exclude(changed(excluded, event.path, node_id, exclude=event.exclude))
            self._scoping.look_at(event.path)
            views = (self._canopy.local, self._canopy.remote) if node_id is not None else ()
            concerned = len({one for view in views for one in subtree(view, node_id or ROOT) if view.get(one)})
        self._answers.append(Answered(event.number, concerned, problem=problem))

    def _find(self, path: RelPath) -> NodeId | None:
        names = [Name(one) for one in path.split("/")]
        found = find(self._canopy.remote, names) or find(self._canopy.local, names)
        return None if found == ROOT else found

    def told(self) -> Iterator[tuple[RelPath, int]]:
        """What is excluded, and how many files the hub has there."""
        remote = self._canopy.remote
        for path, one in sorted(self._scoping.scope.excluded().items()):
            there = subtree(remote, one) if one is not None and remote.get(one) is not None else ()
            yield path, sum(isinstance(remote.get(each), File) for each in there)
