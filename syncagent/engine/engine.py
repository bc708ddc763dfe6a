"""The agent's mind: ``step(event, now) -> effects``.

It keeps the three trees, plans from them, and has ops carried out.  Called by the shell's one control thread, and by
the simulation; it has no clock, no disk and no socket, and the same events give the same effects.

Order, on which all else rests: Remote rows and the cursor are committed together; an id is committed before it is
submitted; an op's outcome is committed after the bytes are durable.  A crash before any commit heals by looking and
planning, since two sides that say the same agree without any transfer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from syncagent.engine import events as ev
from syncagent.engine.agenda import Agenda
from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import Commit, Effect, Note, SweepStage
from syncagent.engine.flight import Flight
from syncagent.engine.freight import Freight
from syncagent.engine.launch import Launch
from syncagent.engine.local import LocalSide
from syncagent.engine.reactions import Reactions
from syncagent.engine.remote import Footing, Link, RemoteSide
from syncagent.engine.standing import Standing
from syncagent.engine.status import State, Status
from syncagent.engine.teller import Teller
from syncagent.engine.uploads import Uploads
from syncagent.model.ids import ClientId, NodeId
from syncagent.model.names import RelPath
from syncagent.model.sources import IdSource
from syncagent.planner.ops import Adopt, Agree, subject
from syncagent.planner.outcome import settle_tree
from syncagent.planner.plan import plan
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy

PLANNED_AT_ONCE = 1_000
TASKS_AT_ONCE = 1_200
SUBMITTED_AT_ONCE = 1_200


class Engine:
    """One folder on one machine."""

    def __init__(self, client_id: ClientId, machine: str, ids: IdSource) -> None:
        self._client_id = client_id
        self._machine = machine
        self._ids = ids
        self._begin(Canopy())
        self._incarnation = ""
        self._day = "1970-01-01"
        self._root = ""  # why there is no root; empty when there is
        self._started = self._scanned = self._paused = False
        self._policy = Policy(may_submit=False, may_write=False)
        self._unswept = False
        self._teller = Teller()

    def _begin(self, canopy: Canopy) -> None:
        self.canopy = canopy
        self._agenda = Agenda()
        self._local = LocalSide(canopy, self._ids)
        self._remote = RemoteSide(canopy, self._client_id)
        self._flight = Flight(canopy, self._local.damage.wounded)
        self._uploads = Uploads(self._agenda.add, self._stale)
        self._downloads = Downloads(self._agenda.add, self._fail)
        self._freight = Freight(canopy, self._uploads, self._downloads, self._local.at_hand)
        self._launch = Launch(canopy, self._local, self._remote, self._flight, self._uploads, self._downloads)
        self._reactions = Reactions(canopy, self._agenda, self._local, self._flight, self._uploads, self._downloads)
        self.standing = Standing(canopy, self._local, self._remote, self._flight, self._uploads, self._downloads)
        self._now = 0.0

    def step(self, event: ev.Event, now: float) -> Sequence[Effect]:
        """What to do now that ``event`` has happened.  ``now`` never goes backward."""
        self._now = now
        effects = self._happen(event)
        effects.extend(self._go_on())
        return effects

    # --- what happened ----------------------------------------------------------------------------------------

    def _happen(self, event: ev.Event) -> list[Effect]:
        match event:
            case ev.Started():
                return self._start(event)
            case ev.Tick(day=day):
                self._day = day
                self._teller.woken()
            case ev.Paused(paused=paused):
                self._paused = paused
            case ev.ProofWanted(number=number):
                self._local.hint(everything=True, reason="someone waits for it")
                self.standing.prove(number)
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
            case _:
                return self._freight.moved(event)
        return []

    def _hub_spoke(self, event: ev.Welcomed | ev.LinkDown | ev.CaughtUp | ev.Heard | ev.Judged) -> list[Effect]:
        match event:
            case ev.Welcomed():
                before = self._remote.begun_anew
                effects = self._remote.welcomed(event)
                if self._remote.begun_anew > before:
                    self._flight.void_tasks()
                self._agenda.add(self._flight.release_refused())
            case ev.LinkDown(reason=reason, final=final):
                self._remote.down(reason, final)
                self._freight.link_down()
                self._agenda.add(self._flight.drop_changes())
                return []
            case ev.CaughtUp():
                effects = self._remote.caught_up(event)
            case ev.Heard():
                effects = self._remote.heard(event)
            case ev.Judged():
                effects, counted = self._remote.judged(event)
                effects.extend(self._reactions.verdicts(counted, self._now))
                self._agenda.add(self._flight.forget_changes(event.verdicts[len(counted) :]))
            case _:
                assert_never(event)
        return effects

    def _start(self, event: ev.Started) -> list[Effect]:
        self._begin(Canopy.load(event.rows))
        self._incarnation = event.facts.get("incarnation", "")
        self._remote.load(event.facts)
        self._local.damage.load(event.facts, event.stop)
        self._local.at_hand.recipes.update(event.recipes)
        self._remote.recipes.update(event.recipes)
        self._day = event.day
        self._started, self._scanned = True, False
        self._agenda.add(self.canopy.diverged())
        self._local.hint(paths=[fact.path for _, fact in event.parked], everything=True, reason="start")
        return []

    def _lose_root(self, reason: str) -> list[Effect]:
        """Nothing is sent and nothing is changed until the root is back, and has been looked through."""
        notes: list[Effect] = [] if self._root else [Note("error", reason)]
        self._root, self._scanned = reason, False
        self._local.abandon()
        self._freight.root_lost()
        self._agenda.add(self._flight.drop_tasks())
        return notes

    def _stale(self, node_ids: Iterable[NodeId], path: RelPath) -> None:
        for node_id in node_ids:
            self._local.recheck(node_id, [path], self._now, reason="it changes, or cannot be read, while it is sent")

    def _fail(self, node_ids: Iterable[NodeId], reason: str) -> None:
        for node_id in node_ids:
            self._flight.hold(node_id, reason, self._now)

    # --- what follows -----------------------------------------------------------------------------------------

    def _go_on(self) -> list[Effect]:
        if self._local.full_scan_done and not self._local.scanning and not self._root:
            self._scanned = True
        self._set_policy()
        self._agenda.add([*self._flight.take_due(self._now), *self._local.found])
        self._local.found.clear()
        launched = self._plan_on()
        room = self._has_room()
        moving = self._freight.advance(
            may_send=room and self._policy.may_submit, may_write=room and self._policy.may_write
        )
        if self._started and not self._root:
            moving.extend(self._local.advance(self._now))
        delta = self.canopy.take_delta({**self._remote.new_facts(), **self._local.damage.new_facts()})
        delta = replace(delta, recipes=self._launch.recipes_of(delta))
        effects: list[Effect] = [*self._local.damage.take_notes(), *([Commit(delta)] if delta else [])]
        effects.extend(launched)
        effects.extend(moving)
        effects.extend(self._tell())
        return effects

    def _set_policy(self) -> None:
        ready = self._remote.link is Link.READY
        if ready:
            self._downloads.link_up()
        acting = self._scanned and not self._root and not self._paused
        policy = Policy(
            self._machine,
            self._day,
            may_submit=acting and ready and self._remote.may_write,
            may_write=acting,
        )
        if (policy.may_submit and not self._policy.may_submit) or (policy.may_write and not self._policy.may_write):
            self._agenda.allow()
        self._policy = policy

    def _plan_on(self) -> list[Effect]:
        """Plan, and launch what was planned, until there is nothing to plan or enough is under way."""
        self._hear_news()
        acting = self._policy.may_write or self._policy.may_submit
        while acting and self._has_room():
            if not self._agenda and not (self.standing.is_quiet() and self._agenda.sweep()):
                break
            busy, left_alone = self._flight.busy, self.standing.left_alone(self._now)
            focus = self._agenda.take(PLANNED_AT_ONCE, lambda one: one not in self._flight.busy)
            focus = [node_id for node_id in focus if node_id not in left_alone]
            made = plan(self.canopy, self._policy, focus=focus, busy=busy, left_alone=left_alone, limit=PLANNED_AT_ONCE)
            for op in made.ops:
                if isinstance(op, Agree | Adopt):
                    settle_tree(self.canopy, op)
                elif not self._launch.launch(op, self._now):
                    self._agenda.wait(subject(op), subject(op))
            for wait in made.waits:
                if wait.on == wait.node:
                    self._agenda.forbid(wait.node)
                else:
                    self._agenda.wait(wait.node, wait.on)
            self._agenda.put_back(made.rest)
            self._hear_news()
        return self._launch.take(f"{self._incarnation}{self._remote.anew}")

    def _has_room(self) -> bool:
        """Whether anything more may be begun."""
        return self._flight.tasks < TASKS_AT_ONCE and self._flight.submitted < SUBMITTED_AT_ONCE

    def _hear_news(self) -> None:
        news = self.canopy.take_news()
        self._flight.release(news)
        self._downloads.news(news)
        self._agenda.add(news)
        self.standing.news(news, self._now)

    # --- what is told -----------------------------------------------------------------------------------------

    def _tell(self) -> list[Effect]:
        effects: list[Effect] = []
        status = self._status()
        if status.settled:
            self._local.rest()
            self._downloads.let_go_of_all()
            self._remote.rest()
            if self._unswept:
                self._unswept = False
                effects.append(SweepStage(self._downloads.contents()))
        else:
            self._unswept = True
        effects.extend(self._teller.tell(status, self._next_wake(), self._now))
        return effects

    @property
    def status(self) -> Status:
        """What was last published."""
        return self._teller.status

    @property
    def footing(self) -> Footing:
        """What it knows of the hub's journal."""
        return self._remote.footing

    def _status(self) -> Status:
        of_itself = State.STARTING if not self._started else State.PAUSED if self._paused else None
        return self.standing.status(of_itself, self._root, self._scanned)

    present_status = _status

    def _next_wake(self) -> float | None:
        looking = self._local.wake_at() if self._started and not self._root else None
        return min((time for time in (looking, self._flight.next_due()) if time is not None), default=None)
