"""Finds out what the file system under the root can do, by trying it in our own folder.

Called once at each start (a folder may have moved to another disk), after the root is open.  Leaves nothing behind.

What it finds is believed until the next start.  So an error that may pass (some program has the file open, there is no
room) is none of what the disk cannot do: it is raised, and the start is tried again.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from itertools import pairwise
from typing import Final

from syncagent.localfs.ignore import STAGE
from syncagent.localfs.ports import MISSING, Abilities, Disk, Opening, Rename
from syncagent.model.names import RelPath, join

_ODD_NS: Final = 1_600_000_001_123_456_789
"""A time that no coarse clock can hold."""

_TICK_NS: Final = 20_000_000
"""Twice the longest tick of a kernel's clock (HZ=100)."""

_COARSE_NS: Final = 2_000_000_000
"""FAT counts in steps of two seconds."""

_PASSING: Final = (errno.EBUSY, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EINTR)


def probe(disk: Disk) -> Abilities:
    """Try it.  Raises OSError when our own folder cannot be written to, or not now; RootMissing."""
    names = [join(STAGE, f"new.probe{letter}") for letter in "aBc"]
    with disk.batch():
        for name in names:
            _remove(disk, name)
        try:
            window, umask = _times(disk, names[0])
            return Abilities(
                window_ns=window,
                exchange=_exchanges(disk, names[0], names[1]),
                folds_case=_folds(disk, names[1]),
                links=_links(disk, names[2]),
                umask=umask,
                modes=_modes(disk, names[0]),
            )
        finally:
            for name in names:
                _remove(disk, name)


def _times(disk: Disk, path: RelPath) -> tuple[int, int]:
    """The window within which two changes may carry the same ctime, and the umask."""
    with disk.open(path, Opening.NEW, 0o777) as file:
        first = file.stat()
        # How far the clock that stamps files is from ours (network file systems): as far must we distrust.
        skew = abs(disk.now_ns() - first.ctime_ns)
        seen = [first.ctime_ns]
        for number in range(8):
            file.write(number, b"x")
            seen.append(file.stat().ctime_ns)
        file.adjust(mtime_ns=_ODD_NS)
        lost = abs(file.stat().mtime_ns - _ODD_NS)
    umask = 0o777 & ~first.mode
    if lost > 1_000_000:
        return _COARSE_NS + skew, umask
    # Eight changes in a few microseconds, each with a look before it, and all told apart: so will the next one be.
    finer = all(later > earlier for earlier, later in pairwise(seen))
    return (0 if finer else _TICK_NS + (skew if skew > _TICK_NS else 0)), umask


def _modes(disk: Disk, path: RelPath) -> bool:
    """Whether a file is executable when it is made so, and is not when it is not."""
    with disk.open(path) as file:
        file.adjust(mode=0o600)
        plain = file.stat().executable
        file.adjust(mode=0o700)
        return file.stat().executable and not plain


def _exchanges(disk: Disk, one: RelPath, other: RelPath) -> bool:
    """``other`` is there afterwards, whichever of the two files that is."""
    disk.open(other, Opening.NEW).close()
    try:
        before = disk.stat(one).inode
        disk.rename(one, other, Rename.EXCHANGE)
        return disk.stat(other).inode == before
    except OSError as error:
        return _cannot(error)


def _folds(disk: Disk, path: RelPath) -> bool:
    """``path`` is there, and its name has a capital."""
    try:
        disk.stat(RelPath(path.lower()))
    except OSError as error:
        if error.errno not in MISSING:
            raise
        return False
    return True


def _links(disk: Disk, path: RelPath) -> bool:
    try:
        disk.symlink("nowhere", path)
    except OSError as error:
        return _cannot(error)
    return True


def _cannot(error: OSError) -> bool:
    """False: it cannot be done, and that will stay so.  Raises what may pass."""
    if error.errno in _PASSING:
        raise error
    return False


def _remove(disk: Disk, path: RelPath) -> None:
    with suppress(OSError):
        disk.remove(path)
