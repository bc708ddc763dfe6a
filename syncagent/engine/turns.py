"""Small files of a first link: before their bytes leave, it is asked whether another machine is sending the same.

Two folders that are the same are linked by their changes alone; the content has to go up once.  So many files at a time
are asked about.  What another brings is left to it: a moment later it is planned anew, and mostly the hub has told of
it by then.  What we bring, others wait for; a claim that comes to nothing ends by itself at the hub.

Only as long as a folder is linked for the first time: later on a small file leaves with its change, without a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from syncagent.engine.effects import AskMissing, Effect
from syncagent.model.ids import Digest, NodeId

GROUP_FILES: Final = 256
GROUPS_AT_ONCE: Final = 3
"""What was granted and has not left yet is what others wait for: not too much of it."""

PATIENCE: Final = 1.0
"""Seconds after which what was coming is asked about again."""

LONGEST: Final = 120.0
"""Seconds for which anything is left to others while nothing comes of them: what they have not brought by then is sent,
whatever is said of them.  A claim ends sooner; but one that is made anew again and again never would."""

UTMOST: Final = 600.0
"""Seconds for which anything is left to others of which nothing comes, although other things do: they may have lost
it."""

LONG: Final = 2_000
"""While more wait to be asked about, no more files are read: their bytes would have to be kept."""


class Word(Enum):
    """What the hub has heard of us: nothing, that we read what may come from others, too, or that we know it all."""

    NONE = 0
    READS = 1
    KNOWS = 2


class Turns:
    """``new_number`` names each question; ``wake(node_ids)`` and ``there(digest)`` are those of ``Uploads``."""

    def __init__(
        self,
        new_number: Callable[[], int],
        wake: Callable[[Iterable[NodeId]], None],
        there: Callable[[Digest], None],
    ) -> None:
        self._new_number = new_number
        self._wake = wake
        self._there = there
        self.asks = False
        """Whether anything is asked at all."""
        self._queue: dict[Digest, dict[NodeId, None]] = {}
        self._asked: dict[int, dict[Digest, dict[NodeId, None]]] = {}
        self._granted: set[Digest] = set()
        self._left_to_others: list[NodeId] = []
        self._waiting: list[tuple[float, list[NodeId]]] = []
        self._since: dict[NodeId, float] = {}
        """When each of these was left to others first, or more of it came."""
        self._lacking: dict[NodeId, tuple[int, int]] = {}
        """How few blocks were lacking of these, and how few of them nobody was to send."""
        self._came = self._now = 0.0
        """When others have brought anything last that we have, too."""
        self._word = Word.NONE
        self._impatient: set[NodeId] = set()

    @property
    def busy(self) -> bool:
        return bool(self._queue or self._asked or self._left_to_others or self._waiting)

    @property
    def many(self) -> bool:
        """Whether more wait to be asked about than need be."""
        return len(self._queue) > LONG

    def wait(self, digest: Digest, node_id: NodeId) -> bool:
        """Whether the content of this node has to wait: it is woken when it need not, or is to be planned again."""
        if not self.asks or digest in self._granted or node_id in self._impatient:
            return False
        under_way = next((group[digest] for group in self._asked.values() if digest in group), None)
        nodes = under_way if under_way is not None else self._queue.setdefault(digest, {})
        nodes[node_id] = None
        return True

    def leave_to_others(self, node_ids: Iterable[NodeId]) -> None:
        """Another machine sends what these nodes hold."""
        self._left_to_others.extend(node_ids)

    def insists(self, node_ids: Iterable[NodeId]) -> bool:
        """Whether one of these has been left to others for long enough."""
        return not self._impatient.isdisjoint(node_ids)

    def share(self, *, shares: bool) -> None:
        """Whether others may be about to send the same, and the hub says so."""
        self.asks = shares
        if shares:
            self._word = Word.NONE
        else:
            for pending in (self._since, self._lacking, self._impatient):
                pending.clear()

    def tell(self, *, known: bool) -> list[Effect]:
        """What the hub is to hear, once on each connection: while it is not ``known`` yet what is here, it may be what
        others send, and is not to come unasked.  Questions about nothing say so."""
        if self._word is Word.NONE and self.asks and not known:
            self._word = Word.READS
            return [AskMissing(self._new_number(), (), claim=True)]
        if self._word is Word.READS and known:
            self._word = Word.KNOWS
            return [AskMissing(self._new_number(), ())]
        return []

    def wake_at(self) -> float | None:
        """When ``take_due`` would give something by time alone."""
        return self._waiting[0][0] if self._waiting else None

    def take_due(self, now: float) -> list[NodeId]:
        """What was left to others a while ago, and is to be planned anew.  Called before all is planned in a step."""
        self._now = now
        if self._left_to_others:
            self._waiting.append((now + PATIENCE, self._left_to_others))
            for node_id in self._left_to_others:
                self._since.setdefault(node_id, now)
            self._left_to_others = []
        due: list[NodeId] = []
        while self._waiting and self._waiting[0][0] <= now:
            due.extend(self._waiting.pop(0)[1])
        self._impatient.update(one for one in due if self._is_long(now, self._since.get(one, now)))
        return due

    def _is_long(self, now: float, since: float) -> bool:
        return now - max(since, self._came) >= LONGEST or now - since >= UTMOST

    def lacking(self, node_ids: Iterable[NodeId], ours: int, coming: int) -> None:
        """So many blocks are lacking still of what these nodes hold, and so many come: when there have never been so
        few, it is being sent."""
        for node_id in node_ids:
            there_were = self._lacking.get(node_id, (ours, ours + coming))
            if ours < there_were[0] or ours + coming < there_were[1]:
                self._since.pop(node_id, None)
            self._lacking[node_id] = min(ours, there_were[0]), min(ours + coming, there_were[1])

    def advance(self) -> list[Effect]:
        """Ask about the next ones, the last first: what was saved just now does not wait behind all that was there."""
        effects: list[Effect] = []
        while self._queue and len(self._asked) < GROUPS_AT_ONCE:
            group = dict(self._queue.popitem() for _ in range(min(len(self._queue), GROUP_FILES)))
            number = self._new_number()
            self._asked[number] = group
            effects.append(AskMissing(number, tuple(group), claim=True))
        return effects

    def lacks(self, number: int, lacking: Iterable[Digest], coming: Iterable[Digest]) -> bool:
        """The hub's answer to an AskMissing; False when the question was not asked here."""
        group = self._asked.pop(number, None)
        if group is None:
            return False
        others, ours = frozenset(coming), frozenset(lacking)
        for digest, nodes in group.items():
            if digest in others:
                self._left_to_others.extend(nodes)
                continue
            if digest in ours:
                self._granted.add(digest)
            else:
                self._there(digest)
            self._wake(nodes)
        return True

    def is_there(self, digest: Digest) -> None:
        """The hub has told that it has this content: who waits to ask about it need not."""
        self._came = self._now
        if (nodes := self._queue.pop(digest, None)) is not None:
            self._wake(nodes)

    def over(self, digest: Digest) -> None:
        """A change that names it was judged."""
        self._granted.discard(digest)

    def give_up(self) -> None:
        """Nothing that was asked will be answered: all are planned again."""
        for group in (self._queue, *self._asked.values()):
            for nodes in group.values():
                self._wake(nodes)
        for _, waiting in self._waiting:
            self._wake(waiting)
        self._wake(self._left_to_others)
        self._left_to_others = []
        for pending in (self._queue, self._asked, self._granted, self._waiting, self._since, self._impatient):
            pending.clear()
        self._lacking.clear()
