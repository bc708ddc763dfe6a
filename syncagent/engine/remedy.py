"""Changes of the hub's tree alone: what a decision brings back, or takes away again, that no disk here has to do with.

The change is submitted from what was remembered; the hub still has the blocks.  Remote alone settles by it, as if
someone else had made the change, and ordinary planning brings it to this disk as to all others.  So an answer that is
lost costs nothing: met in the journal, the change is taken like anybody else's, and whether there is anything left to
do is looked at anew before each submission.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from syncagent.engine.at_hand import SMALL
from syncagent.engine.effects import Effect, Note, Recall, Submit
from syncagent.engine.flight import Flight
from syncagent.engine.ledger import Ledger
from syncagent.engine.remote import RemoteSide
from syncagent.model.acts import Act, Part
from syncagent.model.changes import Change, Ruling, Verdict
from syncagent.model.ids import ROOT, ChangeId, Digest, NodeId, Rev
from syncagent.model.nodes import Dir, File, Recipe
from syncagent.model.values import replace
from syncagent.planner.ops import SubmitCreate, SubmitDelete, SubmitEdit, SubmitOp, subject
from syncagent.planner.outcome import settle_remote
from syncagent.trees.canopy import FIRST_REV, Canopy

AT_ONCE: Final = 1_000
AGAIN: Final = 30.0
"""Seconds until a refusal that may pass is tried again."""

PASSING: Final = frozenset(
    {"storage_full", "storage_unavailable", "internal_error", "rate_limited", "quota_exceeded", "mass_delete_held"}
)


class Remedy:
    """``wanted`` are open parts of decided acts that the hub's tree alone has to be changed for."""

    def __init__(self, canopy: Canopy, flight: Flight, remote: RemoteSide, ledger: Ledger) -> None:
        self._canopy = canopy
        self._flight = flight
        self._remote = remote
        self._ledger = ledger
        self._wanted: dict[NodeId, None] = {}
        self._order: deque[NodeId] | None = None
        self._sent: dict[ChangeId, NodeId] = {}
        self._told: dict[NodeId, Rev] = {}
        self._not_before = 0.0
        self._recalling: dict[Digest, None] = {}
        self._recalled: dict[Digest, Recipe] = {}

    @property
    def busy(self) -> bool:
        return bool(self._wanted or self._sent)

    def wake_at(self, now: float) -> float | None:
        """When what was refused is tried again."""
        return self._not_before if self._wanted and self._not_before > now else None

    def want(self, node_id: NodeId) -> None:
        if node_id not in self._wanted:
            self._wanted[node_id] = None
            self._order = None

    def no_more(self, node_id: NodeId) -> None:
        self._wanted.pop(node_id, None)

    def launch(self, incarnation: str, now: float) -> list[Effect]:
        """Submit what is wanted, as far as there is room: the judge goes in order, so that folders come before what
        they hold, and go after it."""
        if not self._wanted or now < self._not_before:
            return []
        self._not_before = 0.0
        if self._order is None:
            self._order = deque(sorted(self._wanted, key=self._turn))
        effects: list[Effect] = []
        changes: list[Change] = []
        unknown: dict[Digest, None] = {}
        later: list[NodeId] = []
        while self._order and len(self._sent) < AT_ONCE:
            node_id = self._order.popleft()
            if node_id not in self._wanted or node_id in self._flight.busy:
                continue  # a busy one has its turn when it is followed again
            found = self._ledger.open_part(node_id)
            if found is not None and self._waits_for_its_folder(*found):
                later.append(node_id)
                continue
            if found is not None and (digest := self._unknown(*found)) is not None:
                unknown[digest] = None
                continue
            del self._wanted[node_id]
            if found is not None:
                changes.append(self._change(*found, incarnation))
            if len(changes) >= self._remote.batch_changes:
                effects.append(Submit(tuple(changes), confirmed=True))
                changes = []
        self._order.extendleft(reversed(later))
        if not self._order:
            self._order = None
        if changes:
            effects.append(Submit(tuple(changes), confirmed=True))
        if asked := [digest for digest in unknown if digest not in self._recalling]:
            self._recalling.update(dict.fromkeys(asked))
            effects.append(Recall(tuple(asked)))
        return effects

    def _waits_for_its_folder(self, act: Act, part: Part) -> bool:
        """Whether it is to be created in a folder that has yet to come back: it waits, too, or comes by ordinary
        planning, since it still stands here."""
        goal, remote = part.goal(act), self._canopy.remote
        if goal is None or goal.at.parent == ROOT or remote.get(part.node_id) is not None:
            return False
        above = goal.at.parent
        return remote.get(above) is None and (above in self._wanted or self._canopy.local.get(above) is not None)

    def _unknown(self, act: Act, part: Part) -> Digest | None:
        """The large content of which it has to be recalled first how it is cut."""
        goal = part.goal(act)
        if not isinstance(goal, File) or goal.content.size <= SMALL:
            return None
        digest = goal.content.digest
        return None if digest in self._remote.recipes or digest in self._recalled else digest

    def recalled(self, recipes: Mapping[Digest, Recipe]) -> None:
        """The answer to a Recall, perhaps someone else's."""
        for digest, recipe in recipes.items():
            if digest in self._recalling:
                del self._recalling[digest]
                self._recalled[digest] = recipe

    def _turn(self, node_id: NodeId) -> tuple[bool, int]:
        found = self._ledger.open_part(node_id)
        if found is None:
            return False, 0
        act, part = found
        depth = part.path.count("/")
        return (False, depth) if part.goal(act) is not None else (True, -depth)

    def _change(self, act: Act, part: Part, incarnation: str) -> Change:
        op = self._op(act, part)
        recipe: Recipe = ()
        if isinstance(op.node, File):
            digest = op.node.content.digest
            recipe = self._remote.recipes.get(digest) or self._recalled.pop(digest, ())
            if recipe:
                self._remote.recipes[digest] = recipe  # for bringing it here
        change = self._flight.begin_change(op, recipe, incarnation)
        self._sent[change.change_id] = part.node_id
        return change

    def _op(self, act: Act, part: Part) -> SubmitOp:
        goal, there, rev = part.goal(act), self._canopy.remote.get(part.node_id), self._canopy.rev(part.node_id)
        if there is None:
            assert goal is not None
            # On no revision it would be the very change that once made the node, and the hub would say that it is done.
            return SubmitCreate(goal, self._told.get(part.node_id, rev or part.rev or FIRST_REV))
        if goal is None:
            return SubmitDelete(there, rev)
        assert not isinstance(goal, Dir)
        return SubmitEdit(replace(goal, at=there.at), rev)

    # --- what comes back --------------------------------------------------------------------------------------

    def is_mine(self, verdict: Verdict) -> bool:
        return verdict.change_id in self._sent

    def answered(self, op: SubmitOp, verdict: Verdict, now: float) -> list[Effect]:
        """The hub's word on one of ours."""
        del self._sent[verdict.change_id]
        node_id = subject(op)
        self._told.pop(node_id, None)
        found = self._ledger.open_part(node_id)
        if verdict.ruling is Ruling.COMMITTED:
            settle_remote(self._canopy, op, verdict.rev)
            return []
        if found is None:
            return []
        _, part = found
        if verdict.ruling is Ruling.REJECTED and verdict.error_code in PASSING:
            self.want(node_id)
            self._not_before = now + AGAIN
            return [Note("warning", f"the hub refused it, and is asked again: {verdict.message}", part.path)]
        if isinstance(op, SubmitCreate) and verdict.error_code == "conflict" and verdict.rev != op.base:
            # Of what was deleted we do not always remember the revision; the hub tells it.
            self._told[node_id] = verdict.rev
            self.want(node_id)
            return []
        self._ledger.close(part)
        if verdict.ruling is Ruling.DUPLICATE:
            return []  # it was done long ago, and what has become of it since, the journal has told
        return [Note("warning", f"it could not be put back: {verdict.message}", part.path)]

    def forget(self, verdicts: Iterable[Verdict]) -> None:
        """These answers do not count, for they came out of order."""
        for verdict in verdicts:
            if (node_id := self._sent.pop(verdict.change_id, None)) is not None:
                self.want(node_id)

    def unanswered(self) -> None:
        """The answers will not come: what is left to do is found out anew."""
        for node_id in self._sent.values():
            self.want(node_id)
        self._sent.clear()
