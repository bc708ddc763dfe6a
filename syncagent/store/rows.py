"""Rows, facts and recipes as the columns of a database, and back.

A packed node begins with one byte for its kind and one for the length of its parent's id; then

* a folder: the parent's id, the name;
* a file: size and mtime (8 bytes each, little endian), the executable bit (1), the length of the digest (1), the
  digest, the parent's id, the name;
* a link: the length of the name (2), the parent's id, the name, the target.

Names may be any text: a node that lost its place in the middle of a scan has one that no disk has.

Pure.  What is read is checked against the sum that was written with it: a flipped bit is DatabaseDamaged (HAZARDS E3),
never another node.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final
from zlib import crc32

from syncagent.model.ids import Digest, NodeId
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.sqlite import DatabaseDamaged, Value
from syncagent.trees.delta import Row
from syncagent.trees.kept import KeptRows

COLUMNS: Final = ("id", "rev", "stamp", "spelling", "synced", "local", "remote", "crc")

DIR: Final = 1
FILE: Final = 2
LINK: Final = 3

DIGEST_AT: Final = (21, 32)
"""Where the digest of a packed file starts (counted from 1, as SQL does), and how long it is."""

_DIR: Final = struct.Struct("<BB")
_FILE: Final = struct.Struct("<BBqq?B")
_LINK: Final = struct.Struct("<BBH")
_FILE_KIND: Final = bytes([FILE])
_BLOCK: Final = struct.Struct(">32sI")


def pack_row(row: Row) -> tuple[Value, ...]:
    """``row`` as the values of COLUMNS."""
    base = row.synced
    synced = pack_node(base)
    spelling = None if row.spelling is None else _bytes(row.spelling)
    local = None if row.local is base or row.local == base else pack_node(row.local)
    remote = None if row.remote is base or row.remote == base else pack_node(row.remote)
    crc = row_sum(row.id, row.rev, row.stamp, spelling, synced, local, remote)
    return row.id, row.rev, row.stamp, spelling, synced, local, remote, crc


def row_sum(
    node_id: str,
    rev: int,
    stamp: bytes | None,
    spelling: bytes | None,
    synced: bytes,
    local: bytes | None,
    remote: bytes | None,
) -> int:
    """The check sum of a row's other columns.  Lengths go into it: NULL is not empty, and no byte changes columns."""
    crc = crc32(synced, crc32(f"{node_id}\0{rev}\0{len(synced)}".encode()))
    if stamp is not None:
        crc = crc32(stamp, crc + 1 & 0xFFFFFFFF)
    if spelling is None and local is None and remote is None:
        return crc
    for mark, rare in enumerate((spelling, local, remote)):
        if rare is not None:
            crc = crc32(rare, crc32(b"%d:%d:" % (mark, len(rare)), crc))
    return crc


class Unpacker:
    """Reads many rows; equal ids of folders become one object."""

    # What comes out of a database has any type; it is not passed through the constructors of NewTypes here, which are
    # calls, and there are ten for each of a hundred thousand rows.

    __slots__ = ("_folders",)

    def __init__(self) -> None:
        self._folders: dict[Any, Any] = {}

    def row(self, columns: tuple[Any, ...]) -> Row:
        """The row of these values of COLUMNS.

        Raises DatabaseDamaged when they are not what was written.
        """
        raw_id, rev, stamp, spelling, synced, here, there, crc = columns
        try:
            if row_sum(raw_id, rev, stamp, spelling, synced, here, there) != crc:
                raise DatabaseDamaged(f"the row of the node {raw_id!r} is not as it was written")
            # Only what may be a folder has others that name it.
            node_id = raw_id if synced[:1] == _FILE_KIND else self._folders.setdefault(raw_id, raw_id)
            base = self.node(node_id, synced)
            local = base if here is None else self.node(node_id, here)
            remote = base if there is None else self.node(node_id, there)
            return Row(node_id, base, local, remote, rev, stamp, None if spelling is None else _text(spelling))
        except (TypeError, ValueError, struct.error) as error:
            # A flipped bit can change the type of a column, of which the sum then cannot even be taken.
            raise DatabaseDamaged(f"the row of the node {raw_id!r} cannot be read") from error

    def press(self, columns: tuple[Any, ...], kept: KeptRows) -> bool:
        """Put the row of these values of COLUMNS among those that are kept, without making it an object: done of what
        nearly all are, files on which the trees agree.  False of any other.  Raises DatabaseDamaged like ``row``."""
        raw_id, rev, stamp, spelling, synced, here, there, crc = columns
        if not (stamp and spelling is here is there is None and type(synced) is bytes and synced[:1] == _FILE_KIND):
            return False
        try:
            if row_sum(raw_id, rev, stamp, None, synced, None, None) != crc:
                raise DatabaseDamaged(f"the row of the node {raw_id!r} is not as it was written")
            _, length, size, mtime_ns, executable, digest = _FILE.unpack_from(synced)
            start = _FILE.size + digest
            middle = start + length
            parent = synced[start:middle].decode()
            return kept.add_raw(
                raw_id, rev, self._folders.setdefault(parent, parent), synced[middle:], synced[_FILE.size : start],
                stamp, executable, size, mtime_ns,
            )  # fmt: skip
        except (TypeError, ValueError, struct.error) as error:
            raise DatabaseDamaged(f"the row of the node {raw_id!r} cannot be read") from error

    def node(self, node_id: NodeId, packed: Any) -> Node | None:
        """The node that ``pack_node`` packed."""
        if not packed:
            return None
        kind, length = packed[0], packed[1]
        if kind == FILE:
            _, _, size, mtime_ns, executable, digest = _FILE.unpack_from(packed)
            start = _FILE.size + digest
            at = self._at(packed, start, start + length, len(packed))
            return File(node_id, at, Content(packed[_FILE.size : start], size), executable, mtime_ns)
        if kind == DIR:
            return Dir(node_id, self._at(packed, _DIR.size, _DIR.size + length, len(packed)))
        _, _, name = _LINK.unpack_from(packed)
        middle = _LINK.size + length
        at = self._at(packed, _LINK.size, middle, middle + name)
        return Link(node_id, at, _text(packed[middle + name :]))

    def _at(self, packed: Any, start: int, middle: int, end: int) -> Placement:
        """The parent's id from ``start`` on, the name from ``middle`` on."""
        parent = packed[start:middle].decode()
        return Placement(self._folders.setdefault(parent, parent), packed[middle:end].decode())


def pack_node(node: Node | None) -> bytes:
    """``node`` in bytes, without its id; none for None."""
    if node is None:
        return b""
    parent, name = node.at.parent.encode(), node.at.name.encode()
    match node:
        case File(content=content):
            digest = content.digest
            head = _FILE.pack(FILE, len(parent), content.size, node.mtime_ns, node.executable, len(digest))
            return head + digest + parent + name
        case Dir():
            return _DIR.pack(DIR, len(parent)) + parent + name
        case Link(target=target):
            return _LINK.pack(LINK, len(parent), len(name)) + parent + name + _bytes(target)


def fact_sum(key: str, value: str) -> int:
    return crc32(f"{key}\0{value}".encode())


def pack_recipe(digest: Digest, recipe: Recipe) -> tuple[Value, ...]:
    """Digest, blocks and check sum."""
    blocks = b"".join([_BLOCK.pack(block.digest, block.size) for block in recipe])
    return digest, blocks, crc32(blocks, crc32(digest))


def unpack_recipe(digest: bytes, blocks: bytes, crc: int) -> Recipe | None:
    """None when they are not as they were written: a recipe can be found out again by reading the file."""
    if len(blocks) % _BLOCK.size or crc32(blocks, crc32(digest)) != crc:
        return None
    return tuple(Block(Digest(block), size) for block, size in _BLOCK.iter_unpack(blocks))


def contents_of(row: Row) -> Iterator[Digest]:
    """The contents that a row names."""
    for node in (row.synced, row.local, row.remote):
        if isinstance(node, File):
            yield node.content.digest


def at_one(row: Row) -> bool:
    """Whether the three trees say the same of the node."""
    base = row.synced
    return (row.local is base or row.local == base) and (row.remote is base or row.remote == base)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
