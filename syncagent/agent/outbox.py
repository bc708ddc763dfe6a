"""What waits to be said on one connection, and what goes next: three lanes, and the limits that a person has set.

Whatever someone waits for goes first.  Requests for blocks are how what comes in is limited: what was not asked for
does not come, and so nothing stands in the way of an entry of the journal.  Bulk, the blocks of large files, goes when
nothing else does, frame by frame.  Lives in the event loop; never waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from syncagent.engine.dialogue import Frame
from syncagent.engine.events import BlocksSent
from syncagent.transport.pace import AHEAD, Pace

Next: TypeAlias = Frame | BlocksSent | None

FIRST_GUESS: Final = 65_536
"""Bytes of a block, before any has come."""


class Paces:
    """The limits of one agent, which last through all of its connections."""

    __slots__ = ("down", "held", "up")

    def __init__(self, up: int = 0, down: int = 0) -> None:
        self.held = False
        """Whether nothing is to leave, nor to be asked for, but what keeps the connection: it is paused."""
        self.up = Pace(up)
        self.down = Pace(down)


class Outbox:
    """The frames of one connection."""

    __slots__ = ("_asks", "_bulk", "_first", "_guess", "_paces", "_paid", "is_bulk")

    def __init__(self, paces: Paces) -> None:
        self._paces = paces
        self._first: deque[Frame] = deque()
        self._asks: deque[tuple[Frame, int]] = deque()
        self._bulk: deque[Frame | BlocksSent] = deque()
        self._guess = float(FIRST_GUESS)
        self._paid = 0.0
        self.is_bulk = False
        """Whether what went last was bulk."""

    def say(self, frames: Iterable[Frame]) -> None:
        """Someone waits for these."""
        self._first.extend(frames)

    @property
    def unlimited(self) -> bool:
        """Whether what is said may leave as it comes, if nothing waits here."""
        return not self._paces.up.rate

    def send_bulk(self, frames: Iterable[Frame], then: BlocksSent) -> None:
        """Nobody waits for these; ``then`` comes out when they have left."""
        self._bulk.extend(frames)
        self._bulk.append(then)

    @property
    def limits_what_comes(self) -> bool:
        return self._paces.down.rate > 0

    def asked_at_once(self) -> int:
        """For how many blocks one request is to ask, so that they come as evenly as the limit wants it; 0: any."""
        rate = self._paces.down.rate
        return max(1, int(AHEAD * rate / self._guess)) if rate else 0

    def ask(self, frames: Sequence[Frame], blocks: int) -> None:
        """Requests for so many blocks together."""
        each = -(-blocks // max(len(frames), 1))
        self._asks.extend((frame, each) for frame in frames)

    def came(self, now: float, size: int, blocks: Sequence[int] = ()) -> None:
        """A frame came, with blocks of these sizes in it.  What was asked for was counted then, as far as one knew."""
        if blocks:
            self._guess += (sum(blocks) / len(blocks) - self._guess) / 4
        paid = min(self._paid, size)
        self._paid -= paid
        self._paces.down.passed(now, size - int(paid))

    def next(self, now: float) -> tuple[Next, float | None]:
        """What goes now; or None, and after how many seconds it is worth another look (None: when there is more)."""
        waits: list[float] = []
        self.is_bulk = False
        up, down = self._paces.up, self._paces.down
        if self._first:
            wait = up.wait(now, len(self._first[0]), urgent=True)
            if not wait:
                return self._passed(now, self._first.popleft()), None
            waits.append(wait)
        if self._asks and not self._paces.held:
            cost = int(self._asks[0][1] * self._guess)
            wait = down.wait(now, cost)
            if not wait:
                frame, _ = self._asks.popleft()
                if down.rate:
                    down.passed(now, cost)
                    self._paid += cost
                return self._passed(now, frame), None
            waits.append(wait)
        if self._bulk and not self._first and not self._paces.held:
            one = self._bulk[0]
            wait = 0.0 if isinstance(one, BlocksSent) else up.wait(now, len(one))
            if not wait:
                self._bulk.popleft()
                self.is_bulk = True
                return (one if isinstance(one, BlocksSent) else self._passed(now, one)), None
            waits.append(wait)
        return None, min(waits, default=None)

    def _passed(self, now: float, frame: Frame) -> Frame:
        self._paces.up.passed(now, len(frame))
        return frame
