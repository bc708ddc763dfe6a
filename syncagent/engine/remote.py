"""The agent's view of the hub: how far it has heard, and what the hub has.

Remote is always a prefix of the journal.  A change of our own, met in the journal because the answer to it was lost, is
settled exactly as the answer would have settled it; so no answer that is lost makes a conflict, or a second submission
(HAZARDS hazard 7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias, assert_never

from syncagent.engine.effects import AskChanges, CloseLink, Effect, Note
from syncagent.engine.events import CaughtUp, Heard, Judged, Welcomed
from syncagent.engine.status import NOT_YET
from syncagent.model.changes import Entry, Operation, Verdict
from syncagent.model.ids import ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.nodes import File, Node, Recipe
from syncagent.model.values import fixed, replace
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import ancestors, subtree

WHOLE_HERE = 16
"""A folder with at least so many nodes beneath it goes from this disk together with them; fewer go quickly by
themselves, in batches with others."""

WHOLE_THERE = 1
"""The same at the hub.  There any folder that can goes as a whole: else what is in it would be gone before it shows
that others have moved it meanwhile."""


class Link(Enum):
    DOWN = "down"
    CATCHING_UP = "catching up"
    READY = "ready"


@fixed
class Footing:
    """What we know of the hub's journal: its numbers up to ``cursor``, as they were in this run of this epoch."""

    epoch: str
    cursor: Seq
    run: str


_Said: TypeAlias = tuple[Node | None, Rev, ClientId, Recipe]
"""Of an entry, what Remote is to know: a recipe only where it is more than one block."""


def _said(entry: Entry) -> _Said:
    return entry.node, entry.rev, entry.author, entry.recipe if len(entry.recipe) > 1 else ()


class RemoteSide:
    """Turns what the hub says into the Remote tree, and keeps the cursor.  ``wants_all``: whether it counts what became
    of each file, and not only what is, where nothing of the journal is remembered."""

    def __init__(self, canopy: Canopy, client_id: ClientId, wants_all: Callable[[], bool] = lambda: False) -> None:
        self._wants_all = wants_all
        self._canopy = canopy
        self._client_id = client_id
        self.link = Link.DOWN
        self.reason = NOT_YET
        self.final = False
        self.hub_id = ""
        self.epoch = ""
        self.run = ""
        """The run of the hub in which the cursor came to where it is."""
        self.anew = ""
        """In which epoch and run of the hub all that is agreed began to be agreed.  It goes into the ids of changes:
        what is sent again since then is another change, whatever the hub remembers of before."""
        self.cursor = Seq(0)
        self._run_of_link = ""
        self.head = Seq(0)
        self.batch_changes = 500
        self.push_bytes = 65_536
        self.may_write = True
        self.subtrees = False
        """Whether the hub deletes a folder with all beneath it by one change."""
        self.recipes: dict[Digest, Recipe] = {}
        self.authors: dict[NodeId, ClientId] = {}
        """Whose the last change of a node was, as far as it is not at one."""
        self._snapshot: dict[NodeId, _Said | Entry] | None = None
        """What the pages of a snapshot have said so far: of changes that may be ours as it was told, of others what is
        needed of it, which is less than half as large; a machine that joins waits with all of it for the last page."""
        self._sent: dict[NodeId, None] = {}
        self._sent_whole: dict[NodeId, None] = {}
        """Folders that were sent to be deleted, with all that is beneath them."""
        self._told: dict[str, str] = {}
        self._news = False
        self.begun_anew = 0
        """How often what was agreed came to count for nothing."""
        self.heads_heard = 0
        """How often the hub has answered an AskChanges to its end: a proof of being up to date at that moment."""

    def load(self, facts: Mapping[str, str]) -> None:
        self.hub_id, self.epoch = facts.get("hub_id", ""), facts.get("epoch", "")
        self.run, self.anew = facts.get("run", ""), facts.get("anew", "")
        self.cursor = self.head = Seq(int(facts.get("cursor", "0")))
        self._sent = dict.fromkeys(map(NodeId, facts.get("sent", "").split()))
        self._sent_whole = dict.fromkeys(map(NodeId, facts.get("sent_whole", "").split()))
        self._told = self._facts()

    def sending(self, node_id: NodeId, *, whole: bool = False) -> None:
        """A change of this node (``whole``: and of all beneath it) is about to be submitted.  That is remembered until
        it is answered: what the journal has of ours beyond, this memory has lost (with the power, or by being put back
        to an older state).  It is taken like anybody else's then: that it is not on our disk does not mean that someone
        deleted it (B6, E4, E5)."""
        self._sent[node_id] = None
        if whole:
            self._sent_whole[node_id] = None
        self._news = True

    def estrange(self, node_id: NodeId) -> None:
        """What was agreed of the node is forgotten: what the journal has of ours about it is taken like anybody's."""
        if self._sent.pop(node_id, self) is not self:
            self._news = True

    def rest(self) -> None:
        """All is at one: nothing is unanswered, and nothing is to be fetched."""
        self.recipes.clear()
        self.authors.clear()
        self._news = self._news or bool(self._sent or self._sent_whole)
        self._sent.clear()
        self._sent_whole.clear()

    def new_facts(self) -> dict[str, str]:
        """What is to be committed together with the Remote rows, if it is not what it was: tree and cursor are never
        apart."""
        if not self._news:
            return {}
        self._news = False
        facts = self._facts()
        changed = {key: value for key, value in facts.items() if self._told.get(key) != value}
        self._told = facts
        return changed

    def _facts(self) -> dict[str, str]:
        sent = " ".join(self._sent)
        return {
            "hub_id": self.hub_id, "epoch": self.epoch, "cursor": str(self.cursor), "run": self.run, "sent": sent,
            "anew": self.anew, "sent_whole": " ".join(self._sent_whole),
        }  # fmt: skip

    def policy(self, machine: str, day: str, *, submits: bool, writes: bool) -> Policy:
        """What may be done, as far as the hub has a say in it."""
        whole_there = WHOLE_THERE if self.subtrees else 0
        return Policy(machine, day, submits and self.may_write, writes, whole_here=WHOLE_HERE, whole_there=whole_there)

    @property
    def footing(self) -> Footing:
        return Footing(self.epoch, self.cursor, self.run)

    # --- the connection ---------------------------------------------------------------------------------------

    def welcomed(self, event: Welcomed) -> list[Effect]:
        if not event.journal:
            self.reason = "this hub keeps no journal: it tells of changes, but holds no content"
            return [Note("warning", self.reason)]
        if self.hub_id and event.hub_id != self.hub_id:
            self.final = True
            self.reason = (
                "this is another hub than before: nothing is exchanged with it until you say so "
                "(join it with its link, or start once with --new-hub: both sides are united then)"
            )
            return [CloseLink(self.reason, again=False), Note("error", self.reason)]
        self._news = True
        notes: list[Effect] = []
        self._run_of_link = event.run
        if event.epoch != self.epoch or event.head < self.cursor or event.diverged:
            if self.epoch:
                notes.append(Note("warning", "the hub's journal was restored or made anew: both sides are united"))
            self._begin_anew(f"{event.epoch} {event.run}")
        elif not self.run:
            self.run = event.run  # nobody can tell of the time before; from now on it would be found out
        self.hub_id, self.epoch, self.head = event.hub_id, event.epoch, event.head
        self.batch_changes, self.push_bytes = event.batch_changes, event.push_bytes
        self.may_write, self.subtrees = event.may_write, event.subtrees
        self.link, self.reason, self.final = Link.CATCHING_UP, "", False
        return [*notes, self._ask()]

    def _begin_anew(self, anew: str) -> None:
        """What was agreed with another journal is not agreed: both sides are united, and nothing counts as deleted."""
        for node_id in [*self._canopy.synced.ids(), *self._canopy.remote.ids()]:
            self._canopy.set_remote(node_id, None)
        for node_id in list(self._canopy.synced.ids()):
            self._canopy.set_synced(node_id, None)
        self._canopy.forget_revs()
        self.cursor, self.run, self.anew = Seq(0), "", anew
        self._sent.clear()
        self._sent_whole.clear()
        self.begun_anew += 1

    def down(self, reason: str, final: bool, anew: bool = False) -> None:
        self.link, self._snapshot = Link.DOWN, None
        if final or anew or not self.final:
            self.reason, self.final = reason, final

    def _ask(self) -> Effect:
        if self.cursor == 0 and self._snapshot is None:
            if self._wants_all():
                return AskChanges(self.cursor, plain=True)
            self._snapshot = {}
        return AskChanges(self.cursor, snapshot=self._snapshot is not None)

    def prove(self) -> list[Effect]:
        """Ask the hub for its head, although it would tell us by itself."""
        return [AskChanges(self.cursor)] if self.link is Link.READY else []

    # --- the journal ------------------------------------------------------------------------------------------

    def caught_up(self, event: CaughtUp) -> list[Effect]:
        if self.link is Link.DOWN:
            return []
        self._news = True
        self.head = max(self.head, event.head)
        if event.snapshot:
            if self._snapshot is None:
                self._snapshot = {}
            for entry in event.entries:
                ours = entry.author == self._client_id
                self._snapshot[entry.node_id] = entry if ours else _said(entry)
            if event.more:
                return [AskChanges(event.next, snapshot=True)]
            self._take_snapshot()
            self._reach(event.head)
        else:
            for entry in event.entries:
                if entry.seq > self.cursor:  # else it was told in the meantime, and things have gone on since
                    self._take(entry)
                    self._reach(entry.seq)
            self._reach(event.next)
            if event.more:
                return [AskChanges(event.next)]
        self._snapshot = None
        self.heads_heard += 1
        self.link = Link.READY
        return []

    def _take_snapshot(self) -> None:
        """The hub's whole tree: what is not in it, the hub does not have."""
        assert self._snapshot is not None
        known = [*self._canopy.synced.ids(), *self._canopy.remote.ids()]
        for node_id in known:
            if node_id not in self._snapshot and self._canopy.remote.get(node_id) is not None:
                self._canopy.set_remote(node_id, None)
        # Each is let go of when it has become a node: not all is there twice.
        left = [*self._snapshot.items()]
        self._snapshot.clear()
        left.reverse()
        while left:
            node_id, said = left.pop()
            if isinstance(said, Entry):
                if self._is_unanswered(said):
                    self._settle_own(said)
                said = _said(said)
            self._put(node_id, said)

    def heard(self, event: Heard) -> list[Effect]:
        self._news = True
        for entry in event.entries:
            if entry.seq <= self.cursor:
                continue
            if entry.first != self.cursor + 1 and self.link is Link.READY:
                return self._resync()
            if self.link is not Link.READY:
                continue  # what is told while we catch up is in the answer, too
            if not entry.beneath:
                self._take(entry)
            elif not self._take_whole(entry):
                return self._resync()  # said one by one, it shows who is right
            self._reach(entry.seq)
        self.head = max(self.head, self.cursor)
        return []

    def judged(self, event: Judged) -> tuple[list[Effect], tuple[Verdict, ...]]:
        """Our own changes stand at their places in the journal, too.  Gives the verdicts that count; those that stand
        behind a gap do not: they are met again in the journal, after what was left out."""
        self._news = True
        for counted, verdict in enumerate(event.verdicts):
            if verdict.seq - verdict.beneath > self.cursor + 1:
                return self._resync(), event.verdicts[:counted]
            self._reach(verdict.seq)
            self._sent.pop(verdict.node_id, None)
            self._sent_whole.pop(verdict.node_id, None)
        self.head = max(self.head, self.cursor, event.head)
        return [], event.verdicts

    def _reach(self, seq: Seq) -> None:
        """We know the journal up to there, as it is in this run of the hub."""
        if seq > self.cursor:
            self.cursor, self.run = seq, self._run_of_link

    def _resync(self) -> list[Effect]:
        """Something was left out: ask for all that came after what we have."""
        self.link = Link.CATCHING_UP
        return [Note("warning", "a gap in what the hub told; asking again"), self._ask()]

    # --- one entry --------------------------------------------------------------------------------------------

    def _take(self, entry: Entry) -> None:
        if self._is_unanswered(entry):
            self._settle_own(entry)
        self._put(entry.node_id, _said(entry))
        node_id = entry.node_id
        local = self._canopy.local.get(node_id)
        if local is not None and local == self._canopy.remote.get(node_id):
            self._canopy.set_synced(node_id, local)

    def _take_whole(self, entry: Entry) -> bool:
        """A folder was deleted with all beneath it: that is what Remote has there, since both know the journal up to
        this.  False when Remote has another number of nodes there: then it is not what it should be."""
        nodes = list(subtree(self._canopy.remote, entry.node_id))
        if len(nodes) != entry.beneath + 1 or self._canopy.remote.get(entry.node_id) is None:
            return False
        ours = self._is_unanswered(entry)
        self._sent.pop(entry.node_id, None)
        self._sent_whole.pop(entry.node_id, None)
        if ours:
            for node_id in nodes:
                self._canopy.set_synced(node_id, None)
        self._canopy.bury(nodes)
        self.authors.update(dict.fromkeys(nodes, entry.author))
        self._canopy.set_remote(entry.node_id, None, entry.rev)
        return True

    def _put(self, node_id: NodeId, said: _Said) -> None:
        node, rev, author, recipe = said
        self._canopy.set_remote(node_id, node, rev)
        self.authors[node_id] = author
        if isinstance(node, File) and recipe:
            self.recipes[node.content.digest] = recipe

    def _is_unanswered(self, entry: Entry) -> bool:
        """Whether it is a change of ours, the answer to which was lost."""
        if entry.author != self._client_id:
            return False
        return entry.node_id in self._sent or bool(
            self._sent_whole
            and entry.operation is Operation.DELETE
            and any(one in self._sent_whole for one in ancestors(self._canopy.remote, entry.node_id))
        )

    def _settle_own(self, entry: Entry) -> None:
        """We had it so on our disk when we sent it, and the hub took it: that much is agreed."""
        # One change of a node is under way at a time: what else is ours in the journal, this memory has lost.
        self._sent.pop(entry.node_id, None)
        self._sent_whole.pop(entry.node_id, None)
        synced = self._canopy.synced.get(entry.node_id) if entry.node_id in self._canopy.synced else None
        agreed: Node | None
        match entry.operation:
            case Operation.CREATE:
                agreed = entry.node
            case Operation.DELETE:
                agreed = None
            case Operation.UPDATE:
                agreed = replace(entry.node, at=synced.at) if entry.node and synced else synced
            case Operation.MOVE:
                agreed = replace(synced, at=entry.node.at) if entry.node and synced else synced
            case other:
                assert_never(other)
        self._canopy.set_synced(entry.node_id, agreed)
