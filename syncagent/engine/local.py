"""The agent's view of its own disk: what is to be looked at, what was seen, who is missing, who is gone.

Looking goes in rounds, one at a time.  A round looks at the hinted paths, walks the hinted folders, then reads the
files that have changed.  Absence is believed only when it was seen twice, a moment apart, with the root in place: an
editor that replaces a file, or the two halves of a move, leave nothing missing by then (HAZARDS hazard 2, N10).

A fact may be older than what we ourselves did to the disk since it was gathered.  Facts on paths that our own tasks
touched during a round are dropped, and those paths looked at again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncagent.engine.effects import Effect, Look
from syncagent.model.facts import DirSeen, Fact, FileSeen, Listed, LookAt
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, Recipe
from syncagent.model.sources import IdSource
from syncagent.trees.canopy import Canopy
from syncagent.trees.identify import Identifier, Sightings, is_displaced
from syncagent.trees.tree import subtree

GRACE = 0.1
"""Seconds between the two looks that find something gone.  A rename that is seen in two halves is whole again after
1-2 ms; saving by "delete, then write" takes editors a few tens of milliseconds."""

SMALL = 65_536
AT_HAND = 48 << 20
"""Bytes of small files that are held at most, from being read to being sent."""

READ_BATCH = 400
READS_AT_ONCE = 4
RETRY_UNREADABLE = 20.0
"""Seconds until a path that could not be read is tried again (HAZARDS N19: within 60)."""


@dataclass(slots=True)
class _Round:
    """One round of looking: first gathering (``waiting_for`` is the number of the look), then reading."""

    everything: bool
    identifier: Identifier
    seen: Sightings
    confirming: frozenset[NodeId]
    awaited: dict[NodeId, None]
    waiting_for: set[int] = field(default_factory=set)
    gathering: bool = True
    facts: list[Fact] = field(default_factory=list)
    reads: list[LookAt] = field(default_factory=list)
    ours: set[RelPath] = field(default_factory=set)
    """Paths that our own tasks touched while this round was under way."""


class LocalSide:
    """Turns hints into looks, and what they show into the Local tree."""

    def __init__(self, canopy: Canopy, ids: IdSource) -> None:
        self._canopy = canopy
        self._ids = ids
        self._round: _Round | None = None
        self._number = 0
        self._paths: dict[RelPath, None] = {}
        self._folders: dict[RelPath, None] = {}
        self._everything = False
        self._running: dict[RelPath, int] = {}
        self._missing: dict[NodeId, float] = {}
        self._retry_at: float | None = None
        self._rereads: dict[RelPath, None] = {}
        self._awaited: dict[NodeId, None] = {}
        self.skipped: dict[RelPath, str] = {}
        self.found: dict[NodeId, None] = {}
        """Nodes that were in doubt and are not any more; the engine empties it."""
        self.full_scans = 0
        self.full_scans_begun = 0
        self._small: dict[Digest, bytes] = {}
        self._at_hand = 0
        self.recipes: dict[Digest, Recipe] = {}

    # --- what the engine asks ---------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether something was hinted at, or is missing, of which it is not known yet what is there now."""
        return bool(self._round or self._paths or self._folders or self._everything or self._missing)

    @property
    def scanning(self) -> bool:
        """Whether a full scan is under way or due."""
        return self._everything or (self._round is not None and self._round.everything)

    def in_doubt(self) -> Iterator[NodeId]:
        """Nodes that are not where they were, of which it is not known yet whether they are gone; and nodes that are to
        be looked at before anything is done about them."""
        yield from self._missing
        yield from self._awaited
        if self._round is not None:
            yield from self._round.seen.missing
            yield from self._round.awaited

    def wake_at(self) -> float | None:
        times = [*self._missing.values()] if self._round is None else []
        if self._retry_at is not None:
            times.append(self._retry_at)
        return min(times, default=None)

    # --- what happens -----------------------------------------------------------------------------------------

    def hint(self, paths: Iterable[RelPath] = (), folders: Iterable[RelPath] = (), everything: bool = False) -> None:
        """Something may have changed there."""
        self._paths.update(dict.fromkeys(paths))
        self._folders.update(dict.fromkeys(folders))
        self._everything = self._everything or everything

    def recheck(self, node_id: NodeId, paths: Iterable[RelPath]) -> None:
        """The node was not as it was believed: it is in doubt until these paths have been looked at."""
        self.hint(paths)
        self._awaited[node_id] = None

    def reread(self, path: RelPath) -> None:
        """The content at ``path`` is wanted again, though nothing may have changed there."""
        self._paths[path] = self._rereads[path] = None

    def task_begins(self, paths: Iterable[RelPath]) -> None:
        """One of our own tasks is about to change these paths."""
        for path in paths:
            self._running[path] = self._running.get(path, 0) + 1
            if self._round is not None:
                self._round.ours.add(path)

    def task_ends(self, paths: Iterable[RelPath]) -> None:
        for path in paths:
            left = self._running.get(path, 0) - 1
            if left > 0:
                self._running[path] = left
            else:
                self._running.pop(path, None)

    def abandon(self) -> None:
        """The root is gone: nothing that was asked will be answered, and nothing that was missing is gone."""
        self._round = None
        self._missing.clear()
        self._awaited.clear()
        self._everything = True

    def advance(self, now: float) -> list[Effect]:
        """Begin the next round, if none is under way and there is something to look at."""
        if self._round is not None:
            return []
        if self._retry_at is not None and now >= self._retry_at:
            self._retry_at = None
            self.hint(paths=[path for path in self.skipped if path])
        due = frozenset(node_id for node_id, at in self._missing.items() if at <= now)
        again = {path for node_id in due if (path := self._canopy.local_path(node_id)) is not None}
        if not (self._paths or self._folders or self._everything or due):
            return []
        for node_id in due:
            del self._missing[node_id]
        return [self._begin(due, again)]

    def _begin(self, due: frozenset[NodeId], again: set[RelPath]) -> Effect:
        seen = Sightings()
        self._round = _Round(self._everything, Identifier(self._canopy, self._ids, seen), seen, due, self._awaited)
        self._awaited = {}
        self._round.ours.update(self._running)
        paths = {**self._paths, **dict.fromkeys(sorted(again))}
        wishes = tuple(self._wish(path) for path in paths if path)
        folders = (RelPath(""),) if self._everything else tuple(self._folders)
        if self._everything:
            self.full_scans_begun += 1
        for path in [one for one in self.skipped if self._looked_at(one, paths, folders)]:
            del self.skipped[path]  # it is listed again if it still is what it was
        self._paths, self._folders, self._rereads, self._everything = {}, {}, {}, False
        self._number += 1
        self._round.waiting_for.add(self._number)
        return Look(self._number, wishes, folders)

    def _looked_at(self, path: RelPath, paths: Container[RelPath], folders: Iterable[RelPath]) -> bool:
        return path in paths or any(not folder or path.startswith(folder + "/") for folder in folders)

    def _wish(self, path: RelPath) -> LookAt:
        node_id = self._round.identifier.known_at(path) if self._round else None
        if node_id is None or path in self._rereads:
            return LookAt(path, None)
        return LookAt(path, self._canopy.stamp(node_id))

    def seen(self, number: int, facts: Sequence[Fact], last: bool, now: float) -> list[Effect]:
        """A part of what a look has shown.  Local has changed by the time this returns; more looks may be wanted."""
        current = self._round
        if current is None or number not in current.waiting_for:
            return []
        fresh = self._without_ours(current, facts)
        for fact in fresh:
            if isinstance(fact, FileSeen) and fact.content is not None:
                self._keep_at_hand(fact, fact.content)
        if last:
            current.waiting_for.discard(number)
        if current.gathering:
            return self._gathered(current, fresh, last, now)
        current.identifier.take(fresh)
        current.seen.read.clear()  # a file that could not be read is among the skipped by now
        return self._read_on(current, now)

    def _gathered(self, current: _Round, facts: Sequence[Fact], last: bool, now: float) -> list[Effect]:
        current.facts.extend(facts)
        if not last:
            return []
        current.gathering = False
        walked = {fact.path for fact in current.facts if isinstance(fact, Listed)}
        appeared = [fact.path for fact in current.facts if isinstance(fact, DirSeen) and fact.path not in walked]
        for path in appeared:
            if current.identifier.known_at(path) is None:
                self._folders[path] = None  # what it holds has not been looked at yet
        current.identifier.take(current.facts)
        current.facts = []
        current.reads = list(current.seen.read.values())
        current.seen.read.clear()
        return self._read_on(current, now)

    def _read_on(self, current: _Round, now: float) -> list[Effect]:
        """Have the next files read; end the round when none is left."""
        looks: list[Effect] = []
        while current.reads and len(current.waiting_for) < READS_AT_ONCE:
            batch, current.reads = current.reads[:READ_BATCH], current.reads[READ_BATCH:]
            self._number += 1
            current.waiting_for.add(self._number)
            looks.append(Look(self._number, tuple(batch)))
        if not current.waiting_for:
            self._end(current, now)
        return looks

    def _end(self, current: _Round, now: float) -> None:
        self._round = None
        self.skipped.update(current.seen.skipped)
        if self.skipped and self._retry_at is None:
            self._retry_at = now + RETRY_UNREADABLE
        self.found.update(dict.fromkeys(one for one in current.confirming if one not in current.seen.missing))
        self.found.update(current.awaited)
        for node_id in current.seen.missing:
            if node_id in current.confirming or is_displaced(self._canopy.local.get(node_id)):
                self._gone(node_id)
            else:
                self._missing[node_id] = now + GRACE
        if current.everything:
            self.full_scans += 1

    def _gone(self, top: NodeId) -> None:
        """It was there, it is not there any more, and neither is anything that was beneath it."""
        for node_id in list(subtree(self._canopy.local, top)):
            self._canopy.set_local(node_id, None)

    def _without_ours(self, current: _Round, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The facts that our own tasks have not overtaken; the others are hinted at anew."""
        if not current.ours:
            return facts
        fresh: list[Fact] = []
        for fact in facts:
            if self._touched(current, fact.path):
                self._paths[fact.path] = None
                if isinstance(fact, Listed):
                    self._folders[fact.path] = None
            elif isinstance(fact, Listed):
                # For a name that we gave or took, the listing proves nothing either way: let it count as present.
                mine = {path.rpartition("/")[2] for path in current.ours if path.rpartition("/")[0] == fact.path}
                fresh.append(Listed(fact.path, fact.names | mine) if mine else fact)
            else:
                fresh.append(fact)
        return fresh

    def _touched(self, current: _Round, path: RelPath) -> bool:
        here = str(path)
        while here:
            if here in current.ours:
                return True
            here = here.rpartition("/")[0]
        return False

    def _keep_at_hand(self, fact: FileSeen, content: Content) -> None:
        if content.size > SMALL:
            self.recipes[content.digest] = fact.recipe
        elif (
            fact.bytes_read is not None
            and self._at_hand + content.size <= AT_HAND
            and content.digest not in self._small
        ):
            self._small[content.digest] = fact.bytes_read
            self._at_hand += content.size

    def bytes_of(self, digest: Digest) -> bytes | None:
        """The content of a small file, as it was read, if it is still at hand."""
        return self._small.get(digest)

    def hold_bytes(self, blocks: Mapping[Digest, bytes]) -> None:
        """Keep contents of small files that were read for the sake of being sent."""
        for digest, data in blocks.items():
            if digest not in self._small:
                self._small[digest] = data
                self._at_hand += len(data)

    def let_go(self, digest: Digest) -> None:
        """The hub has this content: its bytes and its recipe are not needed any more."""
        self._at_hand -= len(self._small.pop(digest, b""))
        self.recipes.pop(digest, None)

    def let_go_of_all(self) -> None:
        """Nothing is to be sent any more."""
        self._small.clear()
        self._at_hand = 0
