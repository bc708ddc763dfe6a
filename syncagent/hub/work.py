"""Units of work: what sessions want of the store is carried out here, on the thread that the store belongs to.

``perform`` runs within a unit of the store, alone or with others that came at the same time; what it answers counts
only once that unit is durable.  Called by the hub's shell and by simulated hubs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from syncagent.errors import BadMessage
from syncagent.hub.analysis import analyse
from syncagent.hub.brake import Brake, BrakeRules
from syncagent.hub.judge import judge, touched
from syncagent.hub.refusing import Refuses, instead_of_asking, never, without
from syncagent.hub.rows import Folder, FolderId, Row, Timed, Wanted
from syncagent.hub.staged import Blocks
from syncagent.hub.stores.ports import Store
from syncagent.hub.stretch import Stretch, cut_stretches, pushed
from syncagent.hub.tasks import (
    Analyse,
    Analysed,
    Answer,
    AskLacking,
    Fetch,
    Fetched,
    Keep,
    Kept,
    Lacks,
    Page,
    ReadChanges,
    ReadTail,
    Submit,
    Submitted,
    Tail,
    Task,
)
from syncagent.model.changes import Change, Entry, Ruling, Verdict
from syncagent.model.ids import Digest, NodeId, Seq
from syncagent.model.nodes import Link
from syncagent.model.splices import LEAST, Splice, splice_of
from syncagent.model.values import replace
from syncagent.protocol.connection import DEFAULT_LIMITS
from syncagent.protocol.convert import recipe_from_splice

PAGE: Final = 1_500
"""So many entries are in a page, at most."""

_PAGE_BYTES: Final = DEFAULT_LIMITS.text_bytes // 2
"""So long is a page, unless one entry alone is longer."""

_TAIL: Final = 1000

NO_BRAKE: Final = Brake(BrakeRules(on=False))


def writes(task: Task) -> bool:
    """Whether ``task`` changes the store."""
    return isinstance(task, Submit | Keep)


def must_last(task: Task) -> bool:
    """Whether the unit of ``task`` must be durable before its answer goes out.  Blocks are only said to be there by a
    change that names them, which makes them durable with it; if they are gone by then, they are asked for again."""
    return isinstance(task, Submit)


def perform(
    store: Store,
    folder: FolderId,
    task: Task,
    time_ns: int,
    brake: Brake = NO_BRAKE,
    mono: float = 0.0,
    refuses: Refuses = never,
) -> Answer:
    """Carry out ``task`` in ``folder``.  Raises StorageFull, StorageTrouble: then the unit is undone, as must be what
    ``brake`` has counted.  ``mono``: seconds of a clock that only goes forward; ``refuses``: what there is no room
    for."""
    match task:
        case Submit():
            return _submit(store, folder, task, time_ns, brake, mono, refuses)
        case Keep(blocks=blocks):
            # What there is no room for is not kept; who speaks of it in a change is told why.
            if refuses is never or not refuses(_size(_fresh(store, folder, blocks))):
                store.blocks.put(folder, blocks)
            return Kept()
        case ReadChanges():
            return _page(store, folder, task)
        case ReadTail():
            return _tail(store, folder, task)
        case AskLacking(digests=digests):
            known = store.blocks.sizes(folder, digests)
            return Lacks(tuple(digest for digest in dict.fromkeys(digests) if digest not in known))
        case Fetch():
            return _fetch(store, folder, task)
        case Analyse(files=files):
            return Analysed(analyse(files, store.journal.listing(folder)))
        case _:
            assert_never(task)


def _fresh(store: Store, folder: FolderId, blocks: Blocks) -> dict[Digest, bytes]:
    known = store.blocks.sizes(folder, [digest for digest, _ in blocks])
    return {digest: plain for digest, plain in blocks if digest not in known}


def _size(blocks: Mapping[Digest, bytes]) -> int:
    return sum([len(plain) for plain in blocks.values()])


def _submit(
    store: Store, folder: FolderId, task: Submit, time_ns: int, brake: Brake, mono: float, refuses: Refuses
) -> Submitted:
    if any(isinstance(change, Change) and change.splice for change in task.changes):
        task = replace(task, changes=_with_recipes(store, folder, task.changes))
    if task.blocks and refuses is not never:
        fresh = _fresh(store, folder, task.blocks)
        if fresh and (why := refuses(_size(fresh))):
            task = without(task, fresh, why)
    changes = [change for change in task.changes if isinstance(change, Change)]
    if task.blocks:
        store.blocks.put(folder, task.blocks)
    wanted = touched(changes)
    rows = store.journal.rows(folder, wanted)
    known = {digest: len(plain) for digest, plain in task.blocks}
    known |= store.blocks.sizes(folder, wanted.digests - known.keys())
    living = store.journal.living_files(folder) if brake.rules.on else 0
    scale = brake.scale(folder, task.author, living, mono, time_ns, confirmed=task.confirmed)
    held_before = scale.holds
    judgement = judge(changes, replace(rows, blocks=known), task.author, scale.weigh)
    store.journal.write(folder, judgement, time_ns)
    if scale.holds != held_before:
        store.journal.note_held(folder, task.author, held=scale.holds)
    given = judgement.verdicts
    if refuses is not never and any(verdict.ruling is Ruling.NEEDS_BLOCKS for verdict in given):
        given = instead_of_asking(given, changes, refuses)
    judged = iter(given)
    verdicts = tuple([change if isinstance(change, Verdict) else next(judged) for change in task.changes])
    entries = tuple([Timed(entry, time_ns) for entry in judgement.told])
    splices = _splices(entries, rows.nodes)
    return Submitted(verdicts, judgement.head, judgement.new_head, entries, scale.newly_held, splices)


def _with_recipes(store: Store, folder: FolderId, changes: Sequence[Change | Verdict]) -> tuple[Change | Verdict, ...]:
    """``changes`` with the recipes that their splices make of what the nodes are made of now.

    A change of a node that is at another revision by now is left without its recipe: it is refused for its revision, or
    was granted before.  One whose revision an earlier change of the batch may bring about is refused here.
    """
    nodes = frozenset(one.node_id for one in changes if isinstance(one, Change) and one.splice)
    rows = store.journal.rows(folder, Wanted(nodes, frozenset(), frozenset(), frozenset(), frozenset())).nodes
    before: set[NodeId] = set()
    found: list[Change | Verdict] = []
    for change in changes:
        if isinstance(change, Change) and change.splice and change.content is not None:
            row = rows.get(change.node_id)
            if row is not None and row.living and row.rev == change.base_rev:
                try:
                    recipe = recipe_from_splice(change.content, change.splice, row.recipe)
                except BadMessage as trouble:
                    found.append(_refused(change, trouble.code, str(trouble)))
                else:
                    found.append(replace(change, recipe=recipe, splice=()))
            elif change.node_id in before:
                found.append(_refused(change, "conflict", "the node has changed since"))
            else:
                found.append(replace(change, splice=()))
        else:
            found.append(change)
        before.add(change.node_id)
    return tuple(found)


def _refused(change: Change, code: str, text: str) -> Verdict:
    return Verdict(change.change_id, change.node_id, Ruling.REJECTED, error_code=code, message=text)


def _splices(entries: Sequence[Timed], before: Mapping[NodeId, Row]) -> dict[Seq, Splice]:
    found = {}
    for timed in entries:
        entry = timed.entry
        if len(entry.recipe) >= LEAST:
            row = before.get(entry.node_id)
            splice = splice_of(entry.recipe, row.recipe) if row is not None and row.rev == entry.rev - 1 else ()
            if splice:
                found[entry.seq] = splice
    return found


def _page(store: Store, folder: FolderId, task: ReadChanges) -> Page:
    about = _folder(store, folder)
    snapshot = task.snapshot or task.since < (about.horizon if task.plain else max(about.horizon, Seq(1)))
    read = store.journal.snapshot if snapshot else store.journal.entries
    limit = min(task.limit or PAGE, PAGE)
    found = read(folder, task.since, limit + 1)
    entries = _not_too_long(found[:limit])
    more = len(found) > len(entries)
    after = entries[-1].entry.seq if more else max(about.head, task.since)
    return Page(tuple(entries), about.head, more, snapshot, after)


def _not_too_long(entries: Sequence[Timed]) -> Sequence[Timed]:
    """As many of ``entries`` as one message can hold."""
    size = 0
    for place, timed in enumerate(entries):
        size += _bytes_at_most(timed.entry)
        if place and size > _PAGE_BYTES:
            return entries[:place]
    return entries


def _bytes_at_most(entry: Entry) -> int:
    """No less than ``entry`` takes in a message: long paths and targets count, as do the escapes in them."""
    target = entry.node.target if isinstance(entry.node, Link) else ""
    # A character has at most four bytes, or is written as an escape of six.
    return 1024 + 88 * len(entry.recipe) + 6 * (len(entry.path) + len(entry.old_path) + len(target))


def _folder(store: Store, folder: FolderId) -> Folder:
    return next(one for one in store.journal.folders() if one.id == folder)


def _tail(store: Store, folder: FolderId, task: ReadTail) -> Tail:
    entries = store.journal.entries(folder, task.since, min(task.until - task.since, _TAIL))
    first = cut_stretches(entries)[:2]
    stretches = []
    for part in first:
        wanted = [digest for timed in part for digest in pushed(timed)]
        stretches.append(Stretch(part, dict(store.blocks.read(folder, list(dict.fromkeys(wanted))))))
    return Tail(tuple(stretches))


def stretches_of(submit: Submit, submitted: Submitted) -> tuple[Stretch, ...] | None:
    """What others are to hear of a batch; None when not all that is pushed with it came in the same submission."""
    at_hand = dict(submit.blocks)
    found = []
    for part in cut_stretches(submitted.entries):
        wanted = [digest for timed in part for digest in pushed(timed)]
        if any(digest not in at_hand for digest in wanted):
            return None
        packed = {digest: submit.packed[digest] for digest in wanted if digest in submit.packed}
        found.append(Stretch(part, {digest: at_hand[digest] for digest in wanted}, submitted.splices, packed))
    return tuple(found)


def _fetch(store: Store, folder: FolderId, task: Fetch) -> Fetched:
    sizes = store.blocks.sizes(folder, task.digests)
    if task.unasked and len(sizes) < len(set(task.digests)):
        return Fetched(0, (), tuple(digest for digest in task.digests if digest not in sizes))
    number = size = 0
    wanted: list[Digest] = []
    for digest in task.digests:
        size += sizes.get(digest, 0)
        if wanted and size > task.room:
            break
        wanted.append(digest)
        number += 1
    blocks = store.blocks.read(folder, [digest for digest in wanted if digest in sizes])
    there = {digest for digest, _ in blocks}
    return Fetched(number, tuple(blocks), tuple(digest for digest in wanted if digest not in there))
