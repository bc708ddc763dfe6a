"""What is remembered, on one connection, of the recipes that the hub has: a change of a large file is said by what is
new in it, and the hub is not asked about what it has.

Called by ``dialogue``, in the order in which things are said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from syncagent.model.changes import Change, Entry, Operation, Ruling, Verdict
from syncagent.model.ids import ChangeId, Digest, NodeId, Rev
from syncagent.model.nodes import Recipe
from syncagent.model.splices import splice_of
from syncagent.model.values import replace
from syncagent.protocol.familiar import CLIENT_BLOCKS, Familiar


class Recollection:
    """See the module."""

    def __init__(self) -> None:
        self._familiar = Familiar(CLIENT_BLOCKS)
        self._submitted: dict[ChangeId, Change] = {}
        self._doubted = False

    def at(self, node_id: NodeId, rev: Rev) -> Recipe | None:
        """The recipe of a node at ``rev``, if it is remembered."""
        return self._familiar.at(node_id, rev)

    def told(self, entries: Iterable[Entry]) -> None:
        """The hub has said these."""
        for entry in entries:
            self._familiar.tell(entry.node_id, entry.rev, entry.recipe)

    def submit(self, change: Change) -> Change:
        """``change`` as it is to be said: with a splice, where that is shorter."""
        self._submitted[change.change_id] = change
        base = self._familiar.at(change.node_id, change.base_rev)
        splice = splice_of(change.recipe, base) if base and change.operation is Operation.UPDATE else ()
        return replace(change, splice=splice) if splice else change

    def judged(self, verdicts: Sequence[Verdict]) -> None:
        """The hub has judged these."""
        for verdict in verdicts:
            change = self._submitted.pop(verdict.change_id, None)
            if verdict.ruling is Ruling.NEEDS_BLOCKS:
                self.doubt()
            if change is None or verdict.ruling is not Ruling.COMMITTED:
                continue
            if change.operation is Operation.MOVE:
                self._familiar.move(change.node_id, change.base_rev, verdict.rev)
            else:
                self._familiar.tell(change.node_id, verdict.rev, change.recipe)

    def doubt(self) -> None:
        """The hub has lost blocks: from now on it is asked about all of them."""
        self._doubted = True

    def unknown(self, digests: Sequence[Digest]) -> list[Digest]:
        """Those of ``digests`` of which it is not known that the hub has them: of a file that has changed, most are
        those that it had."""
        known = set() if self._doubted else self._familiar.digests()
        return [digest for digest in digests if digest not in known]
