"""Files of a few blocks on their way to the hub: asked about, read and sent many at a time.

Of a mass of files one in a hundred is longer than a block.  Each by itself would cost a question, an answer and a
transaction of the hub, and the last of a mass would be long in coming.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from syncagent.engine.effects import AskMissing, Effect, ReadBlocks, SendBlocks
from syncagent.engine.events import BlocksRead
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, File, Recipe
from syncagent.planner.tasks import ReadWish

MEDIUM = 512 * 1024
"""Bytes up to which a file goes along with others."""

GROUP_BYTES = 4 << 20
GROUP_FILES = 256
GROUPS_AT_ONCE = 3


@dataclass(slots=True)
class _Medium:
    """One such content."""

    digest: Digest
    size: int
    recipe: Recipe
    path: RelPath
    stamp: Stamp
    nodes: dict[NodeId, None]

    def wish(self, lacking: Collection[Digest]) -> ReadWish | None:
        """The blocks that the hub lacks; None when it lacks none."""
        offset = 0
        found: dict[Digest, tuple[int, Block]] = {}
        for block in self.recipe:
            if block.digest in lacking:
                found.setdefault(block.digest, (offset, block))
            offset += block.size
        return ReadWish(self.path, self.stamp, tuple(found.values())) if found else None


class Mediums:
    """A group is asked about, then read, then sent; ``new_number`` names each of these.

    ``wake(node_ids)`` and ``stale(node_ids, path)`` are those of ``Uploads``; ``there(digest)`` is called when the hub
    has a content.
    """

    def __init__(
        self,
        new_number: Callable[[], int],
        wake: Callable[[Iterable[NodeId]], None],
        stale: Callable[[Iterable[NodeId], RelPath], None],
        there: Callable[[Digest], None],
    ) -> None:
        self._new_number = new_number
        self._wake = wake
        self._stale = stale
        self._there = there
        self._queue: dict[Digest, _Medium] = {}
        self._under_way: dict[Digest, _Medium] = {}
        self._groups: dict[int, list[_Medium]] = {}
        self._left_to_others: list[NodeId] = []
        self.bytes_left = 0

    @property
    def busy(self) -> bool:
        return bool(self._queue or self._groups)

    def want(self, file: File, recipe: Recipe, path: RelPath, stamp: Stamp) -> None:
        """Have the blocks of ``file`` sent; its node is woken when the hub has them all."""
        content = file.content
        known = self._under_way.get(content.digest) or self._queue.get(content.digest)
        if known is None:
            known = self._queue[content.digest] = _Medium(content.digest, content.size, recipe, path, stamp, {})
            self.bytes_left += content.size
        known.nodes[file.id] = None

    def advance(self, *, claim: bool = False) -> list[Effect]:
        """Ask what the hub lacks of the next ones.  ``claim``: others may be about to send the same."""
        effects: list[Effect] = []
        while self._queue and len(self._groups) < GROUPS_AT_ONCE:
            group: list[_Medium] = []
            size = 0
            while self._queue and len(group) < GROUP_FILES and size < GROUP_BYTES:
                one = self._queue.pop(next(iter(self._queue)))
                self._under_way[one.digest] = one
                group.append(one)
                size += one.size
            digests = dict.fromkeys(block.digest for one in group for block in one.recipe)
            effects.append(AskMissing(self._next(group), tuple(digests), claim))
        return effects

    def take_left(self) -> list[NodeId]:
        """The nodes whose content comes from another machine, since the last time this was asked."""
        left, self._left_to_others = self._left_to_others, []
        return left

    def lacks(
        self,
        number: int,
        lacking: Iterable[Digest],
        coming: Collection[Digest] = (),
        insists: Callable[[Iterable[NodeId]], bool] = lambda _: False,
    ) -> list[Effect] | None:
        """The hub's answer to an AskMissing; None when the question was not asked here.  ``insists(node_ids)`` says
        what is not left to others any more."""
        group = self._groups.pop(number, None)
        if group is None:
            return None
        wanted = frozenset((*lacking, *coming))
        wishes: list[ReadWish] = []
        left: list[_Medium] = []
        given_back: set[Digest] = set()
        for one in group:
            if coming and any(block.digest in coming for block in one.recipe) and not insists(one.nodes):
                self._drop(one)
                self._left_to_others.extend(one.nodes)
                given_back.update(block.digest for block in one.recipe)
                continue
            wish = one.wish(wanted)
            if wish is None:
                self._arrived(one)
            else:
                wishes.append(wish)
                left.append(one)
        effects: list[Effect] = [ReadBlocks(self._next(left), tuple(wishes))] if left else []
        kept = {block.digest for one in left for block in one.recipe}
        if ours := tuple(digest for digest in lacking if digest in given_back and digest not in kept):
            # Without a claim: who sends the rest of the file is not to wait for us because of these.
            effects.append(AskMissing(self._new_number(), ours))
        return effects

    def read(self, event: BlocksRead) -> list[Effect] | None:
        """What was read goes to the hub; None when it was not wanted here."""
        group = self._groups.pop(event.number, None)
        if group is None:
            return None
        left: list[_Medium] = []
        for one in group:
            if one.path in event.stale:
                self._drop(one)
                self._stale(one.nodes, one.path)
            else:
                left.append(one)
        blocks = tuple((Block(digest, len(data)), data) for digest, data in event.blocks)
        return [SendBlocks(self._next(left), blocks)] if left else []

    def sent(self, number: int) -> bool:
        """The blocks of a SendBlocks have left; whether they were these."""
        group = self._groups.pop(number, None)
        for one in group or ():
            self._arrived(one)
        return group is not None

    def give_up(self) -> None:
        """Nothing that was asked or wanted will be answered: all are planned again."""
        for one in (*self._under_way.values(), *self._queue.values()):
            self._wake(one.nodes)
        for pending in (self._under_way, self._queue, self._groups):
            pending.clear()
        self.bytes_left = 0

    def _next(self, group: list[_Medium]) -> int:
        number = self._new_number()
        self._groups[number] = group
        return number

    def _arrived(self, one: _Medium) -> None:
        self._drop(one)
        self._there(one.digest)
        self._wake(one.nodes)

    def _drop(self, one: _Medium) -> None:
        del self._under_way[one.digest]
        self.bytes_left -= one.size
