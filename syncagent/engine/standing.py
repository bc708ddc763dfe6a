"""How things stand: what the status is made of.

``in_sync`` is said only when nothing is open on either side (HAZARDS N15), and a proof is given only by looks and
answers that began after it was wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from syncagent.engine.agenda import Agenda
from syncagent.engine.brake import Brake
from syncagent.engine.closed import Closed
from syncagent.engine.downloads import Downloads
from syncagent.engine.events import Restrained
from syncagent.engine.flight import Flight
from syncagent.engine.local import LocalSide
from syncagent.engine.remote import Link, RemoteSide
from syncagent.engine.scoping import Scoping
from syncagent.engine.spared import Sparing
from syncagent.engine.status import Asked, State, Status, Waiting, ask_in_words
from syncagent.engine.uploads import Uploads
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from syncagent.planner.plan import Plan, plan
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import path_of

NOT_SPARED = Sparing()
AT_HUB = "at the hub it is "

MOST_WAITING = 100
"""So many are told that wait for what is held."""

ONLY_READS = "this machine may only read: what is changed here stays here"


class Standing:
    """Reads from all parts of the engine, and changes none."""

    def __init__(
        self,
        canopy: Canopy,
        local: LocalSide,
        remote: RemoteSide,
        flight: Flight,
        uploads: Uploads,
        downloads: Downloads,
        brake: Brake,
        scoping: Scoping,
        agenda: Agenda,
    ) -> None:
        self._canopy = canopy
        self._agenda = agenda
        self._local = local
        self._remote = remote
        self._flight = flight
        self._uploads = uploads
        self._downloads = downloads
        self._brake = brake
        self._scoping = scoping
        self._unacknowledged: dict[NodeId, float] = {}
        self._proof: tuple[int, int, int] | None = None
        self._proven = 0

    def left_alone(self, now: float) -> LeftAlone:
        """The nodes that are not planned for now."""
        return LeftAlone(self._flight, self._local, self._brake, self._scoping.closed, self.closed(now), now)

    def closed(self, now: float) -> dict[NodeId, None]:
        """The folders in which nothing is done before the rules that are on their way count."""
        return self._scoping.closed.folders_now(lambda one: self._flight.is_held(one, now) or self._brake.holds(one))

    def preview(self, policy: Policy, now: float) -> Plan:
        """The plan for all that is not at one, as it would be made now under ``policy``; nothing comes of it."""
        focus, left_alone = list(self._canopy.diverged()), self.left_alone(now)
        focus = [one for one in focus if one not in self._flight.busy and one not in left_alone]
        return plan(
            self._canopy, policy, focus=focus, busy=self._flight.busy, left_alone=left_alone,
            stuck=self._flight.held, piecemeal=self._flight.piecemeal, scope=self._scoping.scope,
        )  # fmt: skip

    @property
    def refused(self) -> str:
        """Why only a person can bring this folder and this hub together; empty when that is not so."""
        return self._remote.reason if self._remote.final else ""

    def unhindered(self, machine: str, day: str) -> Policy:
        """What could be done if nothing were in the way: for those who want to know what would be."""
        return self._remote.policy(machine, day, submits=True, writes=True)

    def waiting(self, most: int) -> list[Waiting]:
        """So many of the nodes that are not at one, what is being carried over first."""
        busy = self._flight.busy
        rest = (one for one in self._canopy.diverged() if one not in busy)
        return [self._waiting(one, one in busy) for one in islice(chain(busy, rest), most)]

    def _waiting(self, node_id: NodeId, busy: bool) -> Waiting:
        out = node_id in self._canopy.local
        node = (self._canopy.local if out else self._canopy.remote).get(node_id)
        size = node.content.size if isinstance(node, File) else 0
        return Waiting(self._path(node_id), out, busy, size, self._unacknowledged.get(node_id))

    def news(self, node_ids: Iterable[NodeId], now: float) -> None:
        """Something about these nodes has changed: what differs here from what was agreed is not acknowledged, and
        keeps its age until it is."""
        local, unacknowledged = self._canopy.local, self._unacknowledged
        for node_id in node_ids:
            if node_id in local:
                unacknowledged.setdefault(node_id, now)
            else:
                unacknowledged.pop(node_id, None)

    def prove(self, number: int) -> None:
        """A full scan and a word of the hub are wanted that begin from now on: one under way began too early."""
        self._proof = (number, self._local.full_scans_begun + 1, self._remote.heads_heard + 1)

    def status(self, of_itself: State | None, root: str, scanned: bool, sparing: Sparing = NOT_SPARED) -> Status:
        """``of_itself`` is a state that has nothing to do with either side; ``root`` is why there is no root."""
        scope, restraint = self._scoping.scope, sparing.restraint
        pending = self._canopy.count_diverged() - len(scope.dormant)
        looking, asked = self._local.busy, self._brake.asked
        quiet = not looking and self.is_quiet() and not self._brake.busy
        at_rest = not pending and not self._local.damage.held and quiet
        heard_all = self._remote.link is Link.READY and self._remote.cursor == self._remote.head
        kept_back = {**self._uploads.kept_back(), **self._downloads.kept_back()} if restraint.most else {}
        waits = ""
        if (kept_back or sparing.cramped) and not looking and not self._flight.busy:
            waits = restraint.reason if kept_back and pending <= len(kept_back) else ""
            waits = sparing.cramped if sparing.cramped and not self._uploads.busy else waits
        state, reason = self._state(of_itself, root, scanned, at_rest, restraint, waits, asked)
        if self._proof is not None:
            number, scan, heads = self._proof
            if self._local.full_scan_done >= scan and self._remote.heads_heard >= heads:
                self._proven, self._proof = number, None
        unacknowledged = self._unacknowledged
        if scope.dormant and unacknowledged:
            unacknowledged = {one: at for one, at in unacknowledged.items() if one not in scope.dormant}
        settled, skipped = at_rest and heard_all and state is State.IDLE, self._local.skipped
        return Status(
            state=state,
            reason=reason,
            in_sync=settled and not skipped.unreadable,
            pending=pending,
            hub_seq=self._remote.head,
            applied_seq=self._remote.cursor,
            files=len(self._canopy.synced),
            proven=self._proven,
            uploading=self._uploads.bytes_left,
            downloading=self._downloads.bytes_left,
            skipped=tuple(sorted([*skipped.why.items(), *self._clashes()])) if skipped.why or scope.clashes else (),
            held=tuple(sorted(self._held())) if self._may_be_held() else (),
            unreadable=tuple(sorted(skipped.unreadable.items())) if skipped.unreadable else (),
            unacknowledged=len(unacknowledged),
            unacknowledged_since=next(iter(unacknowledged.values()), None),
            looking=looking,
            scan=self._local.scan_reason,
            link=self._remote.reason if self._remote.final or self._remote.link is Link.DOWN else None,
            behind=not heard_all,
            settled=settled,
            restraint=restraint.reason,
            cramped=sparing.cramped,
            most=restraint.most,
            kept_back=(len(kept_back), sum(kept_back.values())),
            asked=asked,
            ignored=self._scoping.count() if scope.kept else 0,
            excluded=tuple(scope.excluded()) if scope.has_rules else (),
            broken_rules=tuple(scope.broken()) if scope.has_rules else (),
        )

    def is_quiet(self) -> bool:
        """Whether nothing is under way."""
        return not self._flight.busy and not self._uploads.busy and not self._downloads.busy

    @property
    def looks(self) -> bool:
        """Whether anything of the disk is being looked at, or is to be."""
        return self._local.busy

    def _state(
        self,
        of_itself: State | None,
        root: str,
        scanned: bool,
        at_rest: bool,
        restraint: Restrained,
        waits: str,
        asked: tuple[Asked, ...],
    ) -> tuple[State, str]:
        if root:
            return State.HALTED, root
        if self._remote.final:
            return State.HALTED, self._remote.reason
        if of_itself is not None:
            return of_itself, restraint.reason if of_itself is State.PAUSED else ""
        if not scanned:
            return State.SCANNING, ""
        if self._remote.link is Link.DOWN:
            return State.OFFLINE, self._remote.reason
        if self._remote.link is Link.CATCHING_UP:
            return State.CATCHING_UP, ""
        if asked:
            return State.HELD, ask_in_words(asked)
        if at_rest:
            return State.IDLE, ""
        if not self._remote.may_write:
            return State.SYNCING, ONLY_READS
        if waits:
            return State.WAITING, waits
        why = self._local.scan_reason
        return State.SYNCING, f"rescanning ({why})" if why else ""

    def _may_be_held(self) -> bool:
        """Whether there is anything that ``_held`` could tell of."""
        return bool(self._flight.held or self._local.rechecked or self._local.damage.held)

    def _held(self) -> list[tuple[RelPath, str]]:
        # A refusal may come when both sides have come to be at one by other ways: then nothing is held back by it.
        kept_back = [(one, why) for one, why in self._flight.held.items() if self._canopy.is_diverged(one)]
        reasons = {
            one: why for one, why in [*((one, why.reason) for one, why in kept_back), *self._local.doubts()] if why
        }
        held = [(self._path(one), self._with_place(one, reason)) for one, reason in reasons.items()]
        return held + [(self._path(one), f"it waits for {self._path(on)}") for one, on in self._waiting_for(reasons)]

    def _waiting_for(self, held: Iterable[NodeId]) -> Iterator[tuple[NodeId, NodeId]]:
        """Which nodes wait for one that is held, each with what it waits for.  Those that are new in a folder that
        cannot be had are not told one by one, and of the others not more than a person reads."""
        waited_for = list(held)
        seen = set(waited_for)
        for on in waited_for:
            for node_id in self._agenda.waiting_for(on):
                there, stands = self._canopy.remote.get(node_id), self._canopy.local.get(node_id) is not None
                if node_id in seen or not self._canopy.is_diverged(node_id) or len(seen) > MOST_WAITING:
                    continue
                seen.add(node_id)
                if stands or there is None or there.at.parent != on:
                    waited_for.append(node_id)
                    yield node_id, on

    def _with_place(self, node_id: NodeId, reason: str) -> str:
        """Why it is held back; also where it is elsewhere, if it is what cannot be moved here, or there."""
        here, there = path_of(self._canopy.local, node_id), path_of(self._canopy.remote, node_id)
        return f"{reason} ({AT_HUB}{there})" if here and there and here != there else reason

    def _clashes(self) -> list[tuple[RelPath, str]]:
        return [(self._path(one), why) for one, why in self._scoping.scope.clashes.items()]

    def _path(self, node_id: NodeId) -> RelPath:
        # What is not here yet, or not any more, has its name from the hub.
        known = self._canopy.local_path(node_id) or path_of(self._canopy.remote, node_id)
        return known or RelPath(f"({node_id})")


class LeftAlone:
    """The nodes that are not planned for now: those that are held back, and those in doubt, and those that a person is
    asked about.  It is asked of each node that is planned, many times: where nothing of a kind is held, nothing is
    looked up, and it holds for one plan, in which nothing changes."""

    __slots__ = ("_brake", "_closed", "_doubts", "_flight", "_free", "_now", "closed")

    def __init__(
        self, flight: Flight, local: LocalSide, brake: Brake, closed: Closed, folders: dict[NodeId, None], now: float
    ) -> None:
        self._closed = closed
        self.closed = folders
        self._flight = flight if flight.held else None
        self._brake = brake if brake.may_hold else None
        self._doubts = local.places_of_doubt()
        self._now = now
        self._free: set[NodeId] = set()

    def __bool__(self) -> bool:
        """Whether there may be any."""
        return bool(self._flight or self._brake or self._doubts or self.closed)

    def __contains__(self, node_id: object) -> bool:
        node: NodeId = node_id  # type: ignore[assignment]  # a Container is asked of anything; this one of nodes alone
        if node in self._free:
            return False
        for doubted in self._doubts:
            if node in doubted:
                return True
        if self.closed and self._closed.holds(node, self.closed):
            return True
        if self._flight is not None and self._flight.rests(node, self._now):
            return True
        if self._brake is not None and self._brake.holds(node):
            return True
        self._free.add(node)
        return False
