"""Larger blocks as files: ``<root>/<folder>/<first byte>/<digest>``, in hexadecimal.

A file under its own name is whole and durable: it is written under another name, synced, renamed, and then its folder
is synced (HAZARDS, first rule).  Files of one call are written side by side, because a disk syncs many at once almost
as fast as one.  Any thread may call; what is here is believed only where the database says so too.
"""

from __future__ import annotations

import errno
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from syncagent.errors import StorageFull, StorageTrouble, SyncAgentError
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.ports import FileCalls
from syncagent.model.ids import Digest

_AT_ONCE: Final = 8
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SystemCalls:
    """``FileCalls`` of this system."""

    def make_folder(self, path: str) -> None:
        os.makedirs(path, 0o700, exist_ok=True)

    def list(self, path: str) -> Sequence[str]:
        return os.listdir(path)

    def create(self, path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)

    def write(self, file: int, data: memoryview) -> int:
        return os.write(file, data)

    def sync(self, file: int) -> None:
        os.fsync(file)

    def close(self, file: int) -> None:
        os.close(file)

    def rename(self, old: str, new: str) -> None:
        os.replace(old, new)

    def remove(self, path: str) -> None:
        os.unlink(path)

    def sync_folder(self, path: str) -> None:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()


_SYSTEM: Final = SystemCalls()


class BlockFiles:
    """Files beneath ``root``; ``digest_of`` names bytes."""

    def __init__(self, root: str, digest_of: Callable[[bytes], Digest], calls: FileCalls = _SYSTEM) -> None:
        """Make ``root``, and remove what an earlier process left half written.  Raises StorageFull, StorageTrouble."""
        self.digest_of = digest_of
        self._calls = calls
        self._root = root
        self._above = os.path.dirname(root)
        self._standing: set[str] = set()
        self._lock = threading.Lock()
        self._durable: set[tuple[FolderId, Digest]] = set()
        self._numbers = itertools.count()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="block-files")
        try:
            self._begin()
        except OSError as trouble:
            raise told(trouble) from trouble

    def _begin(self) -> None:
        self._make_folders(self._unfinished)
        for name in self._calls.list(self._unfinished):
            self._calls.remove(os.path.join(self._unfinished, name))

    @property
    def _unfinished(self) -> str:
        return os.path.join(self._root, "unfinished")

    def write(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Make files of ``blocks``, all durable when this comes back.  Raises StorageFull, StorageTrouble."""
        if not blocks:
            return
        try:
            shards = set(self._threads.map(lambda block: self._write_one(folder, *block), blocks))
            list(self._threads.map(self._calls.sync_folder, shards))
        except OSError as trouble:
            raise told(trouble) from trouble
        with self._lock:
            self._durable.update((folder, digest) for digest, _ in blocks)

    def ensure(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Write those of ``blocks`` that a ``write`` has not just written."""
        with self._lock:
            rest = [block for block in blocks if (folder, block[0]) not in self._durable]
            self._durable.difference_update((folder, digest) for digest, _ in blocks)
        if rest:
            self.write(folder, rest)
            with self._lock:
                self._durable.difference_update((folder, digest) for digest, _ in rest)

    def read(self, folder: FolderId, digest: Digest) -> bytes | None:
        """What is in the file of that name; None when there is none.  Raises StorageTrouble."""
        try:
            return self._calls.read(self._path(folder, digest))
        except FileNotFoundError:
            return None
        except OSError as trouble:
            raise told(trouble) from trouble

    def names(self, folder: FolderId, part: int) -> list[str]:
        """What lies in one of the 256 parts of ``folder``, by name.  Raises StorageTrouble."""
        try:
            return sorted(os.listdir(os.path.join(self._root, str(folder), f"{part:02x}")))
        except FileNotFoundError:
            return []
        except OSError as trouble:
            raise told(trouble) from trouble

    def close(self) -> None:
        self._threads.shutdown()

    def _path(self, folder: FolderId, digest: Digest) -> str:
        name = digest.hex()
        return os.path.join(self._root, str(folder), name[:2], name)

    def _write_one(self, folder: FolderId, digest: Digest, plain: bytes) -> str:
        """Write one file, synced; the folder that is to be synced."""
        target = self._path(folder, digest)
        shard = os.path.dirname(target)
        self._make_folders(shard)
        unfinished = os.path.join(self._unfinished, str(next(self._numbers)))
        try:
            self._write_whole(unfinished, plain)
            self._calls.rename(unfinished, target)
        except BaseException:
            if os.path.exists(unfinished):
                self._calls.remove(unfinished)
            raise
        return shard

    def _write_whole(self, path: str, plain: bytes) -> None:
        file = self._calls.create(path)
        try:
            view = memoryview(plain)
            while view:
                view = view[self._calls.write(file, view) :]
            self._calls.sync(file)
        finally:
            self._calls.close(file)

    def _make_folders(self, path: str) -> None:
        """Make ``path`` with all above it; each has its name durable in the one that holds it.

        That a folder is there does not say so: another thread may have made it just now, or a process that was killed
        right after, or its sync may have failed.  What was synced by this process is known.
        """
        if path in self._standing:
            return
        above = os.path.dirname(path)
        if path not in {above, self._above}:
            self._make_folders(above)
            if not os.path.isdir(path):
                self._calls.make_folder(path)
            self._calls.sync_folder(above)
        self._standing.add(path)


def told(trouble: OSError) -> SyncAgentError:
    """The system's ``trouble`` as one of ours; without the path, which is no one else's concern."""
    if trouble.errno in _NO_ROOM:
        return StorageFull("no room on the hub's disk")
    return StorageTrouble(f"the hub's disk answered with an error ({os.strerror(trouble.errno or 0)})")
