"""The person at a MemoryDisk: what they do runs no hook, is durable at once, and says what it displaced.

The harness needs to know which contents the user let go of, and which must never be lost (HAZARDS, invariants).
"""

from __future__ import annotations

import errno
import stat as mode_bits
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncagent.localfs.memory_inodes import Inode, fault
from syncagent.localfs.ports import Rename
from syncagent.model.names import OWN_FOLDER, RelPath, join

if TYPE_CHECKING:
    from syncagent.localfs.memory import MemoryDisk


class User:
    """Paths are plain strings.  Each call raises OSError as the system would."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk
        self._pending: dict[Inode, str] = {}
        """What was deleted while somebody has it open, and goes when it is closed."""

    def write(self, path: str, data: bytes, *, replace: bool = False, mtime_ns: int | None = None) -> bytes | None:
        """Write a file: into the same inode, or (``replace``) as editors do, by a new file renamed over it.

        Gives the content that it displaced.
        """
        disk = self._disk
        parent, name = disk.place(RelPath(path))
        inode = parent.get(disk.key(name))
        if inode is not None and inode.is_dir:
            raise fault(errno.EISDIR, RelPath(path))
        displaced = None if inode is None or inode.is_link else bytes(inode.data)
        if inode is None or replace or inode.is_link:
            mode = mode_bits.S_IFREG | disk.kept_mode(0o644) if inode is None or inode.is_link else inode.mode
            before = None if inode is None else disk.take(parent, name)
            inode = disk.new_inode(mode)
            disk.put(parent, name, inode)
            if before is not None:
                disk.let_go(before)
        inode.data = bytearray()
        self.write_into(inode, 0, data, RelPath(path))
        if mtime_ns is not None:
            inode.mtime_ns = disk.grain(mtime_ns) or 0
        disk.settle(inode)
        self._settle()
        return displaced

    @contextmanager
    def held_open(self, path: str) -> Iterator[Callable[[bytes], None]]:
        """Have a file open for writing, as a program has; gives what writes all of it anew, wherever it is by then.
        On a disk that does not share, nobody else opens, moves or deletes it until then, and should the person delete
        it, its name goes when it is closed."""
        inode = self._disk.find(RelPath(path))
        inode.writers += 1

        def write(data: bytes) -> None:
            inode.data = bytearray()
            self.write_into(inode, 0, data, RelPath(path))
            self._disk.settle(inode)

        try:
            yield write
        finally:
            inode.writers -= 1
            if not inode.writers and inode in self._pending:
                self.delete(self._pending.pop(inode))

    def write_into(self, inode: Inode, offset: int, data: bytes, path: RelPath) -> None:
        """Write at an offset of an open file; ENOSPC when it does not fit."""
        disk = self._disk
        growth = offset + len(data) - len(inode.data)
        if disk.free is not None and growth > 0:
            if growth > disk.free:
                raise fault(errno.ENOSPC, path)
            disk.free -= growth
        if growth > 0:
            inode.data.extend(bytes(growth))
        inode.data[offset : offset + len(data)] = data
        inode.mtime_ns = inode.ctime_ns = disk.tick()
        disk.touched(inode)

    def spoil(self, path: str, data: bytes, times_ns: int | None = None) -> bytes:
        """What a disk may do to a file when the power goes, or by itself: other bytes under the same times, or (with
        ``times_ns``) times and all as they were earlier.  Gives what it held."""
        inode = self._disk.find(RelPath(path))
        before, inode.data = bytes(inode.data), bytearray(data)
        if times_ns is not None:
            inode.mtime_ns = inode.ctime_ns = times_ns
        inode.make_durable()
        return before

    def read(self, path: str) -> bytes | None:
        """The content of a file; None when there is no file."""
        try:
            inode = self._disk.find(RelPath(path))
        except OSError:
            return None
        return bytes(inode.data) if mode_bits.S_ISREG(inode.mode) else None

    def mkdir(self, path: str) -> None:
        parent, name = self._disk.free_place(RelPath(path))
        inode = self._disk.new_inode(mode_bits.S_IFDIR | 0o755)
        self._disk.put(parent, name, inode)
        self._disk.settle(inode)
        self._settle()

    def symlink(self, target: str, path: str) -> None:
        parent, name = self._disk.free_place(RelPath(path))
        inode = self._disk.new_inode(mode_bits.S_IFLNK | 0o777)
        inode.target = target
        self._disk.put(parent, name, inode)
        self._settle()

    def special(self, path: str, kind: int = mode_bits.S_IFIFO) -> None:
        """A FIFO, a socket, a device."""
        parent, name = self._disk.free_place(RelPath(path))
        self._disk.put(parent, name, self._disk.new_inode(kind | 0o644))
        self._settle()

    def mount(self, path: str) -> None:
        """Another file system, at a new folder."""
        parent, name = self._disk.free_place(RelPath(path))
        self._disk.put(parent, name, self._disk.new_inode(mode_bits.S_IFDIR | 0o755, device=2))
        self._settle()

    def move(self, old: str, new: str) -> bytes | None:
        """rename(2), over what is there.  Gives the content that it displaced."""
        displaced = None if old == new else self.read(new)
        self._disk.move(RelPath(old), RelPath(new), Rename.PLAIN)
        self._settle()
        return displaced

    def delete(self, path: str) -> dict[str, bytes]:
        """Delete a file, or a folder with all that it holds.  Gives the contents that went."""
        gone = {at: data for at, data in self.tree(path).items() if isinstance(data, bytes)}
        parent, name = self._disk.place(RelPath(path))
        inode = self._disk.find(RelPath(path))
        if not self._disk.shares and inode.is_in_use():
            if inode.is_dir:
                raise fault(errno.EBUSY, RelPath(path))
            self._pending[inode] = path
            return {}
        self._disk.let_go(self._disk.take(parent, name))
        self._settle()
        return gone

    def chmod(self, path: str, mode: int) -> None:
        inode = self._disk.find(RelPath(path))
        inode.adjust(self._disk.kept_mode(mode) if mode_bits.S_ISREG(inode.mode) else mode, None, self._disk.tick())
        self._disk.settle(inode)

    def touch(self, path: str, mtime_ns: int) -> None:
        inode = self._disk.find(RelPath(path))
        inode.adjust(None, self._disk.grain(mtime_ns), self._disk.tick())
        self._disk.settle(inode)

    def tree(self, path: str = "", *, own: bool = False) -> dict[str, bytes | str | None]:
        """What is at ``path`` and beneath: bytes for a file, None for a folder, ``-> target`` for a link.  The agent's
        own folder is left out unless ``own``."""
        found: dict[str, bytes | str | None] = {}
        stack: list[tuple[RelPath, Inode]] = [(RelPath(path), self._disk.find(RelPath(path)))]
        while stack:
            at, inode = stack.pop()
            if not own and str(at) == OWN_FOLDER:
                continue
            if inode.is_dir:
                stack.extend((join(at, name), child) for name, child in inode.entries.values())
            if at:
                found[at] = None if inode.is_dir else f"-> {inode.target}" if inode.is_link else bytes(inode.data)
        return dict(sorted(found.items()))

    def _settle(self) -> None:
        """What the user did to names is durable; and so is, as in any journal, what was done to names before."""
        self._disk.settle_all(but_content=True)
