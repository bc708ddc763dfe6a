"""Files that may have been damaged, and those that were: read again, held back, healed; never sent as edits.

*Suspects* are to be read, though their stamps say that nothing happened; nothing is done about them before that.  They
were written shortly before the machine stopped without warning (B6), or their turn has come in the slow look through
all content (E15).  What turns out to be damaged is healed or held:

* The power went, and the hub has what it was: the damage counts as what both sides had, so that the hub's content is
  the newer one and is fetched.  What it replaces is kept aside (``wounded``).
* The hub never had it, or nothing explains the change: nobody but a person can say which one is right.  It is held with
  its reason (``held``) until it is written again, or healed on request.

What the memory knows too little of waits until the hub was heard (``unproven``).

What was written shortly before such a stop and is gone was not deleted by anyone: it is fetched again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from enum import Enum

from syncagent.engine.effects import Note
from syncagent.engine.events import Stop
from syncagent.engine.unproven import Unproven
from syncagent.model.changes import Entry
from syncagent.model.facts import UNSURE, Fact, FileSeen, LookAt, Stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from syncagent.model.values import fixed, replace
from syncagent.trees.canopy import Canopy
from syncagent.trees.damage import changed_silently, lost_with_power, written_since
from syncagent.trees.displaced import NOWHERE, take_over
from syncagent.trees.identify import Identifier
from syncagent.trees.tree import subtree

HEALED = "it was damaged when the machine stopped; what is left of it is kept in .syncagent/damaged"
ONLY_HERE = (
    "it was damaged when the machine stopped, and the hub never had it as it was: "
    "nothing is done about it until it is written again"
)
ROTTEN = (
    "its content on the disk has changed, but nothing has written it: "
    "write it again if it is right, or heal it from the hub (syncagent heal)"
)


class Why(Enum):
    """Why a file is suspected."""

    STOPPED = "it was written shortly before the machine stopped"
    TURN = "its turn has come"
    HELD = "it was held before the agent was stopped"


@fixed
class Doubt:
    """A file that is held: what was seen, and the reason."""

    seen: FileSeen
    reason: str


class Damage:
    """What is suspected, held and wounded.  A part of ``LocalSide``."""

    def __init__(self, canopy: Canopy, outs: Container[NodeId] = ()) -> None:
        """``outs`` are the nodes that are left out."""
        self._canopy = canopy
        self._outs = outs
        self._unproven = Unproven(canopy)
        self._suspects: dict[NodeId, Why] = {}
        self._recent: set[NodeId] = set()
        self._stopped = False
        self._booted_ns: int | None = None
        self._put_back: frozenset[RelPath] = frozenset()
        """Whatever was done there since the start of the machine was done by us."""
        self.held: dict[NodeId, Doubt] = {}
        self.wounded: dict[NodeId, None] = {}
        """Nodes whose bytes are to be kept aside when the hub's take their place."""
        self.cleared: dict[NodeId, None] = {}
        """Nodes that were in doubt and are not any more; ``LocalSide`` empties it."""
        self._notes: list[Note] = []
        self._told: dict[str, str] = {}
        self._turn = ""

    # --- what is suspected ------------------------------------------------------------------------------------

    def load(self, facts: Mapping[str, str], stop: Stop | None, put_back: Iterable[RelPath] = ()) -> None:
        self._put_back = frozenset(put_back)
        self.wounded.update(dict.fromkeys(self._nodes(facts.get("wounded", ""))))
        self._suspects = dict.fromkeys(self._nodes(facts.get("doubtful", "")), Why.HELD)
        self._turn = facts.get("deep_turn", "")
        self._unproven.load(facts, stop, self._put_back)
        self._told = self._facts()
        self._stopped = stop is not None and not stop.cleanly
        if stop is None:
            return
        self._booted_ns = stop.booted_ns
        for node_id in {**dict.fromkeys(self._canopy.synced.ids()), **dict.fromkeys(self._canopy.local.ids())}:
            node = self._canopy.local.get(node_id)
            mtime_ns = node.mtime_ns if isinstance(node, File) else 0
            if node is not None and written_since(stop.since_ns, mtime_ns, self._canopy.stamp(node_id)):
                self._recent.add(node_id)
                if isinstance(node, File):
                    self._suspects.setdefault(node_id, Why.STOPPED)
        why = "was started anew" if stop.cleanly else "stopped without warning"
        number = len(self._suspects)
        files = "1 file is" if number == 1 else f"{number} files are"
        text = f"the machine {why}: {files} read again, written shortly before"
        self._notes.append(Note("info" if stop.cleanly else "warning", text))

    def _nodes(self, text: str) -> list[NodeId]:
        return [NodeId(one) for one in text.split()]

    def take_turn(self, share: float) -> list[RelPath]:
        """Suspect the next files of the slow look through all content: so many as are ``share`` of all of them, one at
        least; gives their paths.  The look goes round in the order of ids."""
        files = sorted(one for one in self._canopy.synced.ids() if isinstance(self._canopy.local.get(one), File))
        if not files:
            return []
        number = min(max(1, round(len(files) * share)), len(files))
        start = next((place for place, one in enumerate(files) if one > self._turn), 0)
        chosen = (files * 2)[start : start + number]
        self._turn = chosen[-1]
        paths: list[RelPath] = []
        for node_id in chosen:
            path = self._canopy.local_path(node_id)
            if path is not None and not self._canopy.is_diverged(node_id) and node_id not in self.held:
                self._suspects.setdefault(node_id, Why.TURN)
                paths.append(path)
        return paths

    def suspects(self, node_id: NodeId | None) -> bool:
        return node_id in self._suspects

    def in_doubt(self) -> Iterator[NodeId]:
        """The nodes about which nothing is to be done now."""
        yield from self._suspects
        yield from self.held
        yield from self._unproven.waiting

    @property
    def on_guard(self) -> bool:
        """Whether what is read may turn out to be damage."""
        return bool(self._stopped or self._suspects or self._recent or self.held or self._unproven.waiting)

    def places_of_doubt(self) -> tuple[Collection[NodeId], ...]:
        """Where those are looked up."""
        self._unproven.sort(self._outs)
        return self._suspects, self.held, self._unproven.waiting

    def _is_suspected(self, node_id: NodeId) -> bool:
        return node_id in self._suspects or node_id in self.held

    def reads(self) -> list[LookAt]:
        """The suspects that stand on the disk, to be read."""
        paths = (self._canopy.local_path(node_id) for node_id in self._suspects)
        return [LookAt(path, None) for path in paths if path is not None and NOWHERE not in path]

    # --- what was seen ----------------------------------------------------------------------------------------

    def take(self, facts: Sequence[Fact], identifier: Identifier) -> None:
        """Let those of the facts be taken in that may be believed; what waits for the hub has its node by then."""
        believed = self.believed(facts, identifier)
        identifier.take(believed)
        self.taken(believed, identifier)

    def taken(self, facts: Sequence[Fact], identifier: Identifier) -> None:
        """These have been taken in."""
        self._unproven.taken(facts, identifier.known_at)

    def believed(self, facts: Sequence[Fact], identifier: Identifier) -> Sequence[Fact]:
        """The facts that are to be taken as they are: those on held files say nothing that may be believed."""
        if not self._suspects and not self.held and not self._stopped:
            return facts
        known_at = identifier.known_at
        return [fact for fact in facts if not isinstance(fact, FileSeen) or self._believes(fact, known_at(fact.path))]

    def _believes(self, seen: FileSeen, node_id: NodeId | None) -> bool:
        if node_id is None or not (self._is_suspected(node_id) or self._stopped):
            return True
        node = self._canopy.local.get(node_id)
        held = self.held.get(node_id)
        if seen.content is None or not isinstance(node, File):
            return held is None or held.seen.stamp != seen.stamp
        # Whatever has changed since the machine stopped may have been changed by that.
        why = self._suspects.pop(node_id, Why.HELD if held is not None or not self._stopped else Why.STOPPED)
        self.cleared[node_id] = None
        if not self._is_damage(node_id, node, seen, why):
            self.held.pop(node_id, None)
            if why is Why.HELD:
                self.wounded.pop(node_id, None)  # it was written again
            return True
        agreed = self._canopy.synced.get(node_id) if node_id in self._canopy.synced else None
        was_at_hub = isinstance(agreed, File) and agreed.content == node.content
        if why is Why.STOPPED and was_at_hub:
            self._wound_as_seen(node_id, seen)
            return True
        if held is None:
            reason = ROTTEN if was_at_hub else ONLY_HERE
            self._notes.append(Note("warning", reason, seen.path))
            self.held[node_id] = Doubt(seen, reason)
        else:
            self.held[node_id] = Doubt(seen, held.reason)
        return False

    def wants_all(self) -> bool:
        """Whether it counts what the hub had of files that others have changed since."""
        return self._unproven.listens

    def heard(self, entries: Iterable[Entry]) -> None:
        """The hub has told this."""
        self._unproven.heard(entries)

    def begun_anew(self) -> None:
        """Nothing that was agreed counts any more.  What is damaged, and was not healed yet, would look like something
        new: it is held, unless the hub turns out to have it."""
        for node_id in self.wounded:
            node, path = self._canopy.local.get(node_id), self._canopy.local_path(node_id)
            if isinstance(node, File) and path is not None:
                stamp = self._canopy.stamp(node_id) or UNSURE
                seen = FileSeen(path, stamp, node.executable, node.mtime_ns, node.content)
                self.held[node_id] = Doubt(seen, ONLY_HERE)

    def prove(self) -> list[NodeId]:
        """All that the hub has was heard; gives the nodes that are not in doubt any more."""
        cleared: list[NodeId] = []
        self._unproven.sort(self._outs)
        for node_id, was in self._unproven.prove():
            cleared.append(node_id)
            node = self._canopy.local.get(node_id)
            if was is not None and isinstance(node, File):
                self.held.pop(node_id, None)
                own = self._unproven.adopt(node, was)
                self._wound(own, self._unproven.agreed(own))
                cleared.append(own.id)
        for node_id, doubt in list(self.held.items()):
            node = self._canopy.local.get(node_id)
            was = None
            if doubt.reason == ONLY_HERE and isinstance(node, File) and node_id in self._outs:
                del self.held[node_id]
                self._wait(_as_seen(node, doubt.seen), doubt.seen.stamp)
                cleared.append(node_id)
            elif doubt.reason == ONLY_HERE and isinstance(node, File):
                # What is wounded is known as what is left of it.
                was = self._unproven.whole(node) or (self._unproven.was(node) if node_id in self.wounded else None)
            if was is not None and isinstance(node, File):
                del self.held[node_id]
                own = self._unproven.adopt(_as_seen(node, doubt.seen), was)
                self._canopy.set_local(own.id, own, doubt.seen.stamp)
                self._wound(own, self._unproven.agreed(own))
                cleared += [node_id, own.id]
        return cleared

    def _wait(self, damaged: File, stamp: Stamp) -> None:
        """It is left out: of that nothing can be agreed, not what it was before it was damaged either.  When it is not
        left out any more it is what waits for the hub."""
        self._canopy.set_local(damaged.id, damaged, stamp)
        self._unproven.left_out[damaged.id] = None

    def _is_damage(self, node_id: NodeId, node: File, seen: FileSeen, why: Why) -> bool:
        theirs = self._canopy.remote.get(node_id)
        if isinstance(theirs, File) and theirs.content == seen.content:
            return False  # whatever brought it about: it is what the hub has
        if why is Why.HELD and node_id in self.wounded and seen.content == node.content:
            return True  # as it was found, and held since the hub has nothing to heal it with
        known = self._canopy.stamp(node_id)
        if why is Why.TURN:
            return changed_silently(known, node.content, seen)
        return lost_with_power(known, node, seen, None if seen.path in self._put_back else self._booted_ns)

    def _wound_as_seen(self, node_id: NodeId, seen: FileSeen) -> None:
        agreed, ours = self._canopy.synced.get(node_id), self._canopy.local.get(node_id)
        assert isinstance(ours, File)
        self._canopy.set_local(node_id, _as_seen(ours, seen), seen.stamp)
        self._wound(_as_seen(ours, seen), _as_seen(agreed if isinstance(agreed, File) else ours, seen), seen.path)

    def _wound(self, ours: File, agreed: File, path: RelPath | None = None) -> None:
        """Let the damage be what both sides had, and what it was be the hub's newer one."""
        self._canopy.set_synced(ours.id, replace(agreed, content=ours.content))
        self.wounded[ours.id] = None
        self._notes.append(Note("warning", HEALED, path or self._canopy.local_path(ours.id) or ""))

    def gone(self, top: NodeId) -> None:
        """It was there, it is not there any more, and neither is anything that was beneath it."""
        if (other := take_over(self._canopy, top)) is not None:
            self._clear(other)  # nothing of it is left to be read
            return
        for node_id in list(subtree(self._canopy.local, top)):
            self.lost(node_id)
            self._canopy.set_local(node_id, None)

    def lost(self, node_id: NodeId) -> None:
        """It is gone.  Was it written shortly before the machine stopped?  Then no one has deleted it."""
        self._clear(node_id)
        if node_id in self._recent:
            self._recent.discard(node_id)
            path = self._canopy.local_path(node_id)
            self._canopy.set_synced(node_id, None)
            self._notes.append(
                Note("warning", "it was lost when the machine stopped, and is fetched again", path or "")
            )

    def _clear(self, node_id: NodeId) -> None:
        if self._is_suspected(node_id):
            self.cleared[node_id] = None
            self._suspects.pop(node_id, None)
            self.held.pop(node_id, None)

    def forget(self, node_ids: Iterable[NodeId]) -> None:
        """What was agreed of these was forgotten.  What is not known to stand here any more is not read either: rules
        leave it out, and when they do not it is met anew."""
        for node_id in node_ids if self._suspects or self.wounded else ():
            node = self._canopy.local.get(node_id)
            if node is None:
                self._suspects.pop(node_id, None)
            elif isinstance(node, File) and node_id in self.wounded:
                del self.wounded[node_id]
                self._wait(node, self._canopy.stamp(node_id) or UNSURE)

    def looked(self, is_missing: Callable[[NodeId], bool], *, more: bool = False) -> None:
        """All was looked at: what was there then and is gone later was deleted.  ``more``: some of it was left out, and
        is to be looked at now."""
        self._recent = {node_id for node_id in self._recent if is_missing(node_id)}
        self._stopped = False
        self._unproven.looked(more=more)

    # --- what becomes of it -----------------------------------------------------------------------------------

    def heal(self) -> list[NodeId]:
        """A person wants the hub's content in place of what is held; gives the nodes of which the hub has some."""
        healed: list[NodeId] = []
        for node_id, doubt in list(self.held.items()):
            agreed = self._canopy.synced.get(node_id) if node_id in self._canopy.synced else None
            node = self._canopy.local.get(node_id)
            if isinstance(agreed, File) and isinstance(node, File) and doubt.seen.content is not None:
                del self.held[node_id]
                self._wound_as_seen(node_id, doubt.seen)
                healed.append(node_id)
        return healed

    def settled(self, node_id: NodeId) -> None:
        """Something was done about it.  When the hub's bytes are in place, it is whole again."""
        ours, theirs = self._canopy.local.get(node_id), self._canopy.remote.get(node_id)
        if isinstance(ours, File) and isinstance(theirs, File) and ours.content == theirs.content:
            self.wounded.pop(node_id, None)

    def rest(self) -> None:
        """All is at one.  What a person has made whole again needs no healing, and its next bytes are like others'."""
        self.wounded.clear()
        self._unproven.rest()

    def take_notes(self) -> list[Note]:
        """What is to be told of it."""
        notes, self._notes = self._notes, []
        return notes

    def new_facts(self) -> dict[str, str]:
        """What is to be committed, if it is not what it was."""
        facts = self._facts()
        changed = {key: value for key, value in facts.items() if self._told.get(key) != value}
        self._told = facts
        return changed

    def _facts(self) -> dict[str, str]:
        doubtful = [*self.held, *(one for one, why in self._suspects.items() if why is Why.HELD)]
        return {
            "wounded": " ".join(self.wounded), "doubtful": " ".join(doubtful), "deep_turn": self._turn,
            "unproven": self._unproven.fact(),
        }  # fmt: skip


def _as_seen(file: File, seen: FileSeen) -> File:
    assert seen.content is not None
    bit = file.executable if seen.executable is None else seen.executable
    return replace(file, content=seen.content, executable=bit, mtime_ns=seen.mtime_ns)
