"""Larger blocks in files: ``<root>/<folder>/<first byte>/<name>``, in hexadecimal.

What is kept together lies together: one file, a *pack*, holds the blocks of a call one after the other, so that a large
file costs one sync for some megabytes and not one for each block.  A pack of one block is named by that block's digest,
any other by the digest of its blocks' digests; where in it a block lies is known to the database (``Spot``).

A pack under its own name is whole and durable: it is written under another name, synced, renamed, and then its folder
is synced (HAZARDS, first rule); it is never written to again.  Packs of one call are written side by side, because a
disk syncs many at once almost as fast as one.  Any thread may call; what is here is believed only where the database
says so too.
"""

from __future__ import annotations

import errno
import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple, TypeVar

from syncagent.errors import StorageFull, StorageTrouble, SyncAgentError
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.direct import Direct
from syncagent.hub.stores.ports import FileCalls
from syncagent.model.ids import Digest
from syncagent.portions import behind, pour
from syncagent.private import UNFOLLOWED, make_durable

PACK_BYTES: Final = 8 * 1024 * 1024
"""So long is a pack, at most, unless one block alone is longer."""

_AT_ONCE: Final = 8
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


T = TypeVar("T")
U = TypeVar("U")


class Spot(NamedTuple):
    """Where a block lies: the name of its pack, and the bytes before it there."""

    pack: Digest
    at: int


class SystemCalls:
    """``FileCalls`` of this system."""

    direct = Direct()

    def make_folder(self, path: str) -> None:
        os.makedirs(path, 0o700, exist_ok=True)

    def list(self, path: str) -> Sequence[str]:
        return os.listdir(path)

    def create(self, path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | UNFOLLOWED, 0o666)

    def write(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        return write_some(file, parts)

    def write_directly(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        return self.direct.write(file, parts)

    def sync(self, file: int) -> None:
        os.fsync(file)

    def close(self, file: int) -> None:
        os.close(file)

    def rename(self, old: str, new: str) -> None:
        os.replace(old, new)

    def remove(self, path: str) -> None:
        os.unlink(path)

    def sync_folder(self, path: str) -> None:
        make_durable(path)

    def read(self, path: str, spans: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        file = os.open(path, os.O_RDONLY | UNFOLLOWED)
        try:
            return [read_at(file, size, at) for at, size in spans]
        finally:
            os.close(file)

    def rest(self) -> None:
        self.direct.rest()


if sys.platform == "win32":

    def read_at(file: int, size: int, at: int) -> bytes:
        """Bytes of an open file that nobody else reads from."""
        os.lseek(file, at, os.SEEK_SET)
        return os.read(file, size)

    def write_some(file: int, parts: Sequence[bytes | memoryview]) -> int:
        """How many bytes of ``parts`` the system has taken."""
        return os.write(file, parts[0])

else:
    read_at = os.pread
    write_some = os.writev


_SYSTEM: Final = SystemCalls()


class BlockFiles:
    """Files beneath ``root``; ``digest_of`` names bytes."""

    def __init__(self, root: str, digest_of: Callable[[bytes], Digest], calls: FileCalls = _SYSTEM) -> None:
        """Make ``root``, and remove what an earlier process left half written.  Raises StorageFull, StorageTrouble."""
        self.digest_of = digest_of
        self.refuses: Callable[[int], str] = lambda _: ""
        """Why there is no room for so many bytes that nobody waits for yet."""
        self._calls = calls
        self._root = root
        self._above = os.path.dirname(root)
        self._standing: set[str] = set()
        self._lock = threading.Lock()
        self._durable: dict[tuple[FolderId, Digest], Spot] = {}
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

    def write(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> dict[Digest, Spot]:
        """Put ``blocks`` into packs, all durable when this comes back; where each lies.  Raises StorageFull,
        StorageTrouble."""
        if not blocks:
            return {}
        packs = list(_packs(dict(blocks)))
        try:
            names = self._all(lambda pack: self._write_one(folder, pack), packs)
            self._settle_names({self._shard(folder, name) for name in names})
        except OSError as trouble:
            raise told(trouble) from trouble
        spots = {}
        for name, pack in zip(names, packs, strict=True):
            at = 0
            for digest, plain in pack:
                spots[digest] = Spot(name, at)
                at += len(plain)
        return spots

    def prepare(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Do what ``ensure`` will want done; nothing where there is no room.  Raises StorageFull, StorageTrouble."""
        if blocks and self.refuses(sum([len(plain) for _, plain in blocks])):
            return
        spots = self.write(folder, blocks)
        with self._lock:
            self._durable.update(((folder, digest), spot) for digest, spot in spots.items())

    def ensure(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> dict[Digest, Spot]:
        """Write those of ``blocks`` that a ``prepare`` has not just written; where all lie."""
        with self._lock:
            taken = {digest: self._durable.pop((folder, digest), None) for digest, _ in blocks}
        spots = {digest: spot for digest, spot in taken.items() if spot is not None}
        return spots | self.write(folder, [block for block in blocks if block[0] not in spots])

    def let_go(self, folder: FolderId, digests: Sequence[Digest]) -> None:
        """These were prepared, and are not wanted after all."""
        with self._lock:
            for digest in digests:
                self._durable.pop((folder, digest), None)

    def read(self, folder: FolderId, pack: Digest, spans: Sequence[tuple[int, int]]) -> Sequence[bytes] | None:
        """What lies in a pack at these places (offset and length; fewer bytes where it ends before); None when there
        is no such pack.  Raises StorageTrouble."""
        try:
            return self._calls.read(self._path(folder, pack), spans)
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

    def rest(self) -> None:
        """Nothing is written: let go of what is only kept in memory to be quick."""
        self._calls.rest()

    def close(self) -> None:
        self._threads.shutdown()

    def _all(self, do: Callable[[T], U], things: Sequence[T]) -> list[U]:
        """Do it for each of ``things``, side by side."""
        return [do(things[0])] if len(things) == 1 else list(self._threads.map(do, things))

    def _shard(self, folder: FolderId, name: Digest) -> str:
        return os.path.join(self._root, str(folder), f"{name[0]:02x}")

    def _path(self, folder: FolderId, name: Digest) -> str:
        return os.path.join(self._shard(folder, name), name.hex())

    def _write_one(self, folder: FolderId, pack: Sequence[tuple[Digest, bytes]]) -> Digest:
        """Write one pack, synced; its name.  The folder that it lies in is to be synced."""
        name = pack[0][0] if len(pack) == 1 else self.digest_of(b"".join(digest for digest, _ in pack))
        shard = self._shard(folder, name)
        self._make_folders(os.path.dirname(shard))
        if shard not in self._standing and not os.path.isdir(shard):
            self._calls.make_folder(shard)
        unfinished = os.path.join(self._unfinished, str(next(self._numbers)))
        try:
            self._write_whole(unfinished, [plain for _, plain in pack])
            self._calls.rename(unfinished, self._path(folder, name))
        except BaseException:
            if os.path.exists(unfinished):
                self._calls.remove(unfinished)
            raise
        return name

    def _write_whole(self, path: str, parts: Sequence[bytes]) -> None:
        file = self._calls.create(path)
        try:
            done = self._calls.write_directly(file, parts)
            pour(behind(parts, done) if done else parts, partial(self._calls.write, file))
            self._calls.sync(file)
        finally:
            self._calls.close(file)

    def _settle_names(self, shards: set[str]) -> None:
        """Make durable what lies in these folders, and the names of those of them that are new: at once, since a disk
        that waits for one of them mostly has the others by then."""
        new = shards - self._standing
        self._all(self._calls.sync_folder, sorted(shards | {os.path.dirname(shard) for shard in new}))
        self._standing.update(new)

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


def _packs(blocks: dict[Digest, bytes]) -> Iterator[list[tuple[Digest, bytes]]]:
    pack: list[tuple[Digest, bytes]] = []
    size = 0
    for block in blocks.items():
        if pack and size + len(block[1]) > PACK_BYTES:
            yield pack
            pack, size = [], 0
        pack.append(block)
        size += len(block[1])
    yield pack


def told(trouble: OSError) -> SyncAgentError:
    """The system's ``trouble`` as one of ours; without the path, which is no one else's concern."""
    if trouble.errno in _NO_ROOM:
        return StorageFull("no room on the hub's disk")
    return StorageTrouble(f"the hub's disk answered with an error ({os.strerror(trouble.errno or 0)})")
