"""What was decided about an act, carried out part by part.

Where a disk here has to do with it, ordinary planning does it: an approved part passes, and a rejected one is made to
look as if the other side had changed it.  The rest is a change of the hub's tree alone, and ``remedy``'s.  A part is
seen to whenever something about its node changes, until it has come to its end, or is not any more as the act had it.
"""

from __future__ import annotations

from syncagent.engine.flight import Flight
from syncagent.engine.ledger import Ledger
from syncagent.engine.perils import Perils
from syncagent.engine.remedy import Remedy
from syncagent.model.acts import Act, Decision, Direction, Part
from syncagent.model.ids import NodeId
from syncagent.model.nodes import Node
from syncagent.model.values import replace
from syncagent.planner.brake import Peril, same_state
from syncagent.trees.canopy import Canopy


class Decisions:
    """Carries out; it is the brake that knows what to do when."""

    def __init__(self, canopy: Canopy, flight: Flight, remedy: Remedy, ledger: Ledger, perils: Perils) -> None:
        self._canopy = canopy
        self._flight = flight
        self._remedy = remedy
        self._ledger = ledger
        self._perils = perils

    def carry_out(self, act: Act, part: Part) -> bool:
        """Bring an open part of a decided act to its end, or a step nearer to it.  True when it is left alone from now
        on, because it is not as the act had it."""
        found = self._perils.get(part.node_id)
        if act.decision is Decision.APPROVED:
            if found is None or not _is_of(found, act, part):
                self._close(part)
            return False
        if part.node_id in self._flight.busy:
            return False  # what becomes of that is not known yet
        if found is not None:
            return self._turn(act, part, found)
        goal = part.goal(act)
        if same_state(self._canopy.remote.get(part.node_id), goal):
            self._close(part)
        elif self.both_have(part.node_id, part.start(act)):
            self._remedy.want(part.node_id)
        elif not same_state(self._canopy.local.get(part.node_id), goal):
            self._close(part)
            return True
        return False

    def _turn(self, act: Act, part: Part, found: Peril) -> bool:
        """What would be lost by the next op is what the act was about, or what undoes it, or another matter."""
        if act.wants_before and _is_of(found, act, part):
            self.turn_round(part.node_id, found)
        elif not same_state(found.after, part.goal(act)):
            self._close(part)
            return True
        elif act.decision is Decision.REJECTED and act.direction is Direction.OUT:
            # What was let through of ours has been taken back at the hub: it is kept beside that, too.
            self._canopy.set_synced(part.node_id, None)
        return False

    def turn_round(self, node_id: NodeId, found: Peril) -> None:
        """Make it look as if the other side had changed the node: what was agreed is not, or is what is to go."""
        if found.direction is Direction.IN and found.after is not None:
            synced = self._canopy.synced.get(node_id)
            self._canopy.set_synced(node_id, replace(found.after, at=synced.at if synced else found.after.at))
        else:
            self._canopy.set_synced(node_id, None)

    def both_have(self, node_id: NodeId, state: Node | None) -> bool:
        local, remote = self._canopy.local.get(node_id), self._canopy.remote.get(node_id)
        return same_state(local, state) and same_state(remote, state)

    def _close(self, part: Part) -> None:
        self._remedy.no_more(part.node_id)
        gone = self._canopy.remote.get(part.node_id) is None
        rev = self._canopy.rev(part.node_id) if gone else part.rev
        self._ledger.put(replace(part, open=False, rev=rev or part.rev))


def _is_of(found: Peril, act: Act, part: Part) -> bool:
    return found.direction is act.direction and same_state(found.after, part.after)
