"""Rows as a database had them, of which only those are objects about which there is anything to do.

A sequence of rows like any other; one that has a million of them takes the room of a million pressed files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload

from syncagent.model.ids import NodeId, Rev
from syncagent.model.nodes import File
from syncagent.trees.delta import Row
from syncagent.trees.pressed import Pressed

FIRST_REV = Rev(1)


class KeptRows(Sequence[Row]):
    """``loose`` are whole rows; of the ``pressed`` files, those of an unusual revision or spelling are listed."""

    def __init__(self, room: int = 0) -> None:
        self.loose: list[Row] = []
        self.pressed = Pressed(room)
        self.revs: dict[NodeId, Rev] = {}
        self.spellings: dict[NodeId, str] = {}

    def add(self, row: Row) -> None:
        """One more, which is none of those that are here."""
        base = row.synced
        at_one = row.local is base and row.remote is base
        if not at_one or not isinstance(base, File) or row.stamp is None or not self.pressed.add(base, row.stamp):
            self.loose.append(row)
            return
        if row.rev != FIRST_REV:
            self.revs[row.id] = row.rev
        if row.spelling is not None:
            self.spellings[row.id] = row.spelling

    def add_raw(
        self, raw_id: str, rev: int, parent: NodeId, name: bytes, digest: bytes, stamp: bytes, executable: bool,
        size: int, mtime_ns: int,
    ) -> bool:  # fmt: skip
        """One more file on which all three trees agree, spelled as usual; False when it does not fit."""
        if not self.pressed.add_raw(raw_id.encode(), parent, name, digest, stamp, executable, size, mtime_ns):
            return False
        if rev != FIRST_REV:
            self.revs[NodeId(raw_id)] = Rev(rev)
        return True

    def __len__(self) -> int:
        return len(self.loose) + len(self.pressed)

    def __iter__(self) -> Iterator[Row]:
        yield from self.loose
        for node_id in self.pressed.ids():
            file, rev = self.pressed.get(node_id), self.revs.get(node_id, FIRST_REV)
            yield Row(node_id, file, file, file, rev, self.pressed.stamp(node_id), self.spellings.get(node_id))

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return list(self)[index]
        return next(islice(iter(self), range(len(self))[index], None))
