"""What a look at the disk shows of rules, and of what they leave out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from syncagent.engine.scoping import Scoping
from syncagent.model.facts import DirSeen, Fact, FileSeen, Ignored, LinkSeen, Listed, NothingThere, RulesSeen
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath, join, split
from syncagent.model.nodes import Placement
from syncagent.trees.canopy import Canopy


class RuleSight:
    """For some facts of one round.  ``known_at`` says which node is known at a path; ``walked`` are the folders that
    were listed along with these facts."""

    def __init__(
        self,
        canopy: Canopy,
        scoping: Scoping,
        known_at: Callable[[RelPath], NodeId | None],
        walked: Collection[RelPath] = (),
    ) -> None:
        self._canopy = canopy
        self._scoping = scoping
        self._known_at = known_at
        self._walked = walked
        self._left: list[Fact] = []
        self._listed: list[NodeId] = []

    def before(self, facts: Sequence[Fact]) -> None:
        """Learn what the facts tell of rules, before they are believed: what these leave out is not missed then."""
        kept = self._scoping.scope.kept
        for fact in facts:
            if isinstance(fact, RulesSeen | Listed | Ignored):
                if not self._learn(fact, self._listed):
                    self._left.append(fact)
            elif kept and isinstance(fact, NothingThere | FileSeen | DirSeen | LinkSeen):
                folder = self._folder(split(fact.path)[0])
                if folder is not None and folder in kept:
                    self._scoping.keep_one(folder, split(fact.path)[1], out=False)

    def after(self, *missing: dict[NodeId, Any]) -> list[NodeId]:
        """And then in folders that were found only by believing them; gives the folders that were listed.  What was
        forgotten is not ``missing``."""
        for fact in self._left:
            self._learn(fact, self._listed)
        self._left.clear()  # of a first scan that is every name in every folder, and the round goes on reading
        for nodes in missing:
            for node_id in [one for one in nodes if self._canopy.local.get(one) is None]:
                del nodes[node_id]
                self._scoping.plan_again(node_id)  # it was in doubt until now, and not planned for
        return self._listed

    def _learn(self, fact: Fact, listed: list[NodeId]) -> bool:
        """Take in what a fact says of rules; False when its folder is not known."""
        path, name = (fact.path, "") if isinstance(fact, Listed) else split(fact.path)
        folder = self._folder(path)
        if folder is None:
            return False
        match fact:
            case RulesSeen():
                self._scoping.learn(folder, fact, walked=path in self._walked)
            case Listed():
                listed.append(folder)
                self._scoping.unlearn(folder, path, fact.names)
                self._scoping.keep(folder, fact.ignored)
                self._leave_out(folder, path, fact.ignored)
            case Ignored():
                self._scoping.keep_one(folder, name, out=True)
                self._leave_out(folder, path, frozenset({name}))
        return True

    def _leave_out(self, folder: NodeId, path: RelPath, names: frozenset[str]) -> None:
        for name in names:
            self._scoping.left_out(Placement(folder, Name(name)), join(path, name))
        self._forget(folder, names)

    def _forget(self, folder: NodeId, names: frozenset[str]) -> None:
        """Who was known in the folder by a name that rules leave out is not known any more."""
        for child in list(self._canopy.local.children(folder)) if names else ():
            node = self._canopy.local.get(child)
            if node is not None and (self._canopy.spelling(child) or node.at.name) in names:
                self._scoping.forget(child)

    def _folder(self, path: RelPath) -> NodeId | None:
        return self._known_at(path) if path else ROOT
