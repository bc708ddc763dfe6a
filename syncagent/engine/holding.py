"""What is held for a person's word, counted as it changes, and told in a few words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from syncagent.engine.ledger import Ledger
from syncagent.engine.status import Asked
from syncagent.model.acts import Act, Loss
from syncagent.model.ids import NodeId
from syncagent.model.values import replace

SHOWN: Final = 5
"""Paths, and authors, of an act that its summary names."""


@dataclass(slots=True)
class _Held:
    nodes: dict[NodeId, Loss | None] = field(default_factory=dict)
    counts: Counter[Loss | None] = field(default_factory=Counter)
    grown: float = 0.0


class Holding:
    """The nodes that undecided acts hold; those of their parts that were let through before are not among them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._acts: dict[int, _Held] = {}
        self._asked: dict[int, Asked] = {}
        self._hour_is_wanted = True

    def begin(self, act: Act, now: float) -> None:
        self._acts[act.id] = _Held(grown=now)

    def end(self, act: Act) -> None:
        self._acts.pop(act.id, None)
        self._asked.pop(act.id, None)

    def put(self, act: Act, node_id: NodeId, loss: Loss | None) -> None:
        """It holds the node; ``loss`` None for a folder, which is not counted."""
        held = self._acts[act.id]
        self.drop(act, node_id)
        held.nodes[node_id] = loss
        held.counts[loss] += 1

    def drop(self, act: Act, node_id: NodeId) -> bool:
        """It does not hold the node any more.  False when it did not before."""
        held = self._acts[act.id]
        self._asked.pop(act.id, None)
        if node_id not in held.nodes:
            return False
        held.counts[held.nodes.pop(node_id)] -= 1
        return True

    def is_empty(self, act: Act) -> bool:
        return not self._acts[act.id].nodes

    def told_more(self, act: Act) -> None:
        """What is known of the act itself has changed."""
        self._asked.pop(act.id, None)

    def grows(self, act: Act, now: float) -> None:
        self._acts[act.id].grown = now

    def grown(self, act: Act) -> float:
        """When it last grew."""
        return self._acts[act.id].grown

    def asked(self) -> tuple[Asked, ...]:
        """What a person is asked about."""
        return () if not self._ledger.acts else tuple(self.summary(act) for act in self._ledger.held())

    def summary(self, act: Act) -> Asked:
        if act.id not in self._asked:
            self._asked[act.id] = self._summed_up(self._ledger.acts[act.id])
        return self._asked[act.id]

    def _summed_up(self, act: Act) -> Asked:
        held, parts = self._acts[act.id], self._ledger.parts[act.id]
        paths = []
        for node_id, loss in held.nodes.items():
            if loss is not None:
                paths.append(parts[node_id].path)
            if len(paths) == SHOWN:
                break
        return Asked(
            act.id,
            act.direction,
            deleted=held.counts[Loss.DELETED],
            overwritten=held.counts[Loss.OVERWRITTEN],
            since=act.since,
            by=act.by,
            by_hub=act.by_hub,
            paths=tuple(paths),
        )

    # --- since when -------------------------------------------------------------------------------------------

    def hour(self, hour: str) -> None:
        """What the clock on the wall says, where there is one."""
        if not hour:
            return
        for act in [one for one in self._ledger.held() if not one.since]:
            self._ledger.put_act(replace(act, since=hour))
            self._asked.pop(act.id, None)
        self._hour_is_wanted = True

    def wants_hour(self) -> bool:
        """Whether the hour is to be asked for: once, as long as there is no answer."""
        if not self._hour_is_wanted or all(act.since for act in self._ledger.held()):
            return False
        self._hour_is_wanted = False
        return True
