"""A disk in memory, deterministic: for the simulation and for tests.

It has inodes, a clock with granularity, folders whose names and files whose content are durable only after a sync, and
a hook before every call.  ``crash`` is a power cut: what was not made durable is as it was, or torn.  (A killed process
is less: the hook raises, and everything stays.)  It can be like other file systems: one that takes several spellings
for one name, that refuses names, that gives the number of a deleted inode to the next.

``disk.user`` is the person at the machine (``memory_user``): their calls do not run the hook, and are durable at once.
"""

from __future__ import annotations

import errno
import os
import stat as mode_bits
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from syncagent.errors import RootMissing
from syncagent.localfs.memory_file import MemoryFile, MemoryMark
from syncagent.localfs.memory_inodes import Inode, check_over, fault, no_cycle, nothing
from syncagent.localfs.memory_user import User
from syncagent.localfs.ports import Abilities, Opening, Rename, Stat, check_parts
from syncagent.model.names import RelPath, split

_DEVICE: Final = 1
_SET_BACK_NS: Final = 1_000_000_000
"""A clock that gives a time so much earlier than that of the last change was set back."""


class MemoryDisk:
    """``clock`` gives virtual nanoseconds; without it time goes on by itself, a little with every change.  No two
    changes share a time unless ``granularity_ns`` makes them, or the clock is set back.

    Names with one ``fold`` are one name; ``form`` is how a name is kept; ``refuses`` says which names cannot be.
    Without ``modes`` a file is read-only or is not; unless it ``shares``, whoever has a file open keeps others out."""

    def __init__(
        self,
        *,
        clock: Callable[[], int] | None = None,
        granularity_ns: int = 1,
        fold: Callable[[str], str] | None = None,
        form: Callable[[str], str] | None = None,
        refuses: Callable[[str], bool] | None = None,
        exchange: bool = True,
        links: bool = True,
        modes: bool = True,
        shares: bool = True,
        reuse: bool = False,
        umask: int = 0o022,
    ) -> None:
        self.before_call: Callable[[str, RelPath], None] = nothing
        """Called with the name of the call and its path before anything is done.  It may change the disk through
        ``user``, or raise: an OSError is the disk's answer, anything else a crash."""
        self.free: int | None = None
        """Bytes left; None: no end."""
        self.root_there = True
        self.fold = fold
        self.calls = self.losses = 0
        self.renaming: tuple[RelPath, RelPath, Rename] | None = None
        """While the hook is called for a rename: from where, to where, and how."""
        self._clock = clock
        self._last_ns = 1_700_000_000_000_000_000
        self._granularity_ns = granularity_ns
        self._form = form
        self._refuses = refuses
        self._exchange = exchange
        self._links = links
        self.modes = modes
        self.shares = shares
        self._free_numbers: list[int] | None = [] if reuse else None
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
        umask = self._umask if self.modes else 0o111
        folds, links = self.fold is not None, self._links
        return Abilities(window, self._exchange, folds, links=links, umask=umask, modes=self.modes)

    def crash(self, keep: Callable[[], bool] | None = None, tear: Callable[[], bool] | None = None) -> int:
        """The power goes: what is not durable is lost (where ``keep`` says True, it got to the disk by chance).

        Of a file whose content is lost, size and times are kept where ``tear`` is asked: True makes its content zeros,
        False cuts it off (B6).  Gives how many files were torn."""
        torn = 0
        for inode in self._dirty.values():
            if keep is not None and keep():
                inode.make_durable()
            elif tear is not None and inode.is_unsure:
                inode.tear(zeros=tear())
                torn += 1
            else:
                inode.roll_back()
        self._dirty.clear()
        self._locked.clear()
        if self._free_numbers is not None:
            self._free_numbers.clear()
            self._number_anew()
        return torn

    def _number_anew(self) -> None:
        """Two inodes that have one number, since a deleted one is back, get numbers of their own."""
        seen: dict[int, Inode] = {}
        todo = [self.root]
        while todo:
            inode = todo.pop()
            if seen.setdefault(inode.number, inode) is not inode:
                self._inodes += 1
                inode.number = self._inodes
                seen[inode.number] = inode
            todo.extend(child for _, child in inode.entries.values())

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
            inode = self.new_inode(mode_bits.S_IFREG | self.kept_mode(mode & ~self._umask))
            self.put(parent, name, inode)
        elif how is Opening.NEW:
            raise fault(errno.EEXIST, path)
        elif inode.is_link:
            raise fault(errno.ELOOP, path)
        elif inode.is_dir and how is Opening.EDIT:
            raise fault(errno.EISDIR, path)
        inode.allow(0o400 if how is Opening.READ else 0o600, path)
        self.check_shared(inode, path)
        return MemoryFile(self, inode, path)

    def readlink(self, path: RelPath) -> str:
        self.call("readlink", path)
        inode = self.find(path)
        if not inode.is_link:
            raise fault(errno.EINVAL, path)
        return inode.target

    def symlink(self, target: str, path: RelPath) -> None:
        self.call("symlink", path)
        self.place(path)
        if not self._links:
            raise fault(errno.EPERM, path)
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
        self.renaming = (old, new, how)
        try:
            self.call("rename", old)
        finally:
            self.renaming = None
        if how is Rename.EXCHANGE and not self._exchange:
            raise fault(errno.EINVAL, old)
        self.check_shared(self.find(old), old)
        if self.place(new)[0].get(self.key(split(new)[1])) is not None and how is not Rename.NEW:
            self.check_shared(self.find(new), new)
        self.move(old, new, how)

    def link(self, old: RelPath, new: RelPath) -> None:
        self.call("link", old)
        inode = self.find(old)
        if inode.is_dir:
            raise fault(errno.EPERM, old)
        self.check_shared(inode, old)
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
        self.check_shared(inode, path)
        parent, name = self.place(path)
        parent.allow(0o200, path)
        self.let_go(self.take(parent, name))

    def sync(self, folders: Sequence[RelPath]) -> None:
        for path in folders:
            self.call("sync", path)
            self.settle(self.folder(path))

    def mark(self) -> MemoryMark:
        self.call("mark", RelPath(""))
        return MemoryMark(self)

    def now_ns(self) -> int:
        now = self._last_ns if self._clock is None else self._clock()
        if self._last_ns - _SET_BACK_NS < now < self._last_ns:
            now = self._last_ns
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
            now = self._clock()
            set_back = now <= self._last_ns - _SET_BACK_NS
            self._last_ns = now if set_back else max(now, self._last_ns)
        return self._last_ns - self._last_ns % self._granularity_ns

    def grain(self, time_ns: int | None) -> int | None:
        """A time as this disk can keep it."""
        return None if time_ns is None else time_ns - time_ns % self._granularity_ns

    def kept_mode(self, mode: int) -> int:
        """The permission bits of a file as this disk keeps them."""
        return mode if self.modes else 0o666 if mode & 0o200 else 0o444

    def check_shared(self, inode: Inode, path: RelPath) -> None:
        """Raises OSError (EBUSY) where somebody has it open, or anything in it, and shares it with nobody."""
        if not self.shares and inode.is_in_use():
            raise fault(errno.EBUSY, path)

    def key(self, name: str) -> str:
        return name if self.fold is None else self.fold(name)

    def refuses(self, name: str) -> bool:
        return self._refuses is not None and self._refuses(name)

    def folder(self, path: RelPath) -> Inode:
        """The folder at ``path``, every component checked as the port promises."""
        inode = self.root
        for part in check_parts(path):
            inode.allow(0o100, path)
            found = inode.get(self.key(part))
            if found is None or not found.is_dir:
                nothing_there = errno.ENOENT if found is None else errno.ENOTDIR
                raise fault(errno.EINVAL if self.refuses(part) else nothing_there, path)
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
        if self.refuses(name):
            raise fault(errno.EINVAL, path)
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
        if self._free_numbers:
            return Inode(self._free_numbers.pop(), mode, device, self.tick())
        self._inodes += 1
        return Inode(self._inodes, mode, device, self.tick())

    def put(self, parent: Inode, name: str, inode: Inode) -> None:
        parent.entries[self.key(name)] = (name if self._form is None else self._form(name), inode)
        inode.links += 1
        inode.ctime_ns = parent.mtime_ns = parent.ctime_ns = self.tick()
        self.touched(parent)
        self.touched(inode)

    def take(self, parent: Inode, name: str) -> Inode:
        _, inode = parent.entries.pop(self.key(name))
        inode.links -= 1
        inode.ctime_ns = parent.mtime_ns = parent.ctime_ns = self.tick()
        self.touched(parent)
        return inode

    def let_go(self, inode: Inode) -> None:
        """Its name was taken, and it gets no other: where it has none left, its room and its number are free."""
        if not inode.links:
            if self.free is not None:
                self.free += len(inode.data)
            if self._free_numbers is not None:
                self._free_numbers.append(inode.number)
            for _, child in inode.entries.values():
                child.links -= 1
                self.let_go(child)

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
            no_cycle(moved, old, new)
            no_cycle(there, new, old)
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
            check_over(moved, there, new)
        no_cycle(moved, old, new)
        self.take(source, old_name)
        if there is not None:
            self.let_go(self.take(target, new_name))
        self.put(target, new_name, moved)

    def touched(self, inode: Inode) -> None:
        self._dirty[inode.number] = inode

    def settle(self, inode: Inode) -> None:
        inode.make_durable()
        self._dirty.pop(inode.number, None)

    def settle_all(self, *, but_content: bool = False) -> None:
        for inode in [inode for inode in self._dirty.values() if inode.is_dir or not but_content]:
            self.settle(inode)

    def lock(self, inode: Inode) -> bool:
        if inode.number in self._locked:
            return False
        self._locked.add(inode.number)
        return True

    def unlock(self, inode: Inode) -> None:
        self._locked.discard(inode.number)
