"""The disk of this machine, through folder descriptors.

How N11 (nothing resolves outside the root) is kept: the root is opened by its path, every component beneath it by name
in its parent's descriptor with O_NOFOLLOW and O_DIRECTORY, and each must lie on the root's own file system.  The last
name is handled by calls that do not follow links.

Descriptors are kept for the length of a batch only: held for longer, they would keep a stick from being unmounted.

# RACE: a folder that the user moves within a batch is still reached through its descriptor, by its old path.  What is
# done then happens in the moved folder (even if it went out of the root), under the same checks of stamps.  The watcher
# sees the move, both places are looked at, and nothing is lost.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat as mode_bits
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Self

from syncagent.errors import RootMissing
from syncagent.localfs.leases import is_open_for_writing
from syncagent.localfs.ports import LATEST_NS, MEMORY, Opening, Rename, Stat, check_parts, clamp
from syncagent.localfs.syscalls import Syscalls, begin_sync, load, make_durable
from syncagent.model.names import RelPath

assert sys.platform != "win32", "there it is windows.disk"

from syncagent.localfs.syscalls import write_all  # noqa: E402 - which Windows has not

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_READ: Final = _FILE | os.O_RDONLY
_NEW: Final = _FILE | os.O_RDWR | os.O_CREAT | os.O_EXCL
_EDIT: Final = _FILE | os.O_RDWR | os.O_CREAT
_make: Final = tuple.__new__
_NO_NAMES: Final = ("", ".", "..")
_KEPT: Final = 64
"""Descriptors of folders kept open in a batch."""


class RealDisk:
    """The folder at ``root`` (an absolute path; links in it are followed, once per batch).

    The first batch notes which folder that is; from then on any other folder there is RootMissing.
    """

    def __init__(self, root: str, syscalls: Syscalls | None = None) -> None:
        self._syscalls = load() if syscalls is None else syscalls
        self._batch = _Batch(_Root(root))

    def batch(self) -> AbstractContextManager[None]:
        return self._batch

    # Each call that is made for every file of a mass asks for itself whether it is in a batch already: to enter one
    # would cost as much as the rest of the call.

    def stat(self, path: RelPath) -> Stat:
        if not self._batch.depth:
            with self._batch:
                return self.stat(path)
        if not path:
            return _stat(os.fstat(self._batch.root))
        folder, name = self._place(path)
        return _stat(os.stat(name, dir_fd=folder, follow_symlinks=False))

    def list(self, path: RelPath) -> Sequence[tuple[str, Stat | OSError]]:
        found: list[tuple[str, Stat | OSError]] = []
        add, make = found.append, _make  # this loop runs for every name of a scan
        with self._batch, os.scandir(self._batch.folder(path)) as entries:
            for entry in entries:
                try:
                    s = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    add((entry.name, error))
                    continue
                mtime = s.st_mtime_ns
                if not 0 <= mtime <= LATEST_NS:
                    mtime = clamp(mtime)
                add((entry.name, make(Stat, (s.st_dev, s.st_ino, s.st_size, mtime, s.st_ctime_ns, s.st_mode))))
        return found

    def open(self, path: RelPath, how: Opening = Opening.READ, mode: int = 0o666) -> RealFile:
        if not self._batch.depth:
            with self._batch:
                return self.open(path, how, mode)
        folder, name = self._place(path)
        flags = _READ if how is Opening.READ else _NEW if how is Opening.NEW else _EDIT
        return RealFile(os.open(name, flags, mode, dir_fd=folder), self._batch.device)

    def readlink(self, path: RelPath) -> str:
        with self._batch:
            folder, name = self._place(path)
            return os.readlink(name, dir_fd=folder)

    def symlink(self, target: str, path: RelPath) -> None:
        with self._batch:
            folder, name = self._place(path)
            os.symlink(target, name, dir_fd=folder)

    def mkdir(self, path: RelPath, mode: int = 0o777) -> None:
        with self._batch:
            folder, name = self._place(path)
            os.mkdir(name, mode, dir_fd=folder)

    def rename(self, old: RelPath, new: RelPath, how: Rename) -> None:
        if not self._batch.depth:
            with self._batch:
                self.rename(old, new, how)
                return
        old_folder, old_name = self._place(old)
        new_folder, new_name = self._place(new)
        if how is Rename.NEW:
            self._rename_new(old_folder, old_name, new_folder, new_name)
        elif how is Rename.EXCHANGE:
            self._syscalls.rename(old_folder, old_name, new_folder, new_name, self._syscalls.exchange)
        else:
            os.rename(old_name, new_name, src_dir_fd=old_folder, dst_dir_fd=new_folder)
        self._batch.forget(old)
        self._batch.forget(new)

    def link(self, old: RelPath, new: RelPath) -> None:
        with self._batch:
            old_folder, old_name = self._place(old)
            new_folder, new_name = self._place(new)
            os.link(old_name, new_name, src_dir_fd=old_folder, dst_dir_fd=new_folder, follow_symlinks=False)

    def remove(self, path: RelPath, *, folder: bool = False) -> None:
        if not self._batch.depth:
            with self._batch:
                self.remove(path, folder=folder)
                return
        parent, name = self._place(path)
        if folder:
            os.rmdir(name, dir_fd=parent)
            self._batch.forget(path)
        else:
            os.unlink(name, dir_fd=parent)

    def sync(self, folders: Sequence[RelPath]) -> None:
        with self._batch:
            for path in folders:
                make_durable(self._batch.folder(path))

    def mark(self) -> RealMark:
        with self._batch:
            return RealMark(os.open(".", _FOLDER, dir_fd=self._batch.root), self._syscalls)

    def now_ns(self) -> int:
        return time.time_ns()

    def _place(self, path: RelPath) -> tuple[int, str]:
        parent, _, name = path.rpartition("/")
        if name in _NO_NAMES or path[0] == "/" or "\0" in name:
            raise OSError(errno.EINVAL, "not a path within the folder", path)
        return self._batch.folder(parent), name

    def _rename_new(self, old_folder: int, old: str, new_folder: int, new: str) -> None:
        try:
            self._syscalls.rename(old_folder, old, new_folder, new, self._syscalls.no_replace)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        else:
            return
        # A file system (or a system) without RENAME_NOREPLACE.  For files a second name does the same: link(2) never
        # replaces.  Stopped in between, the file has both names; the scan sees two equal files.
        seen = os.stat(old, dir_fd=old_folder, follow_symlinks=False)
        if not mode_bits.S_ISDIR(seen.st_mode):
            try:
                os.link(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder, follow_symlinks=False)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
                    raise
            else:
                os.unlink(old, dir_fd=old_folder)
                return
        try:
            os.stat(new, dir_fd=new_folder, follow_symlinks=False)
        except FileNotFoundError:
            # RACE: a file made at ``new`` right here is replaced.  Only on file systems that know neither NOREPLACE nor
            # hard links, and only within microseconds; a folder is replaced only while it is empty.
            os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)
        else:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), new)


class _Root:
    """Which folder the root is."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None

    def open(self) -> tuple[int, int]:
        """A descriptor of the root, and its device.  Raises RootMissing."""
        try:
            folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise RootMissing("the folder is gone (moved, deleted, or its disk is not mounted)") from None
        seen = os.fstat(folder)
        identity = (seen.st_dev, seen.st_ino)
        if self._known is None:
            self._known = identity
        elif self._known != identity:
            os.close(folder)
            raise RootMissing("another folder stands where the folder was")
        return folder, seen.st_dev


class _Batch(threading.local):
    """The folders that this thread has open, from the outermost ``with`` to its end (``depth`` is 0 outside)."""

    def __init__(self, root: _Root) -> None:
        self._source = root
        self.device = 0
        self._open: dict[str, int] = {}
        self._above: set[str] = set()
        """The paths of all folders that were opened, and of those above them."""
        self._leaving = -1
        self.depth = 0
        self.root = -1

    def __enter__(self) -> None:
        if self.depth == 0:
            self.root, self.device = self._source.open()
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if self.depth == 0:
            self._leave(-1)
            os.close(self.root)
            for folder in self._open.values():
                os.close(folder)
            self._open.clear()
            self._above.clear()
            self.root = -1

    def folder(self, path: str) -> int:
        """A descriptor of the folder at ``path``; it stays open for this call and the next one at least.

        Raises OSError.
        """
        folder = self._open.get(path)
        if folder is not None:
            return folder
        if not path:
            return self.root
        folder = self._walk(path)
        if len(self._open) >= _KEPT:
            # Not closed before the next one goes: it may be the one that was asked for just now.
            self._leave(self._open.pop(next(iter(self._open))))
        self._open[path] = folder
        while path and path not in self._above:
            self._above.add(path)
            path = path.rpartition("/")[0]
        return folder

    def _leave(self, folder: int) -> None:
        if self._leaving >= 0:
            os.close(self._leaving)
        self._leaving = folder

    def forget(self, path: str) -> None:
        """``path`` was moved or removed: what was open there is elsewhere now."""
        if path not in self._above:
            return  # a file, mostly
        beneath = path + "/"
        for inner in [other for other in self._open if other == path or other.startswith(beneath)]:
            os.close(self._open.pop(inner))

    def _walk(self, path: str) -> int:
        check_parts(RelPath(path))
        above, folder = path, self.root
        while above := above.rpartition("/")[0]:
            if above in self._open:
                folder = self._open[above]
                break
        current, ours = folder, False
        for name in path[len(above) :].lstrip("/").split("/"):
            try:
                inner = os.open(name, _FOLDER, dir_fd=current)
            finally:
                if ours:
                    os.close(current)
            current, ours = inner, True
            if os.fstat(inner).st_dev != self.device:
                os.close(inner)
                raise OSError(errno.EXDEV, "it lies on another file system", path)
        return current


class RealMark:
    """The root, opened once more: the system tells each opening of what it could not write since then, once."""

    __slots__ = ("_folder", "_syscalls")

    def __init__(self, folder: int, syscalls: Syscalls) -> None:
        self._folder = folder
        self._syscalls = syscalls

    def sync(self) -> None:
        self._syscalls.syncfs(self._folder)

    def close(self) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


class RealFile:
    """An open file, by its descriptor."""

    __slots__ = ("_device", "_fd")

    def __init__(self, fd: int, device: int) -> None:
        """``device`` is that of the folder it was opened in."""
        self._fd = fd
        self._device = device

    def stat(self) -> Stat:
        return _stat(os.fstat(self._fd))

    def read(self, offset: int, size: int) -> bytes:
        data = os.pread(self._fd, size, offset)
        while data and len(data) < size:
            more = os.pread(self._fd, size - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def write(self, offset: int, *parts: bytes | memoryview) -> None:
        write_all(self._fd, offset, parts)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def adjust(self, *, mode: int | None = None, mtime_ns: int | None = None) -> None:
        if mode is not None:
            os.fchmod(self._fd, mode)
        if mtime_ns is not None:
            os.utime(self._fd, ns=(mtime_ns, mtime_ns))

    def is_written(self) -> bool:
        return is_open_for_writing(self._fd, self._device)

    def begin_sync(self, offset: int, size: int, memory: int = MEMORY) -> None:
        begin_sync(self._fd, offset, size, memory)

    def sync(self) -> None:
        make_durable(self._fd)

    def lock(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stat(seen: os.stat_result) -> Stat:
    mtime = seen.st_mtime_ns
    if not 0 <= mtime <= LATEST_NS:
        mtime = clamp(mtime)
    return _make(Stat, (seen.st_dev, seen.st_ino, seen.st_size, mtime, seen.st_ctime_ns, seen.st_mode))
