"""A large file that is new here is read once: what was read of it goes to the hub while the rest is still being read.

The change that names it comes last, in its turn like any other: when the whole file was read, stood still meanwhile,
and has been taken into Local.  What has left by then is not asked for, read or sent again.  All of it is only a help:
where it cannot go on (no link, a hub that has such blocks already, a slow way), the file is read to its end as if
nothing had been sent, and the hub is asked what it lacks.

Bounded: no more is read than may wait to leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from syncagent.engine.effects import AskMissing, Effect, ReadOn, SendBlocks
from syncagent.engine.events import HubLacks, PartRead
from syncagent.engine.spared import within
from syncagent.model.facts import Fact, FileSeen
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block

PARTS_AT_ONCE = 4
"""So many parts may be read and not have left."""

READS_AT_ONCE = 2
PROBE_AFTER = 16
"""The hub is asked whether it lacks the first part, one after so many, and then at ever longer distances: if it lacks
those, it is taken to lack all."""

PATIENCE = 1.0
"""Seconds that the reading waits for the way to the hub, and no longer: Local is to know of the file soon."""


class Passing:
    """The one large file that is being read like this, if any.  ``new_number`` gives numbers for what is asked and
    sent; ``passed`` is told of the content that the hub has been sent as a whole."""

    def __init__(self, new_number: Callable[[], int], passed: Callable[[Digest], None]) -> None:
        self._new_number = new_number
        self._tell = passed
        self.may_send = False
        """Whether anything may be sent at all; the engine says so."""
        self.claims = False
        """Whether others may be about to send the same."""
        self.leaving: set[int] = set()
        """Parts that have not left yet of a file that is not sent any more while it is read.  Before they have, the hub
        would say that it lacks them, and they would be sent twice."""
        self.most: int | None = None
        """Of files of more bytes than this nothing is sent."""
        self._reset()

    def _reset(self) -> None:
        self._number = 0
        self._path = RelPath("")
        self._aloud = self._trusted = self._ended = self._ending = False
        self._reads = self._parts = self._size = self._left = 0
        self._asked: tuple[int, frozenset[Digest]] | None = None
        self._queue: list[PartRead] = []
        self._next_probe = 1
        self._sending: dict[int, int] = {}
        self._passed: set[Digest] = set()
        self._waits_since: float | None = None

    def __bool__(self) -> bool:
        return bool(self._number)

    @property
    def bytes_left(self) -> int:
        """Of the file, what has not left."""
        return self._left if self._aloud else 0

    def owns(self, number: int) -> bool:
        """Whether an answer of this number is for what was sent or asked here."""
        asked = self._asked is not None and number == self._asked[0]
        return asked or number in self._sending or number in self.leaving

    def begin(self, number: int, path: RelPath) -> ReadOn:
        """Read this file, as the look of this number."""
        self._reset()
        self._number, self._path, self._aloud, self._reads = number, path, True, 1
        return ReadOn(number, path)

    # --- what comes -------------------------------------------------------------------------------------------

    def read(self, event: PartRead) -> list[Effect]:
        """The next part was read."""
        if event.number != self._number:
            return []
        self._reads -= 1
        self._ended = self._ended or event.ended
        if not self._parts:
            self._size = self._left = event.size
            if not within(self.most, self._size):
                self.hush()
        if not self._aloud or not event.blocks:
            return []
        self._parts += 1
        if self._asked or self._parts < self._next_probe:
            self._queue.append(event)
            return self._send_on()
        self._next_probe = max(PROBE_AFTER, 2 * self._parts)
        self._queue.append(event)
        digests = dict.fromkeys(digest for digest, _ in event.blocks)
        self._asked = (self._new_number(), frozenset(digests))
        return [AskMissing(self._asked[0], tuple(digests), self.claims)]

    def lacks(self, event: HubLacks) -> list[Effect]:
        """What the hub lacks of a part that it was asked about."""
        assert self._asked is not None
        new = event.digests == self._asked[1]
        self._asked = None
        if not new:
            # A file that is not as new as that: the hub is asked about all of it, when it is known.
            self.hush()
            return []
        self._trusted = True
        return self._send_on()

    def _send_on(self) -> list[Effect]:
        """What was read goes out in its order: those who put it aside as it comes need not put it in order then."""
        if self._asked is not None or not self._aloud:
            return []
        parts, self._queue = self._queue, []
        return [self._send(part) for part in parts]

    def _send(self, part: PartRead) -> Effect:
        wanted = dict(part.blocks)
        blocks = tuple((Block(digest, len(data)), data) for digest, data in wanted.items())
        number = self._new_number()
        self._sending[number] = sum(len(data) for _, data in part.blocks)
        self._passed.update(wanted)
        return SendBlocks(number, blocks, ahead=True)

    def sent(self, number: int) -> None:
        """A part has left."""
        self.leaving.discard(number)
        if number in self._sending:
            self._left = max(self._left - self._sending.pop(number), 0)
            self._waits_since = None

    def seen(self, number: int, facts: Sequence[Fact]) -> None:
        """The file was read to its end, or cannot be."""
        if number != self._number:
            return
        aloud, passed = self._aloud, self._passed
        self.leaving.update(self._sending)
        self._reset()
        for fact in facts:
            if not (aloud and isinstance(fact, FileSeen)) or fact.content is None:
                continue
            if all(block.digest in passed for block in fact.recipe):
                self._tell(fact.content.digest)

    def link_down(self) -> None:
        """What has not left never will."""
        self.hush()
        self.leaving.clear()

    def hush(self) -> None:
        """Nothing more is to be sent of it; what was sent leaves when it may."""
        if not self:
            return
        self._aloud = False
        self._asked = None
        self._queue.clear()
        self.leaving.update(self._sending)
        self._sending.clear()

    def forget(self) -> None:
        """Nothing that is being read will come."""
        self._reset()

    # --- what follows -----------------------------------------------------------------------------------------

    def wake_at(self) -> float | None:
        """When ``advance`` would go on by time alone."""
        return self._waits_since + PATIENCE if self._waits_since is not None and self._aloud else None

    def advance(self, now: float) -> list[Effect]:
        """Read on, as far as there is room for it."""
        if not self or self._ending:
            return []
        waiting = len(self._sending) + len(self._queue)
        if self._waits_since is not None and now >= self._waits_since + PATIENCE:
            self._aloud = False
        if not self.may_send or not within(self.most, self._size):
            self.hush()
        if not self._aloud:
            self._ending = True
            return [ReadOn(self._number, self._path, to_its_end=True)]
        if self._ended:
            # It is looked at once more when all of it has left: so long it must stand still.
            if waiting or self._reads:
                self._waits_since = now if self._waits_since is None and waiting else self._waits_since
                return []
            self._ending = True
            return [ReadOn(self._number, self._path, to_its_end=True)]
        effects: list[Effect] = []
        room = (PARTS_AT_ONCE if self._trusted else 1) - waiting
        while self._reads < min(READS_AT_ONCE, room):
            self._reads += 1
            effects.append(ReadOn(self._number, self._path))
        if self._reads or room > 0:
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        return effects
