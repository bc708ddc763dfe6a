"""The agent's mind: ``step(event, now) -> effects``.

It keeps the three trees, plans from them, and has ops carried out.  Called by the shell's one control thread, and by
the simulation; it has no clock, no disk and no socket, and the same events give the same effects.

Order, on which all else rests: Remote rows and the cursor are committed together; an id is committed before it is
submitted; an op's outcome is committed after the bytes are durable.  A crash before any commit heals by looking and
planning, since two sides that say the same agree without any transfer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never
from zlib import crc32

from syncagent.engine import events as ev
from syncagent.engine.agenda import Agenda
from syncagent.engine.brake import Brake
from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import Commit, Effect, Note, SweepStage
from syncagent.engine.exclusions import Exclusions
from syncagent.engine.flight import Flight
from syncagent.engine.freight import Freight
from syncagent.engine.launch import Launch
from syncagent.engine.ledger import Ledger
from syncagent.engine.leftovers import leaves_something
from syncagent.engine.local import LocalSide
from syncagent.engine.planning import Planning
from syncagent.engine.reactions import Reactions
from syncagent.engine.remote import Footing, Link, RemoteSide
from syncagent.engine.scoping import Scoping
from syncagent.engine.spared import Sparing
from syncagent.engine.standing import Standing
from syncagent.engine.status import State, Status
from syncagent.engine.teller import Teller
from syncagent.engine.uploads import Uploads
from syncagent.model.acts import DEFAULT_LIMITS, Act, Limits, Part
from syncagent.model.ids import ClientId, NodeId
from syncagent.model.names import RelPath
from syncagent.model.sources import IdSource
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy


class Engine:
    """One folder on one machine."""

    def __init__(
        self, client_id: ClientId, machine: str, ids: IdSource, *,
        brake: Limits | None = DEFAULT_LIMITS, gitignore: bool = False,
    ) -> None:  # fmt: skip
        self._machine, self._limits, self._gitignore = machine, brake, gitignore
        self._client_id, self._ids, self._now = client_id, ids, 0.0
        self._begin(Canopy())
        self._incarnation, self._day, self._root = "", "1970-01-01", ""  # root: why there is none; "": there is
        self._started = self._scanned = self._unswept = False
        self.sparing, self._teller = Sparing(), Teller()

    def _begin(self, canopy: Canopy) -> None:
        self.canopy = canopy
        self._agenda = Agenda()
        self._uploads = Uploads(self._agenda.add, self._stale, canopy)
        self.scoping = scoping = Scoping(canopy, gitignore=self._gitignore)
        self.exclusions = Exclusions(canopy, scoping)
        self._local = LocalSide(canopy, self._ids, scoping, crc32(self._client_id.encode()), self._uploads.slow)
        self._remote = RemoteSide(canopy, self._client_id, self._local.damage.wants_all)
        self._flight = Flight(canopy, self._local.damage.wounded)
        self._downloads = Downloads(self._agenda.add, self._fail)
        self._freight = Freight(canopy, self._flight, self._uploads, self._downloads, self._local.at_hand)
        self._ledger, missing, wounded = Ledger(), self._local.missing, self._local.damage.wounded
        self._brake = Brake(canopy, self._remote, self._flight, self._ledger, self._limits, missing, wounded)
        both_ways = self._local, self._remote, self._flight, self._uploads, self._downloads
        self._launch = Launch(canopy, *both_ways, self._brake.is_confirmed)
        at_work = self._local, self._flight, self._uploads, self._downloads
        self._reactions = Reactions(canopy, self._agenda, *at_work, self._brake, self.scoping.scope)
        self.standing = Standing(canopy, *both_ways, self._brake, self.scoping, self._agenda)
        self._planning = Planning(
            canopy, self._agenda, self._flight, self._launch, self._downloads, self.standing, self._brake,
            self.scoping, Policy(may_submit=False, may_write=False),
        )  # fmt: skip

    def step(self, event: ev.Event, now: float) -> Sequence[Effect]:
        """What to do now that ``event`` has happened.  ``now`` never goes backward."""
        self._now = now
        if isinstance(event, ev.BlocksCame) and self._teller.status.settled and not event.ahead:
            effects = self._freight.put_by(event, now)
            return [*effects, *self._teller.tell(self._teller.status, self._next_wake(settled=True), now)]
        self._unswept = self._unswept or leaves_something(event)
        if isinstance(event, ev.Hinted) and self._teller.rests(now):  # of that a look follows, and no plan
            return [*self._happen(event), *self._local.advance(now), *self._tell()]
        return [*self._happen(event), *self._go_on()]

    # --- what happened ----------------------------------------------------------------------------------------

    def _happen(self, event: ev.Event) -> list[Effect]:
        match event:
            case ev.Started():
                return self._start(event)
            case ev.Tick(day=day, hour=hour):
                self._day = day
                self._teller.woken()
                self._brake.hour(hour)
            case ev.Paused() | ev.Restrained() | ev.Cramped() | ev.Configured() | ev.Exclusion():
                self._told(event)
            case ev.Decided():
                return [self._brake.answer(event, started=self._started)]
            case ev.ProofWanted(number=number):
                self._local.hint(everything=True, reason="someone waits for it")
                self.standing.prove(number)
                self._brake.try_again()
                return self._remote.prove()
            case ev.DeepLook() | ev.HealWanted():
                self._local.mind(event)
            case ev.Hinted(paths=paths, folders=folders, everything=everything, reason=reason):
                self._local.hint(paths, folders, everything, reason)
            case ev.Seen(number=number, facts=facts, last=last):
                return self._local.seen(number, facts, last, self._now)
            case ev.RootLost(reason=reason):
                return self._lose_root(reason)
            case ev.RootFound():
                self._root = ""
                self._local.hint(everything=True, reason="the folder is back")
            case ev.TasksDone(outcomes=outcomes):
                return self._reactions.tasks(outcomes, self._now)
            case ev.Welcomed() | ev.LinkDown() | ev.CaughtUp() | ev.Heard() | ev.Judged():
                return self._hub_spoke(event)
            case ev.Recalled(recipes=recipes):
                self._brake.remedy.recalled(recipes)
                return self._freight.moved(event)
            case _:
                return self._freight.moved(event)
        return []

    def _told(self, event: ev.Paused | ev.Restrained | ev.Cramped | ev.Configured | ev.Exclusion) -> None:
        if isinstance(event, ev.Paused | ev.Restrained | ev.Cramped):
            self.sparing.hear(event)
            self._agenda.add(self._flight.take_due() if event == ev.Cramped() else ())  # it may fit now
        elif isinstance(event, ev.Exclusion):
            self.exclusions.decide(event, started=self._started)
        else:
            self._machine, self._limits = event.machine, event.brake
            self._brake.go_by(event.brake)

    def _hub_spoke(self, event: ev.Welcomed | ev.LinkDown | ev.CaughtUp | ev.Heard | ev.Judged) -> list[Effect]:
        match event:
            case ev.Welcomed():
                before, effects = self._remote.begun_anew, self._remote.welcomed(event)
                if self._remote.begun_anew > before:
                    self._flight.void_tasks()
                    self._local.damage.begun_anew()
                self._agenda.add(self._flight.release_refused())
                self._freight.link_up(event, first=not self._remote.cursor)
            case ev.LinkDown(reason=reason, final=final, anew=anew):
                self._remote.down(reason, final, anew)
                self._freight.link_down()
                self._drop(self._flight.drop_changes())
                self._brake.remedy.unanswered()
                return []
            case ev.CaughtUp():
                self._local.damage.heard(event.entries)
                effects = self._remote.caught_up(event)
            case ev.Heard():
                self._local.damage.heard(event.entries)
                effects = self._remote.heard(event)
            case ev.Judged():
                effects, counted = self._remote.judged(event)
                effects.extend(self._reactions.verdicts(counted, self._now))
                self._drop(self._flight.forget_changes(event.verdicts[len(counted) :]))
                self._brake.remedy.forget(event.verdicts[len(counted) :])
            case _:
                assert_never(event)
        return effects

    def _start(self, event: ev.Started) -> list[Effect]:
        self._begin(Canopy.load(event.rows))
        self._incarnation = event.facts.get("incarnation", "")
        self._remote.load(event.facts)
        self.exclusions.load(event.excluded)
        self._local.damage.load(event.facts, event.stop, event.put_back)
        self._local.at_hand.recipes.update(event.recipes)
        self._remote.recipes.update(event.recipes)
        self._day, self._started, self._scanned = event.day, True, False
        self._agenda.add(self.canopy.diverged())
        self.standing.news(self.canopy.diverged(), self._now)
        self._ledger.load(event.acts, event.parts, event.facts)
        self._brake.load(self._now)
        self._local.hint(paths=[fact.path for _, fact in event.parked], everything=True, reason="start")
        return []

    def _lose_root(self, reason: str) -> list[Effect]:
        """Nothing is sent and nothing is changed until the root is back, and has been looked through."""
        notes: list[Effect] = [] if self._root else [Note("error", reason)]
        self._root, self._scanned = reason, False
        self._local.abandon()
        self._freight.root_lost()
        self._drop(self._flight.drop_tasks())
        return notes

    def _drop(self, node_ids: list[NodeId]) -> None:  # nothing will be heard any more of what was under way about these
        self._agenda.add(node_ids)
        self._brake.over(node_ids)

    def _stale(self, node_ids: Iterable[NodeId], path: RelPath) -> None:
        for node_id in node_ids:
            self._local.recheck(node_id, [path], self._now, reason="it changes, or cannot be read, while it is sent")

    def _fail(self, node_ids: Iterable[NodeId], reason: str) -> None:
        for node_id in node_ids:
            self._flight.hold(node_id, reason, self._now)

    # --- what follows -----------------------------------------------------------------------------------------

    def _go_on(self) -> list[Effect]:
        self._scanned |= self._local.names_known and not self._root
        read = self._remote.link is Link.READY and self._local.full_scan_done and not self._local.scanning
        if read and not self._root and not any(self._local.missing()):
            self._agenda.add(self._local.damage.prove())
        self._planning.allow(policy := self._policy())
        for due in self._flight.take_due(self._now), self._uploads.turns.take_due(self._now), self._local.found:
            self._agenda.add(due)
        self._local.found.clear()
        launched = self._planning.go_on(f"{self._incarnation}{self._remote.anew}", self._now)
        known = bool(read) and not self._agenda
        moving = self._freight.advance(policy, self._planning.has_room(), self._now, self.sparing, known=known)
        self._local.enough = (self._agenda.is_long and bool(self._flight.busy)) or self._uploads.turns.many
        if self._started and not self._root:
            moving.extend(self._local.advance(self._now))
            self._planning.cut_short |= self._local.names_known and not self._scanned  # folders leave at once
        facts = {**self._remote.new_facts(), **self._local.damage.new_facts(), **self._ledger.new_facts()}
        delta = self._launch.completed(self.canopy.take_delta(facts), *self._ledger.take_touched())
        effects: list[Effect] = [*self._local.damage.take_notes(), *([Commit(delta)] if delta else [])]
        effects.extend([*self._brake.take_effects(), *self.exclusions.take_effects(), *launched, *moving])
        return [*effects, *self._tell()]

    def _policy(self) -> Policy:
        ready = self._remote.link is Link.READY
        if ready:
            self._downloads.link_up()
        acting = self._scanned and not self._root and not self.sparing.stands_still
        return self._remote.policy(self._machine, self._day, submits=acting and ready, writes=acting)

    # --- what is told -----------------------------------------------------------------------------------------

    def _tell(self) -> list[Effect]:
        effects, status = list[Effect](), self.present_status()
        if status.settled:
            self._reactions.rest(self._now)
            effects.extend(self._freight.rest())
            self._remote.rest()
            if self._unswept:
                self._unswept = False
                effects.append(SweepStage(self._downloads.contents()))
        effects.extend(self._teller.tell(status, self._next_wake(status.settled), self._now))
        return effects

    @property
    def status(self) -> Status:
        """What was last published."""
        return self._teller.status

    @property
    def footing(self) -> Footing:
        """What it knows of the hub's journal."""
        return self._remote.footing

    def present_status(self) -> Status:
        """How things stand by now."""
        of_itself = State.STARTING if not self._started else State.PAUSED if self.sparing.stands_still else None
        return self.standing.status(of_itself, self._root, self._scanned, self.sparing)

    def _next_wake(self, settled: bool) -> float | None:
        looking = self._local.wake_at() if self._started and not self._root else None
        held, asked, moving = self._flight.next_due(), self._brake.wake_at(self._now), self._freight.wake_at()
        then = self._downloads.spare_until() if settled else self._now if self._planning.cut_short else None
        return min((time for time in (looking, held, asked, then, *moving) if time is not None), default=None)

    def acts(self) -> list[tuple[Act, list[Part]]]:
        """All that a person is asked about, or has decided lately."""
        return [(act, list(self._ledger.parts[act.id].values())) for act in self._ledger.acts.values()]
