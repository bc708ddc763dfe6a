"""The agent's view of its own disk: what is to be looked at, what was seen, who is missing, who is gone.

Looking goes in rounds, one at a time.  A round looks at the hinted paths, walks the hinted folders, then reads the
files that have changed; of these a full scan can have so many that all else goes on meanwhile (``unread``).  Absence is
believed only when it was seen twice, a moment apart, with the root in place: an editor that replaces a file, or the two
halves of a move, leave nothing missing by then (HAZARDS hazard 2, N10).

Facts on paths that our own tasks touched during a round are dropped, and those paths looked at again (``overtaken``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Container, Iterable, Iterator, Sequence

from syncagent.engine.at_hand import AtHand
from syncagent.engine.damage import Damage
from syncagent.engine.effects import Effect, Look
from syncagent.engine.events import DeepLook, HealWanted
from syncagent.engine.overtaken import Touched
from syncagent.engine.rounds import Awaited, Round
from syncagent.engine.rulesight import RuleSight
from syncagent.engine.scoping import Scoping
from syncagent.engine.skipped import Skipped
from syncagent.engine.slow import LARGE, SlowReads
from syncagent.engine.taking import take_in
from syncagent.engine.unread import Unread
from syncagent.model.facts import UNSURE, DirSeen, Fact, Listed, LookAt, Stamp
from syncagent.model.ids import PARK, NodeId
from syncagent.model.names import RelPath, down_to
from syncagent.model.sources import IdSource
from syncagent.trees.canopy import Canopy
from syncagent.trees.displaced import is_displaced
from syncagent.trees.identify import Identifier, Sightings
from syncagent.trees.steady import Steady

GRACE = 0.1
"""Seconds between the two looks that find something gone.  A rename that is seen in two halves is whole again after
1-2 ms; saving by "delete, then write" takes editors a few tens of milliseconds."""

READS_AT_ONCE = 4
PATIENCE = 3
"""How often a node is looked at again at once; then ever more slowly."""

LONGEST_PATIENCE = 30.0


class LocalSide:
    """Turns hints into looks, and what they show into the Local tree."""

    def __init__(
        self, canopy: Canopy, ids: IdSource, scoping: Scoping, begin_at: int = 0, slow: SlowReads | None = None
    ) -> None:
        self._canopy = canopy
        self._scoping = scoping
        self._ids = ids
        self._unread = Unread(canopy, begin_at / (1 << 32))
        self.enough = False
        """Whether so much waits to be sent that nothing more need be read now; the engine says so."""
        self._round: Round | None = None
        self._slow = SlowReads() if slow is None else slow
        self._number = 0
        self._paths: dict[RelPath, None] = {}
        self._folders: dict[RelPath, None] = {}
        self._everything = False
        self._put_off = False  # folders were not walked through in the last round: they are in the next one
        self._why: dict[str, None] = {}
        self._touched = Touched()
        self._missing: dict[NodeId, float] = {}
        self._rereads: dict[RelPath, None] = {}
        self._awaited: dict[NodeId, Awaited] = {}
        self.rechecked: dict[NodeId, int] = {}
        self.at_hand = AtHand()
        self.damage = Damage(canopy, scoping.scope.outs)
        self.skipped = Skipped()
        self.found: dict[NodeId, None] = {}  # nodes that were in doubt and are not any more; the engine empties it
        self.names_known = False  # whether a full scan since the root was found has; one that is due changes nothing
        self.full_scans_begun = 0
        self.full_scan_done = 0
        """The number of the last full scan that came to its end."""

    # --- what the engine asks ---------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether something was hinted at, or is missing, of which it is not known yet what is there now."""
        hinted = self._paths or self._folders or self._everything or self._touched.puts_off
        return bool(self._round or self._slow or hinted or self._missing or self._awaited)

    @property
    def scanning(self) -> bool:
        """Whether a full scan is under way or due."""
        return self._everything or (self._round is not None and self._round.full_scan > 0)

    @property
    def scan_reason(self) -> str | None:
        """Why that is so; None when it is not."""
        if self._round is not None and self._round.full_scan:
            return self._round.why
        return ", ".join(self._why) if self._everything else None

    def in_doubt(self) -> Iterator[NodeId]:
        """Nodes that are missing, and nodes that are to be looked at before anything is done about them."""
        yield from self.missing()
        yield from self._awaited
        yield from self.damage.in_doubt()
        if self._round is not None:
            yield from self._round.awaited

    def missing(self) -> Iterator[NodeId]:
        """Nodes that are not where they were, of which it is not known yet whether they are gone."""
        yield from self._missing
        if self._round is not None:
            yield from self._round.confirming
            yield from self._round.seen.missing

    def places_of_doubt(self) -> list[Container[NodeId]]:
        """Where those are looked up; of what is empty, nothing."""
        places: list[Collection[NodeId]] = [self._missing, self._awaited, *self.damage.places_of_doubt()]
        if self._round is not None:
            places += [self._round.confirming, self._round.seen.missing, self._round.awaited]
        found: list[Container[NodeId]] = [place for place in places if place]
        return [*found, self._unread.anew()] if self._unread.reads else found

    def wake_at(self) -> float | None:
        """When ``advance`` would begin a round; None when it would not by time alone."""
        if self._round is not None:
            return self._round.taking.at if self._round.taking else None  # its end is an event
        times = [*self._missing.values(), *(one.at for one in self._awaited.values())]
        if self.skipped.again_at is not None:
            times.append(self.skipped.again_at)
        return min(times, default=None)

    # --- what happens -----------------------------------------------------------------------------------------

    def hint(
        self, paths: Iterable[RelPath] = (), folders: Iterable[RelPath] = (), everything: bool = False, reason: str = ""
    ) -> None:
        """Something may have changed there; ``reason`` is why everything is to be looked at.

        What a task of ours is about to change is looked at when that is over.
        """
        wanted = self._touched.put_off(paths, folders)
        self._paths.update(wanted.paths)
        self._folders.update(wanted.folders)
        self._everything = self._everything or everything
        if everything and reason:
            self._why[reason] = None

    def recheck(
        self,
        node_id: NodeId,
        paths: Iterable[RelPath],
        now: float,
        *,
        delay: float = 0.0,
        read: bool = False,
        reason: str = "",
    ) -> None:
        """The node is perhaps not as it is believed to be: it is in doubt until these paths have been looked at, which
        happens ``delay`` seconds from now; later, if it has been in vain before.  ``read`` when the content is wanted
        though nothing may have changed there; ``reason`` is for people, should it take long."""
        times = self.rechecked[node_id] = self.rechecked.get(node_id, 0) + 1
        if times > PATIENCE:
            delay = max(delay, min(0.1 * 2.0 ** min(times - PATIENCE, 20), LONGEST_PATIENCE))
        self._awaited[node_id] = Awaited(now + delay, tuple(paths), read, reason)

    def settled(self, node_ids: Iterable[NodeId]) -> None:
        """What was wanted of these has come to its end: the next doubt of each is a new one."""
        for node_id in node_ids if self.rechecked or self.damage.wounded else ():
            self.rechecked.pop(node_id, None)
            self.damage.settled(node_id)

    def mind(self, event: DeepLook | HealWanted) -> None:
        """Read the next part of all content, though nothing seems to have happened to it; or heal what is held."""
        if isinstance(event, DeepLook):
            self.hint(self.damage.take_turn(event.share))
        else:
            self.found.update(dict.fromkeys(self.damage.heal()))

    def doubts(self) -> Iterator[tuple[NodeId, str]]:
        """The nodes that are looked at again and again, or are damaged, with the reason."""
        yield from ((one, why.reason) for one, why in self._awaited.items() if self.rechecked.get(one, 0) > PATIENCE)
        yield from ((one, doubt.reason) for one, doubt in self.damage.held.items())

    def rest(self) -> None:
        """All is at one: nothing need be at hand, and nothing is wounded."""
        self.at_hand.let_go_of_all()
        self.rechecked.clear()
        self.damage.rest()

    def task_begins(self, paths: Sequence[RelPath]) -> None:
        """One of our own tasks is about to change this path, or to move something from the first to the second."""
        self._touched.task_begins(paths)

    def task_ends(self, paths: Sequence[RelPath]) -> None:
        wanted = self._touched.task_ends(paths)
        if wanted is not None:
            self.hint(wanted.paths, wanted.folders)

    def abandon(self) -> None:
        """The root is gone: nothing that was asked will be answered, and nothing that was missing is gone."""
        self.found.update(dict.fromkeys([*self.in_doubt(), *self._unread.end()]))
        self._round = None
        self.names_known = False
        self._slow.forget()
        self._missing.clear()
        self._awaited.clear()
        self._touched.forget()
        self._everything = True

    def advance(self, now: float) -> list[Effect]:
        """Begin the next round, if none is under way and there is something to look at; and the next slow reading."""
        rules, folders = self._scoping.closed.take_wishes()
        if rules or folders:
            self.hint(rules, folders)
            self._rereads.update(dict.fromkeys(rules))
        reading = self._slow.begin(self._number + 1, self._identifier().known_at) if self._slow else None
        if reading is not None:
            self._number += 1
            return [reading, *self.advance(now)]
        if self._round is not None:
            if self._round.taking is not None:
                return self._take_on(self._round, now)
            return self._read_on(self._round, now) if self._round.reads and not self._round.gathering else []
        if retried := self.skipped.due(now):
            self.hint([path for path in retried if path], self._identifier().kept_folders(retried))
        awaited = [node_id for node_id, one in self._awaited.items() if one.at <= now]
        for node_id in awaited:
            one = self._awaited.pop(node_id)
            self.hint(one.paths)
            self._rereads.update(dict.fromkeys(one.paths if one.read else ()))
        due = frozenset(node_id for node_id, at in self._missing.items() if at <= now)
        again = {path for node_id in due if (path := self._canopy.local_path(node_id)) is not None}
        if not (self._paths or self._folders or self._everything or due or awaited):
            return []
        self._missing = {node_id: at for node_id, at in self._missing.items() if node_id not in due}
        return [self._begin(due, again, awaited)]

    def _identifier(self) -> Identifier:
        return Identifier(self._canopy, self._ids, Sightings())

    def _begin(self, due: frozenset[NodeId], again: set[RelPath], awaited: Iterable[NodeId]) -> Effect:
        # Who was missed a moment ago may be met in this round at another place: then it has moved.
        seen = Sightings(dict.fromkeys(self._missing))
        if self._everything:
            self.full_scans_begun += 1
            # A walk does not tell who is not in the park any more: moved on just before we were stopped.
            self.hint(path for one in self._canopy.local.children(PARK) if (path := self._canopy.local_path(one)))
        self._round = Round(
            self.full_scans_begun if self._everything else 0,
            Identifier(self._canopy, self._ids, seen, self._scoping.bars),
            seen,
            Steady(self._canopy, seen.missing | dict.fromkeys(due), listings=self._scoping.wants_listings),
            due,
            dict.fromkeys(awaited),
            ", ".join(self._why),
        )
        self._touched.round_begins()
        paths = {**self._paths, **dict.fromkeys(sorted(again))}
        self._touched.follow(paths, self._folders)
        # That a folder is there says nothing of what it holds: where that could not be read, only reading it counts.
        unread = [path for path in self.skipped.unreadable if path in paths]
        self._folders.update(dict.fromkeys(self._identifier().kept_folders(unread)))
        doubts = self.places_of_doubt()
        walked = {} if self._everything else dict.fromkeys(self._folders)
        if walked and not self._put_off and self._identifier().keeps_folder(paths.keys() - walked):
            walked = {}  # it may have been renamed: that is told first, and what it holds is no news then
        self._put_off = bool(self._folders and not walked)
        # Whether a folder that is walked through is the one that is known, and each above it, is looked at and told.
        above = dict.fromkeys(one for folder in walked for one in down_to(folder))
        wishes = tuple([self._wish(path, doubts, quietly=path not in above) for path in {**above, **paths} if path])
        folders = (RelPath(""),) if self._everything else tuple(walked)
        self.skipped.looked_at(paths, folders)
        left = self._folders if self._put_off and not self._everything else {}
        self._paths, self._folders, self._rereads, self._everything = {}, left, {}, False
        self._why.clear()
        self._number += 1
        self._round.waiting_for.add(self._number)
        return Look(self._number, wishes, folders)

    def _known_at(self, path: RelPath) -> NodeId | None:
        return self._round.identifier.known_at(path) if self._round else None

    def _wish(self, path: RelPath, doubts: list[Container[NodeId]], *, quietly: bool) -> LookAt:
        node_id = self._known_at(path)
        if path in self._rereads or self.damage.suspects(node_id):
            return LookAt(path, None)
        known = self._canopy.stamp(node_id) if node_id is not None else None
        if self._slow.has_read(path):
            return LookAt(path, self._slow.stamp_of(path) or known, most=LARGE)
        # Of a node that is in doubt it counts, too, that nothing has happened to it.
        sure = node_id is None or (known and not any(node_id in doubted for doubted in doubts))
        quiet = quietly and self.full_scan_done and sure and not self._scoping.minds(path, self._known_at)
        return LookAt(path, known, quiet=bool(quiet), most=LARGE)

    def seen(self, number: int, facts: Sequence[Fact], last: bool, now: float) -> list[Effect]:
        """A part of what a look has shown.  Local has changed by the time this returns; more looks may be wanted."""
        self.at_hand.keep_all(facts)
        if (path := self._slow.seen(number, facts)) is not None:
            self.hint([path])
        current = self._round
        if current is None or number not in current.waiting_for:
            return []
        if last:
            current.waiting_for.discard(number)
        if current.gathering:
            return self._gathered(current, facts, last, now)
        fresh = self._sifted(facts)
        sight = RuleSight(self._canopy, self._scoping, current.identifier.known_at)
        sight.before(fresh)
        self.damage.take(fresh, current.identifier)
        self.at_hand.let_go_of(current.seen.met)
        current.seen.met.clear()
        current.walked.extend(sight.after(current.seen.missing, self._missing))
        self.found.update(dict.fromkeys(self._unread.came(fact.path for fact in facts)))
        current.seen.read.clear()  # a file that could not be read is among the skipped by now
        return self._read_on(current, now)

    def _gathered(self, current: Round, facts: Sequence[Fact], last: bool, now: float) -> list[Effect]:
        current.facts.extend(facts if self._slow else current.steady.news(facts))
        if not last:
            return []
        # Only now: a task may have overtaken facts that came in an earlier part.
        gathered, current.facts = self._slow.resolved(self._sifted(current.facts)), []
        if current.only_hints and self.full_scan_done and not self.damage.on_guard:
            gathered = self._slow.put_off(gathered, self._stamp_at)
        walked = {fact.path for fact in gathered if isinstance(fact, Listed)}
        for fact in gathered:
            if isinstance(fact, DirSeen) and fact.path not in walked and current.identifier.is_new(fact):
                self._folders[fact.path] = None  # what it holds has not been looked at yet
        current.sight = RuleSight(self._canopy, self._scoping, current.identifier.known_at, walked)
        current.sight.before(gathered)
        current.taking = take_in(gathered, current.identifier, self.damage, self._sifted)
        return self._take_on(current, now)

    def _take_on(self, current: Round, now: float) -> list[Effect]:
        """Take in more of what was gathered; when that is all, read what has to be."""
        if current.taking is not None and not current.taking.go_on(now):
            return []
        current.taking, current.gathering = None, False
        if current.sight is not None:
            current.walked.extend(current.sight.after(current.seen.missing, self._missing))
        if current.full_scan:
            self.names_known = True
            current.seen.read.update((wish.path, wish) for wish in self.damage.reads())
        reads = list(current.seen.read.values())
        current.seen.read.clear()  # of a million files it takes a good deal
        current.reads = deque(self._unread.begin(reads) if current.full_scan else reads)
        return self._read_on(current, now)

    def _stamp_at(self, path: RelPath) -> Stamp | None:
        node_id = self._known_at(path)
        return None if node_id is None else self._canopy.stamp(node_id) or UNSURE

    def _read_on(self, current: Round, now: float) -> list[Effect]:
        """Have the next files read; end the round when none is left."""
        looks: list[Effect] = []
        while current.reads and len(current.waiting_for) < READS_AT_ONCE and not self.enough:
            self._number += 1
            current.waiting_for.add(self._number)
            looks.append(Look(self._number, current.next_reads()))
        if not current.waiting_for and not current.reads:
            self._end(current, now)
        return looks

    def _end(self, current: Round, now: float) -> None:
        self._round = None
        self.found.update(dict.fromkeys(self._unread.end()))
        self.skipped.add(current.seen, now)
        for folder in current.walked:
            self._scoping.closed.walked(folder)
        missing = current.seen.missing
        doubted = (*current.confirming, *self._missing, *current.seen.missed)
        self.found.update(current.awaited | dict.fromkeys(one for one in doubted if one not in missing))
        self._missing = {node_id: at for node_id, at in self._missing.items() if node_id in missing}
        if current.full_scan or self.full_scan_done:
            self.damage.looked(current.identifier.is_missing, more=self._scoping.closed.may_be)
        self.found.update(self.damage.cleared)
        self.damage.cleared.clear()
        for node_id in missing:
            if node_id in current.confirming or is_displaced(self._canopy.local.get(node_id)):
                self._missing.pop(node_id, None)
                self.damage.gone(node_id)
            else:
                self._missing.setdefault(node_id, now + GRACE)
        if current.full_scan:
            self.full_scan_done = current.full_scan
            self.hint(
                one.path for one in self.damage.reads() if one.path not in self.skipped.why
            )  # they were elsewhere

    def _sifted(self, facts: Sequence[Fact]) -> list[Fact]:
        """The facts that our own tasks have not overtaken; the others are hinted at anew."""
        fresh = self._touched.sift(facts)
        self.hint(fresh.paths, fresh.folders)
        return fresh.facts
