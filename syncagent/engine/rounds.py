"""What a round of looking is made of; ``local`` makes and ends it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from syncagent.engine.rulesight import RuleSight
from syncagent.engine.taking import Taking
from syncagent.model.facts import Fact, LookAt
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.values import fixed
from syncagent.trees.identify import Identifier, Sightings
from syncagent.trees.steady import Steady

FIRST_READS = 50
READ_BATCH = 400
"""Files that are read together: few at first, so that the hub and the others have work when the first of a mass are
read, and twice as many each time."""


@fixed
class Awaited:
    """When these paths are to be looked at for the sake of one node."""

    at: float
    paths: tuple[RelPath, ...]
    read: bool
    reason: str


@dataclass(slots=True)
class Round:
    """One round of looking: first gathering (``waiting_for`` is the number of the look), then reading."""

    full_scan: int
    """The number of the full scan that this is; 0 when it is none."""
    identifier: Identifier
    seen: Sightings
    steady: Steady
    confirming: frozenset[NodeId]
    awaited: dict[NodeId, None]
    why: str
    """Why everything is looked at, if it is."""
    waiting_for: set[int] = field(default_factory=set)
    gathering: bool = True
    taking: Taking | None = None
    """What was gathered, as long as it is so much that it is taken in piece by piece."""
    facts: list[Fact] = field(default_factory=list)
    reads: deque[LookAt] = field(default_factory=deque)
    read_at_once: int = FIRST_READS
    sight: RuleSight | None = None
    walked: list[NodeId] = field(default_factory=list)
    """The folders that were listed, as far as anyone wants to know."""

    @property
    def only_hints(self) -> bool:
        """Whether it was begun for hints alone, and nobody is missed."""
        return not (self.full_scan or self.confirming or self.awaited or self.seen.missing)

    def next_reads(self) -> tuple[LookAt, ...]:
        """The files that are read next."""
        batch = tuple([self.reads.popleft() for _ in range(min(self.read_at_once, len(self.reads)))])
        self.read_at_once = min(2 * self.read_at_once, READ_BATCH)
        return batch
