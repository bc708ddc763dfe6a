"""What an agent remembers: the port, and what it gives at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from syncagent.model.acts import Act, Part
from syncagent.model.ids import Digest
from syncagent.model.nodes import Recipe
from syncagent.model.values import fixed
from syncagent.trees.delta import Delta, Row
from syncagent.trees.kept import KeptRows

INCARNATION = "incarnation"
"""The fact that tells one database from another: made with the database, at random, and never changed (HAZARDS E4)."""


@fixed
class Loaded:
    """All that was kept.  ``recipes`` are those of the nodes on which the trees differ; others are asked for."""

    rows: tuple[Row, ...] | KeptRows
    facts: Mapping[str, str]
    recipes: Mapping[Digest, Recipe] = field(default_factory=dict)
    rebuilt: str = ""
    """Why what was there before had to be put aside, for a person to read.  Then nothing is known, and in particular
    nothing is known to have been deleted."""
    acts: tuple[Act, ...] = ()
    parts: tuple[Part, ...] = ()


class AgentStore(Protocol):
    """Keeps the deltas of one canopy.

    A commit stands as a whole or not at all.  After a crash of the machine the last commits may be missing, but never
    one without all that came after it.  Every method is called on one thread at a time, and raises StorageFull or
    StorageTrouble.
    """

    def load(self) -> Loaded:
        """What all commits so far amount to.  Called once, before the first commit."""
        ...

    def commit(self, delta: Delta) -> None:
        """Keep ``delta``: its rows in place of older ones of the same id, its facts in place of older ones; likewise
        acts and parts, of which None means that they are forgotten, the parts of an act with it."""
        ...

    def recipe(self, digest: Digest) -> Recipe | None:
        """The recipe that was kept for a content of several blocks, as long as a row or a part names it."""
        ...

    def is_quick(self) -> bool:
        """Whether a commit of a few rows would be made now without waiting for any disk, as far as one can know."""
        ...

    def settle(self) -> None:
        """What was committed is durable when this returns."""
        ...

    def rest(self) -> None:
        """Let go of what is only kept to be quick.  Raises nothing."""
        ...

    def put_aside(self) -> None:
        """Put away all that is kept: it does not count, and the next one to open it begins anew.  Closed after that."""
        ...

    def close(self) -> None:
        """Let go of it; nothing is called after that."""
        ...
