"""Getting the bytes of changed files to the hub, before or along with the change that names them.

A small file's only block travels right in front of its change.  Of a large file the hub is first asked what it lacks;
the rest follows window by window, so that a heartbeat or a small edit never waits long, and what has arrived once is
not sent again after a break: the hub is simply asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain

from syncagent.engine.effects import AskMissing, Effect, ReadBlocks, SendBlocks
from syncagent.engine.events import BlocksRead
from syncagent.engine.medium import MEDIUM, Mediums
from syncagent.engine.outlining import Outlining
from syncagent.engine.passing import Passing
from syncagent.engine.slow import SlowReads
from syncagent.engine.spared import first_within, kept_back, within
from syncagent.engine.turns import Turns
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, File, Recipe
from syncagent.planner.tasks import ReadWish
from syncagent.trees.canopy import Canopy

WINDOW = 4 << 20
WINDOWS_AT_ONCE = 3
JOBS_AT_ONCE = 4
ASKED_AT_ONCE = 8_192
SMALL_READS = 256
SMALL_READ_BYTES = 4 << 20


@dataclass(slots=True)
class _Upload:
    """One large content on its way.  ``todo`` are the (offset, block) that the hub lacks and that were not read yet;
    ``left`` are the bytes that have not been sent, ``to_ask`` the blocks of which the hub was not asked yet."""

    digest: Digest
    recipe: Recipe
    path: RelPath
    stamp: Stamp
    size: int
    left: int
    nodes: dict[NodeId, None]
    to_ask: list[Digest] = field(default_factory=list)
    lacking: set[Digest] = field(default_factory=set)
    todo: list[tuple[int, Block]] = field(default_factory=list)
    under_way: int = 0


@dataclass(slots=True)
class _Small:
    """A small content that is to be read."""

    wish: ReadWish
    nodes: dict[NodeId, None]


class Uploads:
    """What the hub has of our contents, and what is on its way there.

    ``wake(node_ids)`` is called with the nodes whose content has become ready, ``stale(node_ids, path)`` with those
    whose content is not (any more) what it was taken for.
    """

    def __init__(
        self,
        wake: Callable[[Iterable[NodeId]], None],
        stale: Callable[[Iterable[NodeId], RelPath], None],
        canopy: Canopy | None = None,
    ) -> None:
        self._wake = wake
        self._stale = stale
        self._at_hub: set[Digest] = set()
        self._lacking: set[Digest] = set()
        self._jobs: dict[Digest, _Upload] = {}
        self._queue: dict[Digest, _Upload] = {}
        self._numbers: dict[int, _Upload] = {}
        self._number = 0
        self._small: dict[Digest, _Small] = {}
        self._reading: dict[int, dict[Digest, _Small]] = {}
        self._bytes_left = 0
        self.passing = Passing(self.new_number, self._passed)
        self.outlining = Outlining(Canopy() if canopy is None else canopy, self.new_number)
        self.slow = SlowReads(self.passing, self.outlining)
        self.most: int | None = None
        """Files of more bytes than this wait, also those that are half sent."""
        self._mediums = Mediums(self.new_number, wake, stale, self._at_hub.add)
        self.turns = Turns(self.new_number, wake, self._at_hub.add)
        self.linking = False
        """Whether the folder is being linked for the first time: until all is at one, however often the link breaks."""

    def is_at_hub(self, digest: Digest) -> bool:
        return digest in self._at_hub

    def was_lacking(self, digest: Digest) -> bool:
        """Whether the hub has said that it lacks this content, and has not been given it since."""
        return digest in self._lacking

    @property
    def busy(self) -> bool:
        """Whether anything is on its way, or waits to be."""
        small = self._small or self._reading or self.turns.busy
        return bool(self._jobs or self._queue or small or self._mediums.busy)

    @property
    def bytes_left(self) -> int:
        return self._bytes_left + self.passing.bytes_left + self._mediums.bytes_left

    def kept_back(self) -> dict[NodeId, int]:
        """The files that are larger than what is sent now, with their sizes."""
        return kept_back(self.most, chain(self._jobs.values(), self._queue.values()))

    # --- what is wanted ---------------------------------------------------------------------------------------

    def want_small(self, file: File, path: RelPath, stamp: Stamp) -> None:
        """Have the bytes of a small file read; its node is woken when they are at hand."""
        digest, block = file.content.digest, Block(file.content.digest, file.content.size)
        under_way = next((reading[digest] for reading in self._reading.values() if digest in reading), None)
        job = under_way or self._small.setdefault(digest, _Small(ReadWish(path, stamp, ((0, block),)), {}))
        job.nodes[file.id] = None

    def want_large(self, file: File, recipe: Recipe, path: RelPath, stamp: Stamp) -> None:
        """Have the blocks of a large file sent; its node is woken when the hub has them all."""
        if file.content.size <= MEDIUM:
            self._mediums.want(file, recipe, path, stamp)
            return
        digest = file.content.digest
        job = self._jobs.get(digest) or self._queue.get(digest)
        if job is None:
            job = self._queue[digest] = _Upload(digest, recipe, path, stamp, file.content.size, file.content.size, {})
            self._bytes_left += job.left
        job.nodes[file.id] = None

    def forget(self, digest: Digest) -> None:
        """The hub says that it does not have this content after all."""
        self.turns.over(digest)
        self._at_hub.discard(digest)
        self._lacking.add(digest)

    def _passed(self, digest: Digest) -> None:
        """The hub was sent this content as a whole while it was read."""
        self._lacking.discard(digest)
        self._at_hub.add(digest)

    def new_number(self) -> int:
        """For what is asked, read or sent."""
        self._number += 1
        return self._number

    def taken(self, digest: Digest) -> None:
        """The hub took a change that names this content: it has it."""
        self.turns.over(digest)
        self._lacking.discard(digest)
        self._at_hub.discard(digest)  # from now on Remote says so

    def share(self, *, shares: bool) -> None:
        """Whether others may be about to send the same, and the hub says so."""
        self.turns.share(shares=shares)
        self.passing.claims = shares

    def advance(self, room: bool) -> list[Effect]:
        """Begin what was wanted.  Without ``room`` nothing could leave that is read now, and so nothing is read."""
        if not self.busy:
            return []  # asked in each step, and mostly nothing is to be sent but what leaves with its change
        # What is claimed and has to be read first is not to wait long: others wait for it.
        effects = self.turns.advance() if room and len(self._small) < SMALL_READS else []
        while room and self._small and len(self._reading) < WINDOWS_AT_ONCE:
            effects.append(self._read_small())
        if room:
            effects.extend(self._mediums.advance(claim=self.turns.asks))
        going = [job for job in self._jobs.values() if within(self.most, job.size)]
        for job in [job for job in going if job.todo]:
            effects.extend(self._send_on(job))
        free = JOBS_AT_ONCE - len(going) if room and not (self.passing.leaving or self.outlining.leaving) else 0
        while free > 0 and (one := first_within(self.most, self._queue.values())) is not None:
            free -= 1
            job = self._jobs[one.digest] = self._queue.pop(one.digest)
            job.to_ask = list(dict.fromkeys(block.digest for block in job.recipe))
            effects.append(self._ask(job))
        return effects

    def _ask(self, job: _Upload) -> Effect:
        """Ask after the next blocks, in their order: of two who ask about the same file one is granted all of it.  Were
        all asked about at once, each could be granted a part, and both would wait for the other."""
        part, job.to_ask = job.to_ask[:ASKED_AT_ONCE], job.to_ask[ASKED_AT_ONCE:]
        return AskMissing(self._next(job), tuple(part), claim=self.turns.asks)

    def _read_small(self) -> Effect:
        reading: dict[Digest, _Small] = {}
        size = 0
        while self._small and len(reading) < SMALL_READS and size < SMALL_READ_BYTES:
            digest = next(iter(self._small))
            reading[digest] = self._small.pop(digest)
            size += reading[digest].wish.blocks[0][1].size
        self._number += 1
        self._reading[self._number] = reading
        return ReadBlocks(self._number, tuple(one.wish for one in reading.values()))

    def _next(self, job: _Upload) -> int:
        self._numbers[self.new_number()] = job
        return self._number

    def _job(self, number: int) -> _Upload | None:
        """The job that an answer is about, if it has not been given up since."""
        job = self._numbers.pop(number, None)
        return job if job is not None and self._jobs.get(job.digest) is job else None

    # --- what comes back --------------------------------------------------------------------------------------

    def lacks(self, number: int, lacking: Iterable[Digest], coming: Collection[Digest] = ()) -> list[Effect]:
        """The hub's answer to an AskMissing."""
        if self.turns.lacks(number, lacking, coming):
            return []
        if (of_mediums := self._mediums.lacks(number, lacking, coming, self.turns.insists)) is not None:
            self.turns.leave_to_others(self._mediums.take_left())
            return of_mediums
        job = self._job(number)
        if job is None:
            return []
        job.lacking.update(lacking, coming)
        if coming and not self.turns.insists(job.nodes):
            self._drop(job)
            ours = tuple(job.lacking.difference(coming))
            self.turns.lacking(job.nodes, len(ours) + len(job.to_ask), len(coming))
            self.turns.leave_to_others(job.nodes)
            # Without a claim: who sends the file is not to wait for us because of these.
            return [AskMissing(self.new_number(), ours)] if ours else []
        if job.to_ask:
            return [self._ask(job)]
        offset, left = 0, 0
        wanted = set(job.lacking)
        for block in job.recipe:
            if block.digest in wanted:
                wanted.discard(block.digest)
                job.todo.append((offset, block))
                left += block.size
            offset += block.size
        job.todo.reverse()  # taken from the end
        self._count(job, left - job.left)
        return self._send_on(job)

    def _send_on(self, job: _Upload) -> list[Effect]:
        effects: list[Effect] = []
        while job.todo and job.under_way < WINDOWS_AT_ONCE and within(self.most, job.size):
            window: list[tuple[int, Block]] = []
            size = 0
            while job.todo and (not window or size + job.todo[-1][1].size <= WINDOW):
                window.append(job.todo.pop())
                size += window[-1][1].size
            job.under_way += 1
            effects.append(ReadBlocks(self._next(job), (ReadWish(job.path, job.stamp, tuple(window)),)))
        if not job.todo and not job.under_way:
            self._drop(job)
            self._at_hub.add(job.digest)
            self._wake(job.nodes)
        return effects

    def read(self, event: BlocksRead) -> tuple[dict[Digest, bytes], list[Effect]]:
        """Bytes that were read: those of small files are given back to be kept at hand, the others go to the hub."""
        reading = self._reading.pop(event.number, None)
        if reading is not None:
            came = dict(event.blocks)
            for digest, small in reading.items():
                if digest in came:
                    self._wake(small.nodes)
                else:
                    self._stale(small.nodes, small.wish.path)
            return came, []
        if (of_mediums := self._mediums.read(event)) is not None:
            return {}, of_mediums
        job = self._job(event.number)
        if job is None:
            return {}, []
        if event.stale or not event.blocks:
            self._drop(job)
            self._stale(job.nodes, job.path)
            return {}, []
        blocks = tuple((Block(one, len(data)), data) for one, data in event.blocks)
        self._count(job, -sum(block.size for block, _ in blocks))
        return {}, [SendBlocks(self._next(job), blocks)]

    def sent(self, number: int) -> list[Effect]:
        """The blocks of a SendBlocks have left."""
        job = self._job(number)
        if job is None:
            self._mediums.sent(number)
            return []
        job.under_way -= 1
        return self._send_on(job)

    def link_down(self) -> None:
        """Nothing that was asked will be answered; what was sent is asked about anew.  The engine plans again."""
        self.share(shares=False)
        self._at_hub.clear()
        self.passing.link_down()
        self._give_up()

    def root_lost(self) -> None:
        """Nothing that was to be read will come."""
        for reading in self._reading.values():
            self._wake_small(reading)
        self._reading.clear()
        self.passing.forget()
        self._give_up()

    def _give_up(self) -> None:
        self.turns.give_up()
        self._mediums.give_up()
        for job in [*self._jobs.values(), *self._queue.values()]:
            self._wake(job.nodes)
        self._wake_small(self._small)
        for pending in (self._jobs, self._queue, self._numbers, self._small):
            pending.clear()
        self._bytes_left = 0

    def _wake_small(self, wanted: dict[Digest, _Small]) -> None:
        for small in wanted.values():
            self._wake(small.nodes)

    def _drop(self, job: _Upload) -> None:
        del self._jobs[job.digest]
        self._count(job, -job.left)

    def _count(self, job: _Upload, change: int) -> None:
        job.left += change
        self._bytes_left += change
