"""The disk of this machine where it has Windows.

How N11 (nothing resolves outside the root) is kept: as in ``real``, by the kernel's own calls (``windows.files``).  The
root is opened by its path, every folder beneath it by name in its parent's handle, and none of them may stand for
something else: a link, a junction, a mounted disk.  So there is no second file system beneath the root either.

What is other than on POSIX:

* Who has a file open may keep others from reading, replacing, moving or deleting it.  That is EBUSY here, as is a file
  that is open for writing elsewhere (B1): it passes, and whoever wanted something tries again.  A file that was deleted
  while it is open is EBUSY too, and not absent: its name is still taken.
* A folder in which anything is open cannot be moved; so our own handles of folders go before we move one, and they are
  kept no longer than a batch.
* There are no modes.  A file can be read-only, which is the write bit of all; whether it is executable is not kept
  (``Abilities.modes``).  Links are not made, and what stands for something else is neither file nor folder nor link.
* Nothing exchanges two names at once.
* The names of a folder are in the file system's journal, and are durable once that is: to flush the folder sees to it
  where the file system lets us, and where it does not, it has no other way.

# RACE: as in ``real``: a folder that the user moves within a batch is still reached through its handle.  Mostly the
system keeps the user from that meanwhile.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from syncagent.errors import RootMissing
from syncagent.localfs.ports import Opening, Rename, Stat, check_parts
from syncagent.localfs.windows_file import WindowsFile, as_stat
from syncagent.model.names import OWN_FOLDER, RelPath, join
from syncagent.windows import files as nt
from syncagent.windows.files import Files, Seen, kernel_path
from syncagent.windows.names import is_too_long, refuses
from syncagent.windows.status import CANNOT_DELETE, status_of

_KEPT: Final = 64
"""Handles of folders kept open in a batch."""

_LOOK: Final = nt.READ_ATTRIBUTES
_FOLDER: Final = nt.READ | nt.READ_ATTRIBUTES
_READ: Final = nt.READ | nt.READ_ATTRIBUTES | nt.WRITE_ATTRIBUTES
_WRITE: Final = _READ | nt.WRITE
_ITSELF: Final = nt.THE_LINK_ITSELF
_HOW: Final = {Opening.READ: nt.OPEN, Opening.NEW: nt.CREATE, Opening.EDIT: nt.OPEN_OR_CREATE}
_NO_FLUSH: Final = frozenset({errno.EACCES, errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EPERM})


class WindowsDisk:
    """The folder at ``root``, an absolute path of Windows.

    The first batch notes which folder that is; from then on any other folder there is RootMissing.
    """

    def __init__(self, root: str, files: Files | None = None) -> None:
        self._files = files or nt.files()
        self._batch = _Batch(self._files, _Root(self._files, root))

    def batch(self) -> AbstractContextManager[None]:
        return self._batch

    def stat(self, path: RelPath) -> Stat:
        with self._batch:
            if not path:
                return self._stat(self._files.seen(self._batch.root))
            handle = self._open(path, _LOOK)
            try:
                return self._stat(self._files.seen(handle))
            finally:
                self._files.close(handle)

    def list(self, path: RelPath) -> Sequence[tuple[str, Stat | OSError]]:
        with self._batch:
            # A handle of its own: who lists begins at the first name, and a handle remembers how far that went.
            handle = self._files.open(self._batch.folder(path), "", _FOLDER, options=nt.DIRECTORY)
            try:
                return [(name, self._stat(seen)) for name, seen in self._files.names(handle)]
            finally:
                self._files.close(handle)

    def open(self, path: RelPath, how: Opening = Opening.READ, mode: int = 0o666) -> WindowsFile:
        with self._batch:
            access = _READ if how is Opening.READ else _WRITE
            options = _ITSELF | nt.NO_DIRECTORY
            try:
                handle = self._open(path, access, _HOW[how], options)
            except PermissionError:
                if how is not Opening.READ:
                    raise
                # A file of which we may not even set the times.
                handle = self._open(path, access & ~nt.WRITE_ATTRIBUTES, nt.OPEN, options)
            try:
                seen = self._files.seen(handle)
                if seen.is_elsewhere:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                if seen.is_kept_otherwise:
                    inner = self._files.open(handle, "", access, options=nt.NO_DIRECTORY)
                    self._files.close(handle)
                    handle = inner
            except BaseException:
                self._files.close(handle)
                raise
            return WindowsFile(self._files, handle, self._batch.device)

    def readlink(self, path: RelPath) -> str:
        self.stat(path)
        raise OSError(errno.EINVAL, "it is no link that is kept", path)

    def symlink(self, target: str, path: RelPath) -> None:
        with self._batch:
            self._place(path)
            raise OSError(errno.EPERM, "links are not made on this system", path)

    def mkdir(self, path: RelPath, mode: int = 0o777) -> None:
        with self._batch:
            attributes = nt.HIDDEN if str(path) == OWN_FOLDER else nt.NORMAL
            folder, name = self._place(path)
            handle = self._files.open(folder, name, _LOOK, nt.CREATE, _ITSELF | nt.DIRECTORY, attributes=attributes)
            self._files.close(handle)

    def rename(self, old: RelPath, new: RelPath, how: Rename) -> None:
        with self._batch:
            self._place(old)
            self._place(new)
            if how is Rename.EXCHANGE:
                self.stat(old)
                self.stat(new)
                raise OSError(errno.EINVAL, "this system exchanges nothing", old)
            if f"{new}/".startswith(f"{old}/") and old != new:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), old)
            # Ours would keep it from moving.
            self._batch.forget(old)
            handle = self._open(old, nt.DELETE | _LOOK)
            try:
                folder, name = self._place(new)
                self._files.rename(handle, folder, name, replace=how is Rename.PLAIN)
            except PermissionError as error:
                if self._files.seen(handle).is_folder:
                    raise OSError(errno.EBUSY, "a program has something in it open", old) from error
                raise
            finally:
                self._files.close(handle)
            self._batch.forget(new)

    def link(self, old: RelPath, new: RelPath) -> None:
        with self._batch:
            self._place(new)
            handle = self._open(old, _LOOK | nt.WRITE_ATTRIBUTES)
            try:
                if self._files.seen(handle).is_folder:
                    raise OSError(errno.EPERM, os.strerror(errno.EPERM), old)
                folder, name = self._place(new)
                self._files.link(handle, folder, name)
            finally:
                self._files.close(handle)

    def remove(self, path: RelPath, *, folder: bool = False) -> None:
        with self._batch:
            if folder:
                self._batch.forget(path)
            handle = self._open(
                path, nt.DELETE | _LOOK, options=_ITSELF | (nt.DIRECTORY if folder else nt.NO_DIRECTORY)
            )
            try:
                self._files.remove(handle)
            except OSError as error:
                if status_of(error) != CANNOT_DELETE or not self._files.seen(handle).attributes & nt.READ_ONLY:
                    raise
                self._remove_read_only(path, handle)
            finally:
                self._files.close(handle)

    def sync(self, folders: Sequence[RelPath]) -> None:
        with self._batch:
            for path in folders:
                self._flush_names(self._batch.folder(path))

    def mark(self) -> _Mark:
        return _Mark()

    def now_ns(self) -> int:
        return time.time_ns()

    # --- inside -------------------------------------------------------------------------------------------------

    def _flush_names(self, folder: int) -> None:
        try:
            handle = self._files.open(folder, "", nt.WRITE, options=nt.DIRECTORY)
        except OSError as error:
            if error.errno not in _NO_FLUSH:
                raise
            return
        try:
            self._files.flush(handle)
        except OSError as error:
            if error.errno not in _NO_FLUSH:
                raise
        finally:
            self._files.close(handle)

    def _remove_read_only(self, path: RelPath, handle: int) -> None:
        """Older systems keep what is read-only.  It is so again where that was not what kept it."""
        with self.open(path) as file:
            file.adjust(mode=0o666)
            try:
                self._files.remove(handle)
            except BaseException:
                file.adjust(mode=0o444)
                raise

    def _open(self, path: RelPath, access: int, disposition: int = nt.OPEN, options: int = _ITSELF) -> int:
        folder, name = self._place(path)
        return self._files.open(folder, name, access, disposition, options)

    def _place(self, path: RelPath) -> tuple[int, str]:
        """The folder that holds ``path``, and the name in it."""
        parts = check_parts(path)
        if not parts:
            raise OSError(errno.EINVAL, "it is the folder itself", path)
        parent, _, name = path.rpartition("/")
        _check_name(name, path)
        return self._batch.folder(parent), name

    def _stat(self, seen: Seen) -> Stat:
        return as_stat(seen, self._batch.device)


class _Mark:
    def sync(self) -> None:
        raise OSError(errno.ENOSYS, "only an administrator can make a whole file system durable")

    def close(self) -> None:
        pass


def _check_name(name: str, path: str) -> None:
    if is_too_long(name):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
    if refuses(name):
        raise OSError(errno.EINVAL, "this system has no such name", path)


class _Root:
    """Which folder the root is."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = kernel_path(path)
        self._known: tuple[int, int] | None = None

    def open(self) -> tuple[int, int]:
        """A handle of the root, and its device.  Raises RootMissing."""
        try:
            folder = self._files.open(0, self._path, _FOLDER, options=nt.DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            raise RootMissing("the folder is gone (moved, deleted, or its disk is not there)") from None
        try:
            device = self._files.volume(folder)
            identity = device, self._files.seen(folder).inode
            if self._known is None:
                self._known = identity
            elif self._known != identity:
                raise RootMissing("another folder stands where the folder was")
        except BaseException:
            self._files.close(folder)
            raise
        return folder, device


class _Batch(threading.local):
    """The folders that this thread has open, from the outermost ``with`` to its end."""

    def __init__(self, files: Files, root: _Root) -> None:
        self._files = files
        self._source = root
        self._open: dict[str, int] = {}
        self._depth = 0
        self._leaving = 0
        self.root = 0
        self.device = 0

    def __enter__(self) -> None:
        if self._depth == 0:
            self.root, self.device = self._source.open()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            for folder in (*self._open.values(), self.root):
                self._files.close(folder)
            self._leave(0)
            self._open.clear()
            self.root = 0

    def folder(self, path: str) -> int:
        """A handle of the folder at ``path``; it stays open for this call and the next one at least.

        Raises OSError.
        """
        if not path:
            return self.root
        found = self._open.get(path)
        if found is None:
            found = self._walk(path)
            if len(self._open) >= _KEPT:
                # Not closed before the next one goes: it may be the one that was asked for just now.
                self._leave(self._open.pop(next(iter(self._open))))
            self._open[path] = found
        return found

    def forget(self, path: str) -> None:
        """``path`` is moved or removed: what is open there would keep it, or be elsewhere then."""
        beneath = path + "/"
        for inner in [other for other in self._open if other == path or other.startswith(beneath)]:
            self._files.close(self._open.pop(inner))
        self._leave(0)

    def _leave(self, folder: int) -> None:
        if self._leaving:
            self._files.close(self._leaving)
        self._leaving = folder

    def _walk(self, path: str) -> int:
        check_parts(RelPath(path))
        above = path
        while (above := above.rpartition("/")[0]) and above not in self._open:
            pass
        at, folder, ours = RelPath(above), self._open.get(above, self.root), False
        for name in path[len(above) :].lstrip("/").split("/"):
            at = join(at, name)
            try:
                inner = self._inner(folder, name, at)
            finally:
                if ours:
                    self._files.close(folder)
            folder, ours = inner, True
        return folder

    def _inner(self, folder: int, name: str, path: str) -> int:
        _check_name(name, path)
        handle = self._files.open(folder, name, _FOLDER, options=_ITSELF | nt.DIRECTORY)
        try:
            elsewhere = self._files.seen(handle).is_elsewhere
        except BaseException:
            self._files.close(handle)
            raise
        if elsewhere:
            self._files.close(handle)
            raise OSError(errno.ENOTDIR, "it stands for another place", path)
        return handle
