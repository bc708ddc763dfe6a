"""Every call to a disk, a database's files or the hub's block files goes through one function of ours.

Three ports of the product are wrapped, around the real thing: the agent's disk (``Disk``), the files of both databases
(SQLite's own port, a VFS), and the hub's block files (``FileCalls``).  What is done with a call is for a ``Meddler`` to
say: count it, die at it, let it fail, write down what it did.  The calls of all threads are given to it as they come.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import apsw

from syncagent.agent import premises
from syncagent.hub import premises as hub_premises
from syncagent.hub.stores.files import BlockFiles, SystemCalls
from syncagent.localfs.ports import MEMORY, Disk, DiskFile, Mark, Opening, Rename, Stat
from syncagent.localfs.real import RealDisk
from syncagent.model.names import RelPath

T = TypeVar("T")

MUTATING = frozenset(
    [
        "create",
        "write",
        "truncate",
        "adjust",
        "sync",
        "sync_folder",
        "sync_all",
        "mkdir",
        "rename",
        "exchange",
        "remove",
        "rmdir",
        "link",
        "symlink",
    ]
)
"""The calls that change something, or make it durable.  The others look."""


@dataclass(frozen=True, slots=True)
class Call:
    """``port`` is disk, db or blocks; paths are absolute."""

    port: str
    name: str
    path: str
    to: str = ""
    offset: int = 0
    data: bytes = b""
    mode: int = -1
    mtime_ns: int = -1
    """What is set by ``adjust``; -1 for what is not."""
    inode: int = 0
    """Of the open file, where there is one: its name may have been moved since."""

    @property
    def mutating(self) -> bool:
        return self.name in MUTATING

    def __str__(self) -> str:
        more = f" -> {short(self.to)}" if self.to else f" {len(self.data)} bytes at {self.offset}" if self.data else ""
        return f"{self.port} {self.name} {short(self.path)}{more}"


def short(path: str) -> str:
    """A path as a person wants to read it: from the folder or the database on."""
    for cut in ("/root/", "/data/", "/hub/"):
        if cut in path:
            return path.rpartition(cut)[2]
    return path.rpartition("/")[2]


class Meddler(Protocol):
    def around(self, call: Call, act: Callable[[], T], half: Callable[[], Any] | None = None) -> T:
        """Do the call, or not.  ``half`` does a part of it, as a process does that is killed within."""
        ...


def install(meddler: Meddler) -> None:
    """From here on, all that this process opens goes through ``meddler``.  For a process that is ours alone."""
    premises.disk_at = lambda root: WrappedDisk(RealDisk(root), root, meddler)
    hub_premises.BlockFiles = lambda root, digest_of: BlockFiles(  # type: ignore[misc,assignment]
        root, digest_of, WrappedCalls(meddler)
    )
    WrappedVfs.meddler = meddler
    WrappedVfs.installed = WrappedVfs()


# --- the agent's disk ---------------------------------------------------------------------------------------------


class WrappedDisk:
    """A Disk around another; ``root`` is where that one is."""

    def __init__(self, inner: Disk, root: str, meddler: Meddler) -> None:
        self._inner = inner
        self._root = root
        self._meddler = meddler

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _do(self, name: str, path: str, act: Callable[[], T], **more: Any) -> T:
        return self._meddler.around(Call("disk", name, self._at(path), **more), act)

    def batch(self) -> AbstractContextManager[None]:
        return self._inner.batch()

    def stat(self, path: RelPath) -> Stat:
        return self._do("stat", path, lambda: self._inner.stat(path))

    def list(self, path: RelPath) -> Sequence[tuple[str, Stat | OSError]]:
        return self._do("list", path, lambda: self._inner.list(path))

    def open(self, path: RelPath, how: Opening = Opening.READ, mode: int = 0o666) -> DiskFile:
        makes = how is Opening.NEW or (how is Opening.EDIT and not os.path.lexists(self._at(path)))
        name = "create" if makes else "open"
        inner = self._do(name, path, lambda: self._inner.open(path, how, mode))
        return WrappedFile(inner, self._at(path), self._meddler)

    def readlink(self, path: RelPath) -> str:
        return self._do("readlink", path, lambda: self._inner.readlink(path))

    def symlink(self, target: str, path: RelPath) -> None:
        self._do("symlink", path, lambda: self._inner.symlink(target, path), data=target.encode())

    def mkdir(self, path: RelPath, mode: int = 0o777) -> None:
        if os.path.isdir(self._at(path)):
            self._do("stat", path, lambda: self._inner.mkdir(path, mode))  # it changes nothing
        else:
            self._do("mkdir", path, lambda: self._inner.mkdir(path, mode))

    def rename(self, old: RelPath, new: RelPath, how: Rename) -> None:
        name = "exchange" if how is Rename.EXCHANGE else "rename"
        self._do(name, old, lambda: self._inner.rename(old, new, how), to=self._at(new))

    def link(self, old: RelPath, new: RelPath) -> None:
        self._do("link", old, lambda: self._inner.link(old, new), to=self._at(new))

    def remove(self, path: RelPath, *, folder: bool = False) -> None:
        if not os.path.lexists(self._at(path)):
            self._do("stat", path, lambda: self._inner.remove(path, folder=folder))  # it changes nothing
        else:
            self._do("rmdir" if folder else "remove", path, lambda: self._inner.remove(path, folder=folder))

    def sync(self, folders: Sequence[RelPath]) -> None:
        for folder in folders:
            self._do("sync_folder", folder, lambda: self._inner.sync([folder]))  # noqa: B023 - it is called at once

    def mark(self) -> Mark:
        return WrappedMark(self._inner.mark(), self._root, self._meddler)

    def now_ns(self) -> int:
        return self._inner.now_ns()


class WrappedMark:
    """A Mark around another."""

    def __init__(self, inner: Mark, root: str, meddler: Meddler) -> None:
        self._inner = inner
        self._root = root
        self._meddler = meddler

    def sync(self) -> None:
        self._meddler.around(Call("disk", "sync_all", self._root), self._inner.sync)

    def close(self) -> None:
        self._inner.close()


class WrappedFile:
    """A DiskFile around another."""

    def __init__(self, inner: DiskFile, path: str, meddler: Meddler) -> None:
        self._inner = inner
        self._path = path
        self._meddler = meddler
        self._inode = inner.stat().inode

    def _do(self, name: str, act: Callable[[], T], half: Callable[[], Any] | None = None, **more: Any) -> T:
        return self._meddler.around(Call("disk", name, self._path, inode=self._inode, **more), act, half)

    def stat(self) -> Stat:
        return self._do("fstat", self._inner.stat)

    def read(self, offset: int, size: int) -> bytes:
        return self._do("read", lambda: self._inner.read(offset, size), offset=offset)

    def write(self, offset: int, *parts: bytes | memoryview) -> None:
        data = b"".join(parts)
        half = data[: len(data) // 2]
        self._do(
            "write",
            lambda: self._inner.write(offset, data),
            (lambda: self._inner.write(offset, half)) if half else None,
            offset=offset,
            data=data,
        )

    def truncate(self, size: int) -> None:
        self._do("truncate", lambda: self._inner.truncate(size), offset=size)

    def adjust(self, *, mode: int | None = None, mtime_ns: int | None = None) -> None:
        if mode is not None or mtime_ns is not None:
            self._do(
                "adjust",
                lambda: self._inner.adjust(mode=mode, mtime_ns=mtime_ns),
                mode=-1 if mode is None else mode,
                mtime_ns=-1 if mtime_ns is None else mtime_ns,
            )

    def begin_sync(self, offset: int, size: int, memory: int = MEMORY) -> None:
        self._inner.begin_sync(offset, size, memory)

    def sync(self) -> None:
        self._do("sync", self._inner.sync)

    def is_written(self) -> bool:
        return self._do("is_written", self._inner.is_written)

    def lock(self) -> bool:
        return self._inner.lock()

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- the hub's block files ----------------------------------------------------------------------------------------


class WrappedCalls(SystemCalls):
    """The calls of block files, each through the meddler."""

    def __init__(self, meddler: Meddler) -> None:
        self._meddler = meddler
        self._open: dict[int, tuple[str, int]] = {}
        self._written: dict[int, int] = {}

    def _do(self, name: str, path: str, act: Callable[[], T], half: Callable[[], Any] | None = None, **more: Any) -> T:
        return self._meddler.around(Call("blocks", name, path, **more), act, half)

    def make_folder(self, path: str) -> None:
        self._do("mkdir", path, lambda: super(WrappedCalls, self).make_folder(path))

    def list(self, path: str) -> Sequence[str]:
        return self._do("list", path, lambda: super(WrappedCalls, self).list(path))

    def create(self, path: str) -> int:
        file = self._do("create", path, lambda: super(WrappedCalls, self).create(path))
        self._open[file] = path, os.fstat(file).st_ino
        self._written[file] = 0
        return file

    def write(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        path, inode = self._open[file]
        data = b"".join(parts)
        taken = self._do(
            "write",
            path,
            lambda: os.write(file, data),
            lambda: os.write(file, data[: len(data) // 2]),
            inode=inode,
            data=data,
            offset=self._written[file],
        )
        self._written[file] += taken
        return taken

    def write_directly(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        return 0  # what is lost of it is no more than of what goes through the system's memory

    def sync(self, file: int) -> None:
        path, inode = self._open[file]
        self._do("sync", path, lambda: os.fsync(file), inode=inode)

    def close(self, file: int) -> None:
        del self._open[file]
        super().close(file)

    def rename(self, old: str, new: str) -> None:
        self._do("rename", old, lambda: super(WrappedCalls, self).rename(old, new), to=new)

    def remove(self, path: str) -> None:
        self._do("remove", path, lambda: super(WrappedCalls, self).remove(path))

    def sync_folder(self, path: str) -> None:
        self._do("sync_folder", path, lambda: super(WrappedCalls, self).sync_folder(path))

    def read(self, path: str, spans: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        return self._do("read", path, lambda: super(WrappedCalls, self).read(path, spans))


# --- the databases' files -----------------------------------------------------------------------------------------


class WrappedVfs(apsw.VFS):
    """SQLite's port to the disk, in place of its own: databases need not be told of it."""

    meddler: Meddler
    installed: WrappedVfs | None = None

    def __init__(self) -> None:
        super().__init__("meddled", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802 - SQLite's names
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        made = path is not None and flags[0] & apsw.SQLITE_OPEN_CREATE and not os.path.exists(path)
        return self.meddler.around(
            Call("db", "create" if made else "open", path or ""),
            lambda: WrappedVfsFile(self.meddler, path, name, flags),
        )

    def xDelete(self, path: str, sync_folder: bool) -> None:  # noqa: N802
        self.meddler.around(Call("db", "remove", path), lambda: super(WrappedVfs, self).xDelete(path, False))
        if sync_folder:
            folder = os.path.dirname(path)
            self.meddler.around(Call("db", "sync_folder", folder), lambda: _sync_folder(folder))


class WrappedVfsFile(apsw.VFSFile):
    def __init__(self, meddler: Meddler, path: str | None, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._meddler = meddler
        self._path = path or ""
        self._inode = os.stat(path).st_ino if path else 0
        # SQLite's own port makes the name of a new log durable with the first sync of the log.
        self._new_log = self._path.endswith(("-wal", "-journal"))

    def _do(self, name: str, act: Callable[[], T], half: Callable[[], Any] | None = None, **more: Any) -> T:
        return self._meddler.around(Call("db", name, self._path, inode=self._inode, **more), act, half)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return self._do("read", lambda: super(WrappedVfsFile, self).xRead(amount, offset), offset=offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        plain = bytes(data)
        self._do(
            "write",
            lambda: super(WrappedVfsFile, self).xWrite(plain, offset),
            lambda: super(WrappedVfsFile, self).xWrite(plain[: len(plain) // 2], offset),
            offset=offset,
            data=plain,
        )

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._do("truncate", lambda: super(WrappedVfsFile, self).xTruncate(size), offset=size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._do("sync", lambda: super(WrappedVfsFile, self).xSync(flags))
        if self._new_log:
            self._new_log = False
            folder = os.path.dirname(self._path)
            self._meddler.around(Call("db", "sync_folder", folder), lambda: None)


def _sync_folder(path: str) -> None:
    SystemCalls().sync_folder(path)


def as_database_error(number: int) -> Exception:
    """What SQLite's port says where the system says ``number``."""
    if number in (errno.ENOSPC, errno.EDQUOT):
        return apsw.FullError(os.strerror(number))
    if number in (errno.EACCES, errno.EROFS):
        return apsw.ReadOnlyError(os.strerror(number))
    return apsw.IOError(os.strerror(number))
