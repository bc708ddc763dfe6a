"""A disk in memory, deterministic: for the simulation and for tests.

It has inodes, a clock with granularity, folders whose names and files whose content are durable only after a sync, and
a hook before every call.  ``crash`` is a power cut: what was not made durable is as it was.  (A killed process is less:
the hook raises, and everything stays.)

``disk.user`` is the person at the machine (``memory_user``): their calls do not run the hook, and are durable at once.
"""

from __future__ import annotations

import errno
import os
import stat as mode_bits
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

from syncagent.errors import RootMissing
from syncagent.localfs.memory_inodes import Inode, fault
from syncagent.localfs.memory_user import User
from syncagent.localfs.ports import Abilities, Opening, Rename, Stat, check_parts
from syncagent.model.names import RelPath, join, split

_DEVICE: Final = 1


class MemoryDisk:
    """``clock`` gives virtual nanoseconds; without it time goes on by itself, a little with every change.  No two
    changes share a time unless ``granularity_ns`` makes them."""

    def __init__(
        self,
        *,
        clock: Callable[[], int] | None = None,
        granularity_ns: int = 1,
        fold: Callable[[str], str] | None = None,
        exchange: bool = True,
        umask: int = 0o022,
    ) -> None:
        self.before_call: Callable[[str, RelPath], None] = _nothing
        """Called with the name of the call and its path before anything is done.  It may change the disk through
        ``user``, or raise: an OSError is the disk's answer, anything else a crash."""
        self.free: int | None = None
        """Bytes left; None: no end."""
        self.root_there = True
        self.fold = fold
        self.calls = 0
        self._clock = clock
        self._last_ns = 1_700_000_000_000_000_000
        self._granularity_ns = granularity_ns
        self._exchange = exchange
        self._umask = umask
        self._inodes = 1
        self._dirty: dict[int, Inode] = {}
        self._locked: set[int] = set()
        self.root = Inode(1, mode_bits.S_IFDIR | 0o755, _DEVICE, self._last_ns)
        self.user = User(self)

    @property
    def abilities(self) -> Abilities:
        """What ``probe`` would find."""
        window = 2 * self._granularity_ns if self._granularity_ns > 1 else 0
        return Abilities(window, self._exchange, self.fold is not None, links=True, umask=self._umask)

    def crash(self, keep: Callable[[], bool] | None = None) -> None:
        """The power goes: what is not durable is lost (where ``keep`` says True, it got to the disk by chance)."""
        for inode in self._dirty.values():
            if keep is not None and keep():
                inode.make_durable()
            else:
                inode.roll_back()
        self._dirty.clear()
        self._locked.clear()

    def unlock_all(self) -> None:
        """The process is gone (killed, not crashed): its locks are too."""
        self._locked.clear()

    # --- the port -----------------------------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        self.call("batch", RelPath(""))
        yield

    def stat(self, path: RelPath) -> Stat:
        self.call("stat", path)
        return self.find(path).stat()

    def list(self, path: RelPath) -> Sequence[tuple[str, Stat | OSError]]:
        self.call("list", path)
        folder = self.folder(path)
        folder.allow(0o400, path)
        return [(name, inode.stat()) for name, inode in folder.entries.values()]

    def open(self, path: RelPath, how: Opening = Opening.READ, mode: int = 0o666) -> MemoryFile:
        self.call("open", path)
        parent, name = self.place(path)
        inode = parent.get(self.key(name))
        if inode is None:
            if how is Opening.READ:
                raise fault(errno.ENOENT, path)
            parent.allow(0o200, path)
            inode = self.new_inode(mode_bits.S_IFREG | (mode & ~self._umask))
            self.put(parent, name, inode)
        elif how is Opening.NEW:
            raise fault(errno.EEXIST, path)
        elif inode.is_link:
            raise fault(errno.ELOOP, path)
        elif inode.is_dir and how is Opening.EDIT:
            raise fault(errno.EISDIR, path)
        inode.allow(0o400 if how is Opening.READ else 0o600, path)
        return MemoryFile(self, inode, path)

    def readlink(self, path: RelPath) -> str:
        self.call("readlink", path)
        inode = self.find(path)
        if not inode.is_link:
            raise fault(errno.EINVAL, path)
        return inode.target

    def symlink(self, target: str, path: RelPath) -> None:
        self.call("symlink", path)
        parent, name = self.free_place(path)
        inode = self.new_inode(mode_bits.S_IFLNK | 0o777)
        inode.target = target
        inode.make_durable()  # the text of a link is part of its making
        self.put(parent, name, inode)

    def mkdir(self, path: RelPath, mode: int = 0o777) -> None:
        self.call("mkdir", path)
        parent, name = self.free_place(path)
        self.put(parent, name, self.new_inode(mode_bits.S_IFDIR | (mode & ~self._umask)))

    def rename(self, old: RelPath, new: RelPath, how: Rename) -> None:
        self.call("rename", old)
        if how is Rename.EXCHANGE and not self._exchange:
            raise fault(errno.EINVAL, old)
        self.move(old, new, how)

    def link(self, old: RelPath, new: RelPath) -> None:
        self.call("link", old)
        inode = self.find(old)
        if inode.is_dir:
            raise fault(errno.EPERM, old)
        parent, name = self.free_place(new)
        self.put(parent, name, inode)

    def remove(self, path: RelPath, *, folder: bool = False) -> None:
        self.call("remove", path)
        inode = self.find(path)
        if inode.is_dir and not folder:
            raise fault(errno.EISDIR, path)
        if folder and not inode.is_dir:
            raise fault(errno.ENOTDIR, path)
        if inode.entries:
            raise fault(errno.ENOTEMPTY, path)
        parent, name = self.place(path)
        parent.allow(0o200, path)
        self.take(parent, name)

    def sync(self, folders: Sequence[RelPath] | None) -> None:
        if folders is None:
            self.call("sync", RelPath(""))
            for inode in self._dirty.values():
                inode.make_durable()
            self._dirty.clear()
            return
        for path in folders:
            self.call("sync", path)
            self.settle(self.folder(path))

    def now_ns(self) -> int:
        now = self._last_ns if self._clock is None else max(self._clock(), self._last_ns)
        return now - now % self._granularity_ns

    # --- inside -------------------------------------------------------------------------------------------------

    def call(self, name: str, path: RelPath) -> None:
        self.calls += 1
        self.before_call(name, path)
        if not self.root_there:
            raise RootMissing("the folder is gone")

    def tick(self) -> int:
        """The time of a change."""
        step = 1_000_000 if self._clock is None else 1
        self._last_ns += step
        if self._clock is not None:
            self._last_ns = max(self._clock(), self._last_ns)
        return self._last_ns - self._last_ns % self._granularity_ns

    def key(self, name: str) -> str:
        return name if self.fold is None else self.fold(name)

    def folder(self, path: RelPath) -> Inode:
        """The folder at ``path``, every component checked as the port promises."""
        inode = self.root
        for part in check_parts(path):
            inode.allow(0o100, path)
            found = inode.get(self.key(part))
            if found is None:
                raise fault(errno.ENOENT, path)
            if not found.is_dir:
                raise fault(errno.ENOTDIR, path)
            if found.device != _DEVICE:
                raise fault(errno.EXDEV, path)
            inode = found
        return inode

    def place(self, path: RelPath) -> tuple[Inode, str]:
        """The folder that holds ``path``, and the name in it."""
        if not check_parts(path):
            raise fault(errno.EINVAL, path)
        parent, name = split(path)
        if len(os.fsencode(name)) > 255:
            raise fault(errno.ENAMETOOLONG, path)
        folder = self.folder(parent)
        folder.allow(0o100, path)
        return folder, name

    def free_place(self, path: RelPath) -> tuple[Inode, str]:
        parent, name = self.place(path)
        if parent.get(self.key(name)) is not None:
            raise fault(errno.EEXIST, path)
        parent.allow(0o200, path)
        return parent, name

    def find(self, path: RelPath) -> Inode:
        if not path:
            return self.root
        parent, name = self.place(path)
        inode = parent.get(self.key(name))
        if inode is None:
            raise fault(errno.ENOENT, path)
        return inode

    def new_inode(self, mode: int, device: int = _DEVICE) -> Inode:
        self._inodes += 1
        return Inode(self._inodes, mode, device, self.tick())

    def put(self, parent: Inode, name: str, inode: Inode) -> None:
        parent.entries[self.key(name)] = (name, inode)
        inode.links += 1
        inode.ctime_ns = parent.mtime_ns = parent.ctime_ns = self.tick()
        self.touched(parent)
        self.touched(inode)

    def take(self, parent: Inode, name: str) -> Inode:
        _, inode = parent.entries.pop(self.key(name))
        inode.links -= 1
        if self.free is not None and not inode.links:
            self.free += len(inode.data)
        inode.ctime_ns = parent.mtime_ns = parent.ctime_ns = self.tick()
        self.touched(parent)
        return inode

    def move(self, old: RelPath, new: RelPath, how: Rename) -> None:
        source, old_name = self.place(old)
        moved = self.find(old)
        target, new_name = self.place(new)
        there = target.get(self.key(new_name))
        source.allow(0o200, old)
        target.allow(0o200, new)
        if moved.device != _DEVICE or (there is not None and there.device != _DEVICE):
            raise fault(errno.EXDEV if moved.device != _DEVICE else errno.EBUSY, old)
        if how is Rename.EXCHANGE:
            if there is None:
                raise fault(errno.ENOENT, new)
            _no_cycle(moved, old, new)
            _no_cycle(there, new, old)
            self.take(source, old_name)
            self.take(target, new_name)
            self.put(source, old_name, there)
            self.put(target, new_name, moved)
            return
        if there is not None:
            if how is Rename.NEW:
                raise fault(errno.EEXIST, new)
            if there is moved:
                return
            _check_over(moved, there, new)
        _no_cycle(moved, old, new)
        self.take(source, old_name)
        if there is not None:
            self.take(target, new_name)
        self.put(target, new_name, moved)

    def touched(self, inode: Inode) -> None:
        self._dirty[inode.number] = inode

    def settle(self, inode: Inode) -> None:
        inode.make_durable()
        self._dirty.pop(inode.number, None)

    def settle_names(self) -> None:
        for inode in [inode for inode in self._dirty.values() if inode.is_dir]:
            self.settle(inode)

    def lock(self, inode: Inode) -> bool:
        if inode.number in self._locked:
            return False
        self._locked.add(inode.number)
        return True

    def unlock(self, inode: Inode) -> None:
        self._locked.discard(inode.number)


class MemoryFile:
    """An open file of a MemoryDisk."""

    def __init__(self, disk: MemoryDisk, inode: Inode, path: RelPath) -> None:
        self._disk = disk
        self._inode = inode
        self._path = path
        self._holds_lock = False

    def stat(self) -> Stat:
        self._disk.call("file.stat", self._path)
        return self._inode.stat()

    def read(self, offset: int, size: int) -> bytes:
        self._disk.call("file.read", self._path)
        if self._inode.is_dir:
            raise fault(errno.EISDIR, self._path)
        return bytes(self._inode.data[offset : offset + size])

    def write(self, offset: int, data: bytes | memoryview) -> None:
        self._disk.call("file.write", self._path)
        self._disk.user.write_into(self._inode, offset, bytes(data), self._path)

    def truncate(self, size: int) -> None:
        self._disk.call("file.truncate", self._path)
        self._inode.data = self._inode.data[:size].ljust(size, b"\0")
        self._inode.mtime_ns = self._inode.ctime_ns = self._disk.tick()
        self._disk.touched(self._inode)

    def adjust(self, *, mode: int | None = None, mtime_ns: int | None = None) -> None:
        self._disk.call("file.adjust", self._path)
        self._inode.adjust(mode, mtime_ns, self._disk.tick())
        self._disk.touched(self._inode)

    def is_written(self) -> bool:
        self._disk.call("file.is_written", self._path)
        return self._inode.writers > 0

    def sync(self) -> None:
        self._disk.call("file.sync", self._path)
        self._disk.settle(self._inode)

    def lock(self) -> bool:
        self._disk.call("file.lock", self._path)
        self._holds_lock = self._holds_lock or self._disk.lock(self._inode)
        return self._holds_lock

    def close(self) -> None:
        if self._holds_lock:
            self._disk.unlock(self._inode)
            self._holds_lock = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _nothing(name: str, path: RelPath) -> None:
    """The hook that does nothing."""


def _no_cycle(moved: Inode, old: RelPath, new: RelPath) -> None:
    if moved.is_dir and f"{new}/".startswith(f"{join(old, '')}") and new != old:
        raise fault(errno.EINVAL, old)


def _check_over(moved: Inode, there: Inode, path: RelPath) -> None:
    if moved.is_dir and not there.is_dir:
        raise fault(errno.ENOTDIR, path)
    if there.is_dir and not moved.is_dir:
        raise fault(errno.EISDIR, path)
    if there.entries:
        raise fault(errno.ENOTEMPTY, path)
