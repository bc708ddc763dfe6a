"""What to make of outcomes: of tasks on the disk, and of changes at the hub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, assert_never

from syncagent.engine.agenda import Agenda
from syncagent.engine.brake import Brake
from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import Effect, Note
from syncagent.engine.flight import Flight
from syncagent.engine.launch import paths_of
from syncagent.engine.local import LocalSide
from syncagent.engine.uploads import Uploads
from syncagent.model.changes import Ruling, Verdict
from syncagent.model.facts import DirSeen, FileSeen, LinkSeen
from syncagent.model.ids import NodeId
from syncagent.model.nodes import Dir, File
from syncagent.planner.ops import (
    MoveLocal,
    Op,
    SubmitCreate,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    WriteLocal,
    beneath,
    fills,
    subject,
)
from syncagent.planner.outcome import settle_agreed, settle_local, settle_remote, settle_submitted
from syncagent.planner.scope import Scope
from syncagent.planner.tasks import Done, Failed, Inline, Outcome, StaleTask, WriteTask
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import path_of

OVERTAKEN = frozenset({"conflict", "name_taken", "parent_missing", "not_empty", "would_cycle", "not_found"})
"""Refusals that mean: others were first.  What they did has been told by now, so the plan comes out otherwise."""

PASSING = frozenset(
    {
        "storage_full",
        "storage_unavailable",
        "internal_error",
        "rate_limited",
        "quota_exceeded",
        "mass_delete_held",
        "permission_denied",
    }
)
"""Refusals that may be over when the same is tried later."""

_SENDS: Final = (SubmitCreate, SubmitEdit)
_STANDS: Final = (DirSeen, FileSeen, LinkSeen)

HIDDEN = "what is left out on this machine has its name"
FOLDER_LEFT_OUT = "its folder is left out on this machine"

PATIENCE = 3
"""How often a refusal may come again at once, before the node is left alone for a while."""


class Reactions:
    """Settles what succeeded; looks again, holds back or tries again where something did not."""

    def __init__(
        self,
        canopy: Canopy,
        agenda: Agenda,
        local: LocalSide,
        flight: Flight,
        uploads: Uploads,
        downloads: Downloads,
        brake: Brake,
        scope: Scope,
    ) -> None:
        self._canopy = canopy
        self._agenda = agenda
        self._local = local
        self._flight = flight
        self._uploads = uploads
        self._downloads = downloads
        self._brake = brake
        self._scope = scope
        self._refused: dict[str, int] = {}

    def rest(self, now: float) -> None:
        """All is at one: nothing need be kept for what is under way."""
        self._local.rest()
        self._canopy.rest()
        self._downloads.let_go_of_all(now)
        self._flight.piecemeal.clear()
        self._uploads.linking = False
        self._uploads.share(shares=False)

    def tasks(self, outcomes: Iterable[Outcome], now: float) -> list[Effect]:
        notes: list[Effect] = []
        over: list[NodeId] = []
        for outcome in outcomes:
            task = self._flight.end_task(outcome.op)
            if task is None:
                # The root was lost meanwhile.  Perhaps it was done after all was looked at anew.
                self._local.hint(everything=True)
                continue
            self._local.task_ends(paths_of(task))
            node_id = subject(outcome.op)
            if isinstance(outcome.op, WriteLocal) and isinstance(outcome.op.node, File):
                # Used up, or no good: should it be needed again, it is got again.
                digest = outcome.op.node.content.digest
                self._downloads.used(digest)
                if isinstance(outcome, Done) and isinstance(task, WriteTask) and isinstance(task.source, Inline):
                    # Else what was made of it in advance lies there still.
                    self._downloads.drafted.pop(digest, None)
            nodes = (node_id, *beneath(outcome.op))
            match outcome:
                case Done() if not self._flight.is_at(task):
                    # A folder above it has turned out to be another one: whose it is now, a look will tell.
                    self._local.recheck(node_id, paths_of(task), now)
                case Done(op=op, fact=fact):
                    settle_local(self._canopy, op, fact.stamp if isinstance(fact, _STANDS) else None)
                    self._flight.release(nodes)
                    self._local.settled(nodes)
                case StaleTask():
                    self._stale(outcome, now)
                case Failed() if len(nodes) > 1:
                    self._singly(outcome.op)  # whatever it was, one by one it shows what it is about
                case Failed(reason=reason):
                    self._flight.hold(node_id, reason, now, moving=isinstance(outcome.op, MoveLocal))
                    notes.append(Note("warning", reason, task.path))
                case _:
                    assert_never(outcome)
            over.extend(nodes)
        self._agenda.add(over)
        self._brake.over(over)
        return notes

    def _stale(self, outcome: StaleTask, now: float) -> None:
        op, to = outcome.op, fills(outcome.op)
        node_id = subject(op)
        reason = HIDDEN if to is not None and self._scope.hides(to) else outcome.reason
        if isinstance(op, MoveLocal) and self._local.rechecked.get(node_id, 0) >= PATIENCE:
            # What stands there is none that is known, and stays: the node is not in doubt, only its place is.
            self._local.hint(outcome.paths)
            self._flight.hold(node_id, reason, now, moving=True)
        else:
            self._local.recheck(node_id, outcome.paths, now, reason=reason)
        self._singly(op)

    def _singly(self, op: Op) -> None:
        """A folder does not go together with all that is beneath it: whatever can goes by itself."""
        if beneath(op):
            self._flight.piecemeal[subject(op)] = None

    def verdicts(self, verdicts: Iterable[Verdict], now: float) -> list[Effect]:
        notes: list[Effect] = []
        over: list[NodeId] = []
        for verdict in verdicts:
            op = self._flight.end_change(verdict)
            if op is None:
                continue
            if self._brake.remedy.is_mine(verdict):
                notes.extend(self._brake.remedy.answered(op, verdict, now))
                self._agenda.add([op.node.id])
                continue
            over.extend((op.node.id, *beneath(op)))
            estranged = [one for one in (op.node.id, *beneath(op)) if self._flight.take_estranged(one)]
            match verdict.ruling:
                case Ruling.COMMITTED | Ruling.DUPLICATE if estranged:
                    self._accepted_there(op, verdict)
                case Ruling.COMMITTED | Ruling.DUPLICATE:
                    self._accepted(op, verdict)
                case Ruling.NEEDS_BLOCKS:
                    if isinstance(op, _SENDS) and isinstance(op.node, File):
                        self._uploads.forget(op.node.content.digest)
                    self._hold_after_patience(verdict.change_id, op, "the hub lacks some of its content", now)
                case Ruling.REJECTED:
                    notes.extend(self._rejected(op, verdict, now))
                case other:
                    assert_never(other)
        self._agenda.add(over)
        self._brake.over(over)
        return notes

    def _accepted(self, op: SubmitOp, verdict: Verdict) -> None:
        node_id = op.node.id
        if self._refused:
            self._refused.pop(verdict.change_id, None)
        if verdict.ruling is Ruling.COMMITTED:
            settle_submitted(self._canopy, op, verdict.rev)
        else:
            # The answer of long ago.  What has become of the node since, Remote knows from the journal: it may have
            # been deleted there, and must not seem to be back.
            settle_agreed(self._canopy, op)
        if isinstance(op, _SENDS) and isinstance(op.node, File):
            self._local.at_hand.let_go(op.node.content.digest)
            self._uploads.taken(op.node.content.digest)
        self._local.settled((node_id, *beneath(op)))

    def _accepted_there(self, op: SubmitOp, verdict: Verdict) -> None:
        """It has been forgotten what was agreed of the node: nothing is agreed by this either."""
        if verdict.ruling is Ruling.COMMITTED:
            settle_remote(self._canopy, op, verdict.rev)
        if isinstance(op, _SENDS) and isinstance(op.node, File):
            self._local.at_hand.let_go(op.node.content.digest)
            self._uploads.taken(op.node.content.digest)
        self._local.settled((op.node.id, *beneath(op)))

    def _rejected(self, op: SubmitOp, verdict: Verdict, now: float) -> list[Effect]:
        node_id = subject(op)
        if verdict.error_code in OVERTAKEN:
            if verdict.rev > self._canopy.rev(node_id) and self._canopy.remote.get(node_id) is None:
                self._canopy.set_remote(node_id, None, verdict.rev)  # deleted there, further back than we were told
            self._singly(op)
            self._hold_after_patience(verdict.change_id, op, verdict.message, now)
            return []
        nodes = (node_id, *beneath(op))
        files = [one for one in nodes if not isinstance(self._canopy.remote.get(one), Dir)]
        rejected = verdict.error_code == "mass_delete_rejected"
        if [one for one in files if rejected and self._brake.rejected_by_hub(one)]:
            return [
                Note(
                    "warning",
                    "a person at the hub has said no: it comes back from there",
                    path_of(self._canopy.remote, node_id) or "",
                )
            ]
        if verdict.error_code == "mass_delete_held":
            held = [one for one in files if self._brake.refused_by_hub(one, now)]
            for one in held:
                self._flight.hold(one, "", now)
            if held:
                return []
        for one in nodes:
            until = now if verdict.error_code in PASSING else None
            self._flight.hold(one, verdict.message, until, moving=isinstance(op, SubmitMove))
        path = self._canopy.local_path(node_id)
        return [Note("warning", f"the hub refused it: {verdict.message}", path or "")]

    def _hold_after_patience(self, key: str, op: Op, reason: str, now: float) -> None:
        self._refused[key] = self._refused.get(key, 0) + 1
        if self._refused[key] > PATIENCE:
            self._flight.hold(subject(op), reason, now, moving=isinstance(op, SubmitMove))
        if len(self._refused) > 10_000:
            self._refused.clear()
