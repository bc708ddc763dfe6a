"""What the ops of a batch, and those already under way, lay claim to: the reason why they may run in any order.

On each side (this disk, the hub) an op may *fill* a name, *shift* a folder (so that all paths beneath it change),
*empty* a folder (which nothing may enter any more), and *lean* on every folder above it.  Two ops get in each other's
way when both fill one name, when one fills a name in a folder that the other empties, or when one shifts what the
other leans on.  An op that would is not in this batch.
"""

from __future__ import annotations

from typing import Final, assert_never

from syncagent.model.ids import PARK, NodeId
from syncagent.model.names import NameKey, name_key
from syncagent.model.nodes import Dir, Placement
from syncagent.model.values import value
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    MakeLocalDir,
    MoveLocal,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    WriteLocal,
)
from syncagent.trees.tree import View, ancestors


@value
class Footprint:
    """What one op claims on one side.  What lies ``beneath`` what it empties is emptied, too."""

    fills: Placement | None = None
    shifts: bool = False
    empties: bool = False
    leans: bool = True
    beneath: tuple[NodeId, ...] = ()


_LEANS: Final = Footprint()
_SHIFTS: Final = Footprint(shifts=True)
_EMPTIES: Final = Footprint(empties=True, leans=False)


def footprint(op: Op) -> tuple[Footprint | None, Footprint | None]:
    """What ``op`` claims on this disk, and at the hub; None where it claims nothing.

    The disk goes by paths, so that whatever is done there leans on all folders above it.  The hub goes by ids: only a
    folder's move leans on what is above (two moves of one batch must not make a circle together).
    """
    match op:  # what comes by the ten thousand first: each case that is not the one costs
        case SubmitCreate(node=node):
            return None, Footprint(node.at, leans=False)
        case SubmitDelete(node=node, beneath=beneath):
            if beneath:
                return None, Footprint(empties=True, leans=False, beneath=beneath)
            return None, _EMPTIES if isinstance(node, Dir) else None
        case WriteLocal(node=node, expect=expect):
            return (Footprint(node.at) if expect is None else _LEANS), None
        case DeleteLocal(expect=expect):
            return (_SHIFTS if isinstance(expect, Dir) else _LEANS), None
        case MakeLocalDir(node=node):
            return Footprint(node.at, shifts=True), None
        case MoveLocal(expect=expect, to=to) | SetAside(expect=expect, to=to):
            return Footprint(to, shifts=isinstance(expect, Dir)), None
        case Adopt():
            return _SHIFTS, None
        case SubmitMove(node=node, to=to):
            return None, Footprint(to, shifts=isinstance(node, Dir), leans=isinstance(node, Dir))
        case SubmitEdit() | Agree():
            return None, None
        case _:
            assert_never(op)


class Claims:
    """The claims on one side, whose tree is ``view``."""

    __slots__ = ("_chains", "_emptied", "_entered", "_filled", "_leant_on", "_shifting", "_view")

    def __init__(self, view: View) -> None:
        self._view = view
        self._chains: dict[NodeId, tuple[NodeId, ...]] = {}
        """By folder: itself and those above it.  No tree changes while a plan is made."""
        self._filled: dict[tuple[NodeId, NameKey], NodeId] = {}
        self._entered: dict[NodeId, NodeId] = {}
        self._emptied: set[NodeId] = set()
        self._shifting: set[NodeId] = set()
        self._leant_on: dict[NodeId, NodeId] = {}

    def copy(self) -> Claims:
        """Another that claims the same."""
        other = Claims(self._view)
        other._chains, other._filled, other._entered = self._chains.copy(), self._filled.copy(), self._entered.copy()
        other._emptied, other._shifting = self._emptied.copy(), self._shifting.copy()
        other._leant_on = self._leant_on.copy()
        return other

    def filler(self, at: Placement) -> NodeId | None:
        """Who has claimed to fill this name."""
        return self._filled.get((at.parent, name_key(at.name)))

    @property
    def any_shifts(self) -> bool:
        """Whether any folder is about to be elsewhere, or has no place yet."""
        return bool(self._shifting)

    def in_the_way(self, node_id: NodeId, foot: Footprint) -> NodeId | None:
        """The node whose op must be over before the op about ``node_id`` may run; None when nothing is in the way."""
        if foot.fills is not None and (on := self.name_in_the_way(node_id, foot.fills)) is not None:
            return on
        if foot.empties and self._entered:
            for emptied in (node_id, *foot.beneath):
                if emptied in self._entered:
                    return self._entered[emptied]
        if foot.shifts and node_id in self._leant_on:
            return self._leant_on[node_id]
        if foot.leans and self._shifting:
            chains = self._chains_of(node_id, foot)
            return next((folder for chain in chains for folder in chain if folder in self._shifting), None)
        return None

    def name_in_the_way(self, node_id: NodeId, at: Placement) -> NodeId | None:
        """``in_the_way`` of what only fills a name."""
        parent = at.parent
        if parent == PARK:
            return None
        if parent in self._emptied:
            return parent
        filler = self._filled.get((parent, name_key(at.name)))
        return None if filler == node_id else filler

    def claim(self, node_id: NodeId, foot: Footprint) -> None:
        """From now on, whatever gets in the way of this op must wait for it."""
        if foot.fills is not None and foot.fills.parent != PARK:
            self._filled[foot.fills.parent, name_key(foot.fills.name)] = node_id
            self._entered.setdefault(foot.fills.parent, node_id)
        if foot.empties:
            self._emptied.add(node_id)
            self._emptied.update(foot.beneath)
        if foot.shifts:
            self._shifting.add(node_id)
        if foot.leans:
            for chain in self._chains_of(node_id, foot):
                for folder in chain:
                    if folder in self._leant_on:
                        break  # and so are all above it
                    self._leant_on[folder] = node_id

    def claim_name(self, node_id: NodeId, at: Placement) -> None:
        """``claim`` for what only fills a name."""
        if at.parent != PARK:
            self._filled[at.parent, name_key(at.name)] = node_id
            self._entered.setdefault(at.parent, node_id)

    def claim_new(self, node_id: NodeId, at: Placement) -> bool:
        """``claim`` for what is to fill a name, and leans on all above it.  False when it stands somewhere already:
        then it leans on more."""
        if self._view.get(node_id) is not None:
            return False
        self.claim_name(node_id, at)
        if at.parent not in self._leant_on:
            for folder in self._chain(at.parent):
                self._leant_on.setdefault(folder, node_id)
        return True

    def _chains_of(self, node_id: NodeId, foot: Footprint) -> list[tuple[NodeId, ...]]:
        """The folders above where the node stands and above where it is to stand."""
        node = self._view.get(node_id)
        chains = [self._chain(node.at.parent)] if node is not None else []
        if foot.fills is not None and (node is None or foot.fills.parent != node.at.parent):
            chains.append(self._chain(foot.fills.parent))
        return chains

    def _chain(self, folder: NodeId) -> tuple[NodeId, ...]:
        known = self._chains.get(folder)
        if known is None:
            known = self._chains[folder] = tuple(ancestors(self._view, folder))
        return known
