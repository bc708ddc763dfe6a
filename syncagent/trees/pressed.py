"""Files about which nothing is going on, side by side in a few large arrays.

Nearly all that an agent knows is at rest nearly always.  As objects a file takes some 650 bytes (the node, its place
and content, four texts, and entries in three dictionaries), and what is let go of between them leaves holes.  Here it
takes about 180, in arrays that leave none.  It is made an object again when someone asks for it.

One row for a file: a head, its id, digest, stamp and name.  Two tables of row numbers find it, by its id and by its
name in its folder (open addressing: a row stands at the place that the hash says, or at the next that is free); those
of one folder are chained.  Rows that are taken out stay in the tables, where they are of nobody; when they and what was
added since have filled these, all is written anew.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from struct import Struct, error
from typing import Final

from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import Name, NameKey
from syncagent.model.nodes import Content, File, Placement

_HEAD: Final = Struct("<BBBHI?qq")
"""Lengths of id, digest, stamp and name; the folder; executable, size, mtime."""

_FREE: Final = -1
_NOBODY: Final[tuple[NodeId, ...]] = ()

_SMALLEST: Final = 64


class Pressed:
    """Each with the stamp that the disk gave it.  Asked in the same manner as a tree."""

    __slots__ = (
        "_at", "_by_id", "_by_slot", "_bytes", "_first", "_folders", "_last", "_live", "_mask", "_next", "_parents",
    )  # fmt: skip

    def __init__(self, room: int = 0) -> None:
        self._live = 0
        self._bytes = bytearray(1)  # a row never begins at 0: that is the mark of one that was taken out
        self._at = array("Q")
        self._next = array("i")
        self._parents: list[NodeId] = []
        self._folders: dict[NodeId, int] = {}
        self._first = array("i")
        self._last = array("i")
        self._size_tables(room)

    def __len__(self) -> int:
        return self._live

    def __contains__(self, node_id: NodeId) -> bool:
        return self._live > 0 and self._place_of(node_id) >= 0

    def ids(self) -> Iterator[NodeId]:
        """Every id, in the order of arrival."""
        for at in self._at:
            if at:
                yield self._id(at)

    def get(self, node_id: NodeId) -> File | None:
        place = self._place_of(node_id) if self._live else -1
        return None if place < 0 else self._file(self._at[self._by_id[place]])

    def stamp(self, node_id: NodeId) -> Stamp | None:
        place = self._place_of(node_id) if self._live else -1
        return None if place < 0 else self._stamp(self._at[self._by_id[place]])

    def all_at(self, parent: NodeId, key: NameKey) -> tuple[NodeId, ...]:
        """Who stands at this name."""
        folder = self._folders.get(parent)
        if folder is None:
            return ()
        raw = _bytes(key)
        found: tuple[NodeId, ...] = ()
        place = hash((folder, raw)) & self._mask
        table = self._by_slot
        while (row := table[place]) != _FREE:
            if self._stands_at(self._at[row], folder, raw):
                found = (*found, self._id(self._at[row]))
            place = (place + 1) & self._mask
        return found

    def has(self, parent: NodeId, key: NameKey, stamp: Stamp) -> bool:
        """Whether the one that stands at this name has this stamp.  No object is made for it."""
        folder = self._folders.get(parent)
        if folder is None:
            return False
        raw = _bytes(key)
        place = hash((folder, raw)) & self._mask
        while (row := self._by_slot[place]) != _FREE:
            if self._stands_at(self._at[row], folder, raw):
                return self._stamp(self._at[row]) == stamp
            place = (place + 1) & self._mask
        return False

    def names(self, parent: NodeId) -> Iterator[Name]:
        """The names of those in a folder."""
        folder = self._folders.get(parent)
        row = -1 if folder is None else self._first[folder]
        while row >= 0:
            if at := self._at[row]:
                length, digest, stamp, size, *_ = _HEAD.unpack_from(self._bytes, at)
                start = at + _HEAD.size + length + digest + stamp
                yield Name(_text(self._bytes[start : start + size]))
            row = self._next[row]

    def children(self, parent: NodeId) -> Iterator[NodeId]:
        folder = self._folders.get(parent)
        return iter(_NOBODY) if folder is None else self._children(folder)

    def _children(self, folder: int) -> Iterator[NodeId]:
        row = self._first[folder]
        while row >= 0:
            if self._at[row]:
                yield self._id(self._at[row])
            row = self._next[row]

    def add(self, file: File, stamp: Stamp) -> bool:
        """Take a file in that is not here.  False when it is so unusual that it does not fit."""
        return self.add_raw(
            file.id.encode(), file.at.parent, _bytes(file.at.name), file.content.digest, stamp, file.executable,
            file.content.size, file.mtime_ns,
        )  # fmt: skip

    def add_raw(
        self, raw_id: bytes, parent: NodeId, name: bytes, digest: bytes, stamp: bytes, executable: bool, size: int,
        mtime_ns: int,
    ) -> bool:  # fmt: skip
        """The same of one that is not made an object for it: id and name in UTF-8."""
        folder = self._folders.get(parent)
        try:
            head = _HEAD.pack(
                len(raw_id), len(digest), len(stamp), len(name), len(self._parents) if folder is None else folder,
                executable, size, mtime_ns,
            )  # fmt: skip
        except error:
            return False
        if folder is None:
            folder = self._folders[parent] = len(self._parents)
            self._parents.append(parent)
            self._first.append(-1)
            self._last.append(-1)
        at = len(self._bytes)
        self._bytes += b"".join((head, raw_id, digest, stamp, name))
        self._chain(at, folder)
        self._live += 1
        if 3 * len(self._at) > 2 * len(self._by_id):
            self._write_anew()
        else:
            self._enter(len(self._at) - 1, raw_id, folder, name)
        return True

    def make_room(self, more: int) -> None:
        """So many more are about to be added: the tables grow once for them, and not again and again."""
        if 3 * (len(self._at) + more) > 2 * len(self._by_id):
            self._write_anew(more)

    def take(self, node_id: NodeId) -> tuple[File, Stamp] | None:
        """Take a file out, if it is here."""
        place = self._place_of(node_id) if self._live else -1
        return None if place < 0 else self._take(self._by_id[place], node_id)

    def take_in(self, parent: NodeId) -> list[tuple[File, Stamp]]:
        """Take out all that are in a folder.  Of masses that go with it each would be looked for by itself."""
        folder = self._folders.get(parent)
        if folder is None:
            return []
        found: list[tuple[File, Stamp]] = []
        row, at = self._first[folder], self._at
        while row >= 0:
            if at[row]:
                found.append(self._take(row, self._id(at[row])))
            row = self._next[row]
        self._first[folder] = self._last[folder] = -1
        return found

    def _take(self, row: int, node_id: NodeId) -> tuple[File, Stamp]:
        # Written in one piece, each part of the row cut out once.
        length, digest, stamped, size, folder, executable, content, mtime_ns = _HEAD.unpack_from(
            self._bytes, at := self._at[row]
        )
        at += _HEAD.size + length
        end = digest + stamped
        raw = bytes(self._bytes[at : at + end + size])
        standing = Placement(self._parents[folder], raw[end:].decode("utf-8", "surrogatepass"))  # type: ignore[arg-type]
        file = File(node_id, standing, Content(raw[:digest], content), executable, mtime_ns)  # type: ignore[arg-type]
        self._at[row] = 0
        self._live -= 1
        return file, raw[digest:end]  # type: ignore[return-value]  # calls of Name, Digest and Stamp would cost

    def copy(self) -> Pressed:
        """Another that says the same."""
        other = Pressed()
        other._live, other._mask, other._bytes = self._live, self._mask, self._bytes[:]
        other._at, other._next, other._first, other._last = self._at[:], self._next[:], self._first[:], self._last[:]
        other._by_id, other._by_slot = self._by_id[:], self._by_slot[:]
        other._parents, other._folders = self._parents[:], self._folders.copy()
        return other

    # --- rows -------------------------------------------------------------------------------------------------

    def _id(self, at: int) -> NodeId:
        start = at + _HEAD.size
        return NodeId(self._bytes[start : start + self._bytes[at]].decode())

    def _file(self, at: int) -> File:
        raw = self._bytes
        length, digest, stamp, name, folder, executable, size, mtime_ns = _HEAD.unpack_from(raw, at)
        start = at + _HEAD.size
        middle = start + length
        end = middle + digest
        content = Content(Digest(bytes(raw[middle:end])), size)
        place = Placement(self._parents[folder], Name(_text(raw[end + stamp : end + stamp + name])))
        return File(NodeId(raw[start:middle].decode()), place, content, executable, mtime_ns)

    def _stamp(self, at: int) -> Stamp:
        start = at + _HEAD.size + self._bytes[at] + self._bytes[at + 1]
        return Stamp(bytes(self._bytes[start : start + self._bytes[at + 2]]))

    def _stands_at(self, at: int, folder: int, name: bytes) -> bool:
        if not at:
            return False
        length, digest, stamp, size, own, *_ = _HEAD.unpack_from(self._bytes, at)
        start = at + _HEAD.size + length + digest + stamp
        return bool(own == folder and self._bytes[start : start + size] == name)

    def _chain(self, at: int, folder: int) -> None:
        row, last = len(self._at), self._last[folder]
        self._at.append(at)
        self._next.append(-1)
        if last < 0:
            self._first[folder] = row
        else:
            self._next[last] = row
        self._last[folder] = row

    # --- tables -----------------------------------------------------------------------------------------------

    def _place_of(self, node_id: NodeId) -> int:
        """Where the table of ids has the node; -1 when it has not."""
        raw = node_id.encode()
        length, mask, table, rows = len(raw), self._mask, self._by_id, self._bytes
        place = hash(raw) & mask
        while (row := table[place]) != _FREE:
            at = self._at[row]
            start = at + _HEAD.size
            if at and rows[at] == length and rows[start : start + length] == raw:
                return place
            place = (place + 1) & mask
        return -1

    def _enter(self, row: int, raw_id: bytes, folder: int, name: bytes) -> None:
        for table, key in ((self._by_id, hash(raw_id)), (self._by_slot, hash((folder, name)))):
            place = key & self._mask
            while table[place] != _FREE:
                place = (place + 1) & self._mask
            table[place] = row

    def _size_tables(self, room: int) -> None:
        """Empty tables in which so many rows find room, and half as many again."""
        size = _SMALLEST
        while 4 * size < 9 * room:
            size *= 2
        self._mask = size - 1
        self._by_id = array("i", [_FREE]) * size
        self._by_slot = array("i", [_FREE]) * size

    def _write_anew(self, more: int = 0) -> None:
        """Leave out what was taken out, and make the tables as large as they need be, with ``more`` to come."""
        rows, old = self._at, self._bytes
        live = [at for at in rows if at]
        packed = len(live) < len(rows)
        if packed:
            self._bytes, self._at, self._next = bytearray(1), array("Q"), array("i")
            self._first = array("i", [-1]) * len(self._parents)
            self._last = array("i", [-1]) * len(self._parents)
        self._size_tables(len(live) + more)
        for row, at in enumerate(live):
            length, digest, stamp, name, folder, *_ = _HEAD.unpack_from(old, at)
            start = at + _HEAD.size
            end = start + length + digest + stamp + name
            if packed:
                self._chain(len(self._bytes), folder)
                self._bytes += old[at:end]
            self._enter(row, bytes(old[start : start + length]), folder, bytes(old[end - name : end]))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytearray) -> str:
    return raw.decode("utf-8", "surrogatepass")
