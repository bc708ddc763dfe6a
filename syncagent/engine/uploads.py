"""Getting the bytes of changed files to the hub, before or along with the change that names them.

A small file's only block travels right in front of its change.  Of a large file the hub is first asked what it lacks;
the rest follows window by window, so that a heartbeat or a small edit never waits long, and what has arrived once is
not sent again after a break: the hub is simply asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from syncagent.engine.effects import AskMissing, Effect, ReadBlocks, SendBlocks
from syncagent.engine.events import BlocksRead
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, File, Recipe
from syncagent.planner.tasks import ReadWish

SMALL = 65_536
"""Bytes up to which a file is one block and is sent unasked."""

WINDOW = 524_288
WINDOWS_AT_ONCE = 2
JOBS_AT_ONCE = 4
ASKED_AT_ONCE = 8_192
SMALL_READS = 256
SMALL_READ_BYTES = 4 << 20


@dataclass(slots=True)
class _Upload:
    """One large content on its way.  ``todo`` are the (offset, block) that the hub lacks and that were not read yet."""

    recipe: Recipe
    node_id: NodeId
    path: RelPath
    stamp: Stamp
    asked: int = 0
    lacking: set[Digest] = field(default_factory=set)
    todo: list[tuple[int, Block]] = field(default_factory=list)
    under_way: int = 0
    answered: bool = False


class Uploads:
    """What the hub has of our contents, and what is on its way there.

    ``wake(node_ids)`` is called with the nodes whose content has become ready (or has to be looked at again).
    """

    def __init__(self, wake: Callable[[Iterable[NodeId]], None], stale: Callable[[Iterable[RelPath]], None]) -> None:
        self._wake = wake
        self._stale = stale
        self._at_hub: set[Digest] = set()
        self._jobs: dict[Digest, _Upload] = {}
        self._queue: dict[Digest, _Upload] = {}
        self._numbers: dict[int, Digest] = {}
        self._number = 0
        self._small: dict[Digest, tuple[ReadWish, NodeId]] = {}
        self._reading: dict[int, dict[Digest, NodeId]] = {}

    def is_at_hub(self, digest: Digest) -> bool:
        return digest in self._at_hub

    @property
    def busy(self) -> bool:
        """Whether anything is on its way, or waits to be."""
        return bool(self._jobs or self._queue or self._small or self._reading)

    @property
    def bytes_left(self) -> int:
        jobs = [*self._jobs.values(), *self._queue.values()]
        return sum(block.size for job in jobs for _, block in job.todo) + sum(
            block.size for job in self._queue.values() for block in job.recipe
        )

    # --- what is wanted ---------------------------------------------------------------------------------------

    def want_small(self, file: File, path: RelPath, stamp: Stamp) -> None:
        """Have the bytes of a small file read; its node is woken when they are at hand."""
        block = Block(file.content.digest, file.content.size)
        self._small.setdefault(file.content.digest, (ReadWish(path, stamp, ((0, block),)), file.id))

    def want_large(self, file: File, recipe: Recipe, path: RelPath, stamp: Stamp) -> None:
        """Have the blocks of a large file sent; its node is woken when the hub has them all."""
        digest = file.content.digest
        if digest not in self._jobs and digest not in self._queue:
            self._queue[digest] = _Upload(recipe, file.id, path, stamp)

    def forget(self, digest: Digest) -> None:
        """The hub says that it does not have this content after all."""
        self._at_hub.discard(digest)

    def advance(self) -> list[Effect]:
        """Begin what was wanted, as far as there is room."""
        effects: list[Effect] = []
        while self._small and len(self._reading) < WINDOWS_AT_ONCE:
            effects.append(self._read_small())
        while self._queue and len(self._jobs) < JOBS_AT_ONCE:
            digest = next(iter(self._queue))
            job = self._jobs[digest] = self._queue.pop(digest)
            digests = tuple(dict.fromkeys(block.digest for block in job.recipe))
            for start in range(0, len(digests), ASKED_AT_ONCE):
                job.asked += 1
                effects.append(AskMissing(self._next(digest), digests[start : start + ASKED_AT_ONCE]))
        return effects

    def _read_small(self) -> Effect:
        wishes: list[ReadWish] = []
        waiting: dict[Digest, NodeId] = {}
        size = 0
        for digest, (wish, node_id) in list(self._small.items()):
            if len(wishes) >= SMALL_READS or size >= SMALL_READ_BYTES:
                break
            del self._small[digest]
            wishes.append(wish)
            waiting[digest] = node_id
            size += wish.blocks[0][1].size
        self._number += 1
        self._reading[self._number] = waiting
        return ReadBlocks(self._number, tuple(wishes))

    def _next(self, digest: Digest) -> int:
        self._number += 1
        self._numbers[self._number] = digest
        return self._number

    # --- what comes back --------------------------------------------------------------------------------------

    def lacks(self, number: int, lacking: Iterable[Digest]) -> list[Effect]:
        """The hub's answer to an AskMissing."""
        digest = self._numbers.pop(number, None)
        job = self._jobs.get(digest) if digest is not None else None
        if job is None or digest is None:
            return []
        job.asked -= 1
        job.lacking.update(lacking)
        if job.asked:
            return []
        offset = 0
        wanted = set(job.lacking)
        for block in job.recipe:
            if block.digest in wanted:
                wanted.discard(block.digest)
                job.todo.append((offset, block))
            offset += block.size
        job.todo.reverse()  # taken from the end
        job.answered = True
        return self._send_on(digest, job)

    def _send_on(self, digest: Digest, job: _Upload) -> list[Effect]:
        effects: list[Effect] = []
        while job.todo and job.under_way < WINDOWS_AT_ONCE:
            window: list[tuple[int, Block]] = []
            size = 0
            while job.todo and (not window or size + job.todo[-1][1].size <= WINDOW):
                window.append(job.todo.pop())
                size += window[-1][1].size
            job.under_way += 1
            effects.append(ReadBlocks(self._next(digest), (ReadWish(job.path, job.stamp, tuple(window)),)))
        if not job.todo and not job.under_way and job.answered:
            del self._jobs[digest]
            self._at_hub.add(digest)
            self._wake([job.node_id])
            effects.extend(self.advance())
        return effects

    def read(self, event: BlocksRead) -> tuple[dict[Digest, bytes], list[Effect]]:
        """Bytes that were read: those of small files are given back to be kept at hand, the others go to the hub."""
        small = self._reading.pop(event.number, None)
        if small is not None:
            self._stale(event.stale)
            self._wake(small.values())
            return dict(event.blocks), self.advance()
        digest = self._numbers.pop(event.number, None)
        job = self._jobs.get(digest) if digest is not None else None
        if job is None or digest is None:
            return {}, []
        if event.stale or not event.blocks:
            del self._jobs[digest]
            self._stale(event.stale or (job.path,))
            self._wake([job.node_id])
            return {}, self.advance()
        blocks = tuple((Block(one, len(data)), data) for one, data in event.blocks)
        return {}, [SendBlocks(self._next(digest), blocks)]

    def sent(self, number: int) -> list[Effect]:
        """The blocks of a SendBlocks have left."""
        digest = self._numbers.pop(number, None)
        job = self._jobs.get(digest) if digest is not None else None
        if job is None or digest is None:
            return []
        job.under_way -= 1
        return self._send_on(digest, job)

    def link_down(self) -> None:
        """Nothing that was asked will be answered; what was sent is asked about anew.  The engine plans again."""
        self._jobs.clear()
        self._queue.clear()
        self._numbers.clear()
        self._at_hub.clear()
