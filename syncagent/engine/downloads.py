"""Getting the bytes of files that changed elsewhere onto this machine, before they are put in place.

A small content is held in memory for the moment until its file is written.  A large one is put together in the staging
area, block by block, from what this disk has and what the hub sends; after any break it goes on with what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

from syncagent.engine.at_hand import AT_HAND, SMALL
from syncagent.engine.effects import AskBlocks, Effect, FillStage, OpenStage
from syncagent.engine.events import BlocksCame, BlocksEnded, StageFilled, StageOpened
from syncagent.engine.recalls import Recalls
from syncagent.engine.spared import first_within, kept_back, within
from syncagent.engine.spares import Spares
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Content, File, Recipe
from syncagent.planner.tasks import Inline, Source, Staged, StageWish
from syncagent.trees.delta import Row

WINDOW = 4 << 20
WINDOWS_AT_ONCE = 4
JOBS_AT_ONCE = 4
SMALL_ASKED = 400
SMALL_REQUESTS = 4
SPARE_SECONDS = 5.0
"""How long what was pushed waits for the change that it is for."""


@dataclass(slots=True)
class _Download:
    """One large content on its way.  ``todo`` are blocks that were not asked for yet, with their sizes (taken from the
    end), ``asked`` those that were, and ``writing`` those that came and are being written."""

    wish: StageWish
    nodes: dict[NodeId, None]
    opened: bool = False
    todo: dict[Digest, int] = field(default_factory=dict)
    asked: set[Digest] = field(default_factory=set)
    writing: int = 0
    requests: int = 0

    @property
    def size(self) -> int:
        return self.wish.content.size


class Downloads:
    """What has come of the contents that are wanted here.

    ``wake(node_ids)`` is called when a node's content is ready; ``fail(node_ids, reason)`` when it cannot be had now.
    """

    def __init__(self, wake: Callable[[Iterable[NodeId]], None], fail: Callable[[Iterable[NodeId], str], None]) -> None:
        self._wake = wake
        self._fail = fail
        self._online = False
        self.spares = Spares()
        self._at_hand: dict[Digest, bytes] = {}
        self.drafted: dict[Digest, Content] = {}
        """What was made in advance of what is at hand, and was not put in place."""
        self._held_bytes = 0
        self._spare: dict[Digest, float] = {}
        """Since when what is at hand has been for nobody, so far."""
        self._wanted: dict[Digest, tuple[int, dict[NodeId, None]]] = {}
        self._coming: dict[Digest, tuple[int, dict[NodeId, None]]] = {}
        self._requests: dict[int, tuple[Digest, ...]] = {}
        self._large_requests: dict[int, _Download] = {}
        self._number = 0
        self._jobs: dict[Digest, _Download] = {}
        self._queue: dict[Digest, _Download] = {}
        self._staged: set[Digest] = set()
        self._block_of: dict[Digest, set[Digest]] = {}
        self._writing = 0
        self._overdue: Counter[Digest] = Counter()
        self._bytes_left = 0
        self.most: int | None = None
        """Files of more bytes than this wait, also those of which a part has come."""
        self._wanting: dict[NodeId, Digest] = {}
        self._doubted: dict[Digest, None] = {}
        self.recalls = Recalls(wake)

    @property
    def busy(self) -> bool:
        """Whether anything is on its way, or waits to be; also what is given up by now, while it is still being written
        (the stage is swept when all is quiet)."""
        recalling = self.recalls.busy
        return bool(self._jobs or self._queue or self._wanted or self._coming or self._writing or recalling)

    @property
    def bytes_left(self) -> int:
        return self._bytes_left

    def contents(self) -> frozenset[Content]:
        """The large contents that are wanted: their staging files are kept."""
        return frozenset(job.wish.content for job in [*self._jobs.values(), *self._queue.values()])

    def kept_back(self) -> dict[NodeId, int]:
        """The files that are larger than what is received now, with their sizes."""
        return kept_back(self.most, chain(self._jobs.values(), self._queue.values()))

    # --- what is wanted ---------------------------------------------------------------------------------------

    def source(
        self,
        node_id: NodeId,
        content: Content,
        recipe: Recipe,
        bases: tuple[tuple[RelPath, Stamp, Recipe], ...],
        unknown: Digest | None = None,
    ) -> Source | None:
        """Where the bytes of ``content`` are; None when they have to come first, and the node is woken when they
        have.  Its recipe is empty where it is not at hand: then it is looked up, as is that of the content ``unknown``,
        which is a base."""
        if content.size == 0:
            return Inline(b"")
        if content.digest in self._at_hand:
            return Inline(self._at_hand[content.digest])
        if content.digest in self._staged:
            return Staged(content)
        self._wanting[node_id] = content.digest
        if content.size <= SMALL:
            waiting = self._coming.get(content.digest) or self._wanted.get(content.digest)
            if waiting is None:
                waiting = self._wanted[content.digest] = (content.size, {})
                self._bytes_left += content.size
            waiting[1][node_id] = None
        elif not self.recalls.wants(node_id, unknown, None if recipe else content.digest):
            recipe = recipe or self.recalls.recipe_of(content.digest) or (Block(content.digest, content.size),)
            job = self._jobs.get(content.digest) or self._queue.get(content.digest)
            if job is None:
                job = self._queue[content.digest] = _Download(StageWish(content, recipe, bases), {})
                self._bytes_left += content.size
            job.nodes[node_id] = None
        return None

    def news(self, node_ids: Iterable[NodeId]) -> None:
        """Something about these nodes has changed: they want what they still want when they have been planned again.
        What is on its way for nobody by then is given up."""
        for node_id in node_ids:
            digest = self._wanting.pop(node_id, None)
            if digest is not None:
                self._doubted[digest] = None
                for nodes in self._waiting_for(digest):
                    nodes.pop(node_id, None)

    def _waiting_for(self, digest: Digest) -> list[dict[NodeId, None]]:
        jobs = [one.nodes for one in (self._jobs.get(digest), self._queue.get(digest)) if one is not None]
        return jobs + [one[1] for one in (self._coming.get(digest), self._wanted.get(digest)) if one is not None]

    def _give_up_doubted(self) -> None:
        """Small contents that were asked for come all the same; all else ends here."""
        for digest in self._doubted:
            if any(self._waiting_for(digest)):
                continue
            job = self._jobs.get(digest)
            if job is not None:
                self._await_no_more(job)
            job = self._jobs.pop(digest, None) or self._queue.pop(digest, None)
            self._bytes_left -= job.wish.content.size if job is not None else 0
            wanted = self._wanted.pop(digest, None)
            self._bytes_left -= wanted[0] if wanted is not None else 0
        self._doubted.clear()

    def bytes_of(self, digest: Digest) -> bytes | None:
        """A small content, if it is at hand."""
        return self._at_hand.get(digest)

    def used(self, digest: Digest) -> None:
        """The content stands in its place: it need not be held any longer."""
        data = self._at_hand.pop(digest, None)
        if data is not None:
            self._held_bytes -= len(data)
        self._staged.discard(digest)

    def advance(self, room: bool) -> list[Effect]:
        """Begin what was wanted, if there is a link.  Without ``room`` nothing could be written that comes now, and so
        nothing is asked for."""
        if self._doubted:
            self._give_up_doubted()
        if not self.busy:
            return []
        effects = self.recalls.take()
        if not self._online or not room:
            return effects
        while self._wanted and len(self._requests) < SMALL_REQUESTS and self._held_bytes < AT_HAND:
            effects.append(self._ask_small())
        going = [job for job in self._jobs.values() if within(self.most, job.size)]
        for job in [job for job in going if job.todo]:
            effects.extend(self._ask_on(job))
        free = JOBS_AT_ONCE - len(going)
        while free > 0 and (one := first_within(self.most, self._queue.values())) is not None:
            free -= 1
            digest = one.wish.content.digest
            job = self._jobs[digest] = self._queue.pop(digest)
            self._writing += 1
            effects.append(OpenStage(job.wish))
        return effects

    def _ask_small(self) -> Effect:
        asked: list[Digest] = []
        size = 0
        for digest, waiting in list(self._wanted.items()):
            if len(asked) >= SMALL_ASKED or size >= 4 * WINDOW:
                break
            self._coming[digest] = waiting
            del self._wanted[digest]
            asked.append(digest)
            size += waiting[0]
        self._number += 1
        self._requests[self._number] = tuple(asked)
        return AskBlocks(self._number, tuple(asked))

    # --- what comes -------------------------------------------------------------------------------------------

    def opened(self, event: StageOpened) -> list[Effect]:
        job = self._answered(event.content)
        if job is None:
            return []
        job.opened = True
        if event.reason:
            return self._give_up(job, event.reason)
        order = {block.digest: block.size for block in job.wish.recipe if block.digest in event.missing}
        job.todo = dict(reversed(order.items()))
        for digest in order:
            self._block_of.setdefault(digest, set()).add(event.content.digest)
        return self._ask_on(job)

    def _ask_on(self, job: _Download) -> list[Effect]:
        effects: list[Effect] = []
        # What has come and is not written yet counts as well: a disk may be slower than the network.
        may_ask = self._online and within(self.most, job.size)
        while may_ask and job.todo and job.requests + job.writing < WINDOWS_AT_ONCE:
            window: list[Digest] = []
            size = 0
            while job.todo and size < WINDOW:
                digest, length = job.todo.popitem()
                window.append(digest)
                size += length
            job.requests += 1
            job.asked.update(window)
            self._number += 1
            self._large_requests[self._number] = job
            effects.append(AskBlocks(self._number, tuple(window)))
        if job.opened and not job.todo and not job.asked and not job.writing:
            self._drop(job)
            self._staged.add(job.wish.content.digest)
            self._wake(job.nodes)
        return effects

    def _answered(self, content: Content) -> _Download | None:
        """The job that an answer of the stage is for.  Answers come in order: those that an earlier job for the same
        content was still waiting for come first, and say nothing of this one."""
        self._writing = max(self._writing - 1, 0)
        if self._overdue[content.digest]:
            self._overdue -= Counter((content.digest,))  # what has come to nothing is forgotten
            return None
        return self._jobs.get(content.digest)

    def _await_no_more(self, job: _Download) -> None:
        if number := job.writing + (not job.opened):
            self._overdue[job.wish.content.digest] += number

    def _drop(self, job: _Download) -> None:
        self._await_no_more(job)
        del self._jobs[job.wish.content.digest]
        self._bytes_left -= job.wish.content.size

    def came(self, event: BlocksCame) -> list[Effect]:
        """Blocks that the hub sent, asked for or pushed along with the change that needs them."""
        effects: list[Effect] = []
        fills: dict[Digest, list[tuple[Digest, bytes]]] = {}
        for digest, data in event.blocks:
            for owner in self._block_of.pop(digest, ()):
                fills.setdefault(owner, []).append((digest, data))
            waiting = self._coming.pop(digest, None) or self._wanted.pop(digest, None)
            welcome = waiting is not None or (len(data) <= SMALL and self._held_bytes + len(data) < AT_HAND)
            if welcome and digest not in self._at_hand:
                self._at_hand[digest] = data
                self._held_bytes += len(data)
            if waiting is not None:
                self._bytes_left -= waiting[0]
                self._wake(waiting[1])
        for owner, blocks in fills.items():
            job = self._jobs.get(owner)
            if job is not None:
                for digest, _ in blocks:
                    job.asked.discard(digest)
                    job.todo.pop(digest, None)  # another file has asked for it, too
                job.writing += 1
                self._writing += 1
                effects.append(FillStage(job.wish.content, tuple(blocks)))
        return effects

    def ended(self, event: BlocksEnded) -> list[Effect]:
        """All that was asked for has come, but what the hub lacks."""
        for digest in self._requests.pop(event.number, ()):
            waiting = self._coming.pop(digest, None)
            if waiting is not None:
                self._bytes_left -= waiting[0]
                self._fail(waiting[1], "the hub does not have its content (yet)")
        job = self._large_requests.pop(event.number, None)
        if job is None or self._jobs.get(job.wish.content.digest) is not job:
            return []
        job.requests -= 1
        if event.lacking:
            return self._give_up(job, "the hub does not have all of its content (yet)")
        return self._ask_on(job)

    def filled(self, event: StageFilled) -> list[Effect]:
        job = self._answered(event.content)
        if job is None:
            return []
        job.writing -= 1
        if event.reason:
            return self._give_up(job, event.reason)
        return self._ask_on(job)

    def _give_up(self, job: _Download, reason: str) -> list[Effect]:
        self._drop(job)
        self._fail(job.nodes, reason)
        return []

    def trim(self) -> None:
        """Let go of pushed contents that nobody has asked for, oldest first, when they take too much room."""
        for digest in list(self._at_hand):
            if self._held_bytes < AT_HAND:
                return
            self._held_bytes -= len(self._at_hand.pop(digest))

    def let_go_of_all(self, now: float) -> None:
        """Nothing is to be written any more.  What was pushed a moment ago may be ahead of its change: the bytes of a
        mass come in many pieces, and then the word of what they are."""
        self._spare = {digest: self._spare.get(digest, now) for digest in self._at_hand}
        for digest in [digest for digest, since in self._spare.items() if since + SPARE_SECONDS <= now]:
            del self._spare[digest]
            self._held_bytes -= len(self._at_hand.pop(digest))
        self._staged.clear()
        self._block_of.clear()
        self.recalls.let_go()

    def spare_until(self) -> float | None:
        """When the first of what was spared may be let go of, if all is at rest until then."""
        return next((since + SPARE_SECONDS for since in self._spare.values()), None)

    def link_up(self) -> None:
        self._online = True

    def link_down(self) -> None:
        """Nothing that was asked for will come.  What is staged stays; the engine plans again."""
        self.spares.link_down()
        self._online = False
        for asked in (self._coming, self._wanted):
            for size, nodes in asked.values():
                self._bytes_left -= size
                self._wake(nodes)
            asked.clear()
        self._requests.clear()
        self._abandon()

    def root_lost(self) -> None:
        """Nothing is being staged any more, and what was staged has to be looked for when the root is back."""
        self.spares.root_lost()
        self._staged.clear()
        self.drafted.clear()
        self._writing = 0
        self._abandon()
        self._overdue.clear()

    def _abandon(self) -> None:
        for job in self._jobs.values():
            self._await_no_more(job)
        for job in [*self._jobs.values(), *self._queue.values()]:
            self._bytes_left -= job.wish.content.size
            self._wake(job.nodes)
        for pending in (self._large_requests, self._jobs, self._queue, self._block_of):
            pending.clear()


def still_wanted(rows: Iterable[Row]) -> frozenset[Content]:
    """The large contents that were on their way here when the agent stopped: what is staged of them is kept (the shell
    sweeps the stage with it before the first look)."""
    return frozenset(
        row.remote.content
        for row in rows
        if isinstance(row.remote, File) and row.remote != row.synced and row.remote.content.size > SMALL
    )
