"""A large file that has changed is told of while it is still being read: which blocks of what it was it begins with,
and what is new.  Those who have it as it was copy it meanwhile (``outlines``); the change that names it comes last, in
its turn like any other.

All of it is only a help.  What is told decides nothing; where it turns out to be wrong, since the file goes on
changing, nothing follows from it.  Nothing is said before it is certain that the content differs: a file that was only
touched makes nobody copy it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from syncagent.engine.effects import Effect, ReadOutline, Recall, SendBlocks, SendOutline
from syncagent.engine.events import Outlined
from syncagent.engine.spared import within
from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Content, File, Recipe
from syncagent.model.splices import Kept
from syncagent.model.values import value
from syncagent.trees.canopy import Canopy

LEAST = 16 << 20
"""Bytes.  Less than this is read in the time in which it would be told of."""


@value
class Base:
    """What a node is made of at the hub and was here, at its revision."""

    node_id: NodeId
    rev: Rev
    content: Content


class Outlining:
    """The one large file that is told of, if any.  ``new_number`` gives numbers for what is sent."""

    def __init__(self, canopy: Canopy, new_number: Callable[[], int]) -> None:
        self._canopy = canopy
        self._new_number = new_number
        self.agreed = False
        """Whether the hub passes it on."""
        self.may_send = False
        """Whether anything may be sent at all; the engine says so."""
        self.most: int | None = None
        """Of files of more bytes than this nothing is sent."""
        self.leaving: set[int] = set()
        """What has not left yet: before it has, the hub would say that it lacks what is new, and it would be sent
        twice."""
        self._asked: Digest | None = None
        self._recalled: tuple[Digest, Recipe] | None = None
        self._reset()

    def _reset(self) -> None:
        self._number = 0
        self._base: Base | None = None
        self._recipe: Recipe = ()
        self._places: dict[Block, int] = {}
        self._next = 0
        self._told = 0
        self._read = 0
        self._parts: list[Kept | Block] = []
        self._new: list[tuple[Digest, bytes]] = []
        self._begun = False

    @property
    def waits(self) -> bool:
        """Whether a recipe is being looked up."""
        return self._asked is not None

    def begin(self, number: int, path: RelPath, node_id: NodeId | None) -> ReadOutline | Recall | None:
        """Read the file of this node, as the look of this number; or look up first how it was cut.  None: there is
        nothing to be told of it."""
        base = self._base_of(node_id) if node_id is not None and self.agreed and self.may_send else None
        if base is None:
            return None
        if self._recalled is None or self._recalled[0] != base.content.digest:
            self._asked = base.content.digest
            return Recall((self._asked,))
        recipe, self._recalled = self._recalled[1], None
        if not recipe:
            return None
        self._reset()
        self._number, self._base, self._recipe = number, base, recipe
        for place, block in enumerate(recipe):
            self._places.setdefault(block, place)
        return ReadOutline(number, path, recipe)

    def _base_of(self, node_id: NodeId) -> Base | None:
        """What was known of it, if both sides have agreed on it, and it is worth to be told of."""
        here, there = self._canopy.local.get(node_id), self._canopy.remote.get(node_id)
        agreed = self._canopy.synced.get(node_id)
        if not (isinstance(here, File) and isinstance(there, File) and isinstance(agreed, File)):
            return None
        size = agreed.content.size
        if not here.content == there.content == agreed.content or size < LEAST or not within(self.most, size):
            return None
        return Base(node_id, self._canopy.rev(node_id), agreed.content)

    def recalled(self, recipes: Mapping[Digest, Recipe]) -> None:
        """They were looked up."""
        if self._asked is not None and self._asked in recipes:
            self._recalled, self._asked = (self._asked, recipes[self._asked]), None

    def read(self, event: Outlined) -> list[Effect]:
        """The next blocks were read."""
        if event.number != self._number or self._base is None:
            return []
        self._new.extend(event.blocks)
        for block in event.recipe:
            self._put(block)
        self._read += len(event.recipe)
        same = self._parts == [Kept(0, self._read)] and event.size == self._base.content.size
        self._begun = self._begun or not same
        if event.lost or not self.may_send:
            self.hush()  # a file of which so much is new is no edit
        return self._tell() if self._begun else []

    def _put(self, block: Block) -> None:
        last = self._parts[-1] if self._parts else None
        if self._next < len(self._recipe) and self._recipe[self._next] == block and isinstance(last, Kept):
            self._parts[-1] = Kept(last.start, last.count + 1)
            self._next += 1
        elif (place := self._places.get(block)) is not None:
            self._parts.append(Kept(place, 1))
            self._next = place + 1
        else:
            self._parts.append(block)

    def _tell(self) -> list[Effect]:
        """What was read since the last time.  New blocks come behind the word of where they stand."""
        if self._base is None or not self._parts:
            return []
        number = self._new_number()
        self.leaving.add(number)
        base, at = self._base, self._told
        effects: list[Effect] = [SendOutline(number, base.node_id, base.rev, at, tuple(self._parts))]
        if self._new:
            number = self._new_number()
            self.leaving.add(number)
            blocks = tuple((Block(digest, len(data)), data) for digest, data in self._new)
            effects.append(SendBlocks(number, blocks, ahead=True))
        self._told, self._parts, self._new = self._read, [], []
        return effects

    def sent(self, number: int) -> bool:
        """Something has left; whether it was of this."""
        if number not in self.leaving:
            return False
        self.leaving.discard(number)
        return True

    def seen(self, number: int) -> None:
        """The file was read to its end, or cannot be."""
        if number == self._number:
            self._reset()

    def hush(self) -> None:
        """Nothing more is told of it."""
        self._reset()

    def link_down(self) -> None:
        """What has not left never will."""
        self.agreed = False
        self.hush()
        self.leaving.clear()

    def forget(self) -> None:
        """Nothing that is being read will come."""
        self._reset()
