"""A stretch of the journal as it goes out to many: encoded once, for whoever hears it.

All entries of a stretch follow each other and have one author, so that a connection either hears all of it or, being
the author's, none.  Called by the units of work, which make stretches, and by sessions, which say them; pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType
from typing import Final

from syncagent.hub.rows import Timed
from syncagent.model.changes import Change, Draft, Entry, Operation, Verdict
from syncagent.model.ids import ClientId, Digest, Seq
from syncagent.model.nodes import File
from syncagent.model.splices import Splice
from syncagent.protocol.batches import cut
from syncagent.protocol.codec import encode_body, encode_data, to_frame
from syncagent.protocol.connection import DEFAULT_LIMITS
from syncagent.protocol.convert import notice_to_wire
from syncagent.protocol.drafts import drafts_of, write_drafts
from syncagent.protocol.envelope import HUB, MessageType
from syncagent.protocol.packs import NOTHING_PACKED, encode_packs
from syncagent.protocol.quick import quoted, write_batch, write_entry

PUSH_BYTES: Final = DEFAULT_LIMITS.push_bytes
STRETCH_BYTES: Final = 2 * 1024 * 1024
"""The blocks that are pushed with one stretch have together not much more than that."""

STRETCH_ENTRIES: Final = 500
_NO_SPLICES: Final[Mapping[Seq, Splice]] = MappingProxyType({})


def iso(time_ns: int) -> str:
    """``time_ns`` (since 1970) as ISO 8601 text in UTC."""
    return datetime.fromtimestamp(time_ns // 1000 / 1_000_000, UTC).isoformat()


class Stretch:
    """Numbers ``first`` to ``last`` of a folder's journal, all by ``author``.  ``blocks`` are their small blocks;
    ``packed`` the same as they came: they go out like that to all who take compressed ones."""

    def __init__(
        self,
        entries: tuple[Timed, ...],
        blocks: Mapping[Digest, bytes],
        splices: Mapping[Seq, Splice] | None = None,
        packed: Mapping[Digest, memoryview] = NOTHING_PACKED,
    ) -> None:
        self.entries = entries
        self.author: ClientId = entries[0].entry.author
        self.first: Seq = entries[0].entry.first
        self.last: Seq = entries[-1].entry.seq
        self.folded: bool = entries[0].entry.beneath > 0
        """Whether it is one entry that stands for many: said so only to those who take that, and as a whole."""
        self._blocks = blocks
        self._splices = splices or {}
        self.spliced = [(one.entry.node_id, one.entry.rev) for one in entries if one.entry.seq in self._splices]
        """The nodes, and their revisions, whose recipes can be said against those of the revision before."""
        self._packed = packed
        self._frames: dict[tuple[bool, bool, bool], tuple[str | bytes, ...]] = {}
        self._pushed: dict[bool, tuple[bytes, ...]] = {}
        self._notices: tuple[str, ...] | None = None

    @property
    def size(self) -> int:
        """About how many bytes it holds."""
        return 1024 * len(self.entries) + sum(map(len, chain(self._blocks.values(), self._packed.values())))

    def rest(self, since: Seq) -> Stretch:
        """What of it comes after ``since``, which is within it."""
        entries = self.entries[since + 1 - self.first :]
        wanted = {digest for timed in entries for digest in pushed(timed)}
        blocks = {digest: plain for digest, plain in self._blocks.items() if digest in wanted}
        return Stretch(entries, blocks, self._splices, self._packed)

    @property
    def digests(self) -> Collection[Digest]:
        """Those of the blocks."""
        return self._blocks.keys()

    def frames(self, *, push: bool, batch: bool, compress: bool, splice: bool = False) -> tuple[str | bytes, ...]:
        """What a level 2 client hears: packs of small blocks, then the changes; with ``splice`` to one that knows the
        recipes of all that is ``spliced``."""
        packs = self._packs(compress=compress) if push and self._blocks else ()
        wanted = (batch, compress, splice)
        if wanted not in self._frames:
            self._frames[wanted] = tuple(self._changes(batch=batch, compress=compress, splice=splice))
        return (*packs, *self._frames[wanted])

    def notices(self) -> tuple[str, ...]:
        """What a level 1 client hears: each change by itself."""
        if self._notices is None:
            self._notices = tuple(
                encode_body(notice_to_wire(timed.entry), client_id=HUB, timestamp=iso(timed.time_ns))
                for timed in self.entries
            )
        return self._notices

    def _packs(self, *, compress: bool) -> tuple[bytes, ...]:
        if compress and self._packed.keys() >= self._blocks.keys():
            # They are only joined: that is done for each anew, rather than keeping the bytes of a burst once more.
            return tuple(encode_packs(self._blocks.items(), compress=True, packed=self._packed))
        if compress not in self._pushed:
            self._pushed[compress] = tuple(encode_packs(self._blocks.items(), compress=compress))
        return self._pushed[compress]

    def _changes(self, *, batch: bool, compress: bool, splice: bool) -> Iterable[str | bytes]:
        at = iso(self.entries[-1].time_ns)
        texts = written(self.entries, self._splices if splice else _NO_SPLICES)
        for part in cut(texts, DEFAULT_LIMITS, most=STRETCH_ENTRIES if batch else 1):
            data = write_batch(part, quoted(self.author)) if batch else part[0]
            text = encode_data(MessageType.FILE_CHANGED, data, client_id=HUB, timestamp=at)
            yield to_frame(text, compress=compress)


class Ahead:
    """Blocks of a submission that is only about to be judged, on their way to those who will hear of it: the bytes of a
    small edit travel while it is made durable.  Should nothing come of it, they were a few bytes in vain."""

    def __init__(self, blocks: Iterable[tuple[Digest, bytes]], drafts: tuple[Draft, ...] = ()) -> None:
        self.blocks = dict(blocks)
        self._drafts = drafts
        self._frames: dict[bool, tuple[bytes, ...]] = {}
        self._word = ""

    def frames(self, time_ns: int, *, compress: bool, prepare: bool) -> tuple[str | bytes, ...]:
        """What a client hears: the packs; then, with ``prepare``, what would become of files."""
        if compress not in self._frames:
            self._frames[compress] = tuple(encode_packs(self.blocks.items(), compress=compress))
        if not prepare or not self._drafts:
            return self._frames[compress]
        if not self._word:
            data, at = write_drafts(self._drafts), iso(time_ns)
            self._word = encode_data(MessageType.SYNC_RESPONSE, data, client_id=HUB, timestamp=at)
        return (*self._frames[compress], self._word)


def ahead_of(changes: Iterable[Change | Verdict], blocks: Collection[tuple[Digest, bytes]]) -> Ahead | None:
    """What of a submission is said ahead: all ``blocks`` of a small edit, and what it would make of files; nothing of a
    mass of files, which wait for each other anyway."""
    if not blocks or sum(len(plain) for _, plain in blocks) > PUSH_BYTES:
        return None
    return Ahead(blocks, drafts_of(changes, [digest for digest, _ in blocks]))


def written(entries: Iterable[Timed], splices: Mapping[Seq, Splice] = _NO_SPLICES) -> list[str]:
    """``entries`` as a level 2 client hears them, with the hub's time: the text of each.  Of those that have one,
    their splice stands in the place of their blocks."""
    times: dict[int, str] = {}
    authors: dict[ClientId, str] = {}
    texts = []
    for timed in entries:
        entry, time_ns = timed.entry, timed.time_ns
        time = times.get(time_ns)
        if time is None:
            time = times[time_ns] = quoted(iso(time_ns))
        author = authors.get(entry.author)
        if author is None:
            author = authors[entry.author] = quoted(entry.author)
        texts.append(write_entry(entry, author, time, splices.get(entry.seq, ()) if splices else ()))
    return texts


def pushed(timed: Timed) -> tuple[Digest, ...]:
    """The blocks that are sent ahead of an entry unasked: all of a small file's, none of a large one's."""
    return tuple([block.digest for block in timed.entry.recipe]) if _pushed_bytes(timed.entry) else ()


def _pushed_bytes(entry: Entry) -> int:
    """How many bytes of blocks are sent ahead of ``entry``."""
    if entry.operation is not Operation.CREATE and entry.operation is not Operation.UPDATE:
        return 0
    node = entry.node
    return node.content.size if isinstance(node, File) and node.content.size <= PUSH_BYTES else 0


def cut_stretches(entries: Iterable[Timed], most: int = STRETCH_BYTES) -> list[tuple[Timed, ...]]:
    """``entries`` in order, cut where the author changes, and before what is pushed with them becomes too much."""
    cuts: list[list[Timed]] = []
    size = 0
    for timed in entries:
        entry = timed.entry
        weight = _pushed_bytes(entry)
        if (
            not cuts
            or cuts[-1][-1].entry.author != entry.author
            or entry.beneath
            or len(cuts[-1]) >= STRETCH_ENTRIES
            or size + weight > most
        ):
            cuts.append([])
            size = 0
        cuts[-1].append(timed)
        size += weight
    return [tuple(part) for part in cuts]
