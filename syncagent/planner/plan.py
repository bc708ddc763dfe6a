"""What to do next: ``plan(canopy, policy, focus=…, busy=…, limit=…) -> Plan``.

A pure function.  It gives one batch of ops which may run in any order or at once: an op that must wait for another is
not in the batch, but named among the ``waits`` together with what it waits for.  A chain of waits that leads back to
itself (a and b change names; a folder moves into its own child) is opened by parking one of its nodes: here in the
agent's own folder, at the hub under a passing name.

Given the same trees and the same ``focus`` the plan is the same, to the order of its ops.  No clock and no chance.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import assert_never

from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.nodes import Dir, File, Link, Node, Placement, placed
from syncagent.model.values import value
from syncagent.planner.batch import Batch
from syncagent.planner.circles import open_circle
from syncagent.planner.compare import (
    ContentMerge,
    Fate,
    Three,
    comes_first,
    content,
    fate,
    is_to_go,
    moves_out_first,
    placement,
    three,
)
from syncagent.planner.contest import Names
from syncagent.planner.ops import (
    Agree,
    MakeLocalDir,
    MoveLocal,
    Op,
    SubmitCreate,
    SubmitEdit,
    SubmitMove,
    WriteLocal,
)
from syncagent.planner.policy import Policy
from syncagent.planner.scope import Scope
from syncagent.planner.underway import Underway
from syncagent.planner.whole import Deletes
from syncagent.trees.canopy import Canopy


@value
class Wait:
    """``node`` cannot be brought further before ``on`` has been.  ``on`` is ``node`` itself where policy forbids it."""

    node: NodeId
    on: NodeId


@value
class Plan:
    """``rest`` is the part of the focus that the limit left unread; ``dormant`` are nodes about which nothing is to be
    done, since they, or what is in them, are left out here."""

    ops: tuple[Op, ...]
    waits: tuple[Wait, ...]
    rest: tuple[NodeId, ...]
    dormant: tuple[NodeId, ...] = ()


def plan(
    canopy: Canopy,
    policy: Policy,
    *,
    focus: Iterable[NodeId],
    busy: Mapping[NodeId, Op] | None = None,
    left_alone: Container[NodeId] = (),
    piecemeal: Container[NodeId] = (),
    underway: Underway | None = None,
    stuck: Container[NodeId] = (),
    limit: int = 1_000,
    scope: Scope | None = None,
) -> Plan:
    """The next batch for the nodes of ``focus`` and for those that stand in their way.

    ``busy`` are the ops under way, by the nodes that each is about: their nodes, and those of ``left_alone``, are not
    planned.  Folders that are ``piecemeal`` do not go with what is beneath them by one op.  ``underway`` keeps the
    claims of ``busy`` from one plan to the next, ``scope`` says what is left out.  What is ``stuck`` could not be
    brought to its place: what it holds goes on where it stands, and so does what waits for it.  At most about ``limit``
    ops.
    """
    batch = Batch(canopy, policy, busy or {}, left_alone, underway, stuck)
    return _Planning(canopy, policy, batch, piecemeal, scope or Scope(canopy)).over(focus, limit)


class _Planning:
    """The state of one call of ``plan``."""

    def __init__(
        self, canopy: Canopy, policy: Policy, batch: Batch, piecemeal: Container[NodeId], scope: Scope
    ) -> None:
        self._canopy = canopy
        self._batch = batch
        self._scope = scope
        self._deletes = Deletes(canopy, policy, batch, piecemeal, scope)
        self._waits: dict[NodeId, NodeId] = {}
        self._names = Names(canopy, policy, batch, self._waits, scope)
        self._summoned: set[NodeId] = set()

    def over(self, focus: Iterable[NodeId], limit: int) -> Plan:
        rest: list[NodeId] = []
        for node_id in focus:
            if len(self._batch.ops) >= limit:
                rest.append(node_id)
            else:
                self._follow(node_id)
        waits = tuple(Wait(node, on) for node, on in self._waits.items() if node not in self._batch.taken)
        return Plan(tuple(self._batch.ops), waits, tuple(rest), tuple(self._deletes.dormant))

    def _follow(self, node_id: NodeId) -> None:
        """Decide on the node, then on the one that it waits for, and so on; open the chain if it is a circle."""
        chain: dict[NodeId, None] = {}
        taken, waits = self._batch.taken, self._waits
        while node_id not in taken and node_id not in chain:
            on = waits[node_id] if node_id in waits else self._decide(node_id)
            if on is None or on == node_id:
                break
            chain[node_id] = None
            node_id = on
        if node_id in self._batch.stuck:
            self._names.keep_both(chain)
        elif node_id in chain and node_id not in taken:
            circle = list(chain)
            open_circle(self._canopy, self._batch, circle[circle.index(node_id) :])

    # --- one node ---------------------------------------------------------------------------------------------
    # Each of these either puts an op into the batch and gives None, or gives the node that must be waited for.

    def _decide(self, node_id: NodeId) -> NodeId | None:
        if node_id in (ROOT, PARK) or not self._canopy.is_diverged(node_id):
            return None
        t = three(self._canopy, node_id)
        if (out := self._scope.outs.get(node_id)) is not None:
            self._note(node_id, on := self._deletes.leave_out(t, out, node_id))
            return on
        match fate(t):
            case Fate.SETTLED:
                return self._batch.put(Agree(node_id))
            case Fate.CREATED_THERE:
                assert t.remote is not None
                on = self._bring(t.remote)
            case Fate.CREATED_HERE:
                assert t.local is not None
                on = self._offer(t.local, t)
            case Fate.DELETED_THERE:
                on = self._deletes.here(node_id)
            case Fate.DELETED_HERE:
                on = self._deletes.there(node_id)
            case Fate.MERGE:
                on = self._merge(node_id, t)
            case other:
                assert_never(other)
        self._note(node_id, on)
        return on

    def _merge(self, node_id: NodeId, t: Three) -> NodeId | None:
        """Both sides have it.  First where it stands, and what it holds if it cannot move yet."""
        assert t.local is not None and t.remote is not None
        if t.local == t.remote and not t.parked:
            return self._batch.put(Agree(node_id))
        to = placement(self._canopy, node_id, t) or t.remote.at
        on: NodeId | None = None
        if node_id in self._batch.stuck:
            on = node_id
        elif t.parked or to != t.local.at:
            on = self._move_here(t.local, to)
        elif to != t.remote.at:
            on = self._move_there(t.local, to)
        if node_id in self._batch.taken or t.parked:
            return on
        verdict, node = content(t)
        expect = self._stands(node_id)
        match verdict:
            case ContentMerge.TAKE_REMOTE:
                assert isinstance(node, File | Link) and isinstance(expect, File | Link)
                return self._batch.put(WriteLocal(placed(node, expect.at), expect))
            case ContentMerge.GIVE_LOCAL:
                assert isinstance(node, File | Link)
                return self._batch.put(SubmitEdit(placed(node, expect.at), self._canopy.rev(node_id)))
            case ContentMerge.CONFLICT:
                if on is not None and on != node_id:
                    return on  # the copy is to stand beside the version that it differs from, wherever that will be
                return self._names.set_aside(expect, becomes=self._names.copy_id(expect))
            case ContentMerge.SAME:
                return on
            case other:
                assert_never(other)

    def _bring(self, node: Node) -> NodeId | None:
        """Make here what the hub has and this disk has not."""
        on = self._folder_here(node.at.parent) or self._names.free_here(node, node.at)
        if on is not None or node.id in self._batch.taken:
            return on
        return self._batch.put(MakeLocalDir(node) if isinstance(node, Dir) else WriteLocal(node, None))

    def _offer(self, node: Node, t: Three) -> NodeId | None:
        """Create at the hub what stands here; again, when it was deleted there and has changed here since."""
        if t.parked:
            return node.id if node.id in self._batch.stuck else self._move_here(node, node.at)
        on = self._folder_there(node.at.parent) or self._names.free_there(node, node.at)
        if on is not None or node.id in self._batch.taken:
            return on
        return self._batch.put(SubmitCreate(node, self._canopy.rev(node.id)))

    def _move_here(self, node: Node, to: Placement) -> NodeId | None:
        on = (
            self._folder_here(to.parent)
            or moves_out_first(self._canopy, self._canopy.local, node.id, to.parent)
            or self._names.free_here(node, to)
        )
        if on is not None or node.id in self._batch.taken:
            return on
        return self._batch.put(MoveLocal(self._stands(node.id), to))

    def _move_there(self, node: Node, to: Placement) -> NodeId | None:
        on = (
            self._folder_there(to.parent)
            or moves_out_first(self._canopy, self._canopy.remote, node.id, to.parent)
            or self._names.free_there(node, to)
        )
        if on is not None or node.id in self._batch.taken:
            return on
        return self._batch.put(SubmitMove(node, to, self._canopy.rev(node.id)))

    # --- what an op needs -------------------------------------------------------------------------------------

    def _folder_here(self, folder: NodeId) -> NodeId | None:
        """The folder of the hub's chain that must be made on this disk first, after seeing to it that it is."""
        if self._canopy.local.get(folder) is not None:
            return None
        first = comes_first(self._canopy, self._canopy.remote, self._canopy.local, folder)
        if first in self._scope.outs:
            return first  # it does not come
        node = self._canopy.remote.get(first) if first is not None and self._summon(first) else None
        if isinstance(node, Dir):
            self._note(node.id, self._bring(node))
        return first

    def _folder_there(self, folder: NodeId) -> NodeId | None:
        """The folder of this disk's chain that must be created at the hub first, after seeing to it that it is."""
        if self._canopy.remote.get(folder) is not None:
            return None
        first = comes_first(self._canopy, self._canopy.local, self._canopy.remote, folder)
        t = three(self._canopy, first) if first is not None and self._summon(first) else None
        if t is not None and isinstance(t.local, Dir):
            self._note(t.local.id, self._offer(t.local, t))
        return first

    def _summon(self, folder: NodeId) -> bool:
        """Whether a folder that something must stand in is to be made now: by the table alone it is one to delete, and
        waits for the very thing that needs it."""
        if folder in self._batch.taken or folder in self._summoned or not is_to_go(three(self._canopy, folder)):
            return False
        self._summoned.add(folder)
        return True

    def _note(self, node_id: NodeId, on: NodeId | None) -> None:
        """Remember what a node waits for, if it does."""
        if on is not None:
            self._waits[node_id] = on

    def _stands(self, node_id: NodeId) -> Node:
        """The node as it really stands on this disk, in the park if it is parked."""
        node = self._canopy.local.get(node_id)
        assert node is not None
        return node
