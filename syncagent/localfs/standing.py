"""What stands at a path, against what is expected there.  Called by the applier, at the last instant.

A stamp that is sure settles it.  UNSURE equals no stamp, so there the content itself is compared: what was expected is
at the hub, by its digest, and may be replaced if that is what is there.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from syncagent.content.digest import Hasher
from syncagent.errors import Stale
from syncagent.localfs.ports import MISSING, Disk, DiskFile, Opening, Stat
from syncagent.model.facts import Stamp, unpack
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, Dir, File, Link, Node

PIECE: Final = 1 << 20


def confirm(disk: Disk, path: RelPath, expect: Stamp, node: Node) -> Stat:
    """The stat of what stands at ``path``.  Raises Stale when it is not what is expected; OSError."""
    try:
        seen = disk.stat(path)
    except OSError as error:
        if error.errno in MISSING:
            raise Stale("it is gone") from error
        raise
    if not is_expected(disk, path, seen, expect, node):
        raise Stale("it has changed")
    return seen


def check_unused(disk: Disk, path: RelPath) -> None:
    """Raises OSError (EBUSY) when a program has the file at ``path`` open for writing: what it writes after the file
    was replaced or deleted would be written into nothing (B1)."""
    try:
        written = is_written(disk, path)
    except PermissionError:
        return  # a file that we may not read is one of which we cannot tell
    if written:
        raise OSError(errno.EBUSY, "a program has it open for writing", path)


def is_written(disk: Disk, path: RelPath) -> bool:
    """Whether a program has the file at ``path`` open for writing.  Raises OSError."""
    with disk.open(path, Opening.READ) as file:
        return file.is_written()


def is_expected(disk: Disk, path: RelPath, seen: Stat, expect: Stamp, node: Node) -> bool:
    """Whether ``seen``, at ``path``, is what ``expect`` and ``node`` say.  Of a folder, device and inode
    count alone."""
    match node:
        case Dir():
            known = unpack(expect)
            return seen.is_dir and (known is None or (known.device, known.inode) == (seen.device, seen.inode))
        case File(content=content):
            return seen.is_file and (seen.stamp == expect if expect else holds(disk, path, seen, content))
        case Link(target=target):
            return seen.is_link and (seen.stamp == expect if expect else disk.readlink(path) == target)


def still(disk: Disk, path: RelPath, before: Stat, expect: Stamp, node: Node) -> Stat | None:
    """The stat of what lies at ``path`` after a rename (which changes its ctime), if it is what was ``before``; None if
    it is not.  Raises OSError.

    # RACE: a user who, between our last look and the rename, writes as many bytes and sets the mtime back to the
    # nanosecond is not noticed.  No program does that by chance.
    """
    seen = disk.stat(path)
    if isinstance(node, Dir):
        return seen if seen.is_dir and (seen.device, seen.inode) == (before.device, before.inode) else None
    if seen.without_ctime() != before.without_ctime():
        return None
    return seen if expect or is_expected(disk, path, seen, expect, node) else None


def holds(disk: Disk, path: RelPath, seen: Stat, content: Content) -> bool:
    """Whether the file at ``path``, which is ``seen`` there, has this content.  Raises OSError."""
    if seen.size != content.size:
        return False
    with disk.open(path, Opening.READ) as file:
        if file.stat() != seen:
            return False
        return hash_file(file) == content and file.stat() == seen


def hash_file(file: DiskFile, then: Callable[[int, bytes], None] | None = None) -> Content:
    """The content of an open file, in bounded memory; each piece with its offset goes to ``then`` too."""
    hasher = Hasher()
    offset = 0
    while data := file.read(offset, PIECE):
        hasher.feed(data)
        if then is not None:
            then(offset, data)
        offset += len(data)
        if len(data) < PIECE:
            break
    return hasher.content()
