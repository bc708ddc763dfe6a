"""Folders that go with all beneath them, by one op.

``rm -rf`` of ten thousand files is one wish, and as one op it is one message, one row of work for each side, and over
at once.  It is planned only where every single node beneath the folder is just what both sides agreed on, has been
deleted on the one side and untouched on the other, and where nothing is under way, held or in doubt about any of them.
All else is deleted node by node, children first, each with its own precondition; so are what remains of a folder in
which anything is otherwise, and every folder of which the one op was refused (``piecemeal``).
"""

from __future__ import annotations

from collections.abc import Callable, Container

from syncagent.model.ids import ROOT, NodeId
from syncagent.model.values import value
from syncagent.planner.along import on_the_move
from syncagent.planner.batch import Batch
from syncagent.planner.compare import Three, interchangeable
from syncagent.planner.ops import DeleteLocal, Op, SubmitDelete
from syncagent.planner.policy import Policy
from syncagent.planner.scope import Out, Scope
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import View


@value
class Whole:
    """A folder, and all that is beneath it: a folder before what it holds."""

    top: NodeId
    beneath: tuple[NodeId, ...]


class Deletes:
    """Plans what is deleted: a folder with all beneath it, or a node by itself, a folder after what it holds.

    Each gives the node that must be waited for, if any."""

    def __init__(
        self, canopy: Canopy, policy: Policy, batch: Batch, piecemeal: Container[NodeId], scope: Scope
    ) -> None:
        self._canopy = canopy
        self._policy = policy
        self._batch = batch
        self._scope = scope
        self.dormant: dict[NodeId, None] = {}
        """Nodes about which nothing is to be done, since they, or what is in them, are left out here."""
        taken = batch.taken
        self._here = Wholes(canopy.local, self._goes_here, policy.whole_here, taken, piecemeal)
        self._there = Wholes(canopy.remote, canopy.is_deleted_here, policy.whole_there, taken, piecemeal)

    def here(self, node_id: NodeId) -> NodeId | None:
        """The node, which was deleted at the hub, goes here."""
        whole = self._here.of(node_id)
        if whole is None and (child := _first_child(self._canopy.local, node_id)) is not None:
            return child
        # As long as the hub is being heard: what it has in full by now is no beginning of a folder's delete.
        if not self._policy.may_submit and (
            moving := on_the_move(self._canopy, self._canopy.local, whole.top if whole else node_id)
        ):
            return moving
        if whole is None:
            return self._singly(node_id)
        return self._here.put(node_id, whole, self._batch, self._delete(whole.top, whole.beneath))

    def _goes_here(self, node_id: NodeId) -> bool:
        return self._canopy.is_deleted_there(node_id) and not self._scope.keeps(node_id)

    def _singly(self, node_id: NodeId) -> NodeId | None:
        """The node, in which nothing is any more, goes here; but not a folder that holds what is left out."""
        if self._scope.keeps(node_id):
            self.dormant[node_id] = None
            return None
        return self._batch.put(self._delete(node_id))

    def leave_out(self, t: Three, out: Out, node_id: NodeId) -> NodeId | None:
        """What is left out is left alone; but of what is excluded on this machine, what the hub has as it is here goes
        from this disk."""
        if out is Out.EXCLUDED and t.local is not None:
            child = _first_child(self._canopy.local, node_id)
            if child is not None:
                return child
            if t.remote is not None and interchangeable(t.local, t.remote):
                return self._singly(node_id)
        self.dormant[node_id] = None
        return None

    def there(self, node_id: NodeId) -> NodeId | None:
        """The node, which was deleted here, goes at the hub."""
        whole = self._there.of(node_id)
        if whole is None and (child := _first_child(self._canopy.remote, node_id)) is not None:
            return child
        if (moving := on_the_move(self._canopy, self._canopy.remote, whole.top if whole else node_id)) is not None:
            return moving
        if whole is None:
            return self._batch.put(self._submit(node_id))
        return self._there.put(node_id, whole, self._batch, self._submit(whole.top, whole.beneath))

    def _delete(self, node_id: NodeId, beneath: tuple[NodeId, ...] = ()) -> DeleteLocal:
        node = self._canopy.local.get(node_id)
        assert node is not None
        return DeleteLocal(node, beneath)

    def _submit(self, node_id: NodeId, beneath: tuple[NodeId, ...] = ()) -> SubmitDelete:
        node = self._canopy.remote.get(node_id)
        assert node is not None
        return SubmitDelete(node, self._canopy.rev(node_id), beneath)


def _first_child(view: View, folder: NodeId) -> NodeId | None:
    return next(iter(view.children(folder)), None)


class Wholes:
    """Those on one side.  ``view`` is its tree, ``goes`` says whether a node is to be deleted there, as it is.

    Each tree of nodes that go is gone through once in a plan, however many of its nodes are asked about.
    """

    def __init__(
        self,
        view: View,
        goes: Callable[[NodeId], bool],
        least: int,
        taken: Container[NodeId],
        piecemeal: Container[NodeId],
    ) -> None:
        self._view = view
        self._goes = goes
        self._least = least
        self._taken = taken
        self._piecemeal = piecemeal
        self._of: dict[NodeId, Whole | None] = {}
        self._waits: dict[NodeId, NodeId] = {}
        """By the folder: what its op must wait for."""

    def of(self, node_id: NodeId) -> Whole | None:
        """The topmost folder that goes as a whole and takes the node, which goes, along; None when there is none."""
        if not self._least:
            return None
        if node_id not in self._of:
            self._survey(self._topmost(node_id))
        return self._of.get(node_id)

    def put(self, node_id: NodeId, whole: Whole, batch: Batch, op: Op) -> NodeId | None:
        """Put the ``op`` that takes the node along into the batch; what must be waited for, if anything."""
        if whole.top in batch.taken:
            return None  # put since it was found
        on = self._waits.get(whole.top)
        if on is None and (on := batch.put(op)) is not None:
            self._waits[whole.top] = on
        return node_id if on == whole.top else on  # what policy forbids waits for nothing but that

    def _topmost(self, node_id: NodeId) -> NodeId:
        """Going up from the node, the last folder that goes, too."""
        here = node_id
        for _ in range(100_000):
            node = self._view.get(here)
            if node is None or node.at.parent == ROOT or not self._goes(node.at.parent):
                break
            here = node.at.parent
        return here

    def _survey(self, top: NodeId) -> None:
        """Find what goes as a whole beneath ``top``."""
        nodes: list[NodeId] = []
        above: list[int] = []
        waiting: list[tuple[NodeId, int]] = [(top, -1)]
        goes, taken, children, singly = self._goes, self._taken, self._view.children, self._piecemeal
        spoilt: set[int] = set()
        while waiting:
            node_id, parent = waiting.pop()
            number = len(nodes)
            nodes.append(node_id)
            above.append(parent)
            if node_id in taken or node_id in singly or not goes(node_id):
                spoilt.add(number)
            waiting.extend([(child, number) for child in children(node_id)])
        sizes = [1] * len(nodes)
        for number in range(len(nodes) - 1, 0, -1):  # what a folder holds comes after it, and nothing else in between
            sizes[above[number]] += sizes[number]
            if number in spoilt:
                spoilt.add(above[number])
        number = 0
        while number < len(nodes):
            if number in spoilt or sizes[number] <= self._least:
                self._of[nodes[number]] = None
                number += 1
                continue
            end = number + sizes[number]
            whole = Whole(nodes[number], tuple(nodes[number + 1 : end]))
            self._of.update(dict.fromkeys(nodes[number:end], whole))
            number = end
