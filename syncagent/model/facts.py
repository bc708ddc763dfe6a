"""What a look at the disk showed.

A fact says nothing about identity and nothing about intent: that a path was not there is a fact, that it was deleted
is a conclusion, and it is drawn elsewhere.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final, NamedTuple, NewType, TypeAlias

from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, File, Node, Recipe
from syncagent.model.values import replace, value

Stamp = NewType("Stamp", bytes)
"""What ``lstat`` says about a path, packed: equal stamps mean that nothing has touched it.  See ``stamp``."""

UNSURE: Final = Stamp(b"")
"""The stamp of something that may have changed without a trace (it was written within the granularity of the clock
that stamped it): it equals no other stamp, so the next look reads the content again (HAZARDS A8)."""

_FORM: Final = struct.Struct("<QQQqqI")


class Kind(Enum):
    DIR = "directory"
    FILE = "file"
    LINK = "symlink"


def stamp(*, device: int, inode: int, size: int, mtime_ns: int, ctime_ns: int, mode: int) -> Stamp:
    """Pack what ``lstat`` said (sizes in bytes, times in nanoseconds)."""
    mask = (1 << 64) - 1
    return Stamp(_FORM.pack(device & mask, inode & mask, size, mtime_ns, ctime_ns, mode & 0xFFFFFFFF))


class Unpacked(NamedTuple):
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    mode: int


def unpack(packed: Stamp) -> Unpacked | None:
    """The figures of a stamp; None for UNSURE."""
    return Unpacked(*_FORM.unpack(packed)) if packed else None


def inode_of(packed: Stamp | None) -> bytes | None:
    """Device and inode of a stamp, as they stand packed in it; None for UNSURE, and for none."""
    return packed[:16] if packed else None


def without_ctime(packed: Stamp) -> Stamp:
    """The stamp of a file that is known by its inode, and may have been written since it was read: like UNSURE it
    equals no stamp that a disk gives."""
    figures = unpack(packed)
    return Stamp(_FORM.pack(*figures._replace(ctime_ns=0))) if figures else UNSURE


@value
class DirSeen:
    path: RelPath
    stamp: Stamp


@value
class FileSeen:
    """A regular file.  ``content`` is there when the file was read; ``recipe`` too then.  ``stamp`` was the same before
    and after the reading (or is UNSURE)."""

    path: RelPath
    stamp: Stamp
    executable: bool | None
    """None where the disk does not say."""
    mtime_ns: int
    content: Content | None
    recipe: Recipe = ()
    bytes_read: bytes | None = None
    """The whole content, where the file is small enough to be sent as it was read."""


@value
class LinkSeen:
    path: RelPath
    stamp: Stamp
    target: str


@value
class NothingThere:
    """The path does not exist, and the folder that would hold it was read without an error (or does not exist)."""

    path: RelPath


@value
class NotKept:
    """Something that is not kept the same: a FIFO, a socket, a device, a name that is no name.  Never a delete."""

    path: RelPath
    reason: str


@value
class Unreadable:
    """An error stood in the way; of the path, and of all beneath it, nothing is known.  Never a delete."""

    path: RelPath
    reason: str


@value
class Listed:
    """The folder at ``path`` was read to its end without an error; ``names`` are all that it holds, as spelled on
    disk.  Facts on each of them come in the same batch or in an earlier one of the same scan."""

    path: RelPath
    names: frozenset[str]
    ignored: frozenset[str] = frozenset()
    """Those of the names that rules leave out: of these there is no other fact."""


@value
class Ignored:
    """What stands at the path is left out by rules.  Never a delete, whoever was known there."""

    path: RelPath


@value
class RulesSeen:
    """What a rule file holds; None when it is not there (any more)."""

    path: RelPath
    data: bytes | None


STEPS_NS: Final = (100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000)
"""Steps in which file systems keep times: NTFS, network file systems, exFAT, HFS+, FAT."""


def is_kept_as(mtime_ns: int, seen_ns: int) -> bool:
    """Whether a file whose mtime was set to ``mtime_ns`` may show ``seen_ns``: a disk keeps times in steps of its own,
    and what it makes of one is no change (HAZARDS B16)."""
    return mtime_ns == seen_ns or any(mtime_ns - mtime_ns % step == seen_ns for step in STEPS_NS)


def with_known_mtime(was: Node | None, now: Node) -> Node:
    """``now`` with the mtime that the same file was known by, where the disk has only rounded that."""
    if not isinstance(was, File) or not isinstance(now, File) or was.content != now.content:
        return now
    if was.mtime_ns == now.mtime_ns or not is_kept_as(was.mtime_ns, now.mtime_ns):
        return now
    return replace(now, mtime_ns=was.mtime_ns)


Fact: TypeAlias = DirSeen | FileSeen | LinkSeen | NothingThere | NotKept | Ignored | Unreadable | Listed | RulesSeen


@value
class LookAt:
    """A wish to know what is at ``path``.  A file whose stamp is ``known`` is not read again, nor is one of more than
    ``most`` bytes (0: there is no such limit).

    ``quiet``: nothing need be said when what is there has that stamp, or, with None, when there is nothing: so the echo
    of our own work costs next to nothing."""

    path: RelPath
    known: Stamp | None
    quiet: bool = False
    most: int = 0
