"""From what is on the agenda to what is under way: the brake looks first, then it is planned, then it is launched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from syncagent.engine.agenda import Agenda
from syncagent.engine.brake import Brake
from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import Effect
from syncagent.engine.flight import Flight
from syncagent.engine.launch import Launch
from syncagent.engine.reactions import FOLDER_LEFT_OUT, HIDDEN
from syncagent.engine.scoping import Scoping
from syncagent.engine.standing import Standing
from syncagent.model.acts import Direction
from syncagent.model.ids import NodeId
from syncagent.planner.along import let_along
from syncagent.planner.ops import Adopt, Agree, Op, beneath, subject
from syncagent.planner.outcome import settle_tree
from syncagent.planner.plan import Plan, Wait, plan
from syncagent.planner.policy import Policy
from syncagent.planner.underway import Underway
from syncagent.trees.canopy import Canopy

PLANNED_AT_ONCE: Final = 1_000
PLANS_AT_ONCE: Final = 16
"""Of a million nodes about which nothing is to be begun (they are agreed on, or wait), not all are looked at in one
step, which would hold up all else: others have their turn, and then it goes on."""

_TREE_OPS: Final = (Agree, Adopt)

TASKS_AT_ONCE: Final = 1_200
SUBMITTED_AT_ONCE: Final = 1_200


@dataclass(slots=True)
class Planning:
    """Its parts are the engine's; ``policy`` is what may be done now."""

    canopy: Canopy
    agenda: Agenda
    flight: Flight
    launch: Launch
    downloads: Downloads
    standing: Standing
    brake: Brake
    scoping: Scoping
    policy: Policy
    cut_short: bool = False
    """Whether there is more to plan now, and other events are to have their turn first."""
    closed: dict[NodeId, None] = field(default_factory=dict)
    underway: Underway = field(init=False)

    def __post_init__(self) -> None:
        self.underway = Underway(self.canopy)
        self.scoping.busy = self.flight.busy

    def allow(self, policy: Policy) -> None:
        """From now on ``policy`` is what may be done."""
        before = self.policy
        if (policy.may_submit and not before.may_submit) or (policy.may_write and not before.may_write):
            self.agenda.allow()
        self.policy = policy

    def go_on(self, incarnation: str, now: float) -> list[Effect]:
        """Plan, and launch what was planned, until there is nothing to plan or enough is under way."""
        self._hear_news(now)
        self._open(now)
        acting = self.policy.may_write or self.policy.may_submit
        plans, self.cut_short = 0, False
        while acting:
            if not self.agenda:
                # Where nothing is under way there is room.
                if not self.standing.is_quiet() or not self.agenda.sweep(thorough=self._may_all()):
                    break
            elif not self.has_room():
                break
            plans += 1
            if plans > PLANS_AT_ONCE:
                self.cut_short = True
                break
            focus = self.agenda.take(PLANNED_AT_ONCE, self._is_open)
            if not focus:
                continue
            busy, left_alone = self.flight.busy, self.standing.left_alone(now)
            # A folder that was closed within this step, and puts off what is due now, may be open when the next begins.
            self.closed |= left_alone.closed
            if left_alone or self.brake.may_hold:
                puts_off = self.brake.puts_off
                focus = [node_id for node_id in focus if node_id not in left_alone and not puts_off(node_id)]
            if self.launch.asks and self.policy.may_submit:
                outs, asks_about = self.scoping.scope.outs, self.launch.asks_about
                focus = [node_id for node_id in focus if node_id in outs or not asks_about(node_id)]
            if not focus:
                continue
            made = plan(
                self.canopy, self.policy, focus=focus, busy=busy, left_alone=left_alone or (),
                stuck=self.flight.held, piecemeal=self.flight.piecemeal, underway=self.underway, limit=PLANNED_AT_ONCE,
                scope=self.scoping.scope,
            )  # fmt: skip
            self._launch_all(made.ops, now)
            self._remember(made, now)
            self._hear_news(now)
        leaving = self.launch.take(incarnation)
        if self.policy.may_submit:
            leaving.extend(self.brake.remedy.launch(incarnation, now))
        return leaving

    def _open(self, now: float) -> None:
        """What lies in folders that are not closed any more is planned for again."""
        before, self.closed = self.closed, self.standing.closed(now)
        if self.closed and self.policy.may_submit and not self.agenda and self.standing.is_quiet():
            self.closed = self.standing.closed(now) if self.scoping.closed.lift() else self.closed
        if before and not before.keys() <= self.closed.keys():
            self.agenda.add(self.canopy.diverged())

    def has_room(self) -> bool:
        """Whether anything more may be begun.  What leaves with this step counts: thousands of files can wait for one
        folder to be at the hub, and planned for in one step the first of them would leave with the last."""
        submitted = self.flight.submitted + self.launch.leaving
        return self.flight.tasks < TASKS_AT_ONCE and submitted < SUBMITTED_AT_ONCE

    def _may_all(self) -> bool:
        """Whether there is nothing that could be waited for but what is under way."""
        return self.policy.may_submit and self.policy.may_write and not self.standing.looks

    def _is_open(self, node_id: NodeId) -> bool:
        """Whether there is anything to plan: what is not at one, and not under way."""
        return node_id not in self.flight.busy and self.canopy.is_diverged(node_id)

    def _launch_all(self, ops: Iterable[Op], now: float) -> None:
        for op in ops:
            if isinstance(op, _TREE_OPS):
                settle_tree(self.canopy, op)
                self.launch.agreed(op)
            elif self.launch.launch(op, now):
                self.brake.let_through(op, now)
            elif others := beneath(op):
                self.agenda.add((subject(op), *others))  # one by one then
            else:
                self.agenda.wait(subject(op), subject(op))

    def _remember(self, made: Plan, now: float) -> None:
        for wait in made.waits:
            if wait.on == wait.node:
                self.agenda.forbid(wait.node)
            else:
                self.agenda.wait(wait.node, wait.on)
                if wait.on in self.scoping.scope.dormant:
                    self._waits_for_left_out(wait, now)
        for node_id in made.dormant:
            self._rest(node_id)
        self.agenda.put_back(made.rest)

    def _waits_for_left_out(self, wait: Wait, now: float) -> None:
        if self.scoping.may_rest(wait.node):
            self._rest(wait.node)
        elif not self.flight.is_held(wait.node, now):
            nodes = (self.canopy.local.get(wait.node), self.canopy.remote.get(wait.node))
            in_it = any(node is not None and node.at.parent == wait.on for node in nodes)
            self.flight.hold(wait.node, FOLDER_LEFT_OUT if in_it else HIDDEN, now)

    def _rest(self, node_id: NodeId) -> None:
        """Nothing is to be done about the node, nor about what waits for it to be gone."""
        resting = [node_id]
        while resting:
            one = resting.pop()
            if self.scoping.rest(one):
                resting.extend(node for node in self.agenda.waiting_for(one) if self.scoping.may_rest(node))

    def _hear_news(self, now: float) -> None:
        # What was decided may change what was agreed, and that is news again.
        while news := self.canopy.take_news():
            self.scoping.news(news)
            self.launch.estrange([*self.scoping.take_estranged(), *let_along(self.canopy, news)])
            self.flight.release(news)
            self.downloads.news(news)
            self.agenda.add(news)
            self.standing.news(news, now)
            self.brake.news(news, now)
        if stirred := self.scoping.take_stirred():
            self.flight.release(stirred)
            self.downloads.news(stirred)
            self.agenda.add(stirred)
        self.brake.consider(self._directions(), now)
        if freed := self.brake.take_freed():
            self.agenda.add(freed)

    def _directions(self) -> Iterable[Direction]:
        """What is not allowed to leave is not asked about either."""
        if self.policy.may_submit:
            yield Direction.OUT
        if self.policy.may_write:
            yield Direction.IN
