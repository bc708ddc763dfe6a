"""The hub's brake: how much one client may take away at once before a person is asked (HAZARDS E2, G13).

What is counted, for each client of a folder and over a rolling window, are the files whose content a change takes
away: they are deleted, or overwritten by something that has little of them.  From the change on that passes the limit
such changes of this client are held; all else it does, and all that others do, goes on.  What is held stays so, however
often it is tried, until a person at the hub approves or rejects it.

Called by the judge, for each change that would be granted, on the thread that the store belongs to; pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from syncagent.hub.rows import FolderId, Lying, Row
from syncagent.model.acts import DEFAULT_LIMITS, Limits
from syncagent.model.changes import Change, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import NO_REV, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import RelPath
from syncagent.model.values import fixed, replace

Key: TypeAlias = tuple[NodeId, Rev, Digest | None]
"""What makes a change the same one when it is tried again: the node, the revision that it replaces, and by what."""

HELD: Final = "mass_delete_held"
REJECTED: Final = "mass_delete_rejected"
DIVIDED: Final = "conflict"
SHOWN: Final = 20
MOST_KEYS: Final = 100_000
"""So many held changes of one client are remembered one by one.  Beyond that, approving is for all that it tries."""

WORDS: Final = {
    HELD: "so many deletes at once wait for a person's word",
    REJECTED: "a person at the hub has said no to so many deletes at once",
    DIVIDED: "a person at the hub has said no to a part of it",
}

_MOST_CLIENTS: Final = 1_000
"""Beyond so many, those that did nothing lately are forgotten."""


@fixed
class BrakeRules:
    on: bool = True
    limits: Limits = DEFAULT_LIMITS
    window: float = 60.0
    approval: float = 600.0
    """So long, in seconds, an approval is good."""


@fixed
class Held:
    """What is held of one client."""

    folder: FolderId
    client: ClientId
    deletes: int
    overwrites: int
    paths: tuple[RelPath, ...]
    since_ns: int
    tried_ns: int


@fixed
class _Taken:
    """When a file was taken away, whether it was deleted, and whether the client itself had just made it."""

    when: float
    deleted: bool
    fresh: bool


@dataclass(slots=True)
class _Record:
    """What one client did lately.  ``taken``: which files were taken away; ``made``: how many files it created in a
    second, and the number of the first of these."""

    taken: dict[NodeId, _Taken] = field(default_factory=dict)
    made: dict[int, tuple[int, Seq]] = field(default_factory=dict)
    held: dict[Key, None] = field(default_factory=dict)
    paths: list[RelPath] = field(default_factory=list)
    full: bool = False
    again: bool = False
    """Something was held when the hub was stopped: what the client takes away next is taken for the same burst."""

    grown: float = float("-inf")
    since_ns: int = 0
    tried_ns: int = 0
    approved: dict[Key, None] = field(default_factory=dict)
    approved_all: bool = False
    approved_until: float = float("-inf")
    rejected: dict[Key, None] = field(default_factory=dict)

    def copy(self) -> _Record:
        return dataclasses.replace(
            self, taken=dict(self.taken), made=dict(self.made), held=dict(self.held), paths=list(self.paths),
            approved=dict(self.approved), rejected=dict(self.rejected),
        )  # fmt: skip

    def is_idle(self, now: float, window: float) -> bool:
        whens = (*(one.when for one in self.taken.values()), *self.made)
        recent = any(now - when < window for when in whens)
        return not (recent or self.held or self.again or self.rejected or now < self.approved_until)

    def forget_old(self, now: float, window: float) -> None:
        """Both are in the order of time."""
        while self.taken and now - next(iter(self.taken.values())).when >= window:
            del self.taken[next(iter(self.taken))]
        while self.made and now - next(iter(self.made)) >= window + 1:
            del self.made[next(iter(self.made))]


class Brake:
    """All clients' records.  What happens between ``begin`` and the next can be taken back: as a unit of the store."""

    def __init__(self, rules: BrakeRules) -> None:
        self.rules = rules
        self._records: dict[tuple[FolderId, ClientId], _Record] = {}
        self._before: dict[tuple[FolderId, ClientId], _Record | None] = {}
        self._most = _MOST_CLIENTS

    def begin(self) -> None:
        """What was done before this stands."""
        self._before.clear()

    def undo(self) -> None:
        """Nothing has happened since ``begin``."""
        for place, record in self._before.items():
            if record is None:
                self._records.pop(place, None)
            else:
                self._records[place] = record
        self._before.clear()

    def scale(
        self, folder: FolderId, author: ClientId, living: int, now: float, time_ns: int, *, confirmed: bool
    ) -> Scale:
        """What weighs the changes of one batch.  ``living``: how many files the folder has before it; ``now``: seconds
        of a clock that only goes forward."""
        if not self.rules.on:
            return Scale(self.rules, _Record(), author, living, now, time_ns, confirmed)
        if len(self._records) >= self._most:
            self._forget_idle(now)
        return Scale(self.rules, self._touched((folder, author)), author, living, now, time_ns, confirmed)

    def _touched(self, place: tuple[FolderId, ClientId]) -> _Record:
        record = self._records.get(place)
        if place not in self._before:
            self._before[place] = record.copy() if record else None
        return record or self._records.setdefault(place, _Record())

    def _forget_idle(self, now: float) -> None:
        for place in [one for one, record in self._records.items() if record.is_idle(now, self.rules.window)]:
            if place not in self._before:
                del self._records[place]
        self._most = max(_MOST_CLIENTS, 2 * len(self._records))

    def hold_again(self, folder: FolderId, client: ClientId) -> None:
        """Changes of ``client`` were held when the hub was stopped.  It will try them again."""
        self._touched((folder, client)).again = True

    def go_by(self, rules: BrakeRules) -> None:
        """Other rules from now on.  Where the brake is taken off nothing waits any more: it passes when it is tried
        again."""
        self.rules = rules
        if not rules.on:
            for place in [place for place, record in self._records.items() if record.held or record.again]:
                record = self._touched(place)
                record.again = False
                _settle(record)

    # --- what a person says -------------------------------------------------------------------------------------

    def held(self) -> list[Held]:
        """What waits for a person's word, the longest first."""
        found = [
            Held(
                folder, client, sum(key[2] is None for key in record.held),
                sum(key[2] is not None for key in record.held), tuple(record.paths), record.since_ns, record.tried_ns,
            )
            for (folder, client), record in self._records.items()
            if record.held
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.since_ns)

    def approve(self, folders: Iterable[FolderId], client: ClientId, now: float) -> int:
        """Let pass what is held of ``client``, when it is tried again soon.  How many changes that is."""
        number = 0
        for record in self._holding(folders, client):
            number += len(record.held)
            record.approved, record.approved_all = record.held, record.full
            record.approved_until = now + self.rules.approval
            _settle(record)
        return number

    def reject(self, folders: Iterable[FolderId], client: ClientId) -> int:
        """What is held of ``client`` is never to pass.  How many changes that is."""
        number = 0
        for record in self._holding(folders, client):
            number += len(record.held)
            record.rejected |= record.held
            for key in list(record.rejected)[: max(0, len(record.rejected) - MOST_KEYS)]:
                del record.rejected[key]
            _settle(record)
        return number

    def _holding(self, folders: Iterable[FolderId], client: ClientId) -> list[_Record]:
        places = [(folder, client) for folder in folders]
        return [self._touched(place) for place in places if place in self._records and self._records[place].held]


def _settle(record: _Record) -> None:
    """Nothing waits any more, and the count begins anew."""
    record.held, record.paths, record.full = {}, [], False
    record.taken, record.grown = {}, float("-inf")


@dataclass(slots=True)
class Scale:
    """Weighs the changes of one batch, in order."""

    rules: BrakeRules
    record: _Record
    author: ClientId
    living: int
    now: float
    time_ns: int
    confirmed: bool
    newly_held: int = 0

    @property
    def holds(self) -> bool:
        """Whether anything of this client waits for a person's word."""
        return bool(self.record.held) or self.record.again

    def weigh(self, change: Change, row: Row | None, head: Seq, beneath: Sequence[Lying] = ()) -> str:
        """Why ``change``, which would be granted, is held: a code, or "" when it is not.  ``head`` is the number before
        it; what lies ``beneath`` goes with it."""
        if beneath:
            return self._weigh_all(change, [one for one in beneath if one.is_file]) if self.rules.on else ""
        if not self.rules.on or (row.kind if row is not None else change.kind) is not Kind.FILE:
            return ""
        if change.operation is Operation.CREATE:
            self._made(head)
        elif row is not None and _takes_away(change, row):
            code = self._taken(change, row)
            if code:
                return code
        self.living += _LIVING.get(change.operation, 0)
        return ""

    def _weigh_all(self, change: Change, files: Sequence[Lying]) -> str:
        """All these files go, or none: where one of them is held all are, as parts of the same burst.  Where a person
        has said no to some of them alone, it is not granted as a whole, and each is to be asked for by itself."""
        record, newly_held = self.record, self.newly_held
        rejected = sum((one.id, one.rev, None) in record.rejected for one in files)
        if not self.confirmed and rejected:
            return REJECTED if rejected == len(files) else DIVIDED
        before = record.copy()
        for one in files:
            if self._taken(change, one):
                break
        else:
            self.living -= len(files)
            return ""
        record.taken, record.approved, record.rejected = before.taken, before.approved, before.rejected
        record.held, record.paths, self.newly_held = before.held, before.paths, newly_held
        for one in files:
            key = (one.id, one.rev, None)
            if key in record.held:
                record.tried_ns = self.time_ns
            else:
                self._hold(key, change)
        return HELD

    def _made(self, head: Seq) -> None:
        second = int(self.now)
        number, first = self.record.made.get(second, (0, Seq(head + 1)))
        self.record.made[second] = (number + 1, first)

    def _taken(self, change: Change, row: Row | Lying) -> str:
        record = self.record
        deletes = change.operation is Operation.DELETE
        key = (row.id, row.rev, change.content.digest if change.content is not None and not deletes else None)
        if self._is_agreed(key):
            record.held.pop(key, None)
            record.approved.pop(key, None)
            record.rejected.pop(key, None)
            record.again = record.again and not self.confirmed
            return ""
        if key in record.rejected:
            return REJECTED
        if key in record.held:
            record.tried_ns = self.time_ns
            return HELD
        if record.again:
            record.again, record.grown = False, self.now
        record.forget_old(self.now, self.rules.window)
        before = record.taken.get(row.id)
        if before is not None:
            # What stood there before was counted when it was overwritten.
            record.taken[row.id] = replace(before, deleted=deletes)
        elif self._is_too_much(fresh := self._is_fresh(row)) and not self._is_beside_the_point(change):
            self._hold(key, change)
            return HELD
        else:
            record.taken[row.id] = _Taken(self.now, deletes, fresh)
        return ""

    def _is_agreed(self, key: Key) -> bool:
        """Whether a person has said yes to it: at the client's machine, or here."""
        record = self.record
        return self.confirmed or (self.now < record.approved_until and (record.approved_all or key in record.approved))

    def _is_fresh(self, row: Row | Lying) -> bool:
        """Whether this client itself has made the file, a moment ago."""
        fresh = next(iter(self.record.made.values()), None)
        return fresh is not None and row.author == self.author and row.rev == NO_REV + 1 and row.seq >= fresh[1]

    def _is_too_much(self, fresh: bool) -> bool:
        """Whether one more is beyond the limit; or the burst that is held goes on.

        That is asked of all files, and again of those alone that were there before the burst: copies that are made of
        all (encrypted ones, say) do not make the folder one of which only half is taken away.
        """
        record, limits = self.record, self.rules.limits
        if self.now - record.grown < self.rules.window:
            return True
        deleted = sum(one.deleted for one in record.taken.values())
        made = sum(many for many, _ in record.made.values())
        old = sum(not one.fresh for one in record.taken.values())
        return limits.reached(len(record.taken) + 1, self.living + deleted) or (
            not fresh and limits.reached(old + 1, self.living + deleted - made)
        )

    def _is_beside_the_point(self, change: Change) -> bool:
        """Whether it is one of the few edits beside a great many deletes: someone goes on working."""
        if change.operation is not Operation.UPDATE:
            return False
        record = self.record
        deletes = sum(one.deleted for one in record.taken.values()) + sum(key[2] is None for key in record.held)
        edits = len(record.taken) + len(record.held) - deletes + 1
        return edits * 10 <= deletes

    def _hold(self, key: Key, change: Change) -> None:
        record = self.record
        if not record.held:
            record.since_ns = self.time_ns
        if len(record.held) < MOST_KEYS:
            record.held[key] = None
        else:
            record.full = True
        if len(record.paths) < SHOWN:
            record.paths.append(change.path or RelPath(change.name))
        record.grown, record.tried_ns = self.now, self.time_ns
        self.newly_held += 1


_LIVING: Final = {Operation.CREATE: 1, Operation.DELETE: -1}


def _takes_away(change: Change, row: Row) -> bool:
    """Whether the file that is there is gone by ``change``: a file keeps its own when half of its bytes stay."""
    if change.operation is Operation.DELETE:
        return True
    if change.operation is not Operation.UPDATE or change.content is None or row.content is None:
        return False
    if not row.content.size or change.content.digest == row.content.digest:
        return False
    kept = {block.digest for block in change.recipe}
    return 2 * sum(block.size for block in row.recipe if block.digest in kept) < row.content.size


Weigh: TypeAlias = Callable[[Change, Row | None, Seq, Sequence[Lying]], str]
"""What the judge asks about a change that it would grant, with the row that it changes, the number before it, and what
goes along."""


def lets_pass(_change: Change, _row: Row | None, _head: Seq, _beneath: Sequence[Lying] = ()) -> str:
    """No brake."""
    return ""
