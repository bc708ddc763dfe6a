"""How a large file begins that somebody else has changed, and still reads: what of it is as it was here is copied by
then, beside the tree, and what is new comes ahead.

The other side of ``outlining``.  Copied is only from a file that both sides agree on, and that stands untouched since
it was read; each block is checked as it is copied.  Nothing is concluded from it.  A wish for a file that begins so
takes over what was put aside (``localfs.spare``); what nobody wishes for is dropped after a while.  One file at a time:
of others nothing is copied, and what is new in them falls.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from syncagent.engine.effects import CopyAhead, DropOutline, Effect, Recall
from syncagent.engine.events import AheadHeld, OutlineCame
from syncagent.engine.spared import within
from syncagent.engine.spares import KEPT_SECONDS
from syncagent.model.facts import UNSURE
from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Content, File, Recipe
from syncagent.model.splices import Kept
from syncagent.planner.tasks import Copied
from syncagent.trees.canopy import Canopy

MORE = 64 << 20
"""Bytes beyond twice the size of what it was: a file that were to become larger is not copied to its end."""

WAITING = 16_384
"""So many parts may wait for what is new before them: who says more and brings nothing is not listened to."""

UNWANTED = 4_096
"""So many blocks are remembered of which it is known that nobody here wants them."""


class Outlines:
    """What came of the one file, if any.  ``writes`` is told how many bytes that came are being written."""

    def __init__(self, canopy: Canopy, writes: Callable[[int], None]) -> None:
        self._canopy = canopy
        self._writes = writes
        self.agreed = False
        self.may_write = False
        self.most: int | None = None
        """Of files of more bytes than this nothing is copied."""
        self._unwanted: dict[Digest, None] = {}
        self._fresh = False
        self._since: float | None = None
        self._reset()

    def _reset(self) -> None:
        self._node: NodeId | None = None
        self._rev = Rev(0)
        self._was: Content | None = None
        self._path, self._stamp = RelPath(""), UNSURE
        self._recipe: Recipe | None = None
        self._starts: list[int] = []
        self._said = self._done = self._left = 0
        self._queue: deque[Kept | Block] = deque()
        self._expected: Counter[Digest] = Counter()
        self._came: deque[tuple[Digest, bytes]] = deque()

    # --- what comes -------------------------------------------------------------------------------------------

    def came(self, event: OutlineCame) -> list[Effect]:
        """The file goes on like this."""
        effects: list[Effect] = []
        if event.at == 0 and self._node in (None, event.node_id):
            effects.extend(self._begin(event))
        if (event.node_id, event.base_rev, event.at) != (self._node, self._rev, self._said):
            self._let_fall(part.digest for part in event.parts if isinstance(part, Block))
            return effects
        self._fresh = True
        self._said += sum([part.count if isinstance(part, Kept) else 1 for part in event.parts])
        self._queue.extend(event.parts)
        self._expected.update(part.digest for part in event.parts if isinstance(part, Block))
        effects.extend(self._go_on())
        if len(self._queue) > WAITING:
            self._give_up()
        return effects

    def _begin(self, event: OutlineCame) -> list[Effect]:
        """Begin anew, if it can be copied at all."""
        self._give_up()
        self._reset()
        here, there = self._canopy.local.get(event.node_id), self._canopy.remote.get(event.node_id)
        path, stamp = self._canopy.local_path(event.node_id), self._canopy.stamp(event.node_id)
        if not (self.agreed and self.may_write and self._canopy.rev(event.node_id) == event.base_rev):
            return []
        if not (isinstance(here, File) and isinstance(there, File) and here.content == there.content):
            return []
        if path is None or stamp is None or stamp == UNSURE or not within(self.most, here.content.size):
            return []
        self._node, self._rev, self._was = event.node_id, event.base_rev, here.content
        self._path, self._stamp = path, stamp
        self._left = 2 * here.content.size + MORE
        return [Recall((here.content.digest,))]

    def recalled(self, recipes: Mapping[Digest, Recipe]) -> list[Effect]:
        """They were looked up."""
        if self._was is None or self._recipe is not None or self._was.digest not in recipes:
            return []
        self._recipe = recipes[self._was.digest]
        self._starts = [0, *accumulate(block.size for block in self._recipe)]
        return self._go_on()

    def blocks(self, blocks: Sequence[tuple[Digest, bytes]]) -> list[tuple[Digest, bytes]]:
        """These came ahead; gives those that are of something else."""
        if not self._expected and not self._unwanted:
            return list(blocks)
        others: list[tuple[Digest, bytes]] = []
        for digest, data in blocks:
            if self._expected[digest] > 0:
                self._expected[digest] -= 1
                self._came.append((digest, data))
            elif digest in self._unwanted:
                del self._unwanted[digest]
            else:
                others.append((digest, data))
        return others

    @property
    def unwritten(self) -> int:
        """Bytes that came, and wait for their turn to be written."""
        return sum([len(data) for _, data in self._came])

    def held(self, event: AheadHeld) -> None:
        """Something was put aside, or could not be: then it is not tried again on this connection."""
        if event.reason:
            self.agreed = False
            self._give_up()

    # --- what follows -----------------------------------------------------------------------------------------

    def _go_on(self) -> list[Effect]:
        """Copy as far as is known by now what it is made of, and what is new of it is here."""
        at, parts = self._done, list[Copied | tuple[Digest, bytes]]()
        while self._recipe is not None and self._queue:
            part = self._queue[0]
            if isinstance(part, Block) and not self._came:
                break
            copied = self._kept(self._recipe, part) if isinstance(part, Kept) else self._new(part)
            if copied is None:
                self._give_up()
                break
            self._queue.popleft()
            parts.append(copied)
            self._done += part.count if isinstance(part, Kept) else 1
        if not parts:
            return []
        self._fresh = True
        self._writes(sum([len(one[1]) for one in parts if not isinstance(one, Copied)]))
        return [CopyAhead(at, self._path, self._stamp, tuple(parts))]

    def _kept(self, recipe: Recipe, part: Kept) -> Copied | None:
        end = part.start + part.count
        if not part.count or end > len(recipe):
            return None
        self._left -= self._starts[end] - self._starts[part.start]
        return Copied(self._starts[part.start], recipe[part.start : end]) if self._left >= 0 else None

    def _new(self, part: Block) -> tuple[Digest, bytes] | None:
        digest, data = self._came.popleft()
        self._left -= len(data)
        return (digest, data) if Block(digest, len(data)) == part and self._left >= 0 else None

    def _give_up(self) -> None:
        """It does not go on; what was put aside of it is still its beginning."""
        self._let_fall(self._expected.elements())
        self._expected.clear()
        self._queue.clear()
        self._came.clear()
        self._said = -1

    def _let_fall(self, digests: Iterable[Digest]) -> None:
        self._unwanted.update(dict.fromkeys(digests))
        while len(self._unwanted) > UNWANTED:
            del self._unwanted[next(iter(self._unwanted))]

    def wake_at(self) -> float | None:
        return None if self._since is None else self._since + KEPT_SECONDS

    def advance(self, now: float) -> list[Effect]:
        """Go on with what has come, and drop what has waited in vain."""
        effects = self._go_on() if self._came else []
        if self._was is not None and self._is_over(self._node):
            self._reset()  # it has become what it was to be, or something else
        if self._fresh:
            self._fresh, self._since = False, now
        elif self._since is not None and now >= self._since + KEPT_SECONDS:
            self._since = None
            self._give_up()
            self._reset()
            effects.append(DropOutline())
        return effects

    def _is_over(self, node_id: NodeId | None) -> bool:
        here = self._canopy.local.get(node_id) if node_id is not None else None
        return not isinstance(here, File) or here.content != self._was

    def link_down(self) -> None:
        """What was said will not go on; what was put aside stays."""
        self.agreed = False
        self._unwanted.clear()
        self._reset()

    def root_lost(self) -> None:
        """What was put aside is gone with the folder, or is swept away when it is back."""
        self._since, self._fresh = None, False
        self._give_up()
        self._reset()
