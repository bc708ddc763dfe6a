"""What a walk has shown, taken in piece by piece.

A step of the engine holds up all else.  The first walk through a million files, taken in at once, would do so for half
a minute, and the hub would take the connection for dead.  So between two pieces other events have their turn.  The
order stays: all is noted before anything is placed, folders before what they hold; and what our own tasks have touched
by the time that its turn comes is looked at again, as anywhere in a round.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from syncagent.engine.damage import Damage
from syncagent.model.facts import Fact
from syncagent.trees.identify import Identifier

AT_ONCE = 5_000
"""Facts; they take a tenth of a second at the most."""


def take_in(
    facts: Sequence[Fact], identifier: Identifier, damage: Damage, sifted: Callable[[Sequence[Fact]], list[Fact]]
) -> Taking | None:
    """Take a few facts in at once; of many, give what takes them in."""
    if len(facts) > AT_ONCE:
        return Taking(facts, identifier, damage, sifted)
    damage.take(facts, identifier)
    return None


class Taking:
    """``sifted`` gives those of some facts that our own tasks have not overtaken."""

    def __init__(
        self,
        facts: Iterable[Fact],
        identifier: Identifier,
        damage: Damage,
        sifted: Callable[[Sequence[Fact]], list[Fact]],
    ) -> None:
        self._seen = deque(facts)
        self._noted: deque[Fact] = deque()
        self._identifier = identifier
        self._damage = damage
        self._sifted = sifted
        self.at = 0.0
        """When the last piece was taken in."""

    def go_on(self, now: float) -> bool:
        """Take in the next piece; whether that was the last."""
        self.at = now
        if self._seen:
            believed = self._damage.believed(self._next(self._seen), self._identifier)
            self._identifier.note(believed)
            self._noted.extend(believed)
            if not self._seen:
                self._identifier.meet()
        else:
            piece = self._next(self._noted)
            self._identifier.place(piece)
            self._damage.taken(piece, self._identifier)
        return not self._seen and not self._noted

    def _next(self, facts: deque[Fact]) -> list[Fact]:
        return self._sifted([facts.popleft() for _ in range(min(AT_ONCE, len(facts)))])
