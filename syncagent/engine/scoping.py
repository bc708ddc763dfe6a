"""What is left out by rules or excluded on this machine: found out, forgotten, and met again.

Nothing is ever deleted by being left out (HAZARDS C10, E16).  A node that comes to be out is forgotten in the same
step, and so in the same transaction: what was agreed of it (Synced), and, where rules leave it out, what stands here
(Local).  Remote stays, for it is the hub's journal.  Where neither is known there is nothing that a delete could be
concluded from: when the rule goes away, or the folder is included again, what the hub has and what stands here meet as
at a first link.

Rules count from the moment at which they are known.  While the hub's version of a rule file is on its way, while one
that we have put there has not been read, and while what rules no longer leave out has not been looked at, nothing is
done in its folder: the folder is *closed*.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from syncagent.engine.closed import Closed
from syncagent.model.facts import RulesSeen
from syncagent.model.ids import PARK, ROOT, NodeId, derived_id
from syncagent.model.names import RelPath, join, split
from syncagent.model.nodes import Dir, Placement
from syncagent.model.values import replace
from syncagent.planner.compare import interchangeable, is_to_go, three
from syncagent.planner.scope import Out, Scope
from syncagent.rules.layers import rule_file, rule_files
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import subtree

CLASH = "it lies in what is excluded on this machine: it is kept here, and not sent until it is included"
UNSENT = "it is excluded on this machine, but the hub does not have it as it is here: it is kept until it is included"


class Scoping:
    """``busy`` are the nodes about which something is under way; ``estranged`` those that were forgotten since
    ``take_estranged``."""

    def __init__(self, canopy: Canopy, *, gitignore: bool = False) -> None:
        self._canopy = canopy
        self.busy: Container[NodeId] = ()
        self._estranged: dict[NodeId, None] = {}
        self.names = rule_files(respect_gitignore=gitignore)
        self.scope = Scope(canopy)
        self.closed = Closed(canopy, self.scope, self.names)
        self._stirred: dict[NodeId, None] = {}
        self._unexplained: dict[RelPath, None] = {}
        """What a look has shown to be left out, by rules that have not been told of, and perhaps never will be."""

    # --- rules ------------------------------------------------------------------------------------------------

    def learn(self, folder: NodeId, fact: RulesSeen, *, walked: bool) -> bool:
        """A rule file in ``folder`` says this by now.  Whether that changes anything; unless its folder is walked
        anyway, it is to be walked then."""
        name = split(fact.path)[1]
        self.closed.read(folder, name, fact.data)
        changed = self.scope.learn(folder, name, None if fact.data is None else rule_file(fact.data))
        self._look_again(split(fact.path)[0])
        if changed:
            if not walked:
                self.closed.walk(folder, split(fact.path)[0])
            self._sort_anew([folder])
        return changed

    def unlearn(self, folder: NodeId, path: RelPath, names: frozenset[str]) -> bool:
        """These are all names in ``folder``: rule files that are not among them count no more."""
        changed = False
        for name in [*self.scope.rule_files(folder), *self.closed.unread_in(folder)]:
            if name not in names:
                changed = self.learn(folder, RulesSeen(join(path, name), None), walked=True) or changed
        return changed

    def left_out(self, at: Placement, path: RelPath) -> None:
        """A look has shown that rules leave this out.  While rule files are on their way they may be some that the
        next version has replaced before they were told of here: then it would not show that they do not count."""
        if self.closed.may_be and not self.scope.explains(at):
            self._unexplained[path] = None

    def _look_again(self, folder: RelPath) -> None:
        """It is known again what rules there are in the folder."""
        for path in [one for one in self._unexplained if not folder or one.startswith(f"{folder}/")]:
            del self._unexplained[path]
            self.look_at(path)

    @property
    def wants_listings(self) -> bool:
        """Whether it counts what a folder holds, though all that is known in it is there."""
        return bool(self.scope.has_rules or self.scope.kept or self.closed.may_be)

    def minds(self, path: RelPath, known_at: Callable[[RelPath], NodeId | None]) -> bool:
        """Whether it counts what stands at the path, though as far as it is kept the same nothing has changed there."""
        above, name = split(path)
        if name in self.names:
            return True
        folder = (known_at(above) if above else ROOT) if self.scope.kept else None
        return folder is not None and name in self.scope.kept.get(folder, ())

    def bars(self, at: Placement) -> str:
        """Why what a person has made at this place is not taken in; empty when it is.  Its folder cannot go then."""
        if not self.scope.bars(at):
            return ""
        self.keep_one(at.parent, at.name, out=True)
        return CLASH

    def keep(self, folder: NodeId, names: frozenset[str]) -> None:
        """These names in the folder are left out; a folder that holds none any more may go, if it was to go."""
        before = self.scope.kept.pop(folder, frozenset())
        if names:
            self.scope.kept[folder] = names
        elif before:
            self._stirred[folder] = None

    def keep_one(self, folder: NodeId, name: str, *, out: bool) -> None:
        before = self.scope.kept.get(folder, frozenset())
        if (name in before) != out:
            self.keep(folder, before | {name} if out else before - {name})

    def count(self) -> int:
        """How many names are left out on this disk: of a folder that is left out, the folder alone."""
        local = self._canopy.local
        return sum(len(names) for one, names in self.scope.kept.items() if one == ROOT or local.get(one) is not None)

    # --- what is out ------------------------------------------------------------------------------------------

    def news(self, node_ids: Iterable[NodeId]) -> None:
        """Something about these nodes has changed: see whether they are out now, or not any more."""
        node_ids = list(node_ids)
        for node_id in node_ids if self.scope.has_rules or self.closed.may_be else ():
            if self._canopy.local.get(node_id) is None:
                # Its rules are gone with the folder: as a start would have it, which finds none.
                self.unlearn(node_id, RelPath(""), frozenset())
        self.scope.moved(node_ids)
        scope, closed = self.scope, self.closed
        local, remote = self._canopy.local, self._canopy.remote
        nothing_out = not (scope.has_rules or scope.outs or scope.dormant)
        for node_id in node_ids:
            # Mostly there are no rules but the built-in ones, and nothing is out: then this is all that is to be known.
            if nothing_out:
                here = local.get(node_id)
                node = here or remote.get(node_id)
                if node is None or scope.is_plain(node, stands=here is not None) or scope.out(node_id) is None:
                    if closed.may_concern(node_id, node):
                        closed.mind(node_id)
                    continue
                nothing_out = False
            self._sort(node_id)
            closed.mind(node_id)

    def _sort(self, node_id: NodeId) -> None:
        scope = self.scope
        before = scope.outs.get(node_id)
        now = scope.out(node_id)
        if now is not None:
            self._forget(node_id, now)
        self._note(node_id, now)
        if now is None and scope.has_rules and scope.lost(node_id) and node_id not in self.busy:
            self._part(node_id)
        if (now is not before or scope.has_rules) and self._is_folder(node_id):
            self._sort_beneath(node_id)

    def _note(self, node_id: NodeId, now: Out | None) -> None:
        scope = self.scope
        if now is None or not self._canopy.is_diverged(node_id):
            if scope.outs.pop(node_id, None) is not None:
                scope.clashes.pop(node_id, None)
            self._wake(node_id)
            return
        scope.outs[node_id] = now
        scope.clashes.pop(node_id, None)
        if self._canopy.local.get(node_id) is None:
            if node_id not in scope.dormant:
                scope.dormant[node_id] = None
                self.plan_again(node_id)  # what it was held back by, and what was on its way for it, is over
        else:
            self._wake(node_id)

    def _wake(self, node_id: NodeId) -> None:
        """It may be that something is to be done about the node: it is planned again, or nobody would find out."""
        if node_id in self.scope.dormant:
            del self.scope.dormant[node_id]
            self.plan_again(node_id)

    def plan_again(self, node_id: NodeId) -> None:
        self._stirred[node_id] = None

    def _is_folder(self, node_id: NodeId) -> bool:
        return isinstance(self._canopy.local.get(node_id) or self._canopy.remote.get(node_id), Dir)

    def _forget(self, node_id: NodeId, now: Out) -> None:
        """What is out was never agreed on; and what rules leave out does not stand here, for all that we know."""
        canopy = self._canopy
        if node_id in canopy.synced:
            canopy.set_synced(node_id, None)
            self._estranged[node_id] = None
        if now is Out.IGNORED and canopy.local.get(node_id) is not None:
            # A folder is forgotten with all that is in it, for nothing stands in what is not there; but what is parked
            # has yet to come home into it.
            if isinstance(canopy.local.get(node_id), Dir):
                if any(True for _ in canopy.local.children(PARK)):
                    return
                for inner in list(subtree(canopy.local, node_id))[1:]:
                    self._forget_one(inner)
            self._forget_one(node_id)

    def _forget_one(self, node_id: NodeId) -> None:
        canopy = self._canopy
        if node_id in canopy.synced:
            canopy.set_synced(node_id, None)
        canopy.set_local(node_id, None)
        self.scope.kept.pop(node_id, None)
        self._estranged[node_id] = None

    def _part(self, node_id: NodeId) -> None:
        """Others have moved the node into what rules leave out here, and what is not here.  What stands here stays, as
        a node of its own: that it is out there is no reason to take it away here."""
        canopy = self._canopy
        local = canopy.local.get(node_id)
        assert local is not None
        stamp, spelling, inner = canopy.stamp(node_id), canopy.spelling(node_id), list(canopy.local.children(node_id))
        parted = derived_id("parted", node_id, canopy.rev(node_id))
        self._forget_one(node_id)
        canopy.set_local(parted, replace(local, id=parted), stamp)
        canopy.spell(parted, spelling)
        canopy.reparent(node_id, parted)
        self._note(node_id, self.scope.out(node_id))
        for child in inner:
            self._sort(child)

    def forget(self, node_id: NodeId) -> None:
        """Rules leave it out, for it was seen so."""
        self._forget(node_id, Out.IGNORED)

    def _sort_beneath(self, folder: NodeId) -> None:
        for view in (self._canopy.local, self._canopy.remote):
            for node_id in list(subtree(view, folder))[1:]:
                now = self.scope.out(node_id)
                if now is not None:
                    self._forget(node_id, now)
                if now is not self.scope.outs.get(node_id):
                    self._stirred[node_id] = None
                self._note(node_id, now)

    def _sort_anew(self, folders: Iterable[NodeId]) -> None:
        """Rules have changed: in these folders everything may be out, or in again."""
        self.scope.stir()
        for folder in folders:
            self._sort_beneath(folder)
        for node_id in list(self._canopy.diverged()):
            now = self.scope.out(node_id)
            if now is not None:
                self._forget(node_id, now)
            self._note(node_id, now)
            self._stirred[node_id] = None

    def take_stirred(self) -> list[NodeId]:
        """The nodes that are to be planned again."""
        found = list(self._stirred)
        self._stirred.clear()
        return found

    def take_estranged(self) -> list[NodeId]:
        """The nodes of which it was forgotten what was agreed."""
        found = list(self._estranged)
        self._estranged.clear()
        return found

    def rest(self, node_id: NodeId) -> bool:
        """Nothing is to be done about the node, as things are: it is out, or waits for what is.  Whether that is
        news."""
        if node_id in self.scope.dormant or not self._canopy.is_diverged(node_id):
            return False
        self.scope.dormant[node_id] = None
        local, remote = self._canopy.local.get(node_id), self._canopy.remote.get(node_id)
        excluded = self.scope.outs.get(node_id) is Out.EXCLUDED
        if local is not None and excluded and (remote is None or not interchangeable(local, remote)):
            self.scope.clashes[node_id] = UNSENT
        return True

    def may_rest(self, node_id: NodeId) -> bool:
        """Whether a node that waits for one that is dormant is so itself: one that is to be gone from one side."""
        return node_id in self.scope.outs or is_to_go(three(self._canopy, node_id))

    # --- what this machine has excluded -----------------------------------------------------------------------

    def exclude(self, excluded: dict[RelPath, NodeId | None]) -> None:
        """These are excluded from now on, and nothing else is."""
        before = self.scope.excluded()
        self.scope.exclude(excluded)
        changed = [one for one in {**before, **excluded}.values() if one is not None]
        for node_id in changed:
            self._sort(node_id)
            self._stirred[node_id] = None
        self._sort_anew(changed)

    def look_at(self, path: RelPath) -> None:
        """What stands there may be taken in now, or not any more."""
        self.closed.paths[path] = None
        self.closed.folders[path] = None
