"""The port to the disk: thirteen calls, all by paths relative to the root.

Three implementations pass one suite (``tests/conformance/test_disk.py``): ``real.RealDisk``, ``windows.WindowsDisk``
and ``memory.MemoryDisk``, which can be like the disks of other systems.
Everything else in this package goes through here.

What each implementation promises:

* No call resolves outside the root (N11): every component of a path but the last must be a real folder of the root's
  own file system, symbolic links are never followed, ``..`` is refused.
* Errors are ``OSError`` with the errno of the system: ENOENT (nothing there), ENOTDIR (a component is no folder, or a
  link), EXDEV (a component lies on another file system), EINVAL (a path that is no path, a thing the file system
  cannot do), EEXIST, ENOTEMPTY, ENOSPC …  Only when the root itself is gone, or is another folder than before,
  ``RootMissing`` is raised instead: absence of the root must never read as absence of what it held (E1).
"""

from __future__ import annotations

import errno
import stat as mode_bits
import struct
from collections.abc import Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Final, NamedTuple, Protocol, Self

from syncagent.model.facts import Stamp
from syncagent.model.names import RelPath
from syncagent.model.values import fixed

MEMORY: Final = 8 << 20
"""Bytes of a large file that may be in the disk's own memory alone.  Whoever makes a small file durable waits until the
disk has emptied all of that."""

_pack: Final = struct.Struct("<QQQqqI").pack


class Stat(NamedTuple):
    """What ``lstat`` says.  A tuple, as there is one for every name of a scan."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    mode: int

    @property
    def is_dir(self) -> bool:
        return mode_bits.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        return mode_bits.S_ISREG(self.mode)

    @property
    def is_link(self) -> bool:
        return mode_bits.S_ISLNK(self.mode)

    @property
    def executable(self) -> bool:
        return bool(self.mode & 0o100)

    @property
    def stamp(self) -> Stamp:
        return Stamp(_pack(*self))  # what ``facts.stamp`` gives, without its cost for each name of a scan (by test)

    def without_ctime(self) -> tuple[int, int, int, int, int]:
        """What a rename leaves as it was."""
        return self.device, self.inode, self.size, self.mtime_ns, self.mode


class Opening(Enum):
    READ = "read"
    NEW = "new"
    """For reading and writing; EEXIST when there is something."""
    EDIT = "edit"
    """For reading and writing what is there; made when there is nothing."""


class Rename(Enum):
    PLAIN = "plain"
    """Over what is there, as rename(2)."""
    NEW = "new"
    """EEXIST when there is something."""
    EXCHANGE = "exchange"
    """Both change places at once; ENOENT when one is missing, EINVAL when the file system cannot."""


@fixed
class Abilities:
    """What the file system under the root can do (``probe`` finds it out)."""

    window_ns: int = 20_000_000
    """Two changes nearer to each other than this may carry the same ctime; 0 when a change that follows a look always
    shows."""
    exchange: bool = True
    folds_case: bool = False
    links: bool = True
    """Symbolic links can be made."""
    umask: int = 0o022
    modes: bool = True
    """A file is executable or is not.  Where that is not kept (Windows, FAT), what is known of it stays."""

    def may_hide(self, ctime_ns: int, now_ns: int) -> bool:
        """Whether a change made from ``now_ns`` on could carry this very ctime (A8).  A ctime far in the future (the
        clock was set back) is not one that the clock would give again."""
        return abs(now_ns - ctime_ns) < self.window_ns


class DiskFile(Protocol):
    """An open file.  It stays the same file when its name is moved or deleted."""

    def stat(self) -> Stat: ...

    def read(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes; fewer only at the end of the file."""
        ...

    def write(self, offset: int, *parts: bytes | memoryview) -> None:
        """All of ``parts``, one behind the other; ENOSPC, EDQUOT when there is no room."""
        ...

    def truncate(self, size: int) -> None: ...

    def adjust(self, *, mode: int | None = None, mtime_ns: int | None = None) -> None:
        """Set permission bits and the mtime, where given."""
        ...

    def is_written(self) -> bool:
        """Whether some program has this file, which is open with READ, open for writing: it may write into it yet.
        False too where the system cannot tell."""
        ...

    def begin_sync(self, offset: int, size: int, memory: int = MEMORY) -> None:
        """Let the disk begin to write these bytes, so that a ``sync`` to come has less to wait for; of the file no more
        than about ``memory`` bytes are to be in the disk's own memory alone.  Promises nothing; but an error means that
        what was written so far is lost, though no ``sync`` may say so again (B9)."""
        ...

    def sync(self) -> None:
        """Make content and mode durable.  An error means that they are not, now or ever (B9)."""
        ...

    def lock(self) -> bool:
        """Take the exclusive lock of this file, held until it is closed; False when another holds it."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Mark(Protocol):
    """A moment of a disk, from ``Disk.mark``; in whatever thread it is asked then."""

    def sync(self) -> None:
        """Make everything on the file system durable: content, and names.  An error (but ENOSYS, where the system has
        no such call) means that what was written since the mark was made may be lost, whoever asks again (B9)."""
        ...

    def close(self) -> None: ...


class Disk(Protocol):
    """See the module."""

    def batch(self) -> AbstractContextManager[None]:
        """Within, folders stay open for the calls that follow from this thread.

        Checks that the root is there and the same as before.  May be nested.  Raises RootMissing.
        """
        ...

    def stat(self, path: RelPath) -> Stat:
        """What stands at ``path``, links not followed.  ``""`` is the root."""
        ...

    def list(self, path: RelPath) -> Sequence[tuple[str, Stat | OSError]]:
        """All names of a folder, each with its stat, or the error that it gave.  A name that vanished in between is
        left out.  An error on the folder itself is raised, and then nothing is known of it (A14)."""
        ...

    def open(self, path: RelPath, how: Opening = Opening.READ, mode: int = 0o666) -> DiskFile:
        """Open a file; never blocks (A15).  ELOOP for a link.  ``mode`` is that of a file that is made, less the
        umask."""
        ...

    def readlink(self, path: RelPath) -> str: ...

    def symlink(self, target: str, path: RelPath) -> None: ...

    def mkdir(self, path: RelPath, mode: int = 0o777) -> None: ...

    def rename(self, old: RelPath, new: RelPath, how: Rename) -> None: ...

    def link(self, old: RelPath, new: RelPath) -> None:
        """A second name for a file; EEXIST, or EPERM where the file system has no such thing."""
        ...

    def remove(self, path: RelPath, *, folder: bool = False) -> None:
        """Remove a file or link (``folder`` False), or an empty folder."""
        ...

    def sync(self, folders: Sequence[RelPath]) -> None:
        """Make the names in ``folders`` durable, in that order."""
        ...

    def mark(self) -> Mark:
        """To be made before what it is to make durable: an error from before then is not told to it."""
        ...

    def now_ns(self) -> int:
        """The clock that stamps ctimes, as near as we know it."""
        ...


def check_parts(path: RelPath) -> list[str]:
    """The names of ``path``.  Raises OSError (EINVAL) for one that could lead out of the root."""
    if not path:
        return []
    parts = path.split("/")
    for part in parts:
        if part in ("", ".", "..") or "\0" in part:
            raise OSError(errno.EINVAL, "not a path within the folder", path)
    return parts


MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What says that nothing is at a path: no such name, or a component of it is no folder (or a link)."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

LATEST_NS: Final = (1 << 33) * 1_000_000_000
"""The year 2242: the latest mtime that is seen or set."""


def clamp(mtime_ns: int) -> int:
    """A mtime that every file system and every message takes: not before 1970, not after 2242 (B16).  Disks show no
    other."""
    return min(max(mtime_ns, 0), LATEST_NS)
