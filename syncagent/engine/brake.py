"""The brake: a mass of deletes or overwrites is held, until a person says yes or no to it.

What would be lost is counted in both directions (``perils``), together with what was let through in the last minute.
When it is too much, what waits is held as one act (``ledger``, ``holding``), together with what had been let through
already.  A node that is held is not planned; all others go on.  What a person says is carried out by ``decisions``.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from syncagent.engine.decisions import Decisions
from syncagent.engine.effects import Answered, Effect, Note
from syncagent.engine.events import Decided
from syncagent.engine.flight import Flight
from syncagent.engine.hesitation import Hesitation
from syncagent.engine.holding import SHOWN, Holding
from syncagent.engine.ledger import Ledger
from syncagent.engine.perils import WINDOW, Perils, sort_of
from syncagent.engine.remedy import Remedy
from syncagent.engine.remote import RemoteSide
from syncagent.engine.status import Asked, ask_in_words, so_many
from syncagent.model.acts import Act, Decision, Direction, Limits, Loss, Part
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.values import replace
from syncagent.planner.brake import Peril, destroys, peril
from syncagent.planner.ops import Op, beneath, subject
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import path_of


class Brake:
    """``limits`` None: it is off, and whoever said so has said yes to everything."""

    def __init__(
        self,
        canopy: Canopy,
        remote: RemoteSide,
        flight: Flight,
        ledger: Ledger,
        limits: Limits | None,
        missing: Callable[[], Iterable[NodeId]],
        wounded: Container[NodeId] = (),
    ) -> None:
        """``wounded``: nodes whose bytes here are known to be damaged, and are kept when the hub's take their place."""
        self._canopy = canopy
        self._remote = remote
        self._flight = flight
        self._limits = limits
        self._wounded = wounded
        self._ledger = ledger
        self._perils = Perils(canopy)
        self._holding = Holding(ledger)
        self._hesitation = Hesitation(canopy, self._perils, missing)
        self.remedy = Remedy(canopy, flight, remote, ledger)
        self._decisions = Decisions(canopy, flight, self.remedy, ledger, self._perils)
        self._freed: list[NodeId] = []
        self._effects: list[Effect] = []

    # --- what is asked of it ----------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether something that was decided has not been done yet, although no tree shows it."""
        return self.remedy.busy

    @property
    def may_hold(self) -> bool:
        """Whether there is any node that must not be planned."""
        return self._ledger.is_open or self._hesitation.waits

    def holds(self, node_id: NodeId) -> bool:
        """Whether the node must not be planned."""
        found, threatened = self._ledger.open_part(node_id), self._perils.get(node_id)
        if threatened is None or not threatened.counts:
            # A folder stays as long as anything in it is held; and it comes back when something new is to stand in it.
            return False
        if found is None:
            return self._hesitation.holds(node_id)
        # What the hub holds is sent again now and then: a person may say yes there, too.
        return found[0].decision is Decision.HELD and not found[0].by_hub

    def puts_off(self, node_id: NodeId) -> bool:
        """Whether the node, a folder, need not be planned for before the files that wait are."""
        return self._hesitation.puts_off(node_id)

    def is_confirmed(self, node_id: NodeId) -> bool:
        """Whether a person has said yes to what is to become of the node."""
        if self._limits is None:
            return True
        found = self._ledger.open_part(node_id)
        return found is not None and found[0].decision is not Decision.HELD

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What a person is asked about."""
        return self._holding.asked()

    def wake_at(self, now: float) -> float | None:
        """When it wants to be called again; at once, when the hour is wanted."""
        if self._holding.wants_hour():
            return now
        times = (self.remedy.wake_at(now), self._hesitation.wake_at(now))
        return min((time for time in times if time is not None and time > now), default=None)

    def take_freed(self) -> list[NodeId]:
        """The nodes that may be planned from now on."""
        freed, self._freed = self._freed, []
        return freed

    def take_effects(self) -> list[Effect]:
        """What is wanted, or to be said, because of it."""
        effects, self._effects = self._effects, []
        return effects

    # --- what happens -----------------------------------------------------------------------------------------

    def load(self, now: float) -> None:
        """The trees and the ledger have been loaded."""
        for act in list(self._ledger.acts.values()):
            if act.decision is Decision.HELD:
                self._holding.begin(act, now)
                self._let_through_if_off(act)
        self.news([*self._canopy.diverged(), *self._ledger.open_nodes()], now)
        for act in [one for one in self._ledger.held() if self._holding.is_empty(one)]:
            self._dissolve(act)

    def go_by(self, limits: Limits | None) -> None:
        """A person has set other limits.  What is held stays held, but where the brake is taken off."""
        self._limits = limits
        for act in list(self._ledger.held()):
            self._let_through_if_off(act)

    def _let_through_if_off(self, act: Act) -> None:
        if self._limits is None:
            self._effects.append(Note("warning", f"the brake is off: what {act.id} held goes through"))
            self._decide(act, Decision.APPROVED)

    def news(self, node_ids: Iterable[NodeId], now: float) -> None:
        """Something about these nodes has changed."""
        self._perils.expire(now)
        synced, nobody = self._canopy.synced, not self._perils.any and not self._ledger.is_open
        for node_id in node_ids:
            if nobody and not (self._canopy.is_diverged(node_id) and node_id in synced):
                continue  # of a mass that is new, or has come to be at one, there is nothing to lose
            found = self._peril(node_id)
            if found is not None or self._perils.get(node_id) is not None:
                self._perils.learn(node_id, found, is_part=node_id in self._ledger)
            if node_id in self._ledger:
                self._follow(node_id)

    def _peril(self, node_id: NodeId) -> Peril | None:
        """What the node would lose.  To heal it takes nothing from anyone."""
        found = peril(self._canopy, node_id)
        if found is None or node_id not in self._wounded:
            return found
        return None if (found.direction, found.loss) == (Direction.IN, Loss.OVERWRITTEN) else found

    def over(self, node_ids: Iterable[NodeId]) -> None:
        """What was under way about these nodes is over, one way or the other."""
        for node_id in node_ids:
            if node_id in self._ledger:
                self._follow(node_id)

    def let_through(self, op: Op, now: float) -> None:
        """``op`` leaves."""
        if destroys(op):
            nodes = [one for one in (subject(op), *beneath(op)) if one not in self._ledger]
            self._perils.let_all_through(nodes, now, None if self._limits is None else self._path)

    def try_again(self) -> None:
        """Someone waits: what the hub holds is sent again now, for a person may have said yes there."""
        for act in [one for one in self._ledger.held() if one.by_hub]:
            self._flight.release(self._ledger.parts[act.id])
            self._freed.extend(self._ledger.parts[act.id])

    def rejected_by_hub(self, node_id: NodeId) -> bool:
        """A person has said no, at the hub: it comes back from there, with all that was held with it.  False when
        nothing of it would be lost here."""
        found, part = self._perils.get(node_id), self._ledger.open_part(node_id)
        if found is None or found.direction is not Direction.OUT:
            return False
        if part is not None and part[0].decision is Decision.HELD and part[0].by_hub:
            self._decide(part[0], Decision.REJECTED)
        else:
            self._decisions.turn_round(node_id, found)
        return True

    def refused_by_hub(self, node_id: NodeId, now: float) -> bool:
        """The hub asks for a person's word.  False when that cannot be the matter: it had been given, or nothing here
        would be lost."""
        found = self._perils.get(node_id)
        if found is None or found.direction is not Direction.OUT or self.is_confirmed(node_id):
            return False
        act = next((one for one in self._ledger.held() if one.by_hub), None)
        if act is None:
            act = self._begin(Direction.OUT, frozenset({found.loss}), now, by_hub=True)
            self._effects.append(Note("warning", "the hub holds deletes or overwrites until you say yes or no"))
        losses = act.losses | {found.loss}
        if losses != act.losses:
            act = replace(act, losses=losses)
            self._ledger.put_act(act)
        self._take_past(act)
        self._add(act, node_id, found, self._path(node_id))
        return True

    def hour(self, hour: str) -> None:
        """What the clock on the wall says."""
        self._holding.hour(hour)

    # --- closing ----------------------------------------------------------------------------------------------

    def consider(self, directions: Iterable[Direction], now: float) -> None:
        """Hold what is too much to go unasked, of what would be planned next in these directions."""
        self._perils.expire(now)
        for direction in directions if self._ledger.acts or self.may_hold or not self._perils.nothing_waits() else ():
            if self._limits is None:
                self._freed.extend(self._hesitation.consider(direction, None, now))
                continue
            for act in [one for one in self._ledger.held() if one.direction is direction and not one.by_hub]:
                if self._holding.grown(act) + WINDOW >= now:
                    self._join(act, now)
            if losses := self._too_much(direction):
                act = self._begin(direction, losses, now)
                self._take_past(act)
                self._join(act, now)
                self._effects.append(Note("warning", ask_in_words((self._holding.summary(act),))))
            self._freed.extend(self._hesitation.consider(direction, self._limits, now))

    def _too_much(self, direction: Direction) -> frozenset[Loss]:
        """The losses that are too many: one of them, or only both together."""
        assert self._limits is not None
        if self._perils.nothing_waits():
            return frozenset()
        waiting = {loss: self._perils.waiting((direction, loss)) for loss in Loss}
        if not any(waiting.values()):
            return frozenset()
        counts = {loss: self._perils.count((direction, loss)) for loss in Loss}
        if sum(counts.values()) < min(self._limits.files, self._limits.most):
            return frozenset()
        total = self._perils.files()
        for loss in Loss:
            if waiting[loss] and self._limits.reached(counts[loss], total):
                return frozenset({loss})
        return frozenset(Loss) if self._limits.reached(sum(counts.values()), total) else frozenset()

    def _begin(self, direction: Direction, losses: frozenset[Loss], now: float, *, by_hub: bool = False) -> Act:
        act = Act(self._ledger.new_number(), direction, losses, by_hub=by_hub)
        self._ledger.put_act(act)
        self._holding.begin(act, now)
        return act

    def _take_past(self, act: Act) -> None:
        """What was let through a moment ago is part of it."""
        for sort in self._sorts(act):
            for node_id, past in self._perils.take_past(sort):
                self._add(act, node_id, past.peril, past.path)

    def _join(self, act: Act, now: float) -> None:
        """What waits, and is of its kind, belongs to it."""
        by = dict.fromkeys(act.by)
        for sort in self._sorts(act):
            for node_id in self._perils.take_free(sort):
                found = self._perils.get(node_id)
                assert found is not None
                self._holding.grows(act, now)
                self._add(act, node_id, found, self._path(node_id))
                if act.direction is Direction.IN and len(by) < SHOWN and (author := self._remote.authors.get(node_id)):
                    by[author] = None
        if tuple(by) != act.by:
            self._ledger.put_act(replace(act, by=tuple(by)))
            self._holding.told_more(act)

    def _sorts(self, act: Act) -> list[tuple[Direction, Loss | None]]:
        """A folder goes with the deletes."""
        losses: list[Loss | None] = [loss for loss in Loss if loss in act.losses]
        return [(act.direction, loss) for loss in ([*losses, None] if Loss.DELETED in act.losses else losses)]

    def _add(self, act: Act, node_id: NodeId, found: Peril, path: RelPath) -> None:
        self._ledger.put(Part(act.id, node_id, path, found.before, found.after))
        self._perils.learn(node_id, self._perils.get(node_id), is_part=True)
        self._follow(node_id)

    def _path(self, node_id: NodeId) -> RelPath:
        here, there = self._canopy.local_path(node_id), path_of(self._canopy.remote, node_id)
        return here or there or RelPath(f"({node_id})")

    # --- what is decided --------------------------------------------------------------------------------------

    def answer(self, said: Decided, *, started: bool) -> Effect:
        """Carry out a person's word; what is to be said to that."""
        if not started:
            return Answered(said.number, problem="the agent has only begun; try again in a moment")
        try:
            return Answered(said.number, *self.decide(said.act, said.word))
        except LookupError as problem:
            return Answered(said.number, problem=str(problem.args[0]))

    def decide(self, number: int, word: str) -> tuple[int, int]:
        """Carry out a person's word on an act (0: the one that there is): ``approve``, ``reject`` or ``undo``.  Gives
        how many nodes there is something to do about, and how many are left alone because they are not as the act had
        them any more.

        Raises LookupError, with a text for the person, when there is no such act, or it is past that word.
        """
        act = self._meant(number, undo=word == "undo")
        match word, act.decision:
            case "approve", Decision.HELD:
                return self._decide(act, Decision.APPROVED)
            case "reject", Decision.HELD:
                return self._decide(act, Decision.REJECTED)
            case "undo", Decision.APPROVED:
                return self._decide(act, Decision.APPROVAL_UNDONE)
            case "undo", Decision.REJECTED:
                return self._decide(act, Decision.REJECTION_UNDONE)
            case "undo", Decision.HELD:
                raise LookupError(f"nothing has been decided about {act.id} yet: approve it or reject it")
        raise LookupError(f"{act.id} has been decided already: {act.decision.value}")

    def _meant(self, number: int, *, undo: bool) -> Act:
        if number:
            if number not in self._ledger.acts:
                raise LookupError(f"there is no {number}; `syncagent held` lists what there is")
            return self._ledger.acts[number]
        held = list(self._ledger.held())
        if undo or not held:
            raise LookupError("say which one: `syncagent held --all` lists them" if undo else "nothing is held")
        if len(held) > 1:
            raise LookupError(f"say which one: {', '.join(str(act.id) for act in held)}")
        return held[0]

    def _decide(self, act: Act, decision: Decision) -> tuple[int, int]:
        parts = self._ledger.parts[act.id]
        if decision in (Decision.APPROVAL_UNDONE, Decision.REJECTION_UNDONE):
            for part in list(parts.values()):
                if not part.open and part.node_id not in self._ledger:
                    self._ledger.put(replace(part, open=True))
        self._ledger.put_act(act := replace(act, decision=decision))
        self._holding.end(act)
        self._flight.release(parts)
        self._freed.extend(parts)
        left = self._follow_all(act.id)
        self._ledger.prune()
        self._effects.append(Note("info", f"{act.id} is {decision.value}: {so_many(len(parts) - left)}"))
        return len(parts) - left, left

    def _follow_all(self, number: int) -> int:
        """See to all parts of an act; how many of them are not as it had them any more."""
        return sum(self._follow(node_id) for node_id in list(self._ledger.parts[number]))

    def _follow(self, node_id: NodeId) -> bool:
        """See to an open part, as its node is by now.  True when it is left alone from now on."""
        if (found := self._ledger.open_part(node_id)) is None:
            return False
        act, part = found
        if act.decision is Decision.HELD:
            self._follow_held(act, part)
            return False
        left = self._decisions.carry_out(act, part)
        if node_id not in self._ledger:
            self._perils.learn(node_id, self._perils.get(node_id), is_part=False)
        return left

    def _follow_held(self, act: Act, part: Part) -> None:
        node_id = part.node_id
        found = self._perils.get(node_id)
        if found is not None and found.direction is act.direction:
            self._ledger.put(replace(part, before=found.before, after=found.after))
            self._holding.put(act, node_id, sort_of(found)[1])
            return
        was_held = self._holding.drop(act, node_id)
        if not self._decisions.both_have(node_id, part.after):
            # Someone has done something else with it: it is not part of this any more.
            self._ledger.forget_part(part)
            self._perils.learn(node_id, found, is_part=False)
        elif self._canopy.remote.get(node_id) is None:
            self._ledger.put(replace(part, rev=self._canopy.rev(node_id)))
        if was_held and self._holding.is_empty(act):
            self._end(act)

    def _end(self, act: Act) -> None:
        """Nothing is held any more, without a word here: let through by the hub, or undone by other means."""
        parts = list(self._ledger.parts[act.id].values())
        if not act.by_hub or not parts:
            self._dissolve(act)
            return
        self._effects.append(Note("info", f"the hub has let {act.id} through"))
        self._holding.end(act)
        self._ledger.put_act(replace(act, decision=Decision.APPROVED))
        for part in parts:
            self._ledger.close(part)

    def _dissolve(self, act: Act) -> None:
        self._effects.append(Note("info", f"nothing of {act.id} is held any more: it was undone by other means"))
        nodes = list(self._ledger.parts[act.id])
        self._ledger.forget_act(act.id)
        self._holding.end(act)
        for node_id in nodes:
            self._perils.learn(node_id, self._perils.get(node_id), is_part=False)
